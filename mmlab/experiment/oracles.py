"""Oracles: scenarios of which pencil and paper know the answer, and how far the simulation is from it.

The rule (theory.agreement): the error is within the tolerance AND the 99.9 % confidence half-width is within half of
it. Samples come from independent seeds. A scenario without chance gives the same sample for every seed: half-width 0.
The rows are in oracle_rows.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from .. import theory
from ..view.table import Table
from .progress import bar
from .result import Result
from .scenario import Scenario


@dataclass(frozen=True)
class Oracle:
    """One row: what is asked, the formula, its value, and the runs that answer the same question.

    expected    by formula, in `unit`; None where there is no formula: then `published` is compared
    measure     (Scenario, seconds) -> one sample in `unit`; one of the functions below
    scenario    what differs from Scenario's defaults; the seed is added
    tolerance   a share of `expected`; where that is 0, in `unit`
    seeds       how many samples; 1 where nothing is random, so that every seed gives the same
    slow        belongs to the slow tier
    quick       so cheap that `mmlab validate --quick` runs it
    published   what others found, and `source` who; why: where and why our figure is not theirs or the formula's
    """

    name: str
    formula: str
    unit: str
    expected: float | None
    measure: Callable[[Scenario, float], float]
    scenario: dict
    seconds: float
    tolerance: float
    seeds: int = 2
    slow: bool = False
    quick: bool = False
    published: float | None = None
    source: str = ""
    why: str = ""

    def samples(self) -> list[float]:
        """One for each seed; two that are the same where nothing is random."""
        seeds = range(1, self.seeds + 1)
        found = [self.measure(Scenario(**self.scenario, seed=seed), self.seconds) for seed in seeds]
        return found if self.seeds > 1 else found * 2

    def check(self) -> theory.Agreement:
        """Run it and compare with the formula, or with what was published where there is none."""
        target = self.published if self.expected is None else self.expected
        if target:
            return theory.agreement(self.samples(), target, self.tolerance)
        mean, half_width = theory.replications(self.samples())
        fits = abs(mean) <= self.tolerance and half_width <= self.tolerance / 2
        return theory.Agreement(0.0, mean, mean, half_width, self.tolerance, fits)


@lru_cache(maxsize=64)
def result_of(scenario: Scenario, seconds: float) -> Result:
    """Its figures without its events; one run serves the rows that ask for several figures of it."""
    return scenario.run(seconds, progress=False, keep=0)


def reads(scenario: Scenario, seconds: float) -> float:
    """Faults a second."""
    return result_of(scenario, seconds).faults_per_second


def pairs(scenario: Scenario, seconds: float) -> float:
    """mmap+munmap pairs a second."""
    return result_of(scenario, seconds).mmaps_per_second


def pairs_per_read(scenario: Scenario, seconds: float) -> float:
    """mmap+munmap pairs for each fault: the height of a stair, whatever the reads take."""
    result = result_of(scenario, seconds)
    return result.mmaps_per_second / result.faults_per_second


def writer_wait(scenario: Scenario, seconds: float) -> float:
    """us, the mean."""
    return result_of(scenario, seconds).mmap_wait.mean


def littles_ratio(scenario: Scenario, seconds: float) -> float:
    """Time average of the tasks queued for mmap_sem / (arrivals a second * mean wait): 1 by Little's law.

    The average comes from the trace's column `queued`, the rest from its waits: two independent readings.
    """
    last = queued = area = 0

    def watch(events: list[tuple]) -> None:
        nonlocal last, queued, area
        for event in events:
            if event[6] != queued:
                area += queued * (event[0] - last)
                last, queued = event[0], event[6]

    result = scenario.run(seconds, progress=False, keep=0, watch=watch)
    area += queued * (result.ns - last)
    waits = (result.mmap_wait, result.ps_wait, result.metrics.read_wait)
    arrivals = sum(wait.count for wait in waits)
    mean = sum(wait.total for wait in waits) * 1000 / arrivals
    return area / result.ns / theory.littles_law(arrivals / result.seconds, mean)


def check_all(oracles: Iterable[Oracle], progress: bool | None = None) -> list[tuple[Oracle, theory.Agreement]]:
    """Each oracle with its outcome; shows a progress bar when it takes long."""
    oracles = list(oracles)
    checked = []
    with bar("oracles", progress) as tell:
        for number, oracle in enumerate(oracles, 1):
            checked.append((oracle, oracle.check()))
            if tell:
                tell(number / len(oracles))
    return checked


def table(checked: Iterable[tuple[Oracle, theory.Agreement]]) -> Table:
    """The errors as people read them; error, half-width and tolerance in % of what was expected."""
    rows = []
    for oracle, found in checked:
        percent = 100 / abs(found.expected)
        rows.append(
            [
                oracle.name,
                oracle.formula,
                found.expected,
                found.mean,
                oracle.unit,
                round(found.error * percent, 3),
                round(found.half_width * percent, 3),
                oracle.tolerance * 100,
                "agrees" if found.agrees else "OUTSIDE",
            ]
        )
    columns = [
        "oracle",
        "formula",
        "expected",
        "simulated",
        "unit",
        "error %",
        "half-width %",
        "tolerance %",
        "verdict",
    ]
    good = sum(found.agrees for _, found in checked)
    caption = (
        f"{good} of {len(rows)} oracles agree: |error| <= tolerance and half-width (99.9 %) <= tolerance / 2. "
        "Half-width 0: nothing in the scenario is random."
    )
    return Table(columns, rows, caption)
