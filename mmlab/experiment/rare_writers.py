"""What the counter saves: walks a fault, with and without it, over the rate of single writers that come at random."""

from __future__ import annotations

from collections.abc import Iterable

from .. import theory
from ..designs import Design, find
from ..view.charts import sweep_chart
from ..view.study import Study
from ..view.units import duration, number
from .durations import parse_time
from .scenario import Scenario

RATES = (10, 80, 300, 1_000, 4_000)
READS = 120


def rare_writers(
    designs: Iterable[str | Design] = ("pagefault_args", "final"), disk: str = "2ms", rates: Iterable[int] = RATES
) -> Study:
    """Study of find_vma calls a fault over write sections a second (a Poisson stream), a series for each of `designs`.

    One faulting thread, no looper. The line is 2 - exp(-L D), for a design that walks again only when a writer came.
    Raises ValueError for an unknown design or a disk that is no time.
    """
    ns, rows = parse_time(disk, "disk", least=1), []
    designs, rates = [find(one) for one in designs], list(rates)

    def law(rate):
        return 2 - theory.counter_unchanged(rate, ns)

    for design in designs:
        for rate in rates:
            run = Scenario(design=design, mmap_threads=0, write_rate=rate, disk=disk)
            result = run.run(READS * ns / 1e9, progress=False, keep=0)
            row = {"design": design.name, "rate": rate, "walks": result.walks_per_fault, "law": law(rate)}
            rows.append(row | {"cpu": result.cpu_us_per_fault})
    ends = []
    for design in designs:
        mine = [row for row in rows if row["design"] == design.name]
        ends.append(f"{design}: {number(mine[0]['walks'])} with {rates[0]} writers/s, {number(mine[-1]['walks'])} with "
                    f"{rates[-1]:,}")  # fmt: skip
    caption = f"Walks a fault on a disk of {duration(ns)}. {'; '.join(ends)}. Line: 2 - exp(-L D)."
    chart = sweep_chart(
        rows, "rate", "walks", by="design", caption=caption, theory={designs[-1].name: law}, xunit="/s", xlog=True,
        ylog=False, xlabel="write sections a second, L", ylabel="find_vma calls a fault",
        title="The counter saves the second walk where writers are rare",
    )  # fmt: skip
    table = [
        {"design": row["design"], "writers/s": row["rate"], "walks a fault": row["walks"], "2 - exp(-L D)": row["law"],
         "cpu us a fault": row["cpu"]}
        for row in rows
    ]  # fmt: skip
    return Study(chart, table)
