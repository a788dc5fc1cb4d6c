"""What a step does, found out once for all states that agree in what tasks share and in what the moving task knows.

The rest of a state, what only other tasks know, takes no part in the step; it is only renumbered where the step gave
the structs other numbers. Where that is not so (a struct that only tasks know) the whole state is put on the stage.
"""

from __future__ import annotations

from typing import NamedTuple

from .counts import Count, apply
from .snapshot import FREED
from .stage import Stage

SPINNING = ("spin_lock",)


class Effect(NamedTuple):
    """What the step of one process leads to: `state` afterwards, or None if it cannot be made.

    `resolved`: its fault was resolved. `unkillable`: it cannot be made, though the task is being killed and sleeps for
    I/O.
    """

    state: tuple[int, ...] | None
    resolved: bool = False
    unkillable: bool = False


class Known(NamedTuple):
    """The part of an effect that does not depend on the other tasks; `renumbering` is None if no number changes."""

    moved: bool
    resolved: bool
    unkillable: bool
    shared: int
    own: int
    renumbering: tuple | None
    whole: bool
    """the other tasks matter after all"""


class Effects:
    """Steps of `stage`, remembered. `steps` counts those that were really made."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.freezer = stage.freezer
        self.known: dict[tuple[int, int, int], Known] = {}
        self.renumbered: dict[tuple, int | None] = {}
        self.steps = 0

    def of(self, state: tuple[int, ...], who: int) -> Effect:
        """What the step of process `who` (a task's number, or beyond them a choice of the disk) does in a state.

        Raises whatever the step raises: a KernelBug, or an error of the reader's code.
        """
        shared = state[0]
        is_task = who < len(state) - 1
        if self.freezer.extras[shared]:
            return self.make_whole(state, who)
        key = who, shared, state[1 + who] if is_task else -1
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = self.make(*key)
        if not known.moved:
            return Effect(None, unkillable=known.unkillable)
        if known.whole:
            return self.make_whole(state, who)
        own = list(state[1:])
        if known.renumbering is not None:
            for number, part in enumerate(own):
                if number != who:
                    part = self.renumber(part, known.renumbering)
                    if part is None:
                        return self.make_whole(state, who)
                    own[number] = part
        if is_task:
            own[who] = known.own
        return Effect((known.shared, *own), known.resolved)

    def step(self, who: int) -> tuple[bool, bool, bool]:
        """Let a process take its step on the stage: (moved, resolved, unkillable)."""
        stage = self.stage
        self.steps += 1
        if who >= len(stage.frames):
            stage.complete(who - len(stage.frames))
            return True, False, False
        move = stage.move(who)
        if move.moved:
            return True, move.resolved, False
        task = stage.k.tasks[who]
        sleeps_for_io = task.waits_for is None and stage.frames[who][-1][0].what[0] not in SPINNING
        return False, False, sleeps_for_io and "SIGKILL" in task.pending

    def make(self, who: int, shared: int, own: int) -> Known:
        """Make the step with nobody else on the stage."""
        freezer = self.freezer
        freezer.thaw_shared(shared)
        if own >= 0:
            freezer.thaw_own(who, own)
        before = freezer.things
        moved, resolved, unkillable = self.step(who)
        if not moved:
            return Known(False, False, unkillable, -1, -1, None, False)
        after, own_after = freezer.freeze_for(who if own >= 0 else None)
        if freezer.extras[after]:
            return Known(True, resolved, False, -1, -1, None, True)
        numbers = freezer.numbers
        structs = tuple(
            [("freed", FREED[type(thing)]) if type(thing) in FREED else numbers.get(id(thing)) for thing in before]
        )
        counts = freezer.counts.mapping()
        same = structs == tuple(range(len(before))) and counts == freezer.settled[shared]
        return Known(True, resolved, False, after, own_after, None if same else (structs, counts), False)

    def make_whole(self, state: tuple[int, ...], who: int) -> Effect:
        """Make the step with everybody on the stage."""
        self.freezer.thaw(state)
        moved, resolved, unkillable = self.step(who)
        return Effect(self.freezer.freeze(), resolved) if moved else Effect(None, unkillable=unkillable)

    def renumber(self, own: int, renumbering: tuple) -> int | None:
        """The number of a task's own part after its structs got other numbers; None if one is known to tasks alone."""
        key = own, renumbering
        if key not in self.renumbered:
            self.renumbered[key] = self.renumber_own(own, *renumbering)
        return self.renumbered[key]

    def renumber_own(self, own: int, structs: tuple, counts: tuple) -> int | None:
        dead: dict[object, tuple] = {}

        def new(ref):
            if type(ref) is int:
                number = structs[ref]
                if type(number) is tuple:
                    return dead.setdefault(ref, (*number, len(dead)))
                if number is None:
                    raise LookupError
                return number
            if type(ref) is Count:
                return apply(counts, ref)
            return dead.setdefault(ref, (*ref[:2], len(dead))) if type(ref) is tuple else ref

        *plain, pins, frames = self.freezer.own[own]
        try:
            pins = tuple([new(ref) for ref in pins])
            frames = tuple([(index, *[new(ref) for ref in refs]) for index, *refs in frames])
        except LookupError:
            return None
        return self.freezer.number_own((*plain, pins, frames))
