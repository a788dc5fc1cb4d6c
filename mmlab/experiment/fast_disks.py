"""Does dropping the lock still pay on a fast disk? Faults/s of designs over the disk time, against `synchronous`.

A fault that lets go of mmap_sem queues for it once more. With few writers that costs nothing, and the looper's own
sections overlap the read; with many, the second turn in the queue is longer than a short read.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..designs import Design, find
from ..view.charts import sweep_chart
from ..view.study import Study
from ..view.units import duration, number, plural
from .durations import parse_time
from .scenario import Scenario

DISKS = ("10us", "20us", "50us", "100us", "300us", "1ms", "5ms", "30ms")
SERIES = (("final", 1), ("nopage_retry", 8), ("final", 8))
READS, LEAST = 5, 12_000_000
"""a run lasts that many reads, and at least that many ns"""


def fast_disks(
    series: Iterable[tuple[str | Design, int]] = SERIES, disks: Iterable[str] = DISKS, *, seconds: float | None = None
) -> Study:
    """Study of faults/s as a share of what `synchronous` has in the same scenario, over the disk time.

    series: (design, mmap loopers). seconds: of each run; by default a few reads. Above 1 the design wins, below it
    loses. Raises ValueError for an unknown design or a disk that is no time.
    """
    chosen, rows, base = [(find(one), threads) for one, threads in series], [], {}
    times = {disk: parse_time(disk, "disk", least=1) for disk in disks}
    for threads in dict.fromkeys(threads for _, threads in chosen):
        for disk, ns in times.items():
            base[threads, disk] = _rates("synchronous", threads, disk, ns, seconds)
    for ns in times.values():
        rows.append({"disk": ns, "series": "synchronous", "share": 1})
    for design, threads in chosen:
        for disk, ns in times.items():
            own, other = _rates(design, threads, disk, ns, seconds), base[threads, disk]
            name = f"{design}, {plural(threads, 'looper')}"
            row = {"disk": ns, "series": name, "design": str(design), "loopers": threads, "share": own[0] / other[0]}
            rows.append(row | {"own": own, "other": other})
    caption = _caption(rows)
    chart = sweep_chart(
        rows, "disk", "share", by="series", caption=caption, xunit="ns", xlog=True, ylog=False,
        xlabel="one read of the disk", ylabel="faults/s, synchronous = 1",
        title="Does dropping the lock pay the one who faults?",
    )  # fmt: skip
    table = [
        {
            "design": row["design"], "mmap loopers": row["loopers"], "one read (us)": row["disk"] / 1000,
            "faults/s": row["own"][0], "synchronous": row["other"][0], "ratio": row["share"],
            "pairs/s": row["own"][1], "pairs/s, synchronous": row["other"][1],
        }
        for row in rows if "own" in row
    ]  # fmt: skip
    return Study(chart, table)


def _rates(design: str | Design, loopers: int, disk: str, ns: int, seconds: float | None) -> tuple[float, float]:
    """(faults/s, pairs/s)."""
    run = Scenario(design=design, mmap_threads=loopers, disk=disk)
    result = run.run(seconds or max(READS * ns, LEAST) / 1e9, progress=False, keep=0)
    return result.faults_per_second, result.mmaps_per_second


def _caption(rows: list[dict]) -> str:
    """The best and the worst share of each series, and where."""
    parts = []
    for series in dict.fromkeys(row["series"] for row in rows if "own" in row):
        mine = [row for row in rows if row["series"] == series]
        top, low = max(mine, key=lambda row: row["share"]), min(mine, key=lambda row: row["share"])
        parts.append(
            f"{series}: from {number(low['share'])} (a read of {duration(low['disk'])}) to {number(top['share'])} "
            f"({duration(top['disk'])})"
        )
    return f"Faults/s, where synchronous has 1. {'; '.join(parts)}."
