"""Livelock: how often a fault is run again while somebody throws its page out of the cache, and how long that takes.

Two times decide: W, from the unlocked page to the moment when the next pass looks it up, and T, the mean time between
two FADV_DONTNEED. The theory is in mmlab.theory.retries.
"""

from __future__ import annotations

from collections.abc import Iterable

from .. import theory
from ..kernel import costs
from ..view.charts import sweep_chart
from ..view.study import Study, widest
from ..view.table import Table
from ..view.units import duration, number, plural
from .durations import parse_gap, parse_time
from .exploration import explore
from .result import Result
from .scenario import Scenario
from .studies import over_seeds

GAPS = ("400ns", "500ns", "1us", "2us", "10us")
LOOPERS = (0, 1, 2, 4, 8)
DISK = "uniform(5us, 25us)"
"""random, and never so short that the page is there before the fault sleeps"""
SMALL = 4
"""pages of the cache, so that a DONTNEED has little to look through"""
READS = 200


def retries_over_gap(gaps: Iterable[str] = GAPS, *, seconds: float = 0.008, seeds: int = 3) -> Study:
    """Retries a fault of a thread that has mmap_sem for itself, over the mean gap T between two FADV_DONTNEED.

    Nobody else asks for the lock, so W is constant: one find_vma and one look into the page cache. Theory: exp(W / T).
    Error bars are 95 %. Raises ValueError for a gap that is no time.
    """
    window, rows = costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP, []
    for gap in gaps:
        ns = parse_time(gap, "gap", least=1)
        scenario = {"design": "nopage_retry", "mmap_threads": 0, "disk": DISK, "dontneed": gap, "cache_pages": SMALL}
        mean, half = over_seeds(lambda result: result.retries_per_fault, scenario, seconds, seeds)
        rows.append({"gap": ns, "retries": mean, "retries_err": half, "law": law(window, ns)})
    ends = " and ".join(f"{number(row['retries'])} for {duration(row['gap'])}" for row in (rows[0], rows[-1]))
    caption = (
        f"Retries a fault, W = {duration(window)}: {ends} between two DONTNEED, within "
        f"{widest(rows, 'retries', 'law')} of exp(W / T)."
    )
    chart = sweep_chart(
        rows, "gap", "retries", caption=caption, theory=lambda gap: law(window, gap), xunit="ns", xlog=True, ylog=False,
        xlabel="T, mean time between two DONTNEED", ylabel="retries a fault", title="exp(W / T) through the dots",
    )  # fmt: skip
    table = [
        {
            "T (us)": row["gap"] / 1000, "W / T": window / row["gap"], "retries a fault": row["retries"],
            "+- (95 %)": row["retries_err"], "exp(W / T)": row["law"],
        }
        for row in rows
    ]  # fmt: skip
    return Study(chart, table)


def law(windows, gap: float) -> float:
    """Retries a fault, from the window or windows W and the mean gap T (ns)."""
    return theory.retries_under_livelock(windows, gap)


