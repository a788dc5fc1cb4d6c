"""The rows of the validation that need the whole series of designs; those of one design are in oracle_rows.py."""

from __future__ import annotations

from collections.abc import Iterator

from .. import theory
from ..kernel import costs
from . import measures as m
from .oracle_rows import FAULT, FREE, HELD, MS, RANDOM, WRITES
from .oracles import Oracle, pairs, reads, writer_wait
from .published import COMMIT, PAIRS_AFTER, READS_PER_SECOND

PROTOTYPE = "prototype"
"""a first model of the same kernel, in another program; its cost model is not recorded in every detail"""
JITTER = (
    "How the prototype's gaps were jittered is not recorded. That regular gaps let far fewer retries through than "
    "exponential ones with the same mean is what both show."
)
OPEN_STREAMS = (
    (357, 2000, 0.01, 1.0, 5, 7),
    (5000, 200, 0.14, 0.987, 1.2, 6),
    (15000, 67, 0.42, 0.94, 0.5, 4),
)
"""write sections a second, disk in us, rate * hold, the prototype's P(unchanged) / exp(-L D), seconds, with pauses"""
ONCE = (
    "The prototype charged exception entry for each pass; here it is paid once an exception, as the hardware has it, "
    "and "
    "a retry costs no second one."
)
DROPPING = ("retry_once", "pagefault_args", "unshared_mm", "sequence_counter", "final", "page_flag")
MERGED = ("vm_fault_retry", "drop_for_io", "retry_many", "per_vma_lock", "mm_lock_seq", "posted_2006")
"""vm_fault_retry is the commit itself; whoever came later was never measured in this way"""
READ = FAULT.outside + FAULT.held  # ns from one read to the next
PASS = costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP


def fault(disk: int) -> theory.Section:
    """A major fault under `synchronous` with a disk of `disk` ns."""
    return theory.Section(FAULT.outside, FAULT.held - 18 * MS + disk)


def dropping_headline() -> Iterator[Oracle]:
    """Every design that lets go of the lock, in the headline, with constant and with random disk times."""
    per_read = 1e9 / (READ + PASS)
    for design in ("nopage_retry", *DROPPING, *MERGED):
        run = {"design": design}
        told = {"seeds": 1, "published": READS_PER_SECOND, "source": COMMIT, "quick": design == "final"}
        told["slow"] = design not in ("final", "vm_fault_retry")
        if design in MERGED[1:]:
            told["published"], told["source"] = None, ""
        yield Oracle(f"{design}, A", "1 / (D + costs)", "/s", per_read, reads, run, 5, 0.01, **told)
        told["published"] = PAIRS_AFTER if told["source"] else None
        if design != "nopage_retry":  # that row is in oracle_rows.py
            yield Oracle(f"{design}, B", "1 / (outside + held)", "/s", FREE, pairs, run, 5, 0.005, **told)
    for design in ("retry_once", "final", "vm_fault_retry"):
        run = {"design": design, "disk": "uniform(12ms,24ms)"}
        name = f"{design}, A, random disk"
        yield Oracle(name, "1 / (D + costs)", "/s", per_read, reads, run, 1.5, 0.05, 16, True)
        name = f"{design}, B, random disk"
        yield Oracle(name, "1 / (outside + held)", "/s", FREE, pairs, run, 1.5, 0.01, 16, True)
        run = {"design": design, "disk": RANDOM}
        name = f"{design}, B, exponential disk"
        yield Oracle(name, "1 / (outside + held)", "/s", FREE, pairs, run, 1, 0.01, 4)


