"""Breadth-first through every state that the stage can reach, so that the first finding has the shortest path.

The whole graph is kept, as flat arrays: the fair cycles are looked for in it afterwards.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple

from ...kernel.bug import KernelBug

SPINNING = ("spin_lock",)


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
        self.ended: list[int] = []
        """states in which nothing can happen any more"""

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

    `graph` is complete if `complete`; `found` is the safety finding, or None; `unkillable` the path to a state in which
    a task that is being killed sleeps for I/O all the same, or None; `witness` the path to the first state for
    which `goal(k)` holds. `most` bounds the number of states.
    """

    def __init__(self, stage, *, most: int, goal: Callable | None = None, tell: Callable | None = None) -> None:
        self.stage = stage
        self.most = most
        self.goal = goal
        self.tell = tell
        self.graph = Graph()
        self.found: Found | None = None
        self.unkillable: list[int] | None = None
        self.witness: list[int] | None = None
        self.complete = False
        self.seen: dict[tuple, int] = {}
        self.keys: list[tuple] = []

    def run(self) -> None:
        """Explore until everything is known, something is found, or there are too many states."""
        stage, graph, freezer = self.stage, self.graph, self.stage.freezer
        root = freezer.freeze()
        keys, seen = self.keys, self.seen
        seen[root] = 0
        keys.append(root)
        tasks = range(len(stage.frames))
        first, target, who, resolved = graph.first, graph.target, graph.who, graph.resolved
        freeze, thaw = freezer.freeze, freezer.thaw
        state = 0
        while state < len(keys):
            key = keys[state]
            first.append(len(target))
            thaw(key)
            reads = stage.disk_moves()
            alive = [number for number in tasks if stage.is_alive(number)]
            clean = True
            for mover in (*alive, *range(len(tasks), len(tasks) + reads)):
                if not clean:
                    thaw(key)
                clean = False
                try:
                    if mover < len(tasks):
                        move = stage.move(mover)
                        if not move.moved:
                            clean = True
                            self.look_at_sleeper(state, mover)
                            continue
                        done = move.resolved
                    else:
                        stage.complete(mover - len(tasks))
                        done = False
                except KernelBug as bug:
                    self.found = Found(bug, [*graph.path_to(state), mover])
                except Exception as error:
                    self.found = Found(python_error(stage, error), [*graph.path_to(state), mover])
                if self.found:
                    return
                after = freeze()
                number = seen.get(after)
                if number is None:
                    number = seen[after] = len(seen)
                    keys.append(after)
                    graph.parent.append(state)
                    graph.parent_who.append(mover)
                    if self.goal is not None and self.goal(stage.k):
                        self.witness = graph.path_to(number)
                        return
                target.append(number)
                who.append(mover)
                resolved.append(done)
            if len(target) == first[state]:
                graph.ended.append(state)
                if alive:
                    thaw(key)
                    self.found = Found(deadlock(stage, alive), graph.path_to(state))
                    return
            state += 1
            if len(keys) > self.most:
                return
            if self.tell is not None and not state % 500:
                self.tell(state, len(keys))
        first.append(len(target))
        self.complete = True

    def key_of(self, state: int) -> tuple:
        """The key of a state."""
        return self.keys[state]

    def look_at_sleeper(self, state: int, number: int) -> None:
        """A task cannot move: note it if it is being killed and sleeps for I/O."""
        if self.unkillable is not None:
            return
        task = self.stage.k.tasks[number]
        place = self.stage.frames[number][-1][0]
        if "SIGKILL" in task.pending and task.waits_for is None and place.what[0] not in SPINNING:
            self.unkillable = self.graph.path_to(state)


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
