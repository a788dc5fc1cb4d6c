"""The rows of the table of oracles. Expected values share nothing with the simulation but the cost constants."""

from __future__ import annotations

from collections.abc import Iterator

from .. import theory
from ..kernel import costs
from .oracles import Oracle, littles_ratio, pairs, pairs_per_read, reads, writer_wait
from .published import COMMIT, PAIRS_AFTER, PAIRS_BEFORE, READS_PER_SECOND

MS = 1_000_000
WRITES = (
    theory.Section(costs.MMAP_OUTSIDE, costs.MMAP_HOLD),
    theory.Section(costs.MUNMAP_OUTSIDE, costs.MUNMAP_HOLD),
)
HELD = costs.MMAP_HOLD + costs.MUNMAP_HOLD
OUTSIDE = costs.MMAP_OUTSIDE + costs.MUNMAP_OUTSIDE
FREE = theory.free_pairs_per_second(OUTSIDE, HELD)
FAULT = theory.fault_section(
    18 * MS,
    entry=costs.EXCEPTION_ENTRY,
    find_vma=costs.FIND_VMA,
    lookup=costs.PAGE_CACHE_LOOKUP,
    submit=costs.SUBMIT_READ,
    install=costs.INSTALL_PTE,
)
RANDOM = "exponential(18ms)"
STAIRS = (0, 15, 30, 31, 50, 64, 66, 80, 95, 105, 125)
"""us: the flats of the staircase, both sides of its first edges included"""

TWICE = (
    "First come, first served: the looper waits for the disk twice in each pair, so half of 55. If A pauses 31 to "
    "64 us between faults it waits once, and gets 55.35: that step of the staircase below. The commit does not say "
    "which applies."
)


def headline() -> Iterator[Oracle]:
    """A faulting thread against a looper, 18 ms a read, always and on average."""
    turns = theory.alternate(FAULT, WRITES)
    a, b = turns.faults_per_second, turns.pairs_per_second
    before = {"published": READS_PER_SECOND, "source": COMMIT, "quick": True}
    yield Oracle("synchronous, A", "alternation", "/s", a, reads, {}, 60, 0.005, **before)
    before = {**before, "published": PAIRS_BEFORE, "why": TWICE}
    yield Oracle("synchronous, B", "alternation", "/s", b, pairs, {}, 60, 0.005, **before)
    random = {"disk": RANDOM}
    yield Oracle("synchronous, A, random disk", "alternation", "/s", a, reads, random, 60, 0.05, 10)
    yield Oracle("synchronous, B, random disk", "alternation", "/s", b, pairs, random, 60, 0.05, 10)
    retry = {"design": "nopage_retry"}
    formula = "1 / (outside + held)"
    after = {"published": PAIRS_AFTER, "source": COMMIT}
    yield Oracle("nopage_retry, B", formula, "/s", FREE, pairs, retry, 1, 0.02, 1, **after)
    yield Oracle("nopage_retry, B, random disk", formula, "/s", FREE, pairs, {**retry, **random}, 1, 0.02, 4)


def loopers() -> Iterator[Oracle]:
    """mmap+munmap loopers that the disk does not disturb."""
    yield Oracle("one free looper", "1 / (outside + held)", "/s", FREE, pairs, {"fault_threads": 0}, 1, 0.001)
    eight = {"design": "nopage_retry", "mmap_threads": 8}
    full = theory.saturated_pairs_per_second(HELD)
    yield Oracle("8 loopers fill the lock", "1 / held", "/s", full, pairs, eight, 1, 0.005)


def staircase() -> Iterator[Oracle]:
    """B's rate as A pauses: stairs for constant pauses, a ramp for random ones.

    Random disk times alone leave the stairs as they are: as many pairs for each read, whatever the read takes.
    """
    for us in STAIRS:
        pause = {"pause": f"{us}us"}
        turns = theory.alternate(theory.Section(FAULT.outside + us * 1000, FAULT.held), WRITES)
        step = turns.pairs_per_second / turns.faults_per_second
        name = f"pause {us} us"
        yield Oracle(name, "staircase", "/s", turns.pairs_per_second, pairs, pause, 20, 0.005)
        random = {**pause, "disk": RANDOM}
        yield Oracle(f"{name}, random disk", "the same stair", "pairs/read", step, pairs_per_read, random, 15, 0.01, 6)
    for us in (20, 50, 100, 200):
        ramp = theory.staircase_random_pause(us * 1000, FAULT, WRITES)
        pause = {"pause": f"exponential({us}us)"}
        name = f"random pause {us} us"
        slow = us in (20, 200)
        yield Oracle(name, "ramp (Markov chain)", "/s", ramp, pairs, pause, 60, 0.05, 12, slow)
        random = {**pause, "disk": RANDOM}
        slow = us != 50
        yield Oracle(f"{name} and disk", "ramp (Markov chain)", "/s", ramp, pairs, random, 80, 0.06, 10, slow)