def counter() -> Iterator[Oracle]:
    """P(counter unchanged) among single writers that come as an open Poisson stream."""
    pauses = (
        "The formula is for writers that hold the lock for no time. How far off it is depends on the pause of the "
        "faulting thread: without one, each fault finds the queue that the one before left almost empty (0.99 of the "
        "formula at L x hold 0.14, 0.96 at 0.42); after a long one it finds the crowd of any moment (0.99 and 0.88: "
        "the rows called long pauses, with a formula of their own). The prototype's 0.987 and 0.940 are not outside of "
        "that; its pause is not recorded."
    )
    hold = costs.MPROTECT_HOLD
    for rate, us, share, found, seconds, long in OPEN_STREAMS:
        run = {"design": "sequence_counter", "mmap_threads": 0, "write_rate": rate, "disk": f"{us}us"}
        plain = theory.counter_unchanged(rate, us * 1000)
        told = {"published": found * plain, "source": PROTOTYPE, "why": pauses if share == 0.42 else ""}
        name = f"counter unchanged, L x hold = {share}"
        yield Oracle(
            name, "exp(-L D)", "", plain, m.unchanged, run, seconds, 0.05 if share < 0.4 else 0.025, 16, True, **told
        )
        crowd = theory.counter_unchanged_in_a_crowd(rate, us * 1000, hold, PASS)
        run = {**run, "pause": "exponential(1ms)"}
        formula = "(1 - rho) exp(rho - L (first + D))"
        yield Oracle(f"{name}, long pauses", formula, "", crowd, m.unchanged, run, long, 0.05, 16, True)
    run = {"design": "sequence_counter"}
    bumps = 2 * FREE * (READ + PASS) / 1e9
    told = {"published": 540, "source": PROTOTYPE, "quick": True}
    yield Oracle("headline, bumps a read", "2 B / A", "", bumps, m.bumps_per_read, run, 5, 0.02, 1, **told)
    yield Oracle("headline, counter unchanged", "exp(-540)", "", 0, m.unchanged, run, 5, 0.001, 1, quick=True)


def livelock_retries() -> Iterator[Oracle]:
    """Retries a fault while somebody throws the page away at random moments."""
    window = PASS  # nobody else at the lock: the retry needs find_vma and a lookup
    base = {"design": "nopage_retry", "mmap_threads": 0, "disk": "10us", "cache_pages": 4}
    for ns, seconds in ((2000, 0.04), (1000, 0.06), (500, 0.12)):
        run = {**base, "dontneed": f"{ns}ns"}
        expected = theory.retries_under_livelock(window, ns)
        name = f"retries, W/T = {window}/{ns}"
        told = {"slow": ns < 2000, "quick": ns == 2000}
        yield Oracle(name, "exp(W / T)", "", expected, m.retries, run, seconds, 0.06, 16, **told)
    run = {"design": "nopage_retry", "mmap_threads": 8, "disk": "1ms", "dontneed": "200us", "cache_pages": 4}
    name = "8 loopers, retries x E[exp(-W / T)]"
    yield Oracle(name, "1, W from the trace", "", 1, m.retries_by_windows, run, 1.5, 0.15, 16, True)
    told = {"published": 3.21, "source": PROTOTYPE}
    expected = theory.retries_under_livelock(235, 200)
    name, formula = "8 loopers, T = 200 us", "exp(235 / 200)"
    yield Oracle(name, formula, "", expected, m.retries_and_windows, run, 1.5, 0.15, 16, True, **told)
    run = {**run, "dontneed": "uniform(100us,300us)", "disk": "exponential(300us)"}
    told = {"published": 18.3, "source": PROTOTYPE, "why": JITTER}
    yield Oracle("the same, jittered gaps 100-300 us", "", "", None, m.retries, run, 1.5, 0.15, 16, True, **told)


def livelock() -> Iterator[Oracle]:
    """Eight loopers, 18 ms, the cache thrown away each 20 us: who gets on?"""
    base = {"mmap_threads": 8, "dontneed": "20us", "cache_pages": 16}
    crowd = theory.behind_a_crowd(FAULT.held, 8, HELD)
    full = theory.saturated_pairs_per_second(HELD)
    for design, a, b, told_a, told_b in (
        ("synchronous", crowd.faults_per_second, crowd.pairs_per_second, 55, None),
        ("nopage_retry", 0, full, 0, 16214),
        ("retry_once", None, None, 27, 8244),
        ("sequence_counter", None, None, 27, 8260),
        ("final", None, full, 54, 16214),
    ):
        run = {**base, "design": design}
        formula = "1 / (H + 8 S / 2)" if design == "synchronous" else "1 / held" if b else ""
        seconds, slow = 5, True
        told = {"published": told_a, "source": PROTOTYPE}
        tolerance = 0.02 if a != 0 else 0.001
        first = "0" if a == 0 else "1 / (H + 8 S / 2)" if a else ""
        yield Oracle(f"{design}, A", first, "/s", a, reads, run, seconds, tolerance, 2, slow, **told)
        told = {"published": told_b, "source": PROTOTYPE if told_b else ""}
        yield Oracle(f"{design}, B", formula, "/s", b, pairs, run, seconds, 0.02, 2, slow, **told)