class Windows:
    """A watcher of the trace: every W of the run, in ns, in `seen`."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self._woken: dict[str, int] = {}

    def __call__(self, events: list[tuple]) -> None:
        for time, task, what, *_ in events:
            if what == "page_woken":
                self._woken[task] = time
            elif what == "walk" and task in self._woken:
                self.seen.append(time + costs.PAGE_CACHE_LOOKUP - self._woken.pop(task))


def windows(loopers: Iterable[int] = LOOPERS, *, gap: str = "20us", disk: str = "18ms") -> Table:
    """W, and what follows from it: a row for each number of mmap loopers.

    W is taken from some hundred undisturbed faults under nopage_retry. Theory then says how many reads a fault takes if
    somebody drops the page every `gap` on average (each retry is a read), and how long it takes on `disk`.
    Raises ValueError for a gap or a disk that is no time.
    """
    mean = parse_gap(gap, "gap").mean()
    read = parse_time(disk, "disk", least=1)
    rows = []
    for many in loopers:
        watch = Windows()
        scenario = Scenario(design="nopage_retry", mmap_threads=many, disk="exponential(1ms)")
        scenario.run(READS * 0.0013, progress=False, keep=0, watch=watch)
        reads = law(watch.seen, mean)
        typical = sum(watch.seen) / len(watch.seen)
        rows.append([many, typical / 1000, reads, duration(reads * (read + typical), ascii=True)])
    first, last = rows[0], rows[-1]
    caption = f"W is {number(first[1])} us behind {plural(first[0], 'mmap thread')}."
    if len(rows) > 1:
        caption = (
            f"The queue for mmap_sem makes W: {caption[5:-1]}, {number(last[1])} us behind {last[0]}, "
            f"and a fault then takes {number(last[2])} reads."
        )
    columns = [
        "mmap threads", "W (us)", f"reads a fault, T = {duration(mean, ascii=True)}",
        f"one fault, {duration(read, ascii=True)} a read",
    ]  # fmt: skip
    return Table(columns, rows, caption)


SHOWN = ("submit", "release", "io_done", "page_woken", "evict", "wait", "acquire", "walk")


def one_pass(result: Result) -> Table:
    """The first pass of a run that was in vain: what the faulting thread, the disk and whoever dropped the page did, up
    to the second read of the same page; from the trace.

    Raises ValueError for a run whose kept events have no such pass.
    """
    rows, page, woken, lost, looked = [], None, None, None, None
    for time, task, what, object, *_ in result.opening:
        if what not in SHOWN or not (task.startswith("fault0") or object == page):
            continue
        if page is None and what == "submit":
            page = object
        elif what == "page_woken":
            woken = time
        elif what == "evict":
            lost = time
        elif what == "walk":
            looked = time + costs.PAGE_CACHE_LOOKUP
        rows.append([f"{time / 1000:,.1f}", task, what, object])
        if what == "submit" and lost is not None:
            caption = (
                f"{page} was in the cache, uptodate, for {duration(lost - woken, ascii=True)}; fault0 came to look "
                f"for it {duration(looked - woken, ascii=True)} after it was unlocked."
            )
            return Table(["time (us)", "task", "event", "object"], rows, caption)
    raise ValueError("no pass of fault0 was in vain among the first events of this run; give a run that is stuck")


def same_mean(gap: str = "100us", loopers: int = 8, *, disk: str = "1ms", seconds: float = 0.15) -> Table:
    """Faults/s under nopage_retry when the gaps between two DONTNEED are random (exponential), jittered by a half, or
    all the same, with one mean.
    """
    ns = parse_time(gap, "gap", least=1)
    kinds = {
        "random (exponential)": gap,
        "jittered by a half": f"uniform({ns // 2}ns, {ns + ns // 2}ns)",
        "regular": f"constant({gap})",
    }
    rows = []
    for kind, dontneed in kinds.items():
        scenario = Scenario(
            design="nopage_retry", mmap_threads=loopers, disk=disk, dontneed=dontneed, cache_pages=SMALL
        )
        result = scenario.run(seconds, progress=False, keep=0)
        retries = None if result.is_stuck else result.retries_per_fault
        rows.append([kind, result.faults_per_second, retries, result.metrics.reads, result.metrics.lost])
    caption = f"One DONTNEED every {duration(ns, ascii=True)} on average, {loopers} mmap threads, {disk} a read."
    return Table(["gaps", "faults/s", "retries a fault", "reads", "pages lost"], rows, caption)


FAIR_WORLDS = ("a fault under DONTNEED", "a fault under DONTNEED and mmap")


def fair_cycles(designs: Iterable[str], worlds: Iterable[str] = FAIR_WORLDS) -> Table:
    """Which designs have a fair run that never resolves the fault: a row for each design, a column for each world.

    "livelock": the explorer found one; "live": there is none, in any interleaving of that world.
    """
    worlds, rows, states = list(worlds), [], 0
    for design in designs:
        row = [str(design)]
        for world in worlds:
            verdict = explore(design, world, progress=False)
            states += verdict.states
            row.append("live" if verdict.holds else verdict.finding.kind if verdict.finding else "cut off")
        rows.append(row)
    caught = sum("livelock" in row for row in rows)
    caption = f"{caught} of {len(rows)} designs can be run for ever, fairly, without an end; {states:,} states in all."
    return Table(["design", *worlds], rows, caption)
