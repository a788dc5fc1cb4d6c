"""How long a killed process takes to die when its threads wait for one disk: by threads, designs side by side."""

from __future__ import annotations

from collections.abc import Iterable

from .. import theory
from ..kernel import costs
from ..view.charts import sweep_chart
from ..view.study import Study
from ..view.units import duration, plural
from .durations import parse_time
from .scenario import Scenario

THREADS = (1, 4, 8, 16, 24, 32, 48, 64)
DESIGNS = ("retry_once", "pagefault_args")
FIRST = costs.EXCEPTION_ENTRY + costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP
"""ns from the beginning of the run to the moment when the disk gets its first read"""


def time_to_die(
    designs: Iterable[str] = DESIGNS, threads: Iterable[int] = THREADS, disk: str = "18ms", kill_at: str = "1s"
) -> Study:
    """Time from SIGKILL to the last thread's exit, over the number of threads that fault from one disk.

    Theory: who cannot be woken waits for the whole queue of the disk (mmlab.theory.last_death); who can, for nothing.
    Raises ValueError for a disk or a time that is none, or what a Scenario refuses.
    """
    ns, at = parse_time(disk, "disk", least=1), parse_time(kill_at, "kill_at", least=1)
    rows = []
    for design in designs:
        for number in threads:
            seconds = (at + (number + 1) * ns) / 1e9
            scenario = Scenario(design=design, fault_threads=number, mmap_threads=0, disk=disk, kill_at=kill_at)
            died = scenario.run(seconds, progress=False, keep=0).kill_latency
            law = theory.last_death(number, ns, at - FIRST)
            rows.append({"design": design, "threads": number, "last": died.max * 1000, "law": law})
    ends = [row for row in rows if row["threads"] == rows[-1]["threads"]]
    when = [f"{duration(row['last'], 4)} after the kill" if row["last"] else "at once" for row in ends]
    told = ", ".join(f"{words} under {row['design']}" for words, row in zip(when, ends, strict=True))
    caption = f"The last of {plural(rows[-1]['threads'], 'thread')} dies {told}."
    waits = [row["design"] for row in rows if row["last"] > 0]
    chart = sweep_chart(
        rows, "threads", "last", by="design", caption=caption, yunit="ns", xlog=False, ylog=False,
        theory={name: lambda n: theory.last_death(1, ns, at - FIRST) + (n - 1) * ns for name in dict.fromkeys(waits)},
        xlabel="threads that wait for one disk", ylabel="from SIGKILL to the last exit",
        title="How long a killed process takes to die",
    )  # fmt: skip
    chart.figure.axes[0].set_ylim(bottom=-0.03 * max(row["last"] for row in rows))  # dots at 0 are not cut in half
    table = []
    for number in dict.fromkeys(row["threads"] for row in rows):
        here = [row for row in rows if row["threads"] == number]
        shown = {f"{row['design']} (ms)": row["last"] / 1e6 for row in here}
        table.append({"threads": number, **shown, "theory: the disk's queue (ms)": here[0]["law"] / 1e6})
    return Study(chart, table)
