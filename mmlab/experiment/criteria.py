"""All designs by all criteria: what the explorer proves of a design, and what a few short runs measure.

from mmlab.experiment.criteria import criteria, criteria_of
criteria()                          # the series; shows itself as a matrix, .table() has the numbers
criteria(["retry_once", mine])      # any Design, a learner's own too
criteria_of(mine).live              # one design: a Judged
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from ..designs import Design, diff, find, series
from ..designs.design import parameters
from ..kernel.bug import KernelBug
from ..view.criteria import HIGH, LOW, SIZE, YES, Cell, Criterion, Matrix
from .exploration import explore
from .progress import bar
from .result import Result
from .scenario import Scenario
from .verdicts import listed
from .worlds import World, world_of

GUP = World("get_user_pages alone", (), system_calls=("gup",))
QUICK = (
    "a fault and a remap", "a fault and a truncate", "a fault and a read error", GUP, "a fault under DONTNEED and mmap",
)  # fmt: skip
"""small worlds, a few hundred states each: what one faulting thread can meet"""
THOROUGH = (*QUICK, "two faults", "two faults and a remap", "a fault under reclaim", "a fault and a signal")
"""with a sibling that faults on the same page; some seconds a design"""

HEADLINE, LONGER = 0.05, 3.6
"""s: the headline; a run with hardly a pair costs nothing, so it may go on until there are enough to count"""
LIVELOCK = {"mmap_threads": 8, "dontneed": "20us", "cache_pages": 16}
LIVELOCK_SECONDS = 0.3
CALM = {"mmap_threads": 0, "write_rate": 400, "disk": "500us"}
CALM_SECONDS = 0.04
KILLED = {"mmap_threads": 0, "fault_threads": 64, "kill_at": "100us"}
KILLED_SECONDS = 1.3
PATH = ("handle_mm_fault", "handle_pte_fault", "do_no_page", "filemap_nopage")

CRITERIA = (
    Criterion("safe", "safe", "in small worlds", YES),
    Criterion("live", "live", "in small worlds", YES),
    Criterion("pairs", "mmap pairs/s", "18 ms, 1 + 1 threads", HIGH),
    Criterion("faults", "faults/s", "DONTNEED, 8 loopers", HIGH),
    Criterion("wait", "longest mmap wait (ms)", "DONTNEED, 8 loopers", LOW, 0.3),
    Criterion("death", "last of 64 dies after (ms)", "SIGKILL, 18 ms disk", LOW, 1),
    Criterion("cpu", "cpu us a fault", "0.5 ms, rare writers", LOW),
    Criterion("walks", "walks a fault", "0.5 ms, rare writers", LOW),
    Criterion("lines", "lines of patch", "added since 2.6.18", SIZE),
    Criterion("arguments", "args", "passed down the path", SIZE),
)


@dataclass(frozen=True)
class Judged:
    """One design by all criteria. A number is None where a run ended in a bug, which `notes` then tells.

    `safe`, `live`: True, False, or None where it is not known; `notes` says, by criterion, which world broke it.
    `pairs`: mmap + munmap pairs/s in the headline; `faults`: faults/s while FADV_DONTNEED empties the cache each 20 us
    and 8 threads loop over mmap; `wait`: the longest wait for mmap_sem there, in ms; `death`: ms until the last of 64
    killed threads is gone; `cpu`, `walks`: us of cpu time and find_vma calls a fault where writers are rare; `lines`:
    lines that its patch adds to `synchronous`; `arguments`: how many the functions on the path pass on.
    """

    design: str
    safe: bool | None
    live: bool | None
    pairs: float | None
    faults: float | None
    wait: float | None
    death: float | None
    cpu: float | None
    walks: float | None
    lines: int
    arguments: int
    notes: dict[str, str] = field(default_factory=dict, hash=False)
    worlds: tuple[World, ...] = ()

    def cells(self) -> dict[str, Cell]:
        """A Cell for each of CRITERIA."""
        return {one.key: Cell(getattr(self, one.key), self.notes.get(one.key, "")) for one in CRITERIA}


def criteria(
    designs: Iterable[str | Design] | str | Design | None = None, *, worlds: Iterable[str | World] = QUICK,
    progress: bool | None = None,
) -> Matrix:  # fmt: skip
    """The Matrix of `designs` (names, or any Design; by default the series) by CRITERIA.

    worlds: where safe and live are asked; QUICK, or THOROUGH for some more seconds. progress: as for `explore`.
    It shows itself; `.table()` has the numbers, `.caption` the finding, `matrix["final"]` the Cells of one design.
    Raises ValueError for unknown names, with the nearest right spelling, and for no design or two of one name.
    """
    chosen = [find(one) for one in listed(designs, series)]
    if not chosen:
        raise ValueError("designs is empty; at least one is needed, such as ['synchronous', 'final']")
    names = [design.name for design in chosen]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ValueError(f"there are two designs called {twice!r}; a row needs a name of its own")
    places = tuple(world_of(one) for one in listed(worlds, QUICK))
    rows: dict[str, dict[str, Cell]] = {}
    with bar("criteria", progress) as tell:
        for number, design in enumerate(chosen, 1):
            rows[design.name] = criteria_of(design, places).cells()
            if tell is not None:
                tell(number / len(chosen))
    note = f"Safe and live: every interleaving of {len(places)} small worlds, sequentially consistent memory."
    return Matrix(CRITERIA, rows, note)


def criteria_of(design: str | Design, worlds: Iterable[str | World] = QUICK) -> Judged:
    """One design by all criteria: its verdicts in `worlds`, four short runs, the size of its patch.

    The same design is judged once and then remembered. Raises ValueError for unknown names.
    """
    return _judged(find(design), tuple(world_of(one) for one in listed(worlds, QUICK)))


@lru_cache(maxsize=256)
def _judged(design: Design, worlds: tuple[World, ...]) -> Judged:
    notes: dict[str, str] = {}
    safe, live = _verdicts(design, worlds, notes)
    measured: dict[str, float | None] = {}
    for run, figures in RUNS:
        try:
            result = run(design)
        except KernelBug as bug:
            result = None
            notes |= dict.fromkeys(figures, f"{bug.kind} in the run")
        for key, figure in figures.items():
            measured[key] = None if result is None else figure(result)
    measured["lines"] = sum(added for added, _ in diff("synchronous", design).stat.values())
    path = [design.functions[name] for name in PATH if name in design.functions]
    measured["arguments"] = sum(len(parameters(function)) - 1 for function in path)  # k is ours
    return Judged(design.name, safe, live, notes=notes, worlds=worlds, **measured)


def _verdicts(design: Design, worlds: tuple[World, ...], notes: dict[str, str]) -> tuple[bool | None, bool | None]:
    """(safe, live) over all worlds: the first False counts and is noted, then the first None."""
    answers: dict[str, list[bool | None]] = {"safe": [], "live": []}
    for world in worlds:
        verdict = explore(design, world, progress=False)
        for key, found in answers.items():
            answer = getattr(verdict, key)
            if answer is None and verdict.safe is False:
                continue  # live is asked only of what is safe
            found.append(answer)
            if answer is not True and key not in notes:
                what = verdict.finding.kind if verdict.finding else "cut off"
                notes[key] = f"{what} in «{world.name}»"
    return tuple(False if False in found else None if None in found or not found else True
                 for found in answers.values())  # fmt: skip


def _headline(design: Design) -> Result:
    result = _run(design, HEADLINE)
    return _run(design, LONGER) if result.metrics.mmaps < 20 else result


def _run(design: Design, seconds: float, **scenario) -> Result:
    return Scenario(design=design, **scenario).run(seconds, progress=False, keep=0)


def _death(result: Result) -> float:
    """ms until the last is gone; those who are still there when the run is over count as its whole length."""
    latency = result.kill_latency
    return (latency.max if latency.count == KILLED["fault_threads"] else KILLED_SECONDS * 1e6) / 1000


RUNS: tuple[tuple[Callable[[Design], Result], dict[str, Callable[[Result], float]]], ...] = (
    (_headline, {"pairs": lambda r: r.mmaps_per_second}),
    (
        lambda design: _run(design, LIVELOCK_SECONDS, **LIVELOCK),
        {"faults": lambda r: r.faults_per_second, "wait": lambda r: r.mmap_wait.max / 1000},
    ),
    (lambda design: _run(design, KILLED_SECONDS, **KILLED), {"death": _death}),
    (
        lambda design: _run(design, CALM_SECONDS, **CALM),
        {"cpu": lambda r: r.cpu_us_per_fault if r.faults else None, "walks": lambda r: r.walks_per_fault or None},
    ),
)
