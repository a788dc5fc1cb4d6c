"""sweep: one run for every combination of values, here or on any executor."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed

from ..designs import Design
from ..view.table import Table
from .durations import text_of
from .progress import bar
from .results_file import ResultsFile
from .scenario import Scenario, seconds_to_ns

FIGURES = (
    "faults_per_second",
    "mmaps_per_second",
    "writes_per_second",
    "retries_per_fault",
    "walks_per_fault",
    "cpu_us_per_fault",
)
DURATIONS = ("mmap_wait", "fault_call")
KEYS = ("p50", "p99", "max", "mean")
COLUMNS = [*FIGURES, *(f"{name}_{key}" for name in DURATIONS for key in KEYS)]
"""what a row has beside the values that were varied"""


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
    for name in DURATIONS:
        row |= {f"{name}_{key}": getattr(getattr(result, name), key) for key in KEYS}
    return row


def sweep(
    *, seconds: float = 1, executor: Executor | None = None, progress: bool | None = None,
    results: str | os.PathLike | None = None, **values,
) -> Sweep:  # fmt: skip
    """Run a Scenario for every combination of `values`; a list is varied, anything else is the same for all.

    executor: any concurrent.futures.Executor (of threads, processes, or a Dask cluster: client.get_executor()); results
    do not depend on it. results: a file that keeps each finished scenario on a line of its own; the same sweep with the
    same file, interrupted or not, runs only what is missing. Shows a progress bar when it takes long.
    Raises ValueError for an empty list, whatever a Scenario refuses, a design that another process cannot know, and a
    results file of another sweep, before anything is run.
    """
    seconds_to_ns(seconds)
    varied = {name: list(value) for name, value in values.items() if _is_many(value)}
    for name, value in varied.items():
        if not value:
            raise ValueError(f"{name}=[] has no values to try; give at least one")
    fixed = {name: value for name, value in values.items() if name not in varied}
    points = [dict(zip(varied, point)) for point in itertools.product(*varied.values())]
    scenarios = [Scenario(**fixed, **point) for point in points]
    _can_travel(scenarios, executor)
    kept = None if results is None else ResultsFile(results, scenarios, seconds, COLUMNS)
    try:
        with bar("sweep", progress) as tell:
            figures = _run_all(scenarios, seconds, executor, tell, kept)
    finally:
        if kept:
            kept.close()
    rows = [
        {**{name: _plain(name, value) for name, value in point.items()}, **row} for point, row in zip(points, figures)
    ]
    return Sweep(list(varied), rows)


def _can_travel(scenarios: list[Scenario], executor: Executor | None) -> None:
    """Designs travel to other processes by name. Raises ValueError for one that only this process has."""
    if executor is None or isinstance(executor, ThreadPoolExecutor):
        return
    for scenario in scenarios:
        if isinstance(scenario.design, Design):
            raise ValueError(
                f"design {scenario.design.name!r} exists only in this process, and other processes know designs by "
                "name; sweep it without executor, or with a ThreadPoolExecutor"
            )


def _is_many(value) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _plain(name: str, value):
    """A varied value as it stands in a row: designs and distributions as text."""
    if name == "design":
        return str(value)
    return text_of(value) if hasattr(value, "sampler") else value


def _run_all(
    scenarios: list[Scenario], seconds: float, executor: Executor | None, tell, kept: ResultsFile | None
) -> list[dict]:
    """The figures of each scenario, in their order; what is finished is kept at once."""
    figures = [kept.done(scenario) if kept else None for scenario in scenarios]
    missing = [number for number, row in enumerate(figures) if row is None]
    for number, row in _finished(scenarios, missing, seconds, executor):
        figures[number] = row
        if kept:
            kept.add(scenarios[number], row)
        if tell:
            tell(sum(row is not None for row in figures) / len(figures))
    return figures


def _finished(scenarios: list[Scenario], missing: list[int], seconds: float, executor: Executor | None):
    """(number, figures) of the scenarios that are still to be run, as they are finished."""
    if executor is None:
        for number in missing:
            yield number, measure(scenarios[number], seconds)
        return
    futures = {executor.submit(measure, scenarios[number], seconds): number for number in missing}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()  # one that failed ends the sweep now, not when all are done
    finally:
        for future in futures:
            future.cancel()
