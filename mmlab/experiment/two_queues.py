"""A fault that is run again asks for mmap_sem twice: where its time goes, and for which disks that is a gain.

`fault_time` takes the wait of each pass from the trace. `retry_against_synchronous` sweeps the disk.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..view.charts import sweep_chart
from ..view.study import Study
from ..view.table import Table
from ..view.units import duration, number, plural
from .durations import parse_time
from .metrics import READ
from .result import Result
from .scenario import Scenario

DISKS = ("20us", "50us", "100us", "300us", "1ms")
LOOPERS = (1, 8)
FAULTS = 40
"""faults in a run: all times are constant, so the clockwork repeats long before"""


def fault_time(designs: Iterable[str], *, seconds: float = 0.1, **scenario) -> Table:
    """The mean us of one fault under each design: waiting for mmap_sem in the first pass and in later ones, waiting for
    the page, and the rest, which is cpu time. Fields of a Scenario are given by name.

    Raises ValueError for whatever a Scenario refuses.
    """
    rows = []
    for design in designs:
        waits = Waits()
        result = Scenario(design=design, **scenario).run(seconds, progress=False, keep=0, watch=waits)
        rows.append([design, result.faults_per_second, *waits.means(result)])
    columns = [
        "design", "faults/s", "one fault (us)", "1st wait for mmap_sem", "wait for the page", "2nd wait for mmap_sem",
        "the rest",
    ]  # fmt: skip
    most = max(rows, key=lambda row: row[2])
    caption = (
        f"Where the time of one fault goes, in us: {most[0]} takes the longest, {number(most[2])} us, of which "
        f"{number(most[3] + most[5])} us waiting for mmap_sem."
    )
    return Table(columns, rows, caption)


class Waits:
    """A watcher of the trace: what the faulting threads wait for in each pass, in ns, in faults that came to an end."""

    def __init__(self) -> None:
        self.now: dict[str, list[int]] = {}
        self.total = [0, 0, 0]
        self.faults = 0

    def __call__(self, events: list[tuple]) -> None:
        for _, task, what, object, value, _, _ in events:
            if what == "enter" and object == "fault":
                self.now[task] = [0, 0, 0, 0]
            elif task not in self.now:
                continue
            elif what == "acquire" and object == READ:
                passes, *_ = waits = self.now[task]
                waits[0] += 1
                waits[3 if passes else 1] += value
            elif what == "page_woken":
                self.now[task][2] += value
            elif what == "leave":
                self.total = [old + new for old, new in zip(self.total, self.now.pop(task)[1:])]
                self.faults += 1

    def means(self, result: Result) -> list[float]:
        """us a fault: all of it, first wait, wait for the page, later waits, the rest."""
        whole = result.fault_call.mean
        parts = [ns / 1000 / max(1, self.faults) for ns in self.total]
        return [whole, *parts, whole - sum(parts)]


def retry_against_synchronous(disks: Iterable[str] = DISKS, loopers: Iterable[int] = LOOPERS) -> Study:
    """The faults that nopage_retry resolves for each one under synchronous, over the disk time, for each number of
    mmap loopers. Raises ValueError for a disk that is no time.
    """
    rows = []
    for many in loopers:
        for disk in disks:
            ns = parse_time(disk, "disk", least=1)
            seconds = FAULTS * (ns + 2 * many * 31_000) / 1e9
            rates = {}
            for design in ("synchronous", "nopage_retry"):
                result = Scenario(design=design, disk=disk, mmap_threads=many).run(seconds, progress=False, keep=0)
                rates[design] = result.faults_per_second
            ratio = rates["nopage_retry"] / rates["synchronous"]
            rows.append({"loopers": plural(many, "looper"), "disk": ns, "ratio": ratio, **rates})
    best, worst = (pick(rows, key=lambda row: row["ratio"]) for pick in (max, min))
    caption = (
        f"nopage_retry resolves up to {number(best['ratio'])} times as many faults ({duration(best['disk'])} disk, "
        f"{best['loopers']}), and down to {number(worst['ratio'])} times ({duration(worst['disk'])}, "
        f"{worst['loopers']})."
    )
    chart = sweep_chart(
        rows, "disk", "ratio", by="loopers", caption=caption, xunit="ns", xlog=True, ylog=False,
        xlabel="time of one read", ylabel="faults/s, nopage_retry : synchronous",
        title="Above 1 the retry wins, below 1 it loses",
    )  # fmt: skip
    table = [
        {
            "mmap threads": row["loopers"], "disk": duration(row["disk"], ascii=True),
            "synchronous faults/s": row["synchronous"], "nopage_retry faults/s": row["nopage_retry"],
            "ratio": row["ratio"],
        }
        for row in rows
    ]  # fmt: skip
    return Study(chart, table)
