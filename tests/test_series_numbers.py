"""The numbers that the series must show, with the reason where a design differs."""

from functools import lru_cache

import pytest

from mmlab import Scenario, designs
from mmlab.kernel import costs

DROPPING = tuple(name for name in designs.series if "nopage_retry" in designs.find(name).lineage)


def slow(*values):
    """A case of the slow tier."""
    return pytest.param(*values, marks=pytest.mark.slow)


@lru_cache
def run(design, seconds, **scenario):
    return Scenario(design=design, **scenario).run(seconds, progress=False, keep=0)


@pytest.mark.parametrize("design", DROPPING)
def test_the_headline_is_55_reads_and_15000_pairs_for_every_design_that_drops_the_lock(design):
    result = run(design, 2)
    assert result.faults_per_second == pytest.approx(55.4, rel=0.01)
    assert result.mmaps_per_second == pytest.approx(15_000, rel=0.001)
    assert result.retries_per_fault == 1 and result.continued == 0, "540 bumps a read: the counter never helps"


LIVELOCK = {"mmap_threads": 8, "dontneed": "20us", "cache_pages": 32}


@pytest.mark.parametrize(
    ("design", "reads", "pairs"),
    [
        ("synchronous", 55, 220),
        ("nopage_retry", 0, 16_214),
        ("retry_once", 27, 8_244),
        ("pagefault_args", 27, 8_244),
        slow("unshared_mm", 27, 8_244),
        ("sequence_counter", 27, 8_260),
        ("sequence_counter_unbounded", 0, 16_214),
        ("final", 54, 16_214),
        ("page_flag", 0, 16_214),
    ],
)
def test_under_dontneed_the_bound_makes_it_live_and_the_kept_page_makes_it_get_on(design, reads, pairs):
    result = run(design, 1.5, **LIVELOCK)
    assert result.faults_per_second == pytest.approx(reads, abs=1.5)
    assert result.mmaps_per_second == pytest.approx(pairs, rel=0.02)
    assert (result.fallbacks > 0) == (design in ("retry_once", "pagefault_args", "unshared_mm", "sequence_counter"))


FOREIGN = {"mmap_threads": 8, "foreign_rate": 20_000, "cache_pages": 16}
"""another process brings 20,000 pages a second into a cache of 16: an unused one lasts 0.8 ms, a queue 0.2 ms"""


@pytest.mark.parametrize(
    ("design", "reads", "pairs"),
    [
        ("synchronous", 55, 219),
        ("nopage_retry", 40, 16_214),
        ("retry_once", 43, 13_100),
        ("final", 54, 16_214),
        slow("pagefault_args", 43, 13_100),
        slow("unshared_mm", 43, 13_100),
        slow("sequence_counter", 45, 13_700),
        slow("page_flag", 40, 16_214),
        slow("vm_fault_retry", 43, 13_100),
        slow("per_vma_lock", 42, 12_500),
        slow("per_vma_counter", 55, 16_214),
    ],
)
def test_a_foreign_reader_steals_pages_from_whoever_lets_go_of_them_across_the_retry(design, reads, pairs):
    result = run(design, 1.5, **FOREIGN)
    assert result.faults_per_second == pytest.approx(reads, abs=3)
    assert result.mmaps_per_second == pytest.approx(pairs, rel=0.04)
    bounded = "retry_once" in designs.find(design).lineage and design not in ("final", "per_vma_counter")
    assert (result.fallbacks > 0) == bounded, "what was stolen is read again with the lock held"
    assert (result.retries_per_fault > 1.2) == (design in ("nopage_retry", "page_flag"))


def test_a_task_flag_leaks_into_the_signal_handler_and_a_field_of_the_args_cannot():
    leak = run("retry_once_signals", 4, signal_rate=10, channels=4)
    assert leak.mmaps_per_second == pytest.approx(13_000, rel=0.06)
    assert 17_900 < leak.mmap_wait.max <= 18_000
    for design in ("pagefault_args", "final"):
        sound = run(design, 4, signal_rate=10, channels=4)
        assert sound.mmaps_per_second == pytest.approx(15_000, rel=0.001) and sound.mmap_wait.max < 100
        assert sound.signals > 20


def test_with_one_channel_the_handlers_read_also_waits_for_the_one_that_was_interrupted():
    assert 18_000 < run("retry_once_signals", 4, signal_rate=10).mmap_wait.max < 36_000


