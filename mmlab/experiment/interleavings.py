"""An interleaving that shows itself, and the list of those that pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from ..engine.explore import Interleaving as ToldInterleaving
from ..engine.explore import Stage, tell_path

if TYPE_CHECKING:
    from ..engine.step import Stepper
    from ..kernel.bug import KernelBug
    from ..view.interleaving import InterleavingPicture
    from ..view.table import Table
    from .replay import Replay


@dataclass(repr=False)
class Interleaving(ToldInterleaving):
    """A schedule and what it leads to, as a picture, as text, as a table, under SimPy's clock, and by hand.

    `fresh` makes the stage on which it happens, with the world on it as in the beginning.
    """

    fresh: Callable[[], Stage] | None = field(default=None, compare=False)

    def picture(self, width: int = 920) -> InterleavingPicture:
        """A column a task, time downwards, a box a step; `width` in pixels, 560 or more."""
        from ..view.interleaving import picture

        return picture(self, width)

    def text(self, width: int = 100) -> str:
        """For a terminal: a lane a task, and who did what at which line; `width` in characters, 80 or more."""
        from ..view.interleaving_text import text

        return text(self, width)

    def table(self) -> Table:
        """A row a step: who, what, where, and the locks after it."""
        from ..view.interleaving_text import table

        return table(self)

    def replay(self, rounds: int = 3) -> Replay:
        """The same schedule under SimPy's clock, a microsecond a step; what repeats is repeated `rounds` times."""
        from .replay import replay

        return replay(self, rounds)

    def stepper(self) -> Stepper:
        """A Stepper that has taken these steps: undo some, and try something else."""
        from ..engine.step import Stepper

        stepper = Stepper(self.fresh())
        for who in self.path:
            stepper.move(stepper.names[who])
        return stepper

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        from ..view.interleaving_text import caption

        return f"<Interleaving of {len(self)} steps; {caption(self)}>"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {**self.picture()._repr_mimebundle_(), "text/plain": self.text()}


def tell(
    fresh: Callable[[], Stage], path: list[int], world: str, loop_from: int | None = None,
    finding: KernelBug | None = None,
) -> Interleaving:  # fmt: skip
    """The Interleaving of a path; `finding` is what is wrong with it if its last step does not say so itself."""
    stage = fresh()
    told = tell_path(stage, path, world=world, loop_from=loop_from)
    if finding is not None and told.finding is None and loop_from is None:
        finding.where = finding.where or standing(stage, finding.task)
        finding.locks = finding.locks or stage.k.lock_state()
        finding.time = finding.time or stage.k.now
    values = {one.name: getattr(told, one.name) for one in fields(told)}
    values["finding"] = told.finding or finding
    return Interleaving(**values, fresh=fresh)


def standing(stage, comm: str | None) -> tuple[str, int, str] | None:
    """The line of the reader's code at which a task stands now."""
    for task, frames in zip(stage.k.tasks, stage.frames):
        if task.comm == comm and frames:
            return frames[-1][0].line
    return None


def passing_paths(search) -> Iterator[list[int]]:
    """Paths on which every task that ends at all has ended, the shortest first, those of one length in order of who
    moves. Walks the graph as far as it is known; there may be endlessly many.
    """
    graph, ends = search.graph, ends_of(search)
    distance = distances(graph, ends)
    if 0 not in distance:
        return
    heap: list[tuple[int, tuple[int, ...], int]] = [(distance[0], (), 0)]
    while heap:
        _, path, state = heappop(heap)
        if state in ends:
            yield list(path)
            continue
        for edge in graph.edges(state):
            to = graph.target[edge]
            if to in distance:
                longer = (*path, graph.who[edge])
                heappush(heap, (len(longer) + distance[to], longer, to))


def ends_of(search) -> set[int]:
    """The states in which every task has ended that ends in any state at all."""
    own = search.stage.freezer.own
    alive = [[task for task, part in enumerate(state[1:]) if own[part][-1]] for state in search.states]
    endless = set.intersection(*map(set, alive)) if alive else set()
    return {
        state for state, tasks in enumerate(alive) if set(tasks) == endless and len(tasks) < len(search.stage.frames)
    }


def distances(graph, ends: set[int]) -> dict[int, int]:
    """How many steps each state is away from the nearest end; only states that can reach one."""
    before: dict[int, list[int]] = {}
    for state in range(len(graph.first)):
        for edge in graph.edges(state):
            before.setdefault(graph.target[edge], []).append(state)
    found = dict.fromkeys(ends, 0)
    queue = deque(ends)
    while queue:
        state = queue.popleft()
        for previous in before.get(state, ()):
            if previous not in found:
                found[previous] = found[state] + 1
                queue.append(previous)
    return found
