"""Two studies of `synchronous`: how long a fault holds mmap_sem, and how long a writer waits behind many faults."""

from __future__ import annotations

from collections.abc import Iterable

from .. import theory
from ..view.charts import sweep_chart
from ..view.holds import holds
from ..view.study import Study, widest
from ..view.units import duration, plural
from .durations import parse_time
from .scenario import Scenario
from .studies import HANDLER

DISKS = ("1us", "10us", "20us", "100us", "1ms", "5ms", "18ms", "30ms")
READS = 20
THREADS = (1, 2, 4, 8, 16, 24, 32, 48, 64)
ROUNDS = 6
"""waits of the looper that are looked at; the first are those of the start"""


def hold_by_disk(disks: Iterable[str] = DISKS) -> Study:
    """How long a major fault of `synchronous` holds mmap_sem, from the trace, over the disk time; theory: its costs.

    Raises ValueError for a disk that is no time.
    """
    rows = []
    for disk in disks:
        ns = parse_time(disk, "disk", least=1)
        run = Scenario(disk=disk, mmap_threads=0).run(READS * (ns + 10_000) / 1e9, progress=False)
        held = [hold.held for hold in holds(run.events)]
        rows.append({"disk": ns, "held": sum(held) / len(held), "law": _held(ns)})
    last = rows[-1]
    caption = (
        f"{duration(last['held'], 4)} on a disk of {duration(last['disk'])}, {duration(rows[0]['held'])} on one of "
        f"{duration(rows[0]['disk'])}: mmap_sem is held as long as the read takes, plus the kernel's own work "
        f"(within {widest(rows, 'held', 'law')} of the theory)."
    )
    chart = sweep_chart(
        rows, "disk", "held", caption=caption, theory=_held, xunit="ns", yunit="ns", xlog=True, ylog=True,
        xlabel="one read of the disk", ylabel="mmap_sem held in one major fault",
        title="The lock is held as long as the disk works",
    )  # fmt: skip
    columns = ("one read (us)", "mmap_sem held (us)", "theory (us)", "beside the read (us)")
    times = [(row["disk"], row["held"], row["law"], row["held"] - row["disk"]) for row in rows]
    return Study(chart, [dict(zip(columns, [time / 1000 for time in some])) for some in times])


def _held(disk: float) -> int:
    return theory.fault_section(round(disk), **HANDLER).held


def convoy(threads: Iterable[int] = THREADS, disk: str = "18ms") -> Study:
    """The typical wait of one mmap looper behind 1 .. N faulting threads under `synchronous`; theory: N reads.

    Raises ValueError for a disk that is no time, or a number of threads that a Scenario refuses.
    """
    ns = parse_time(disk, "disk", least=1)
    rows = []
    for number in threads:
        seconds = ROUNDS * (number * ns + 50_000) / 1e9
        run = Scenario(fault_threads=number, disk=disk).run(seconds, progress=False, keep=0)
        rows.append({"threads": number, "wait": run.mmap_wait.p50 * 1000, "law": theory.convoy_wait(number, ns)})
    first, last = rows[0], rows[-1]
    caption = (
        f"One mmap waits {duration(first['wait'])} behind {plural(first['threads'], 'thread')} and "
        f"{duration(last['wait'])} behind {last['threads']}: threads x disk time, within {widest(rows, 'wait', 'law')}."
    )
    chart = sweep_chart(
        rows, "threads", "wait", caption=caption, theory=lambda n: n * ns, yunit="ns", xlog=False, ylog=False,
        xlabel="threads that fault at the same time", ylabel="one mmap waits",
        title="A writer waits for the whole disk queue",
    )  # fmt: skip
    columns = ("faulting threads", "typical wait (ms)", "theory: threads x disk (ms)")
    table = [dict(zip(columns, [row["threads"], row["wait"] / 1e6, row["law"] / 1e6])) for row in rows]
    return Study(chart, table)
