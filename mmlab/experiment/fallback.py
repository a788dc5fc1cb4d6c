"""One retry under DONTNEED: how often the second pass misses again and reads with mmap_sem held, and what that costs.

Eight mmap loopers fill the lock, so a retry waits long in its queue, and meanwhile the page can go. No parameter is
fitted: mmlab.theory.bounded takes the costs of the model.
"""

from __future__ import annotations

from collections.abc import Iterable

from .. import theory
from ..designs import Design
from ..kernel import costs
from ..view.charts import sweep_chart
from ..view.study import Study
from ..view.table import Table
from ..view.units import duration
from .durations import parse_time
from .result import Result
from .scenario import Scenario

LOOPERS = 8
GAPS = ("20us", "120us", "250us", "500us", "3ms")
HELD = costs.MMAP_HOLD + costs.MUNMAP_HOLD
WALK = costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP
WINDOW = theory.window_in_a_crowd(LOOPERS, HELD, WALK)
"""W: ns from an unlocked page to its next lookup"""
ROUND = LOOPERS * HELD / 2 + WALK
"""ns that a first pass needs to get to its lookup: a whole round of the loopers"""
SURE = 1.96
"""half-widths of a share: 95 %"""


def among_loopers(design: str | Design, dontneed: str = "20us", disk: str = "18ms") -> Scenario:
    """One thread that faults, eight that loop over mmap and munmap, and somebody who keeps dropping the file."""
    return Scenario(design=design, mmap_threads=LOOPERS, dontneed=dontneed, disk=disk, cache_pages=16)


def fallbacks(gaps: Iterable[str] = GAPS, disk: str = "1ms", seconds: float = 0.2) -> Study:
    """Share of the faults of `retry_once` that fall back to a read with mmap_sem held, over the mean DONTNEED gap.

    The error bars (95 %) are those of a share of so many faults. The table has the loopers' rate too. The disk is
    faster than in the headline only to have more faults in a short run: the share does not depend on it.
    Raises ValueError for a gap or a disk that is no time, and for a run without a fault.
    """
    ns = parse_time(disk, "disk", least=1)
    rows = []
    for gap in gaps:
        run = among_loopers("retry_once", gap, disk).run(seconds, progress=False, keep=0)
        if not run.faults:
            raise ValueError(f"seconds={seconds!r} is too short: no fault is resolved under DONTNEED each {gap}")
        share = run.fallbacks / run.faults
        mean = parse_time(gap, "dontneed", least=1)
        lost = theory.page_lost(WINDOW, mean)
        rates = theory.bounded_retry(ns, ROUND, WINDOW, lost, 1, HELD)
        rows.append(
            {
                "gap": mean, "share": share, "share_err": SURE * (share * (1 - share) / run.faults) ** 0.5, "law": lost,
                "faults": run.faults, "pairs": run.mmaps_per_second, "pairs_law": rates.pairs_per_second,
            }
        )  # fmt: skip
    first, last = rows[0], rows[-1]
    ends = [(f"{100 * row['share']:.0f} %", duration(row["gap"])) for row in (first, last)]
    caption = (
        f"Fallbacks: {ends[0][0]} of the faults when the file is dropped each {ends[0][1]} on average, {ends[1][0]} at "
        f"{ends[1][1]}. The retry needs W = {duration(WINDOW)} to come back."
    )
    chart = sweep_chart(
        rows, "gap", "share", caption=caption, theory=lambda gap: theory.page_lost(WINDOW, gap), xunit="ns", yunit="%",
        xlog=True, ylog=False, xlabel="mean time T between two FADV_DONTNEED",
        ylabel="faults that fall back", title="The one retry is lost with probability 1 - exp(-W/T)",
    )  # fmt: skip
    columns = (
        "T (us)", "faults", "fall back (%)", "+- (95 %)", "theory (%)", "mmap pairs/s", "theory (pairs/s)",
    )  # fmt: skip
    table = [
        (r["gap"] / 1000, r["faults"], 100 * r["share"], 100 * r["share_err"], 100 * r["law"], r["pairs"],
         r["pairs_law"])
        for r in rows
    ]  # fmt: skip
    return Study(chart, [dict(zip(columns, cells)) for cells in table])


def by_retries(results: Iterable[Result | None], disk: str = "18ms") -> Table:
    """What 0, 1, 2, ... retries are worth when each is lost (p = 1): theory, and the runs that were made.

    `results` are runs of `among_loopers`, in that order, with None where there is none. The last row is for no bound.
    """
    ns = parse_time(disk, "disk", least=1)
    rows = []
    for retries, run in enumerate(results):
        rates = theory.bounded_retry(ns, ROUND, WINDOW, 1, retries, HELD)
        ran = [run.design, run.faults_per_second, run.mmaps_per_second] if run else [None] * 3
        rows.append([str(retries), rates.faults_per_second, rates.pairs_per_second, *ran])
    rows.append(["no bound", 0, theory.saturated_pairs_per_second(HELD), None, None, None])
    columns = ["retries allowed", "faults/s, theory", "pairs/s, theory", "design", "faults/s", "pairs/s"]
    return Table(columns, rows, f"Every retry is lost; {LOOPERS} loopers, {duration(ns)} a read")