@pytest.mark.parametrize("design", designs.series)
def test_sixty_four_queued_threads_die_one_by_one_unless_their_waits_are_killable(design):
    if design == "nopage_refault":
        return  # it never sleeps; sixty-four busy waits take long to simulate
    result = run(design, 4.5, fault_threads=64, mmap_threads=0, kill_at="3s")
    assert result.kill_latency.count == 64
    if "pagefault_args" in designs.find(design).lineage:
        assert result.kill_latency.max == 0
    else:
        assert 1_133_000 < result.kill_latency.max < 1_152_000


@pytest.fixture
def slow_walks():
    """An expensive find_vma and an expensive exception, as in the counter's favour."""
    before = costs.FIND_VMA, costs.EXCEPTION_ENTRY
    costs.FIND_VMA, costs.EXCEPTION_ENTRY = 10_000, 2_000
    yield
    costs.FIND_VMA, costs.EXCEPTION_ENTRY = before


def test_the_counter_saves_walks_where_reads_are_short_and_writers_rare(slow_walks):
    many = {"fault_threads": 16, "disk": "100us", "mmap_pause": "1ms"}
    args, counter = (Scenario(design=d, channels=16, **many).run(0.15) for d in ("pagefault_args", "sequence_counter"))
    assert args.cpu_us_per_fault == pytest.approx(25.1, abs=0.1) and args.walks_per_fault == pytest.approx(2, abs=0.01)
    assert counter.cpu_us_per_fault == pytest.approx(15.9, abs=0.5)
    assert counter.walks_per_fault == pytest.approx(1.1, abs=0.05)
    assert counter.continued / counter.faults == pytest.approx(2 - counter.walks_per_fault, abs=0.01)
    # 5.5 %, not 9 %: an exception is entered once, however many passes it takes
    assert counter.faults_per_second / args.faults_per_second == pytest.approx(1.055, abs=0.015)
    one = [Scenario(design=d, channels=1, **many).run(0.15) for d in ("pagefault_args", "sequence_counter")]
    assert one[0].faults_per_second == pytest.approx(one[1].faults_per_second, rel=0.01)


def test_the_simple_way_saves_a_pass_when_nobody_shares_the_mm_and_costs_nothing_when_somebody_does():
    alone = {"mmap_threads": 0, "disk": "10us"}
    args, simple = (run(design, 0.2, **alone) for design in ("pagefault_args", "unshared_mm"))
    # 4.6 and +6.8 %, not 5.1 and +11 %: an exception is entered once, however many passes it takes
    assert (args.cpu_us_per_fault, simple.cpu_us_per_fault) == (pytest.approx(4.6), pytest.approx(3.8))
    assert simple.faults_per_second / args.faults_per_second == pytest.approx(12.6 / 11.8, abs=0.001)
    slow = [run(design, 1, mmap_threads=0).faults_per_second for design in ("pagefault_args", "unshared_mm")]
    assert slow[0] == slow[1]
    held = run("unshared_mm", 0.2, outside_holders=1, **alone)
    assert held.faults_per_second == args.faults_per_second


CROWD = (
    "synchronous", "nopage_retry", "retry_once", "pagefault_args", "sequence_counter", "final", "vm_fault_retry",
    "per_vma_lock", "per_vma_counter",
)  # fmt: skip


def test_where_the_story_does_not_hold_the_faulter_queues_again_for_each_time_it_lets_go():
    crowd = {"mmap_threads": 8, "disk": "100us"}
    reads = {design: run(design, 0.25, **crowd).faults_per_second for design in CROWD}
    assert reads["synchronous"] == pytest.approx(2_874, abs=5)
    for design in ("nopage_retry", "retry_once", "pagefault_args", "vm_fault_retry"):
        assert reads[design] == pytest.approx(1_844, abs=5)
    # the counter makes it worse: it queues a third time, only to find that it must start again
    assert reads["sequence_counter"] == reads["final"] == pytest.approx(1_315, abs=5)
    # a lock for each vma gives the first wait back, a counter for each vma both
    assert reads["synchronous"] < reads["per_vma_lock"] < 3_100 and reads["per_vma_counter"] > 9_000


def test_where_it_wins_again_with_one_looper_and_a_fast_disk():
    fast = {"disk": "20us"}
    assert run("synchronous", 0.2, **fast).faults_per_second == pytest.approx(19_183, abs=8)
    for design in ("nopage_retry", "retry_once", "pagefault_args", "sequence_counter", "final"):
        assert run(design, 0.2, **fast).faults_per_second == pytest.approx(28_224, abs=8)
    for design in ("vm_fault_retry", "drop_for_io", "per_vma_lock"):
        assert run(design, 0.1, **fast).faults_per_second >= 28_210
