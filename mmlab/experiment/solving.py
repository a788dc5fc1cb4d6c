"""The shortest way to a goal of step mode, from where a Stepper stands: by the explorer, or by trying every step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ..engine.explore import Lasso, Search, fair_cycle
from ..engine.explore.path import Teller
from ..engine.step import Stepper
from ..kernel.bug import KernelBug
from .exploration import livelock

MOST_STATES = 200_000
"""states that the explorer looks at"""
MOST_TRIED = 5_000
"""states that are looked at one by one, for the goals that the explorer does not know"""


class Way(NamedTuple):
    """Who must move (`path`), from how many of these steps on it repeats (or None), and what is wrong at its end."""

    path: list[int]
    loop_from: int | None = None
    bug: KernelBug | None = None


class NoWay(Exception):
    """There is no way to the goal: `complete` says whether that is certain (within the world's bounds)."""

    def __init__(self, states: int, complete: bool) -> None:
        super().__init__(states, complete)
        self.states, self.complete = states, complete


def way_to_goal(stepper: Stepper, fresh: Callable[[], Stepper]) -> Way:
    """The Way from where `stepper` stands to its goal; the shortest, but for a livelock.

    `fresh` makes another Stepper at the beginning of the same game; `stepper` is not touched. Raises NoWay.
    """
    other = fresh()
    other.walk(stepper.path)
    if other.reached():
        return Way([])
    if other.finding is not None:
        raise NoWay(1, True)
    if other.goal.name == "livelock":
        return lasso(other)
    if other.goal.words is not None:
        return finding(other)
    return tried(other)


def finding(stepper: Stepper) -> Way:
    """The shortest way to a finding of the goal's kind."""
    search = Search(stepper.stage, most=MOST_STATES, wanted=stepper.goal.wants)
    search.run()
    if search.found is None:
        raise NoWay(len(search.states), search.complete)
    return Way(list(search.found.path), bug=search.found.bug)


def lasso(stepper: Stepper) -> Way:
    """A fair cycle in which a fault is never resolved, and the way into it; the explorer's, not always the shortest."""
    stage = stepper.stage
    search = Search(stage, most=MOST_STATES, wanted=lambda bug: False)
    search.run()
    found = []
    if search.complete:
        for number, task in enumerate(stage.k.tasks):
            if task.role == "fault":
                found.append(fair_cycle(search.graph, number, len(stage.frames) + 1))
    found = [one for one in found if isinstance(one, Lasso)]
    if not found:
        raise NoWay(len(search.states), search.complete)
    best = min(found, key=lambda one: len(one.stem) + len(one.loop))
    bug = livelock(stage.k.tasks[best.who].comm)
    return Way([*best.stem, *best.loop], len(best.stem), bug)


def tried(stepper: Stepper) -> Way:
    """Breadth-first through every step; two moments are one if state and the goal's memory of the past agree."""
    stage, root = stepper.stage, list(stepper.path)
    queue = deque([(stepper.path, stepper.steps, stepper.keys)])
    seen = {(stepper.keys[-1], stepper.goal.memory(stepper))}
    while queue:
        path, steps, keys = queue.popleft()
        for who in range(len(stepper.names)):
            if not resume(stepper, path, steps, keys, who):
                continue
            if stepper.reached():
                return Way(stepper.path[len(root) :])
            if stepper.finding is not None:
                continue
            moment = stepper.keys[-1], stepper.goal.memory(stepper)
            if moment not in seen:
                seen.add(moment)
                queue.append((stepper.path, stepper.steps, stepper.keys))
        if len(seen) > MOST_TRIED:
            raise NoWay(len(seen), False)
    stage.freezer.thaw(stepper.root)
    raise NoWay(len(seen), True)


def resume(stepper: Stepper, path: list, steps: list, keys: list, who: int) -> bool:
    """Go back to a moment and let `who` take its next step. Returns whether it could."""
    stage = stepper.stage
    stage.freezer.thaw(keys[-1])
    stepper.teller = Teller(stage)
    stepper.teller.steps = list(steps)
    stepper.path, stepper.keys = list(path), list(keys)
    is_task = who < len(stage.k.tasks)
    if not (stage.is_alive(who) if is_task else stage.reads):
        return False
    return stepper.take(who).moved
