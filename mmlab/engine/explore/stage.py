"""The stage: one real kernel, on which any state can be put and any task be moved by one step.

The structs and the primitives are those of mmlab.kernel; nothing of the kernel is written twice. A task is a stack of
pieces of code (places in the tree); a step performs the question at which the innermost one stands, and follows the
answer to the next question.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...kernel.block import block_device
from ...kernel.bug import KernelBug
from ...kernel.task import task_struct
from .attention import attentive
from .movers import BOTH, LEFT, RIGHT, Movers
from .questions import NOT_YET, Asleep, Questions
from .snapshot import Freezer
from .tree import Tree

MOST_LOCAL_STEPS = 5_000
RESOLVING = ("set_pte_at", "follow_page", "force_sig")


class Move(NamedTuple):
    """What a step did: whether the task `moved`, and whether its fault was `resolved` by it."""

    moved: bool
    resolved: bool = False


class Deed(NamedTuple):
    """A question that a task put: its name, in words what was done, and the line of the reader's code.

    `counts`: others could tell its place among their own; `answered`: it was, else the task is asleep; `queued`: in the
    queue of a lock.
    """

    op: str
    words: str
    line: tuple[str, int, str] | None
    counts: bool
    answered: bool = True
    queued: bool = False


class ExplorerTask(task_struct):
    """A task that notes at which line of the reader's code it took what."""

    __slots__ = ("line",)

    def remember_place(self, thing) -> None:
        if self.pins.count(thing) <= 1:
            self.held_at[id(thing)] = self.line
            self.let_go_at.pop(id(thing), None)

    def remember_letting_go(self, thing) -> None:
        self.let_go_at[id(thing)] = self.line


class Stage(Questions):
    """A kernel for `design`, its tasks, and the disk.

    `tasks` are added by `spawn` with the code that they run; `frames` has for each its stack of (place, structs that it
    knows); `reads` are the reads under way; `movers` knows where others may come between. With a list in `log`, each
    question is noted there as a Deed.
    """

    def __init__(self, design, run: Callable, *, seq_bits: int = 32, channels: int = 1, queue_depth: int = 8) -> None:
        self.design = design
        self.k = k = design.machine(cache_pages=1 << 20, seq_bits=seq_bits)
        self.frames: list[list] = []
        self.reads: list = []
        self.contexts: list = []
        self.log: list | None = None
        k.disk = block_device(k, lambda: 0, channels, queue_depth)
        k.start_io = lambda page, service: self.reads.append(page)
        self.tree = Tree(attentive(run))
        self.names_of: dict[int, str] = {}
        self.things_by_name: dict[str, object] = {}
        mm = k.mm
        for name, thing in (("k", k), ("mm", mm), ("mmap_sem", mm.mmap_sem), ("rcu", mm.rcu), ("disk", k.disk),
                            ("page_table_lock", mm.page_table_lock)):  # fmt: skip
            self.always(name, thing)
        self.movers = Movers(self)
        self.freezer = Freezer(self)

    def always(self, name: str, thing) -> None:
        """From now on `thing` is there all the time, and is called `name`."""
        self.names_of[id(thing)] = name
        self.things_by_name[name] = thing

    def spawn(self, comm: str, role: str, code: str, arguments: tuple, *, outside: bool = False) -> task_struct:
        """A task that runs the piece of code called `code`; arguments are plain values, or what is always there."""
        k = self.k
        task = ExplorerTask(k, comm, role, None if outside else k.mm)
        task.line = None
        k.mm.mm_users += not outside
        k.tasks.append(task)
        self.always(comm, task)
        place, _ = self.tree.root(code, tuple(self.tell(argument, [], task) for argument in arguments), True)
        self.frames.append([(place, [])])
        return task

    # ------------------------------------------------------------------ steps

    def complete(self, number: int = 0) -> None:
        """The disk completes a read."""
        k = self.k
        k.current = None
        k.disk.complete(self.reads.pop(number), 0)
        k.ready.clear()

    def is_alive(self, number: int) -> bool:
        """Whether that task has still something to do."""
        return bool(self.frames[number])

    def move(self, number: int) -> Move:
        """Let a task take its next step: as far as nobody else could tell the difference.

        Raises KernelBug for whatever the debugging aids or the code itself found.
        """
        k = self.k
        task = k.current = k.tasks[number]
        task.count_pins()
        frames = self.frames[number]
        committed = moved = resolved = False
        steps = 0
        while frames:
            place, refs = frames[-1]
            task.line = place.line
            if place.kind == "raise":
                raise place.what
            op, *arguments = place.what
            mover = self.movers.kind_of(task, place, refs)
            if moved and committed and mover not in (BOTH, LEFT):
                break
            answer, queued = NOT_YET, False
            try:
                answer = self.perform(task, op, arguments, refs)
            except Asleep as sleep:
                queued = bool(sleep.args)
                if not moved and not queued:
                    return Move(False)
                break  # in a queue, or asleep behind steps that nobody saw
            finally:
                k.ready.clear()
                if self.log is not None:
                    from .words import told  # only who wants to be told needs all the words

                    values = [self.resolve(argument, refs, task) for argument in arguments]
                    counts = mover not in (BOTH, LEFT)
                    self.log.append(
                        Deed(op, told(op, values, answer), place.line, counts, answer is not NOT_YET, queued)
                    )
            committed = committed or mover not in (RIGHT, BOTH)
            moved = True
            resolved = resolved or op in RESOLVING or (op == "pte_none" and answer is False)
            if op == "call":
                self.call(task, frames, arguments, refs)
            else:
                self.answer(task, frames, answer)
            steps += 1
            if steps > MOST_LOCAL_STEPS:
                raise KernelBug(
                    "soft lockup",
                    f"{MOST_LOCAL_STEPS:,} steps that change nothing",
                    "what should end the loop",
                    where=place.line,
                )
        if not frames:
            k.mm.mm_users -= task.mm is not None
            resolved = True
        return Move(True, resolved)

    def call(self, task, frames: list, arguments: list, refs: list) -> None:
        """Enter a function of the design: a piece of code of its own on top of the stack."""
        name, *rest = (self.resolve(argument, refs, task) for argument in arguments)
        known: list = []
        place, picks = self.tree.root(name, tuple(self.tell(argument, known, task) for argument in rest), False)
        refs = [known[n] for n in picks]
        if place.kind == "return":  # it asked nothing
            self.answer(task, frames, self.resolve(place.what, refs, task))
        else:
            frames.append((place, refs))

    def answer(self, task, frames: list, value) -> None:
        """Give the innermost code its answer; if that ends it, its value is the answer to the code below."""
        while True:
            place, refs = frames.pop()
            known = list(refs)
            place, picks = self.tree.go_on(place, self.tell(value, known, task))
            refs = [known[n] for n in picks]
            if place.kind != "return":
                frames.append((place, refs))
                return
            if not frames:
                return
            value = self.resolve(place.what, refs, task)