def convoy() -> Iterator[Oracle]:
    """A looper behind a whole disk queue."""
    for n in (1, 4, 16, 64):
        run, seconds = {"fault_threads": n}, 40 + 6 * n
        wait = theory.convoy_wait(n, 18 * MS) / 1000
        yield Oracle(f"convoy of {n}, wait", "N D", "us", wait, writer_wait, run, seconds, 0.01)
        rate = theory.convoy_pairs_per_second(n, 18 * MS, held=HELD)
        yield Oracle(f"convoy of {n}, B", "1 / (2 N D + held)", "/s", rate, pairs, run, seconds, 0.01)


def random_writer() -> Iterator[Oracle]:
    """Single writers that come at random while one thread faults for 100 ms and pauses for 100 ms."""
    disk = 100 * MS
    overhead = theory.constant(FAULT.held - 18 * MS)
    for kind, text, service, seconds, tolerance, long in (
        ("constant", "100ms", theory.constant(disk), 120, 0.08, 300),
        ("uniform", "uniform(0ms,200ms)", theory.uniform(0, 2 * disk), 200, 0.08, 600),
        ("exponential", "exponential(100ms)", theory.exponential(disk), 350, 0.1, 1200),
    ):
        hold = theory.plus(overhead, service)
        busy = theory.reader_busy(hold.mean, disk + costs.EXCEPTION_ENTRY)
        run = {"mmap_threads": 0, "disk": text, "pause": "100ms", "write_rate": 20}
        wait = theory.random_writer_wait(busy, hold) / 1000
        name = f"random writer, {kind} disk"
        yield Oracle(name, "P(busy) E[H^2] / 2 E[H]", "us", wait, writer_wait, run, seconds, tolerance, 16)
        yield Oracle(f"{name}, long", "P(busy) E[H^2] / 2 E[H]", "us", wait, writer_wait, run, long, 0.04, 20, True)


def queues() -> Iterator[Oracle]:
    """Textbook queues: the repairman at the disk, M/D/1 at the lock, Little's law at the lock."""
    for channels, threads, seconds, slow in (
        (1, 4, 150, False),
        (1, 16, 100, False),
        (4, 16, 30, False),
        (4, 64, 60, True),
    ):
        run = {"design": "nopage_retry", "fault_threads": threads, "mmap_threads": 0, "channels": channels}
        run |= {"disk": RANDOM, "pause": "exponential(60ms)"}
        rate = theory.machine_repairman(threads, 60 * MS, 18 * MS, channels).throughput
        name = f"{threads} faulters, {'1 channel' if channels == 1 else f'{channels} channels'}"
        yield Oracle(name, "machine repairman", "/s", rate, reads, run, seconds, 0.04, 10, slow)
    for rate, seconds, seeds, tolerance, slow in ((10_000, 1.2, 12, 0.08, False), (20_000, 2, 20, 0.04, True)):
        run = {"fault_threads": 0, "mmap_threads": 0, "write_rate": rate}
        wait = theory.md1_wait(rate, costs.MPROTECT_HOLD) / 1000
        name = f"{rate:,} writers/s at the lock"
        yield Oracle(name, "M/D/1", "us", wait, writer_wait, run, seconds, tolerance, seeds, slow)
    run = {"fault_threads": 4, "mmap_threads": 2, "ps_readers": 2, "disk": "exponential(1ms)"}
    yield Oracle("queue for mmap_sem", "Little: L / (lambda W)", "", 1.0, littles_ratio, run, 5, 0.01, 4)


GROUPS = (headline, loopers, staircase, convoy, random_writer, queues)
ORACLES = tuple(oracle for group in GROUPS for oracle in group())
