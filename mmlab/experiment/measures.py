"""What the rows of the validation ask of a run, beyond the figures that oracles.py has."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from ..kernel import costs
from .durations import parse_gap
from .oracles import pairs_per_read, result_of
from .scenario import Scenario

COUNTER_COSTS = {"FIND_VMA": 10_000, "EXCEPTION_ENTRY": 2_000}
"""ns: a fault in an address space with many vmas, on a machine where an exception is dear"""


@contextmanager
def changed_costs(**changes: int) -> Iterator[None]:
    """Run with other constants of kernel/costs.py, and put the old ones back."""
    old = {name: getattr(costs, name) for name in changes}
    try:
        for name, ns in changes.items():
            setattr(costs, name, ns)
        yield
    finally:
        for name, ns in old.items():
            setattr(costs, name, ns)


def longest_wait(scenario: Scenario, seconds: float) -> float:
    """ms that a writer waited for mmap_sem at most."""
    return result_of(scenario, seconds).mmap_wait.max / 1000


def longest_death(scenario: Scenario, seconds: float) -> float:
    """ms from SIGKILL to exit at most."""
    return result_of(scenario, seconds).kill_latency.max / 1000


def bumps_per_read(scenario: Scenario, seconds: float) -> float:
    """Write sections for each fault: a pair has two."""
    return 2 * pairs_per_read(scenario, seconds)


def unchanged(scenario: Scenario, seconds: float) -> float:
    """Share of the faults that found the counter as it was and went on."""
    result = result_of(scenario, seconds)
    return result.continued / result.faults


def retries(scenario: Scenario, seconds: float) -> float:
    """Retries a fault."""
    return result_of(scenario, seconds).retries_per_fault


def cpu(scenario: Scenario, seconds: float) -> float:
    """us of cpu time a fault."""
    return result_of(scenario, seconds).cpu_us_per_fault


def dear_cpu(scenario: Scenario, seconds: float) -> float:
    """us of cpu time a fault, under COUNTER_COSTS."""
    return _dear(scenario, seconds).cpu_us_per_fault


def dear_walks(scenario: Scenario, seconds: float) -> float:
    """find_vma calls a fault, under COUNTER_COSTS."""
    return _dear(scenario, seconds).walks_per_fault


def dear_gain(scenario: Scenario, seconds: float) -> float:
    """% more faults than pagefault_args has, under COUNTER_COSTS."""
    base = _dear(scenario.replace(design="pagefault_args"), seconds).faults_per_second
    return 100 * (_dear(scenario, seconds).faults_per_second / base - 1)


def gain(scenario: Scenario, seconds: float) -> float:
    """% more faults than pagefault_args has."""
    base = result_of(scenario.replace(design="pagefault_args"), seconds).faults_per_second
    return 100 * (result_of(scenario, seconds).faults_per_second / base - 1)


_dear_results: dict[tuple[Scenario, float], object] = {}


def _dear(scenario: Scenario, seconds: float):
    key = scenario, seconds
    if key not in _dear_results:
        with changed_costs(**COUNTER_COSTS):
            _dear_results[key] = scenario.run(seconds, progress=False, keep=0)
    return _dear_results[key]


def retries_by_windows(scenario: Scenario, seconds: float) -> float:
    """Retries a fault, times E[exp(-W / T)] over the windows W that the trace of the same run shows: 1 by theory."""
    found, chance = windows(scenario, seconds)
    return found * chance


def retries_and_windows(scenario: Scenario, seconds: float) -> float:
    """Retries a fault in the runs of `retries_by_windows`."""
    return windows(scenario, seconds)[0]


@lru_cache(maxsize=64)
def windows(scenario: Scenario, seconds: float) -> tuple[float, float]:
    """(retries a fault, E[exp(-W / T)]) of one run.

    W runs from the end of the wait for the page to the moment when the next pass has looked the page up.
    """
    gap = parse_gap(scenario.dontneed, "dontneed").mean()
    woken: dict[str, int] = {}
    total = number = 0

    def watch(events: list[tuple]) -> None:
        nonlocal total, number
        for time, task, what, *_ in events:
            if what == "page_woken":
                woken[task] = time
            elif what == "walk" and task in woken:
                total += math.exp(-(time + costs.PAGE_CACHE_LOOKUP - woken.pop(task)) / gap)
                number += 1

    result = scenario.run(seconds, progress=False, keep=0, watch=watch)
    return result.retries_per_fault, total / number
