"""How often a fault queues for mmap_sem: twice (first pass and replay), once (a vma's lock first), or never.

With N mmap loopers somebody always waits for the lock. A thread that has just let go of it comes back behind N - 1
write sections; one that comes back from the disk, at a random moment of somebody's section, behind N - 1/2.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..kernel import costs
from ..view.charts import sweep_chart
from ..view.study import Study, widest
from .durations import parse_time
from .scenario import Scenario
from .studies import WRITES

QUEUES = {"retry_many": ("first", "replay"), "per_vma_lock": ("replay",), "per_vma_counter": ()}
"""which passes of a major fault queue for mmap_sem"""
LOOPERS = (2, 4, 8)
SECTION = sum(section.held for section in WRITES) / len(WRITES)
"""ns: a write section of a looper, on average"""


def queues_passed(loopers: Iterable[int] = LOOPERS, disk: str = "1ms", seconds: float = 0.1) -> Study:
    """Faults/s of one thread over the number of mmap loopers, with mmap_sem alone, with per-VMA locks, and with a
    counter for each vma [ours]; theory: the read, the costs, and the queues that are passed.

    Raises ValueError for a disk that is no time, or a number of loopers that a Scenario refuses.
    """
    ns, loopers, rows = parse_time(disk, "disk", least=1), list(loopers), []
    laws = {design: _law(queues, ns) for design, queues in QUEUES.items()}
    for design in QUEUES:
        for number in loopers:
            run = Scenario(design=design, mmap_threads=number, disk=disk).run(seconds, progress=False, keep=0)
            rows.append(
                {"design": design, "loopers": number, "rate": run.faults_per_second, "law": laws[design](number)}
            )
    last = {row["design"]: row["rate"] for row in rows if row["loopers"] == loopers[-1]}
    rates = ", ".join(f"{rate:.0f} ({name})" for name, rate in last.items())
    caption = (
        f"With {loopers[-1]} loopers one thread gets {rates} "
        f"faults/s: it queues for mmap_sem twice, once, never (within {widest(rows, 'rate', 'law')} of the theory)."
    )
    chart = sweep_chart(
        rows, "loopers", "rate", by="design", caption=caption, theory=laws, yunit="/s", xlog=False, ylog=False,
        xlabel="threads that loop over mmap and munmap", ylabel="faults/s of one thread",
        title=f"How many queues stand before a page (disk {disk})",
    )  # fmt: skip
    columns = ("design", "loopers", "faults/s", "theory")
    return Study(chart, [dict(zip(columns, row.values())) for row in rows])


def _law(queues: tuple[str, ...], disk: int):
    passes = 2 if queues else 1
    own = costs.EXCEPTION_ENTRY + passes * (costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP) + costs.INSTALL_PTE

    def law(loopers: float) -> float:
        behind = {"first": loopers - 1, "replay": loopers - 0.5}
        return 1e9 / (disk + own + sum(behind[queue] for queue in queues) * SECTION)

    return law
