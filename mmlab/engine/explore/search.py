"""Breadth-first through every state that the stage can reach, so that the first finding has the shortest path.

The whole graph is kept, as flat arrays: the fair cycles are looked for in it afterwards.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple

from ...kernel.bug import KernelBug
from .effects import Effects
from .movers import Unprotected

READS = 9
"""where the reads under way stand in a shared key"""


class Found(NamedTuple):
    """What the search stopped for: the finding, and who must move to get there (a task's number; from the number of
    tasks on, the disk's choices).
    """

    bug: KernelBug
    path: list[int]


class Graph:
    """States and transitions. Edge e goes from source[e] to target[e], by process who[e]; resolved[e] says that the
    process' fault was resolved by it. first[s] is the first edge of state s; all edges of a state lie together.
    """

    def __init__(self) -> None:
        self.parent = array("l", [-1])
        self.parent_who = array("h", [-1])
        self.first = array("l")
        self.target = array("l")
        self.who = array("h")
        self.resolved = array("b")

    def edges(self, state: int) -> range:
        """The edges that leave a state; none for one that was never expanded."""
        if state + 1 >= len(self.first):
            return range(0)
        return range(self.first[state], self.first[state + 1])

    def path_to(self, state: int) -> list[int]:
        """Who must move, one after the other, to get from the beginning to a state."""
        path = []
        while self.parent[state] >= 0:
            path.append(self.parent_who[state])
            state = self.parent[state]
        return path[::-1]


class Search:
    """One exploration of what `stage` can do, from the state that is on it now.

    `states` has all states, `graph` how they hang together; the graph is whole if `complete`. `found` is the safety
    finding, or None; `unkillable` the path to a state in which a task that is being killed sleeps for I/O all the same,
    or None; `witness` the path to the first state for which `goal(k)` holds. `most` bounds the number of states. A
    finding for which `wanted(bug)` is false does not stop the search: that way leads nowhere.
    """

    def __init__(
        self, stage, *, most: int, goal: Callable | None = None, tell: Callable | None = None,
        wanted: Callable[[KernelBug], bool] | None = None,
    ) -> None:  # fmt: skip
        self.stage = stage
        self.most = most
        self.goal = goal
        self.wanted = wanted
        self.tell = tell
        self.graph = Graph()
        self.found: Found | None = None
        self.unkillable: list[int] | None = None
        self.witness: list[int] | None = None
        self.complete = False
        self.effects = Effects(stage)
        self.states: list[tuple[int, ...]] = []

    def run(self) -> None:
        """Explore until everything is known, something is found, or there are too many states."""
        stage, graph = self.stage, self.graph
        states, seen = self.states, {}
        states.append(stage.freezer.freeze())
        seen[states[0]] = 0
        first, target, who, resolved = graph.first, graph.target, graph.who, graph.resolved
        effect_of = self.effects.of
        state = 0
        while state < len(states):
            here = states[state]
            first.append(len(target))
            for mover in self.movers(here):
                try:
                    effect = effect_of(here, mover)
                except Unprotected:
                    raise
                except Exception as error:
                    bug = error if isinstance(error, KernelBug) else python_error(stage, error)
                    if self.wanted is not None and not self.wanted(bug):
                        continue
                    self.found = Found(bug, [*graph.path_to(state), mover])
                    return
                after = effect.state
                if after is None:
                    if effect.unkillable and self.unkillable is None:
                        self.unkillable = graph.path_to(state)
                    continue
                number = seen.get(after)
                if number is None:
                    number = seen[after] = len(states)
                    states.append(after)
                    graph.parent.append(state)
                    graph.parent_who.append(mover)
                    if self.goal is not None and self.reaches_goal(after):
                        self.witness = graph.path_to(number)
                        return
                target.append(number)
                who.append(mover)
                resolved.append(effect.resolved)
            if len(target) == first[state] and self.stop_at_an_end(state):
                return
            state += 1
            if len(states) > self.most:
                return
            if self.tell is not None and not state % 1000:
                self.tell(state, len(states))
        first.append(len(target))
        self.complete = True

    def movers(self, state: tuple[int, ...]) -> list[int]:
        """Who could move at all: tasks with something left to do, and every read that could be completed next."""
        own, tasks = self.stage.freezer.own, len(state) - 1
        alive = [number for number in range(tasks) if own[state[1 + number]][-1]]
        reads = len(self.stage.freezer.shared[state[0]][0][READS])
        return [*alive, *range(tasks, tasks + reads)]

    def reaches_goal(self, state: tuple[int, ...]) -> bool:
        """Whether the learner's predicate is true of the machine in a state."""
        self.stage.freezer.thaw(state)
        return bool(self.goal(self.stage.k))

    def stop_at_an_end(self, state: int) -> bool:
        """Nothing can happen any more: a deadlock if somebody has still something to do."""
        stage = self.stage
        stage.freezer.thaw(self.states[state])
        alive = [number for number in range(len(stage.frames)) if stage.is_alive(number)]
        if not alive:
            return False
        bug = deadlock(stage, alive)
        if self.wanted is not None and not self.wanted(bug):
            return False
        self.found = Found(bug, self.graph.path_to(state))
        return True


def deadlock(stage, alive: list[int]) -> KernelBug:
    """Nobody can move, and somebody has still something to do."""
    tasks = [stage.k.tasks[number] for number in alive]
    return KernelBug(
        "deadlock",
        f"{' and '.join(task.comm for task in tasks)} can never go on",
        "who holds what the others wait for, and the line where each of them sleeps",
        locks=stage.k.lock_state(),
        task=tasks[0].comm,
        where=stage.frames[alive[0]][-1][0].line,
    )


def python_error(stage, error: Exception) -> KernelBug:
    """An ordinary error left the reader's code."""
    task = stage.k.current
    line = None
    if task is not None and stage.frames[stage.k.tasks.index(task)]:
        line = stage.frames[stage.k.tasks.index(task)][-1][0].line
    bug = KernelBug(
        "Python error",
        f"{task.comm if task else 'the disk'} cannot go on: {type(error).__name__}: {error}",
        "the exception's own message, and the values on that line",
        where=line,
    )
    bug.__cause__ = error
    return bug
