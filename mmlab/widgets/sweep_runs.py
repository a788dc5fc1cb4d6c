"""One run of a sweep panel: bounded in events, the same every time, and every figure of it at once."""

from __future__ import annotations

from functools import lru_cache

from ..designs import Design
from ..experiment import Result, Scenario
from ..experiment.metrics import Metrics
from ..experiment.sweeping import MEASURES
from . import quick

EVENTS = 12_000
"""of the trace in one run: about a tenth of a second"""
LONGEST_NS = 200 * 10**9


def figures(scenario: Scenario) -> dict[str, float | None]:
    """Every measure of a run of `scenario`, None where it shows none. A learner's own design is run each time anew."""
    return measure(scenario) if isinstance(scenario.design, Design) else remembered(scenario)


@lru_cache(maxsize=2_000)
def remembered(scenario: Scenario) -> dict[str, float | None]:
    """The same for a design of the catalogue, remembered: panel and static twin share their runs."""
    return measure(scenario)


def measure(scenario: Scenario) -> dict[str, float | None]:
    """Run it. A rate is counted over whole pairs or whole faults: up to the end of the last one."""
    events, until = quick.trace(scenario, EVENTS, LONGEST_NS)
    metrics = Metrics(keep=0)
    metrics.consume(events)
    found = {name: one.of(Result(scenario, until, metrics)) for name, one in MEASURES.items()}
    for name, last in (("faults_per_second", quick.last_resolved(events)), ("mmaps_per_second", last_pair(events))):
        if last is not None:
            found[name] = MEASURES[name].of(Result(scenario, events[last][0] + 1, metrics))
    return found


def last_pair(events: list[tuple]) -> int | None:
    """The index of the last munmap that came to its end."""
    for index in reversed(range(len(events))):
        if events[index][2] == "leave" and events[index][3] == "munmap":
            return index
    return None
