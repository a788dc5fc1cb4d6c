"""Which closed form says what a Scenario must show: the theory that is drawn through the dots of a sweep.

Each law says for which scenarios it holds; anything else has none, and none is invented.
"""

from __future__ import annotations

from typing import NamedTuple

from .. import theory
from ..designs import find
from ..kernel import costs
from .durations import constant, exponential, parse_disk, parse_duration, parse_gap
from .scenario import Scenario
from .studies import HANDLER, WRITES

HELD = costs.MMAP_HOLD + costs.MUNMAP_HOLD
OUTSIDE = costs.MMAP_OUTSIDE + costs.MUNMAP_OUTSIDE
AGAIN = costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP
"""ns from the unlocked page to its next lookup, when nobody is in the way"""
LONG_PAUSE = 100_000_000
"""ns: in longer ones the looper gets through so many rounds that the cycle takes too long to find"""
RARE = 1_000
"""faults a second that a looper does not notice: each holds the lock for a few us"""
PLAIN = ("design", "fault_threads", "mmap_threads", "disk", "channels", "pause", "queue_depth", "seed", "seq_bits")
"""fields that the laws know; anything else that differs from its default is a disturbance that they do not know"""


class Law(NamedTuple):
    """The `formula`, in the words of the theory, and its `value` (rates a second, times in us)."""

    formula: str
    value: float


def law(scenario: Scenario, y: str) -> Law | None:
    """What the theory says of figure `y` (a name of sweeping.MEASURES) in a scenario; None where it says nothing."""
    found = LAWS.get(y)
    return found(scenario) if found else None


def is_plain(scenario: Scenario, *but: str) -> bool:
    """Whether nothing but the fields in PLAIN, and those named, differs from the defaults."""
    default = Scenario()
    return all(
        getattr(scenario, name) == value for name, value in default.as_dict().items() if name not in (*PLAIN, *but)
    )


def keeps_the_lock(scenario: Scenario) -> bool:
    """Whether the design waits for the disk with mmap_sem held."""
    return str(scenario.design) == "synchronous"


def drops_the_lock(scenario: Scenario) -> bool:
    """Whether it is a design of the series that never waits for an undisturbed read with mmap_sem held."""
    return "nopage_retry" in find(scenario.design).lineage and find(scenario.design).is_shipped


def turns(scenario: Scenario) -> theory.Alternation | None:
    """One faulting thread against one looper under `synchronous`, times that do not vary or only their mean counts."""
    one_each = scenario.fault_threads == 1 and scenario.mmap_threads == 1
    pause = parse_duration(scenario.pause, "pause")
    if not (keeps_the_lock(scenario) and one_each and is_plain(scenario) and isinstance(pause, constant)):
        return None
    disk = round(parse_disk(scenario.disk)[0].mean())
    if pause.mean() > LONG_PAUSE:
        return None
    return theory.alternate(theory.fault_section(disk, round(pause.mean()), **HANDLER), WRITES)


def pairs(scenario: Scenario) -> Law | None:
    """mmap+munmap pairs a second."""
    if not is_plain(scenario) or not scenario.mmap_threads:
        return None
    service, channels = parse_disk(scenario.disk)
    channels, disk, faults = scenario.channels or channels, service.mean(), scenario.fault_threads
    rare = min(faults, channels) * 1e9 <= RARE * disk
    if not faults or (drops_the_lock(scenario) and rare):
        bound = theory.pairs_per_second_bound(scenario.mmap_threads, OUTSIDE, HELD)
        return Law("1 / (outside + held)" if scenario.mmap_threads == 1 else "1 / held", bound)
    clockwork = turns(scenario)
    if clockwork:
        return Law("alternation", clockwork.pairs_per_second)
    if not keeps_the_lock(scenario):
        return None
    pause = parse_duration(scenario.pause, "pause")
    if faults == 1 and scenario.mmap_threads == 1 and isinstance(pause, exponential):
        fault = theory.fault_section(round(disk), **HANDLER)
        return Law("ramp (Markov chain)", theory.staircase_random_pause(pause.mean(), fault, WRITES))
    if scenario.pause != "0" or disk < 1_000_000:
        return None
    if scenario.mmap_threads == 1 and (isinstance(service, constant) or channels == 1):
        return Law("1 / (2 N D + held)", theory.convoy_pairs_per_second(faults, disk, channels, held=HELD))
    if faults == 1:
        held = theory.fault_section(round(disk), **HANDLER).held
        return Law("round robin", theory.behind_a_crowd(held, scenario.mmap_threads, HELD).pairs_per_second)
    return None