def leak() -> Iterator[Oracle]:
    """Ten signals a second, whose handler touches a cold page."""
    two = (
        "On one channel the handler's read, made with the lock held, queues behind the read that the signal "
        "interrupted: "
        "up to 36 ms. With a second channel (next rows) it is the prototype's 18 ms."
    )
    for channels, why in ((1, two), (2, "")):
        run = {"design": "retry_once_signals", "signal_rate": 10, "channels": channels}
        name = f"flag leak, {channels} channel{'s' * (channels > 1)}"
        told = {"published": 13_000, "source": PROTOTYPE, "why": why}
        yield Oracle(f"{name}, B", "", "/s", None, pairs, run, 4, 0.05, 16, True, **told)
        told["published"] = 18
        yield Oracle(f"{name}, longest wait", "", "ms", None, m.longest_wait, run, 4, 0.02, 16, True, **told)
    for design in ("pagefault_args", "final"):
        run = {"design": design, "signal_rate": 10}
        told = {"published": PAIRS_AFTER, "source": PROTOTYPE, "slow": True}
        yield Oracle(f"{design}, no leak, B", "1 / (outside + held)", "/s", FREE, pairs, run, 2, 0.005, 2, **told)


def killed() -> Iterator[Oracle]:
    """A process of 64 threads, all in one disk's queue, is killed after a second."""
    base = {"fault_threads": 64, "mmap_threads": 0, "kill_at": "1s"}
    begun = costs.EXCEPTION_ENTRY + PASS  # when the first read is given to the disk
    left = 18 * MS - (10**9 - begun) % (18 * MS)
    last = (63 * 18 * MS + left) / MS
    for design in ("synchronous", "retry_once"):
        run = {**base, "design": design}
        told = {"published": 1135, "source": PROTOTYPE, "quick": True}
        formula = "63 D + rest of a read"
        yield Oracle(f"{design}, last death", formula, "ms", last, m.longest_death, run, 3, 0.01, 1, **told)
    for design in ("pagefault_args", "final"):
        run = {**base, "design": design}
        told = {"published": 0, "source": PROTOTYPE, "quick": True}
        yield Oracle(f"{design}, last death", "0", "ms", 0, m.longest_death, run, 3, 0.001, 1, **told)


def counter_gain() -> Iterator[Oracle]:
    """What the counter saves where a walk is dear and writers are rare."""
    counted = (
        "Here: one entry, two walks with their lookups, the submission, the install. The prototype's 24 us are just "
        "two entries and two walks (an inference; its sum is not recorded)."
    )
    locked = (
        "Constant disk times keep the 16 threads in step, so that those who go on meet at the lock (5.4 us of waiting "
        "a fault, 2.8 without counter), which eats a third of what they save. The next row has random disk times."
    )
    base = {"fault_threads": 16, "channels": 16, "disk": "100us", "mmap_pause": "1ms"}
    before = (2 * (10_000 + costs.PAGE_CACHE_LOOKUP) + 2_000 + costs.SUBMIT_READ + costs.INSTALL_PTE) / 1000
    told = {"source": PROTOTYPE, "why": counted, "slow": True, "seeds": 1}
    run = {**base, "design": "pagefault_args"}
    yield Oracle(
        "without counter, cpu", "sum of its costs", "us", before, m.dear_cpu, run, 0.15, 0.01, published=24, **told
    )
    yield Oracle(
        "without counter, walks", "2", "", 2, m.dear_walks, run, 0.15, 0.001, published=2, **{**told, "why": ""}
    )
    run = {**base, "design": "sequence_counter"}
    yield Oracle("with counter, cpu", "", "us", None, m.dear_cpu, run, 0.15, 0.02, published=14.5, **told)
    yield Oracle(
        "with counter, walks", "", "", None, m.dear_walks, run, 0.15, 0.02, published=1.1, **{**told, "why": ""}
    )
    told["why"] = locked
    yield Oracle("faults gained", "", "%", None, m.dear_gain, run, 0.15, 0.02, published=9, **told)
    mixed = {**run, "disk": "uniform(50us,150us)"}
    told |= {"why": "", "seeds": 8}
    yield Oracle("faults gained, random disk", "", "%", None, m.dear_gain, mixed, 0.05, 0.1, published=9, **told)
    told["seeds"] = 1
    run = {**run, "channels": 1}
    yield Oracle(
        "faults gained, 1 channel", "", "%", None, m.dear_gain, run, 0.15, 0.5, published=0, **{**told, "why": ""}
    )


