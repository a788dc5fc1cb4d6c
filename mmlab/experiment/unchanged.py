"""How often the counter of write sections is unchanged after a read, against exp(-L * D).

The writers are an open stream: single mprotect calls that come at random moments, whether or not earlier ones are done.
A looper is no such stream, and in a crowd of writers the formula ends: `crowd` shows where.
"""

from __future__ import annotations

from collections.abc import Iterable

from .. import theory
from ..kernel import costs
from ..view.charts import sweep_chart
from ..view.study import Study
from ..view.table import Table
from ..view.units import duration, number, percent
from .durations import parse_time
from .studies import over_seeds

SECTIONS = (0.1, 0.25, 0.5, 1, 2, 3)
"""write sections that come during one read, on average: L * D"""
READS, SEEDS = 100, 8
"""reads in a run, runs for a dot"""
CROWDS = ((357, "2ms", 160), (5_000, "200us", 80), (15_000, "67us", 120))
"""write sections a second, disk, reads in a run: the same L * D or so, and ever more of the time the lock is theirs"""
PAUSE = "exponential(1ms)"
FIRST = costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP
"""ns that a fault holds mmap_sem before the disk is asked"""


def unchanged(disk: str = "18ms", sections: Iterable[float] = SECTIONS) -> Study:
    """Share of the faults of `sequence_counter` that find the counter unchanged, over the mean number of write sections
    during a read of `disk` (a time). Theory: exp(-L * D), no free parameter.

    Raises ValueError for a disk that is no time, or a number of write sections that is not above 0.
    """
    ns, rows = parse_time(disk, "disk", least=1), []
    for mean in sections:
        if not mean > 0:
            raise ValueError(f"sections={mean!r} is not allowed; give a mean number of write sections above 0")
        rate = mean * 1e9 / ns
        share, half = _share(rate, disk, READS * ns / 1e9)
        rows.append({"LD": mean, "rate": rate, "share": share, "share_err": half, "law": _law(mean)})
    touching = sum(abs(row["share"] - row["law"]) <= row["share_err"] for row in rows)
    first, last = rows[0], rows[-1]
    caption = (
        f"{percent(first['share'])} of the reads of {duration(ns)} see no write section when {number(first['LD'])} "
        f"come on average, {percent(last['share'])} when {number(last['LD'])} come; {touching} of {len(rows)} error "
        "bars (95 %) touch the line exp(-L D)."
    )
    chart = sweep_chart(
        rows, "LD", "share", caption=caption, theory=_law, yunit="%", xlog=False, ylog=False,
        xlabel="write sections during one read, on average: L x D", ylabel="counter unchanged after the read",
        title="Nobody came: exp(-L D)",
    )  # fmt: skip
    columns = ("L (writers/s)", "L x D", "counter unchanged", "+- (95 %)", "exp(-L D)")
    keys = ("rate", "LD", "share", "share_err", "law")
    return Study(chart, [dict(zip(columns, [row[key] for key in keys])) for row in rows])


def crowd(crowds: Iterable[tuple[float, str, int]] = CROWDS) -> Table:
    """The same where writers fill more and more of the lock's time, for faults that come after a long random pause.

    crowds: (write sections a second, disk, reads in a run). The last columns are two formulas: the simple one, and the
    one for a fault that queues behind the writers whom it finds (theory.counter_unchanged_in_a_crowd).
    """
    rows = []
    for rate, disk, reads in crowds:
        ns = parse_time(disk, "disk", least=1)
        share, half = _share(rate, disk, reads * (ns + 1_000_000) / 1e9, pause=PAUSE)
        plain = theory.counter_unchanged(rate, ns)
        found = theory.counter_unchanged_in_a_crowd(rate, ns, costs.MPROTECT_HOLD, FIRST)
        load = rate * costs.MPROTECT_HOLD / 1e9
        rows.append([rate, duration(ns, ascii=True), load, share, half, plain, share / plain, found])
    columns = [
        "L (writers/s)", "disk", "L x hold", "counter unchanged", "+- (95 %)", "exp(-L D)", "ratio", "with the queue",
    ]  # fmt: skip
    hold = duration(costs.MPROTECT_HOLD, ascii=True)
    return Table(
        columns, rows, f"Each write section holds mmap_sem for {hold}; a fault comes after a pause of 1 ms or so."
    )


def _law(mean: float) -> float:
    return theory.counter_unchanged(mean, 1_000_000_000)


def _share(rate: float, disk: str, seconds: float, **more) -> theory.Estimate:
    """Share of the faults that went on, among writers who come at `rate` a second."""
    scenario = {"design": "sequence_counter", "mmap_threads": 0, "write_rate": rate, "disk": disk, **more}
    return over_seeds(lambda run: run.continued / run.faults, scenario, seconds, SEEDS)
