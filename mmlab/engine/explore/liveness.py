"""Fair cycles: runs that go on for ever without resolving a fault, though everybody gets a turn.

A cycle is weakly fair if no process that could move all the time never does. In a strongly connected part of the graph
one may walk through every edge again and again; so it has a fair cycle if and only if each process moves somewhere in
it or cannot move somewhere in it.
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import NamedTuple

from .search import Graph


class Lasso(NamedTuple):
    """A run that never ends: the steps of `stem`, then those of `loop` for ever. `who` gets nowhere."""

    who: int
    stem: list[int]
    loop: list[int]


def components(graph: Graph, keep: bytearray) -> tuple[array, int]:
    """The strongly connected component of each state, over the edges that `keep` marks, and how many there are.

    Tarjan's algorithm without recursion.
    """
    count = len(graph.first) - 1
    target, first = graph.target, graph.first
    index, low, component = array("l", [-1]) * count, array("l", [0]) * count, array("l", [-1]) * count
    next_edge = array("l", first[:count])
    path: list[int] = []
    clock = found = 0
    for root in range(count):
        if index[root] >= 0:
            continue
        work = [root]
        index[root] = low[root] = clock
        clock += 1
        path.append(root)
        while work:
            state = work[-1]
            edge = next_edge[state]
            if edge < first[state + 1]:
                next_edge[state] += 1
                if keep[edge]:
                    to = target[edge]
                    if index[to] < 0:
                        index[to] = low[to] = clock
                        clock += 1
                        path.append(to)
                        work.append(to)
                    elif component[to] < 0 and index[to] < low[state]:
                        low[state] = index[to]
                continue
            work.pop()
            if work and low[state] < low[work[-1]]:
                low[work[-1]] = low[state]
            if low[state] == index[state]:
                while True:
                    member = path.pop()
                    component[member] = found
                    if member == state:
                        break
                found += 1
    return component, found


def fair_cycle(graph: Graph, who: int, processes: int) -> Lasso | None:
    """A weakly fair cycle in which process `who` moves and its fault is never resolved; None if there is none."""
    keep = bytearray(not (graph.who[e] == who and graph.resolved[e]) for e in range(len(graph.target)))
    component, count = components(graph, keep)
    movers = [0] * count
    stuck = [0] * count
    everybody = (1 << processes) - 1
    for state in range(len(graph.first) - 1):
        here = component[state]
        can = 0
        for edge in graph.edges(state):
            bit = 1 << min(graph.who[edge], processes - 1)
            can |= bit
            if keep[edge] and component[graph.target[edge]] == here:
                movers[here] |= bit
        stuck[here] |= everybody & ~can
    bad = {n for n in range(count) if movers[n] >> who & 1 and movers[n] | stuck[n] == everybody}
    if not bad:
        return None
    entry = next(state for state in range(len(graph.first) - 1) if component[state] in bad)
    return lasso(graph, who, processes, keep, component, entry)


def lasso(graph: Graph, who: int, processes: int, keep: bytearray, component: array, entry: int) -> Lasso:
    """A short fair cycle through `entry`: a walk in its component that meets every demand, and back."""
    here = component[entry]

    def inside(state: int) -> list[int]:
        return [e for e in graph.edges(state) if keep[e] and component[graph.target[e]] == here]

    def walk(start: int, wanted) -> list[int]:
        """The edges of a shortest walk from `start` whose last edge satisfies `wanted`."""
        came: dict[int, int] = {}
        queue = deque([start])
        seen = {start}
        while queue:
            state = queue.popleft()
            for edge in inside(state):
                if wanted(edge):
                    edges = [edge]
                    while state != start:
                        edges.append(came[state])
                        state = source[came[state]]
                    return edges[::-1]
                to = graph.target[edge]
                if to not in seen:
                    seen.add(to)
                    came[to] = edge
                    source[edge] = state
                    queue.append(to)
        raise AssertionError("the component is strongly connected")

    source: dict[int, int] = {}
    edges: list[int] = []
    at = entry

    def extend(wanted) -> None:
        nonlocal at
        edges.extend(walk(at, wanted))
        at = graph.target[edges[-1]]

    extend(lambda e: graph.who[e] == who)
    for process in range(processes):
        if not satisfied(graph, process, processes, entry, edges):
            extend(
                lambda e, p=process: (
                    min(graph.who[e], processes - 1) == p or p not in able(graph, graph.target[e], processes)
                )
            )
    if at != entry:
        extend(lambda e: graph.target[e] == entry)
    return Lasso(who, graph.path_to(entry), [graph.who[e] for e in edges])


def able(graph: Graph, state: int, processes: int) -> set[int]:
    """The processes that can move in a state; all of the disk's choices are one process, the last one."""
    return {min(graph.who[e], processes - 1) for e in graph.edges(state)}


def satisfied(graph: Graph, process: int, processes: int, entry: int, edges: list[int]) -> bool:
    """Whether a walk gives `process` its turn, or meets a state in which it cannot move."""
    if process not in able(graph, entry, processes):
        return True
    return any(
        min(graph.who[e], processes - 1) == process or process not in able(graph, graph.target[e], processes)
        for e in edges
    )


def never_again(graph: Graph, tasks: list[int]) -> list[tuple[int, int]]:
    """(task, state) pairs: from that state on the task can never move again; one for each end of the graph.

    A task that is done cannot either: the caller tells who is alive. Together with that it is a deadlock in a world
    where something else goes on for ever.
    """
    component, count = components(graph, bytearray(b"\x01") * len(graph.target))
    leaves = bytearray(count)
    movers = [0] * count
    entry = [-1] * count
    for state in range(len(graph.first) - 1):
        here = component[state]
        if entry[here] < 0:
            entry[here] = state
        for edge in graph.edges(state):
            movers[here] |= 1 << graph.who[edge]
            if component[graph.target[edge]] != here:
                leaves[here] = 1
    return [
        (task, entry[here])
        for here in range(count)
        if not leaves[here]
        for task in tasks
        if not movers[here] >> task & 1
    ]
