"""Runs that answer at once: a window of simulated time that ends when enough events have happened.

What a simulated second costs depends on the design: `synchronous` does next to nothing while its one reader waits,
`nopage_refault` faults half a million times. Counting events bounds the work for any of them, and, unlike
a stop-watch, gives the same numbers every time.
"""

from __future__ import annotations

import threading

from simpy.core import StopSimulation

from ..experiment import Result, Scenario
from ..experiment.durations import parse_disk, parse_time
from ..experiment.metrics import Metrics
from ..experiment.run import build
from ..view import units

PAIR_NS = 67_000
"""one mmap+munmap pair when nobody is in the way"""
COARSE_EVENTS = 5_000
"""of all runs together while a control moves: about 30 ms with the picture"""
FULL_EVENTS = 40_000
"""when nothing has moved for a while: about 150 ms"""
WINDOWS = 90
"""a full run covers at most this many pictures"""
LONGEST_NS = 20 * 10**9
MIN_PERIOD_NS = 10_000
BATCH = 1_500
"""events between two looks at whether to go on, about 5 ms"""
ONE_AT_A_TIME = threading.Lock()
"""panels run in several threads, and an engine at work changes how this process warns"""
PICTURED = 12_000
"""events of one run that a picture is made from, at most"""


def picture_ns(scenario: Scenario) -> int:
    """How much simulated time a picture should show: three disk reads, or one for each thread and two more."""
    service, channels = parse_disk(scenario.disk)
    reads = max(3, (scenario.fault_threads + 2) / (scenario.channels or channels))
    pairs = 3 + scenario.mmap_threads if scenario.mmap_threads else 0
    killed = 0 if scenario.kill_at is None else parse_time(scenario.kill_at, "kill_at") + 2 * service.mean()
    span = max(1, service.mean() * reads * 1.03, pairs * PAIR_NS, killed)
    unit = 10 ** max(0, len(str(int(span))) - 2)
    return min(-int(-span // unit) * unit, LONGEST_NS)


class BrokenOff(Exception):
    """`stop` said so: something more urgent waits."""


def run(scenario: Scenario, most_events: int, windows: int = WINDOWS, stop=lambda: False) -> Result:
    """Run `scenario` for as long as `windows` pictures show, or until `most_events` events have happened.

    Deterministic. The window ends with the last fault that was resolved in it, so that a rate over a few disk
    reads is not off by the one that was still under way. Raises what Scenario.run raises, and BrokenOff soon
    after `stop()` is true.
    """
    gathered, until = trace(scenario, most_events, min(picture_ns(scenario) * windows, LONGEST_NS), stop)
    last = last_resolved(gathered)
    if last is not None and scenario.kill_at is None:  # what comes after a kill is what it is about
        del gathered[last + 1 :]
        until = gathered[-1][0] + 1
    metrics = Metrics(keep=min(most_events, PICTURED))
    metrics.consume(gathered)
    return Result(scenario, until, metrics)


def trace(scenario: Scenario, most_events: int, until: int, stop=lambda: False) -> tuple[list[tuple], int]:
    """(the events, how far they reach) of a run to time `until` (ns), or to its first `most_events` events."""
    gathered: list[tuple] = []
    over = False

    def gather(events: list[tuple]) -> None:
        nonlocal over
        if over:
            return  # the engine's last call, after the stop, repeats what it told before
        gathered.extend(events)
        over = len(gathered) >= most_events or stop()
        if over and engine.env.now < until:
            raise StopSimulation(None)

    def pace(_: float) -> None:
        """Let the next batch be short, and end about where the events do."""
        left, now = min(BATCH, most_events - len(gathered)), engine.env.now
        engine.period = max(MIN_PERIOD_NS, min(engine.period, left * now // max(1, len(gathered))))

    with ONE_AT_A_TIME:
        engine = build(scenario, gather)
        engine.run(until, pace)
    if stop():
        raise BrokenOff
    if len(gathered) >= most_events:
        del gathered[most_events:]
        until = gathered[-1][0] + 1
    return gathered, until


def last_resolved(events: list[tuple]) -> int | None:
    """The index of the last `leave` of a fault that installed its pte."""
    mapped_after = {}  # task -> index of its next leave, seen from behind
    for i in reversed(range(len(events))):
        _, task, what, _, _, _, _ = events[i]
        if what == "leave":
            mapped_after[task] = i
        elif what == "pte" and task in mapped_after:
            return mapped_after[task]
    return None


def pictured_ns(result: Result) -> int:
    """How far the events reach that a picture of this run can be made from."""
    opening = result.metrics.opening
    return result.ns if len(opening) == result.metrics.events else opening[-1][0]


def share(scenarios: list[Scenario], full: bool, stop=lambda: False) -> list[Result]:
    """Run each scenario; what one leaves of the events that all may have together goes to those after it."""
    results, left = [], FULL_EVENTS if full else COARSE_EVENTS
    for number, scenario in enumerate(scenarios):
        windows = WINDOWS if full else max(1, 30 // (scenario.fault_threads + 2))
        results.append(run(scenario, max(1, left // (len(scenarios) - number)), windows, stop))
        left -= results[-1].metrics.events
    return results


def over(results: list[Result]) -> str:
    """How much simulated time the numbers come from: "560 ms", or "54 ms to 560 ms"."""
    spans = sorted(result.ns for result in results)
    low, high = units.duration(spans[0], 2), units.duration(spans[-1], 2)
    return low if low == high else f"{low} to {high}"