def simple_way() -> Iterator[Oracle]:
    """Nobody else shares the address space: just wait."""
    why = f"{ONCE} With it charged twice the row would be 5.1 us, and the gain 11 %."
    shared = {"design": "pagefault_args", "mmap_threads": 0, "disk": "10us"}
    alone = {**shared, "design": "unshared_mm"}
    told = {"source": PROTOTYPE, "quick": True, "seeds": 1}
    fast = fault(10_000)
    took = fast.outside + fast.held
    spent = (took - 10_000 + costs.SUBMIT_READ) / 1000  # the disk works while the submission is paid
    costly, sums = spent + PASS / 1000, "sum of its costs"
    yield Oracle("pagefault_args, cpu", sums, "us", costly, m.cpu, shared, 0.2, 0.005, published=5.1, why=why, **told)
    yield Oracle("unshared_mm, cpu", sums, "us", spent, m.cpu, alone, 0.2, 0.005, published=3.8, **told)
    percent = 100 * PASS / took
    formula = "(find_vma + lookup) / fault"
    told |= {"published": 11, "why": why}
    yield Oracle("faults gained, 10 us disk", formula, "%", percent, m.gain, alone, 0.2, 0.02, **told)
    told |= {"published": 0, "why": ""}
    alone = {**alone, "disk": "18ms"}
    yield Oracle("faults gained, 18 ms disk", "0", "%", 0, m.gain, alone, 50, 0.1, **told)


def fast_disks() -> Iterator[Oracle]:
    """Where dropping the lock loses, and where it wins again."""
    for disk, ns, loopers, found in (("100us", 100_000, 8, (2874, 1844)), ("20us", 20_000, 1, (19183, 28224))):
        run = {"disk": disk, "mmap_threads": loopers}
        if loopers > 1:
            rate, formula = theory.behind_a_crowd(fault(ns).held, loopers, HELD).faults_per_second, "1 / (H + 8 S / 2)"
        else:
            rate, formula = theory.alternate(fault(ns), WRITES).faults_per_second, "alternation"
        told = {"published": found[0], "source": PROTOTYPE, "quick": True}
        name = f"{disk} disk, {loopers} looper{'s' * (loopers > 1)}"
        yield Oracle(f"{name}, synchronous", formula, "/s", rate, reads, run, 0.5, 0.005, 1, **told)
        told["published"] = found[1]
        run = {**run, "design": "nopage_retry"}
        yield Oracle(f"{name}, nopage_retry", "", "/s", None, reads, run, 0.5, 0.005, 1, **told)


def series_waits() -> Iterator[Oracle]:
    """The convoy, and what dropping the lock makes of it."""
    run = {"fault_threads": 64, "design": "final"}
    yield Oracle("64 faulters, final, B", "1 / (outside + held)", "/s", FREE, pairs, run, 2, 0.02, 1)
    yield Oracle(
        "64 faulters, final, wait", "", "us", None, writer_wait, run, 2, 1, 1, published=0, source="none expected"
    )
