"""Playing the scheduler: a Stepper for a design in a world, and everybody's place in words, for terminal and panel."""

from __future__ import annotations

from typing import NamedTuple

from ..designs import Design, find
from ..engine.step import Goal, Stepper, goal_of
from ..view import states
from ..view.folding import SEEN
from .exploration import prepare
from .worlds import World, world_of


class Place(NamedTuple):
    """Where one task (or the disk) is.

    `state` is one of view.states or None (the disk, a task that is done), `seen` that in words; `can` says whether it
    can move; `words` what it would do, what it sleeps for, or that it is done; `line` is (function, number, source) of
    the reader's code, or None.
    """

    name: str
    can: bool
    state: str | None
    seen: str
    words: str
    line: tuple[str, int, str] | None


def begin(design: str | Design, world: str | World, goal: str | Goal = "finding", grain: str = "access") -> Stepper:
    """A Stepper for a design in a world. Raises ValueError for unknown names, with the nearest right spelling."""
    design, world, goal = find(design), world_of(world), goal_of(goal)
    stage = prepare(design, world, grain)[0]
    stage.movers.counters_are_protected = False  # a look at a counter is a step, whether it must be one or not
    return Stepper(stage, goal)


def places(stepper: Stepper) -> list[Place]:
    """Everybody's Place now, in order."""
    found = []
    for choice in stepper.possible():
        state = SEEN.get(choice.state)
        seen = states.STATES[state].label if state else "done" if choice.state else ""
        words = choice.next
        if not choice.can and words and choice.state:
            words = f"asleep: {words}"
        found.append(Place(choice.name, choice.can, state, seen, words, choice.line))
    return found