def reads(scenario: Scenario) -> Law | None:
    """Faults a second."""
    clockwork = turns(scenario)
    if clockwork:
        return Law("alternation", clockwork.faults_per_second)
    if not is_plain(scenario) or not scenario.fault_threads or scenario.mmap_threads:
        return None
    if not (keeps_the_lock(scenario) or drops_the_lock(scenario)):
        return None
    service, channels = parse_disk(scenario.disk)
    channels, pause = scenario.channels or channels, parse_duration(scenario.pause, "pause")
    beside = sum(HANDLER.values()) - HANDLER["submit"]  # submitting overlaps the read
    if drops_the_lock(scenario):
        beside += AGAIN
    if isinstance(service, constant) and isinstance(pause, constant) and service.mean() > 20_000:
        think = pause.mean() + beside
        return Law("full disk or free threads", theory.repairman_bounds(
            scenario.fault_threads, think, service.mean(), channels)[1])  # fmt: skip
    if isinstance(service, exponential) and isinstance(pause, exponential):
        found = theory.machine_repairman(scenario.fault_threads, pause.mean() + beside, service.mean(), channels)
        return Law("machine repairman", found.throughput)
    return None


def mean_wait(scenario: Scenario) -> Law | None:
    """us that a writer waits for mmap_sem on average."""
    clockwork = turns(scenario)
    return Law("alternation", clockwork.writer_wait / 1000) if clockwork else convoy_wait(scenario)


def typical_wait(scenario: Scenario) -> Law | None:
    """The median, where the waits are all alike: a read before each write section."""
    clockwork = turns(scenario)
    if clockwork and clockwork.sections == clockwork.faults and isinstance(parse_disk(scenario.disk)[0], constant):
        return Law("alternation", clockwork.writer_wait / 1000)
    return None if clockwork else convoy_wait(scenario)


def convoy_wait(scenario: Scenario) -> Law | None:
    """us that the looper waits for a whole disk queue."""
    service, channels = parse_disk(scenario.disk)
    looper = is_plain(scenario) and scenario.mmap_threads == 1 and scenario.fault_threads and scenario.pause == "0"
    if not (looper and keeps_the_lock(scenario) and isinstance(service, constant) and service.mean() >= 1_000_000):
        return None
    batches = theory.convoy_wait(scenario.fault_threads, service.mean(), scenario.channels or channels)
    return Law("N D", batches / 1000)


def retries(scenario: Scenario) -> Law | None:
    """Retries a fault while somebody throws the page away at random moments, for a design that retries for ever."""
    gap = parse_gap(scenario.dontneed, "dontneed")
    alone = is_plain(scenario, "dontneed", "cache_pages") and not scenario.mmap_threads and scenario.fault_threads == 1
    if str(scenario.design) != "nopage_retry" or not alone or not isinstance(gap, exponential):
        return None
    return Law("exp(W / T)", theory.retries_under_livelock(AGAIN, gap.mean()))


def continued(scenario: Scenario) -> Law | None:
    """The share of faults that found the counter as it was: exp(-L D)."""
    service, _ = parse_disk(scenario.disk)
    alone = is_plain(scenario, "write_rate") and not scenario.mmap_threads and scenario.fault_threads == 1
    fits = str(scenario.design) in ("sequence_counter", "final") and alone and isinstance(service, constant)
    if not fits or scenario.write_rate * costs.MPROTECT_HOLD > 2e8:
        return None
    return Law("exp(-L D)", theory.counter_unchanged(scenario.write_rate, service.mean()))


LAWS = {
    "mmaps_per_second": pairs,
    "faults_per_second": reads,
    "mmap_wait_mean": mean_wait,
    "mmap_wait_p50": typical_wait,
    "retries_per_fault": retries,
    "continued_share": continued,
}
