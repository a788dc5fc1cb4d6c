"""The dots of a sweep over one field: which fields, which figures, and the scenario of each dot."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from typing import NamedTuple

from ..view import units
from .durations import parse_time
from .result import Result
from .scenario import Scenario

WIDE = 30
"""a range that spans more than this factor is spread in equal ratios"""
US, MS = 1_000, 1_000_000


class Field(NamedTuple):
    """A field of a Scenario that can be swept: its `label`, its `unit` ("ns": a time; "/s"; "": a number), and the
    `values` to begin with.
    """

    label: str
    unit: str
    values: tuple[float, ...]

    def written(self, value: float):
        """The value as a Scenario takes it."""
        if self.unit == "ns":
            return units.duration(value, 12, ascii=True).replace(" ", "").replace(",", "")
        return int(value) if value == int(value) else value

    def read(self, value, name: str) -> float:
        """A value that somebody wrote, in ns where it is a time. Raises ValueError, naming the field."""
        if self.unit == "ns" and isinstance(value, str):
            return parse_time(value.strip().replace("µ", "u"), name)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not 0 <= number < 1e12:
            raise ValueError(f"{name}={value!r} is not a number from 0 on")
        if self.unit != "/s" and number != int(number):
            raise ValueError(f"{name}={value!r} is not a whole number{' of ns' * (self.unit == 'ns')}")
        return int(number) if number == int(number) else number

    def spread(self, low: float, high: float, points: int) -> list[float]:
        """`points` values from `low` to `high`, of two digits: equal ratios if the range is wide, else equal steps."""
        if points == 1 or low == high:
            return [low]
        if low > 0 and high / low > WIDE:
            found = [low * (high / low) ** (n / (points - 1)) for n in range(points)]
        else:
            found = [low + (high - low) * n / (points - 1) for n in range(points)]
        found = [low, *(float(f"{value:.2g}") for value in found[1:-1]), high]
        if self.unit == "":
            found = [round(value) for value in found]
        return sorted({int(value) if value == int(value) else value for value in found if low <= value <= high})


class Measure(NamedTuple):
    """A figure of a Result: its `label`, its `unit` ("/s", "ns", "%" of a share, or ""), and how to read it; None where
    a run does not show it.
    """

    label: str
    unit: str
    of: Callable[[Result], float | None]


TIMES = tuple(value * US for value in (10, 30, 100, 300, 1_000, 3_000, 10_000, 18_000, 30_000))
FIELDS = {
    "disk": Field("one read of the disk", "ns", TIMES),
    "fault_threads": Field("threads that fault", "", (1, 2, 4, 8, 16, 32, 64)),
    "mmap_threads": Field("threads that mmap and munmap", "", (1, 2, 3, 4, 6, 8)),
    "channels": Field("reads that the disk serves at once", "", (1, 2, 4, 8, 16, 32)),
    "pause": Field("pause of the faulting thread", "ns", tuple(v * US for v in (0, 15, 29, 33, 62, 68, 93, 100, 125))),
    "mmap_pause": Field("pause of the mmap thread", "ns", tuple(v * US for v in (0, 30, 100, 300, 1000, 3000, 10000))),
    "dontneed": Field("mean gap between two DONTNEED", "ns", (500, 700, 1000, 2000, 5000, 20_000, 100_000, MS)),
    "write_rate": Field("single write sections a second", "/s", (10, 30, 100, 300, 1000, 3000)),
    "foreign_rate": Field("pages a second that others bring into the cache", "/s", (100, 300, 1000, 3000, 10_000)),
    "signal_rate": Field("signals a second for each thread", "/s", (1, 3, 10, 30, 100)),
    "cache_pages": Field("pages that the cache holds", "", (4, 8, 16, 64, 256)),
}


def duration_of(name: str, key: str) -> Callable[[Result], float | None]:
    """A Durations' figure in ns; None where nothing was measured."""

    def read(result: Result) -> float | None:
        durations = getattr(result, name)
        return getattr(durations, key) * 1000 if durations.count else None

    return read


def per_fault(name: str, times: float = 1) -> Callable[[Result], float | None]:
    """A figure that needs a fault; None where none was resolved."""
    return lambda result: getattr(result, name) * times if result.faults else None


MEASURES = {
    "mmaps_per_second": Measure("mmap+munmap pairs/s", "/s", lambda r: r.mmaps_per_second),
    "faults_per_second": Measure("faults/s", "/s", lambda r: r.faults_per_second),
    "mmap_wait_p50": Measure("typical wait for mmap_sem (p50)", "ns", duration_of("mmap_wait", "p50")),
    "mmap_wait_p99": Measure("wait for mmap_sem, p99", "ns", duration_of("mmap_wait", "p99")),
    "mmap_wait_max": Measure("longest wait for mmap_sem", "ns", duration_of("mmap_wait", "max")),
    "mmap_wait_mean": Measure("mean wait for mmap_sem", "ns", duration_of("mmap_wait", "mean")),
    "fault_call_p50": Measure("typical fault (p50)", "ns", duration_of("fault_call", "p50")),
    "fault_call_p99": Measure("fault, p99", "ns", duration_of("fault_call", "p99")),
    "cpu_us_per_fault": Measure("cpu time per fault", "ns", per_fault("cpu_us_per_fault", 1000)),
    "retries_per_fault": Measure("retries per fault", "", per_fault("retries_per_fault")),
    "walks_per_fault": Measure("find_vma calls per fault", "", per_fault("walks_per_fault")),
    "continued_share": Measure(
        "faults that found the counter unchanged", "%", lambda r: r.continued / r.faults if r.faults else None
    ),
}


ALIASES = {"mmap_wait": "mmap_wait_p50", "fault_call": "fault_call_p50", "retries": "retries_per_fault"}
"""shorter names of measures"""


def known(name: str, table: dict, what: str) -> str:
    """The name, if the table has it, or what it is short for. Raises ValueError with the nearest right spelling."""
    name = ALIASES.get(name, name) if isinstance(name, str) else name
    if isinstance(name, str) and name in table:
        return name
    near = difflib.get_close_matches(str(name), table, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"{what}={name!r} cannot be drawn{hint} Possible: {', '.join(table)}")


def scenario_at(base: Scenario, x: str, value: float, seed: int) -> Scenario:
    """The scenario of one dot. Raises ValueError for what a Scenario refuses."""
    return base.replace(**{x: FIELDS[x].written(value), "seed": seed})


def written(value: float | None, unit: str) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    if unit == "ns":
        return units.duration(value)
    if unit == "/s":
        return units.rate(value)
    return f"{units.number(100 * value)} %" if unit == "%" else units.number(value)
