"""A question to a finished exploration: does a task start again in spite of a signal that has ended its wait?"""

from __future__ import annotations

from array import array

from ..engine.explore.fields import HEAD
from ..experiment.exploration import Verdict
from ..kernel.page import PG_locked
from .graphs import held, question, way

WAIT = "wait_on_page_locked"


def unheeded(verdict: Verdict, task: int, signal: str) -> list[int] | None:
    """The shortest path on which `signal` ends a wait of the task for a page, and the task takes mmap_sem once more
    before the signal has been delivered; or None.

    A signal that comes a moment later, when the task has looked already, may find it on its way to mmap_sem. The
    verdict's search must be complete.
    """
    search, graph = verdict.search, verdict.search.graph
    states = len(search.states)
    holds = bytearray(held(search, state, task) for state in range(states))
    seen = array("l", [-2]) * (2 * states)  # the place that each (ended, state) was reached from
    mover = array("h", [0]) * (2 * states)
    seen[0] = -1
    queue, at = [0], 0
    while at < len(queue):
        place = queue[at]
        at += 1
        ended, state = divmod(place, states)
        ends = not ended and waits_in_vain(search, state, task, signal)
        for edge in graph.edges(state):
            to, who = graph.target[edge], graph.who[edge]
            if ended and holds[to] > holds[state]:  # whoever moved: a release hands the lock on
                return [*way(place, seen, mover), who]
            after = (ended or (ends and who == task)) and is_pending(search, to, task, signal)
            there = after * states + to
            if seen[there] == -2:
                seen[there] = place
                mover[there] = who
                queue.append(there)
    return None


def waits_in_vain(search, state: int, task: int, signal: str) -> bool:
    """Whether the task waits for a page that is locked, so that only `signal`, which is pending, can end that."""
    if not is_pending(search, state, task, signal) or not (question(search, state, task) or "").startswith(WAIT):
        return False
    search.stage.freezer.thaw(search.states[state])
    return any(page.flags & PG_locked for page in search.stage.k.tasks[task].pins)


def is_pending(search, state: int, task: int, signal: str) -> bool:
    """Whether the signal is pending for the task in a state."""
    return signal in search.stage.freezer.shared[search.states[state][0]][0][HEAD + task][0]
