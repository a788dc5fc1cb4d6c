"""Questions to a finished exploration that no single state answers: how often, and asleep in spite of what."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from ..engine.explore.fields import HEAD
from ..experiment.exploration import Verdict

SPINNING = "spin_lock"


def takes(verdict: Verdict, task: int, most: int) -> list[list[int] | None]:
    """For each n from 0 to `most`: the shortest path on which the task takes mmap_sem n times, or None.

    The verdict's search must be complete. With one fault of the task, n is the number of its passes: all but the first
    are retries, however the design counts them.
    """
    search, graph = verdict.search, verdict.search.graph
    states = len(search.states)
    holds = bytearray(held(search, state, task) for state in range(states))
    seen = array("l", [-2]) * (states * (most + 1))  # the place that each (state, n) was reached from
    mover = array("h", [0]) * (states * (most + 1))
    first: list[int | None] = [None] * (most + 1)
    seen[0] = -1
    queue, at = [0], 0
    while at < len(queue):
        place = queue[at]
        at += 1
        count, state = divmod(place, states)
        if first[count] is None:
            first[count] = place
        for edge in graph.edges(state):
            to, who = graph.target[edge], graph.who[edge]
            more = count + (holds[to] > holds[state])  # whoever moved: a release hands the lock on
            there = more * states + to
            if more <= most and seen[there] == -2:
                seen[there] = place
                mover[there] = who
                queue.append(there)
    return [None if place is None else way(place, seen, mover) for place in first]


def overlooks(verdict: Verdict, task: int, writer: int) -> list[int] | None:
    """The shortest path on which the task lets go of mmap_sem in its first pass, the writer takes it, the task takes it
    again and resolves its fault, though it has neither called find_vma nor let go once more; or None.

    The verdict's search must be complete, and of the grain "all": in a coarser one find_vma is part of a larger step.
    """
    search, graph = verdict.search, verdict.search.graph
    states = len(search.states)
    holds = [bytearray(held(search, state, who) for state in range(states)) for who in (task, writer)]
    first, holding, dropped, changed, went_on, over = range(6)
    seen = array("l", [-2]) * (states * over)
    mover = array("h", [0]) * (states * over)
    seen[0] = -1
    queue, at = [0], 0
    while at < len(queue):
        place = queue[at]
        at += 1
        phase, state = divmod(place, states)
        for edge in graph.edges(state):
            to, who = graph.target[edge], graph.who[edge]
            after = phase
            if phase == went_on and who == task and graph.resolved[edge]:
                return [*way(place, seen, mover), who]
            if phase == went_on and who == task and question(search, state, task) == "find_vma":
                after = over
            if holds[0][to] > holds[0][state]:  # whoever moved: a release hands the lock on
                after = {first: holding, dropped: over, changed: went_on}.get(phase, phase)
            elif holds[0][to] < holds[0][state]:
                after = {holding: dropped, went_on: over}.get(phase, phase)
            if holds[1][to] > holds[1][state] and after == dropped:
                after = changed
            there = after * states + to
            if after != over and seen[there] == -2:
                seen[there] = place
                mover[there] = who
                queue.append(there)
    return None


def way(place: int, seen: array, mover: array) -> list[int]:
    """Who must move, one after the other, to get to a place."""
    path = []
    while seen[place] >= 0:
        path.append(mover[place])
        place = seen[place]
    return path[::-1]


def held(search, state: int, task: int) -> bool:
    """Whether the task has mmap_sem in a state."""
    shared = search.stage.freezer.shared[search.states[state][0]]
    return "mmap_sem" in shared[0][HEAD + task][3]


def question(search, state: int, task: int) -> str | None:
    """The question at which the task stands in a state, or None when it is through."""
    frames = search.stage.freezer.own[search.states[state][1 + task]][-1]
    return search.stage.tree.places[frames[-1][0]].what[0] if frames else None


def deaf(verdict: Verdict, task: int, signal: str) -> list[int] | None:
    """The shortest path to a state in which the task sleeps for I/O though `signal` is pending for it, or None."""
    search, graph = verdict.search, verdict.search.graph
    freezer = search.stage.freezer
    for number, state in enumerate(search.states):
        pending, _, waits_for, _ = freezer.shared[state[0]][0][HEAD + task]
        if signal not in pending or waits_for != -1 or any(graph.who[edge] == task for edge in graph.edges(number)):
            continue
        if question(search, number, task) not in (None, SPINNING):
            return graph.path_to(number)
    return None


def some_state(verdict: Verdict, is_so: Callable) -> list[int] | None:
    """The shortest path to a state of the machine for which `is_so(k)` is true, or None."""
    search = verdict.search
    for number, state in enumerate(search.states):
        search.stage.freezer.thaw(state)
        if is_so(search.stage.k):
            return search.graph.path_to(number)
    return None
