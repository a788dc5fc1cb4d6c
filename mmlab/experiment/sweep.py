"""sweep: one run for every combination of values, here or on any executor."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import Executor, as_completed

from ..view.table import Table
from .durations import text_of
from .progress import bar
from .scenario import Scenario, seconds_to_ns

FIGURES = (
    "faults_per_second",
    "mmaps_per_second",
    "writes_per_second",
    "retries_per_fault",
    "walks_per_fault",
    "cpu_us_per_fault",
)


class Sweep:
    """Rows of a sweep: dicts with the values that were varied and the figures that were measured, in order."""

    def __init__(self, varied: list[str], rows: list[dict]) -> None:
        self.varied = varied
        self.rows = rows

    def table(self) -> Table:
        """All rows."""
        return Table(list(self.rows[0]), [list(row.values()) for row in self.rows])

    def chart(self, x: str, y: str = "mmaps_per_second", by: str | None = None, **options):
        """A chart of column `y` over `x`, a series for each value of `by`; options as view.charts.sweep_chart."""
        from ..view.charts import sweep_chart

        return sweep_chart(self.rows, x, y, by, **options)

    def __repr__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def measure(scenario: Scenario, seconds: float) -> dict:
    """Run one scenario; the figures of its row. A module-level function, so that other processes can call it."""
    result = scenario.run(seconds, progress=False, keep=0)
    row = {name: getattr(result, name) for name in FIGURES}
    for name in ("mmap_wait", "fault_call"):
        row |= {f"{name}_{key}": getattr(getattr(result, name), key) for key in ("p50", "p99", "max", "mean")}
    return row


def sweep(*, seconds: float = 1, executor: Executor | None = None, progress: bool | None = None, **values) -> Sweep:
    """Run a Scenario for every combination of `values`; a list is varied, anything else is the same for all.

    executor: any concurrent.futures.Executor; results do not depend on it. Shows a progress bar when it takes long.
    Raises ValueError for an empty list and whatever a Scenario refuses, before anything is run.
    """
    seconds_to_ns(seconds)
    varied = {name: list(value) for name, value in values.items() if _is_many(value)}
    for name, value in varied.items():
        if not value:
            raise ValueError(f"{name}=[] has no values to try; give at least one")
    fixed = {name: value for name, value in values.items() if name not in varied}
    points = [dict(zip(varied, point)) for point in itertools.product(*varied.values())]
    scenarios = [Scenario(**fixed, **point) for point in points]
    with bar("sweep", progress) as tell:
        figures = _run_all(scenarios, seconds, executor, tell)
    rows = [
        {**{name: _plain(name, value) for name, value in point.items()}, **row} for point, row in zip(points, figures)
    ]
    return Sweep(list(varied), rows)


def _is_many(value) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _plain(name: str, value):
    """A varied value as it stands in a row: designs and distributions as text."""
    if name == "design":
        return str(value)
    return text_of(value) if hasattr(value, "sampler") else value


def _run_all(scenarios: list[Scenario], seconds: float, executor: Executor | None, tell) -> list[dict]:
    """The figures of each scenario, in their order."""
    if executor is None:
        figures = []
        for number, scenario in enumerate(scenarios, 1):
            figures.append(measure(scenario, seconds))
            if tell:
                tell(number / len(scenarios))
        return figures
    futures = [executor.submit(measure, scenario, seconds) for scenario in scenarios]
    try:
        for number, future in enumerate(as_completed(futures), 1):
            future.result()  # one that failed ends the sweep now, not when all are done
            if tell:
                tell(number / len(futures))
    finally:
        for future in futures:
            future.cancel()
    return [future.result() for future in futures]
