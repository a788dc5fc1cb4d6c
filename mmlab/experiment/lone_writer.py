"""A writer that comes at a random moment: what it waits under `synchronous`, against the residual life of a read."""

from __future__ import annotations

from collections.abc import Iterable

from .. import theory
from ..view.charts import sweep_chart
from ..view.study import Study, widest
from ..view.units import duration
from .durations import parse_time
from .studies import HANDLER, over_seeds

DISKS = ("2ms", "10ms", "18ms")
SHAPES = {"constant": theory.constant, "exponential": theory.exponential}
READS, SEEDS, EVERY = 2_000, 5, 4
"""reads in a run, runs for a dot, mean number of reads between two writers"""


def lone_writer(disks: Iterable[str] = DISKS, kinds: Iterable[str] = ("constant", "exponential")) -> Study:
    """Mean wait of single mprotect calls that arrive at random, over the mean disk time, constant and exponential.

    One thread faults without a pause, so mmap_sem is nearly always held. Theory: P(busy) E[H^2] / 2 E[H].
    Raises ValueError for a disk that is no time, or a kind that is not "constant" or "exponential".
    """
    disks, rows, laws = list(disks), [], {}
    for kind in kinds:
        if kind not in SHAPES:
            raise ValueError(f"kind {kind!r} of disk; allowed: {', '.join(SHAPES)}")
        laws[kind] = _law(SHAPES[kind])
        for disk in disks:
            ns = parse_time(disk, "disk", least=1)
            scenario = {"mmap_threads": 0, "write_rate": 1e9 / ns / EVERY, "disk": f"{kind}({disk})"}
            mean, half = over_seeds(lambda r: r.mmap_wait.mean * 1000, scenario, READS * ns / 1e9, SEEDS)
            rows.append({"kind": kind, "disk": ns, "wait": mean, "wait_err": half, "law": laws[kind](ns)})
    ends = [row for row in rows if row["disk"] == rows[-1]["disk"]]
    waits = ", ".join(f"{duration(row['wait'])} when it is {row['kind']}" for row in ends)
    caption = (
        f"A writer that comes at random waits on average, for reads of {duration(rows[-1]['disk'])}: {waits} "
        f"(within {widest(rows, 'wait', 'law')} of the theory)."
    )
    chart = sweep_chart(
        rows, "disk", "wait", by="kind", caption=caption, theory=laws, xunit="ns", yunit="ns", xlog=False, ylog=False,
        xlabel="mean time of one read", ylabel="mean wait of a writer", title="The same mean, twice the wait",
    )  # fmt: skip
    columns = ("disk time", "mean of one read (ms)", "mean wait (ms)", "+- (95 %)", "theory (ms)")
    table = []
    for row in rows:
        times = [row["disk"], row["wait"], row["wait_err"], row["law"]]
        table.append(dict(zip(columns, [row["kind"], *(time / 1e6 for time in times)])))
    return Study(chart, table)


def _law(shape):
    def law(disk):
        beside = HANDLER["find_vma"] + HANDLER["lookup"] + HANDLER["install"]  # submitting overlaps the read
        hold = theory.plus(theory.constant(beside), shape(disk))
        return theory.random_writer_wait(theory.reader_busy(hold.mean, HANDLER["entry"]), hold)

    return law
