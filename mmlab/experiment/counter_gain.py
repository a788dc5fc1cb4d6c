"""What the counter saves where a walk is dear and writers are rare, and where it saves nothing."""

from __future__ import annotations

from collections.abc import Iterable

from ..view.table import Table
from ..view.units import duration
from .measures import COUNTER_COSTS, changed_costs
from .scenario import Scenario

DESIGNS = ("pagefault_args", "sequence_counter")
BASE = {"fault_threads": 16, "mmap_pause": "1ms"}
DISKS = (("100us", 16), ("uniform(50us,150us)", 16), ("100us", 1))
"""disk, channels"""
COSTS = ", ".join(f"{name} {duration(ns, ascii=True)}" for name, ns in COUNTER_COSTS.items())
"""the costs that differ from kernel/costs.py here, in words"""


def counter_gain(disks: Iterable[tuple[str, int]] = DISKS, seconds: float = 0.02) -> Table:
    """16 faulting threads and one writer that pauses for 1 ms, without and with the counter, under COUNTER_COSTS.

    disks: (disk, channels). The caption says which costs are not the usual ones. Raises ValueError for what a Scenario
    refuses.
    """
    rows = []
    for disk, channels in disks:
        with changed_costs(**COUNTER_COSTS):
            runs = [
                Scenario(design=design, disk=disk, channels=channels, **BASE).run(seconds, progress=False, keep=0)
                for design in DESIGNS
            ]
        for run in runs:
            gained = "" if run is runs[0] else f"{100 * (run.faults_per_second / runs[0].faults_per_second - 1):+.1f} %"
            figures = (
                run.page_wait.mean,
                run.cpu_us_per_fault,
                run.walks_per_fault,
                run.continued / run.faults,
                run.faults_per_second,
            )
            rows.append([disk, channels, run.design, *figures, gained])
    columns = [
        "disk", "channels", "design", "asleep (us)", "cpu us/fault", "walks/fault", "went on", "faults/s",
        "more faults",
    ]  # fmt: skip
    return Table(columns, rows, f"16 faulting threads, one writer that pauses for 1 ms; {COSTS}.")
