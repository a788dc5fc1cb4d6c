"""Every figure of a Result follows from the trace, however the trace is cut into batches."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_metrics import naive

from mmlab import Scenario
from mmlab.designs import descendants, series, variants
from mmlab.experiment.histogram import DISTINCT, Durations
from mmlab.experiment.metrics import Metrics
from mmlab.trace import Event

times = st.sampled_from(["0", "20us", "exponential(100us)", "uniform(0us,300us)"])
small = st.builds(
    Scenario,
    design=st.sampled_from([*series, *descendants, *variants]),
    fault_threads=st.integers(1, 5),
    mmap_threads=st.integers(0, 3),
    ps_readers=st.integers(0, 2),
    disk=st.sampled_from(["100us", "exponential(200us)", "nvme", "0"]),
    channels=st.none() | st.integers(1, 3),
    queue_depth=st.integers(1, 4),
    pause=times,
    mmap_pause=times,
    ps_pause=st.sampled_from(["50us", "exponential(100us)"]),
    write_rate=st.sampled_from([0, 2000]),
    mprotect_threads=st.integers(0, 1),
    fork_every=st.sampled_from(["0", "300us"]),
    fork_hold=st.just("exponential(100us)"),
    copy_threads=st.integers(0, 1),
    access_pause=st.just("50us"),
    cpus=st.none() | st.integers(1, 3),
    cache_pages=st.none() | st.integers(7, 9),
    seed=st.integers(0, 999),
)
milliseconds = st.sampled_from([0.0005, 0.002, 0.005])
COUNTS = (
    "replays", "walks", "retries", "continued", "fallbacks", "fault_cpu", "mmaps", "writes", "forks", "reads",
    "disk_busy",
)  # fmt: skip
WAITS = ("fault_call", "mmap_call", "mmap_wait", "ps_wait", "read_wait", "page_wait", "cpu_wait")


def exact(values, percent):
    """The nearest rank, in us."""
    return sorted(values)[max(1, math.ceil(len(values) * percent / 100)) - 1] / 1000 if values else 0.0


def assert_summarises(durations, values):
    assert durations.count == len(values)
    assert durations.total == pytest.approx(sum(values) / 1000)
    assert durations.max == max(values, default=0) / 1000
    assert durations.mean == pytest.approx(sum(values) / len(values) / 1000 if values else 0)
    for percent in (0, 50, 99, 100):
        assert durations.percentile(percent) == pytest.approx(exact(values, percent), rel=0.0101)


@settings(deadline=None, max_examples=60)
@given(small, milliseconds)
def test_every_figure_is_the_one_that_a_naive_reader_finds_in_the_trace(scenario, seconds):
    result = scenario.run(seconds, progress=False, keep=10**9)
    truth = naive(result.events)
    assert result.faults == truth["faults"]
    assert {name: getattr(result.metrics, name) for name in COUNTS} == {name: truth[name] for name in COUNTS}
    for name in WAITS:
        assert_summarises(getattr(result.metrics, name), truth[name])
    faults = truth["faults"]
    assert result.faults_per_second == pytest.approx(faults / seconds)
    assert result.mmaps_per_second == pytest.approx(truth["mmaps"] / seconds)
    assert result.writes_per_second == pytest.approx(truth["writes"] / seconds)
    assert result.walks_per_fault == pytest.approx(truth["walks"] / faults if faults else 0)
    assert result.cpu_us_per_fault == pytest.approx(truth["fault_cpu"] / 1000 / faults if faults else 0)


@settings(deadline=None, max_examples=25)
@given(small, st.lists(st.integers(1, 400), min_size=1, max_size=5))
def test_batches_of_any_size_give_the_same_figures(scenario, sizes):
    result = scenario.run(0.002, progress=False, keep=10**9)
    events = [tuple(event) for event in result.events]
    again = Metrics(keep=50)
    at = number = 0
    while at < len(events):
        size = sizes[number % len(sizes)]
        again.consume(events[at : at + size])
        at, number = at + size, number + 1
    for name in (*COUNTS, "major", "minor", "events"):
        assert getattr(again, name) == getattr(result.metrics, name), name
    for name in WAITS:
        assert getattr(again, name).rows() == getattr(result.metrics, name).rows(), name
    assert again.opening == events[:50]
    assert list(again.latest) == events[-50:]


@pytest.mark.parametrize("keep", [0, 1, 100])
def test_a_run_keeps_no_more_events_than_it_was_told(keep):
    result = Scenario(design="nopage_retry").run(0.05, keep=keep)
    assert len(result.events) == len(result.opening) == keep < result.metrics.events
    assert result.opening == Scenario(design="nopage_retry").run(0.05, keep=10**9).events[:keep]


def test_memory_does_not_grow_with_the_length_of_a_run():
    def held(seconds):
        metrics = Scenario().run(seconds, keep=100).metrics
        waits = (getattr(metrics, name) for name in WAITS)
        return len(metrics.opening), len(metrics.latest), len(metrics.passes), [len(wait.rows()) for wait in waits]

    assert held(2) == held(20)


def event(time, what, object="", value=0):
    return (time, "t", what, object, value, 0, 0)


def test_a_fault_that_is_replayed_counts_once_from_its_first_touch():
    metrics = Metrics()
    metrics.consume([event(0, "start", "fault"), event(0, "enter", "fault", 4096), event(5_000, "leave", "minor", 5)])
    assert metrics.minor == 0  # nobody knows yet
    metrics.consume(
        [event(5_000, "enter", "fault", 4096), event(9_000, "pte", "f:0", 4096), event(9_000, "leave", "minor", 4)]
    )
    assert (metrics.minor, metrics.replays, metrics.fault_cpu) == (1, 1, 9)
    assert metrics.fault_call.max == 9


def test_a_fault_that_a_sibling_resolved_counts_when_the_task_goes_on():
    for then in (event(9_000, "enter", "fault", 8192), event(9_000, "exit", "done"), event(9_000, "enter", "mmap")):
        metrics = Metrics()
        metrics.consume(
            [event(0, "start", "fault"), event(0, "enter", "fault", 4096), event(5_000, "leave", "minor", 5)]
        )
        metrics.consume([then])
        assert (metrics.minor, metrics.replays, metrics.fault_call.max) == (1, 0, 5)


def test_other_locks_and_other_words_leave_the_figures_alone():
    metrics = Metrics()
    metrics.consume([event(0, "start", "fault"), event(0, "enter", "fault", 4096), event(1, "acquire", "vma/read", 7)])
    metrics.consume([event(2, "frobnicate", "x", 3), event(3, "release", "vma/read"), event(4, "leave", "retry")])
    metrics.consume([event(5, "enter", "fadvise"), event(6, "leave", "fadvise")])
    assert metrics.read_wait.count == metrics.mmap_wait.count == metrics.mmap_call.count == metrics.continued == 0


@given(st.lists(st.integers(0, 10**13), max_size=200), st.integers(0, 100))
def test_percentiles_are_within_one_per_cent_of_the_exact_ones(values, percent):
    durations = Durations()
    for value in values:
        durations.add(value)
    assert durations.percentile(percent) == pytest.approx(exact(values, percent), rel=0.0101)
    assert_summarises(durations, values)
    rows = durations.rows()
    assert rows == sorted(rows) and sum(number for _, number in rows) == len(values)


def test_a_time_that_is_always_the_same_is_reported_exactly():
    durations = Durations()
    for _ in range(1000):
        durations.add(18_001_234)
    assert durations.p50 == durations.p99 == durations.max == durations.mean == 18_001.234
    assert repr(durations) == "<1,000 durations: p50 18,001.23 us, p99 18,001.23 us, max 18,001.23 us>"


@pytest.mark.parametrize("distinct", [7, 3 * DISTINCT])
def test_durations_added_in_batches_summarise_as_those_added_one_by_one(distinct):
    values = [round(1.003 ** (n * 7919 % distinct)) * 10 for n in range(4 * distinct)]
    one_by_one, batches = Durations(), Durations()
    for value in values:
        one_by_one.add(value)
    for at in range(0, len(values), 100):
        batches.add_all(values[at : at + 100])
    assert batches.rows() == one_by_one.rows() and batches.max == one_by_one.max


def test_no_durations_are_all_zero():
    durations = Durations()
    assert durations.p50 == durations.p99 == durations.max == durations.mean == durations.total == 0
    assert repr(durations) == "<durations: none>"


@pytest.mark.parametrize("percent", [-1, 101, float("nan")])
def test_a_percentile_outside_0_to_100_is_refused(percent):
    with pytest.raises(ValueError, match="0 to 100"):
        Durations().percentile(percent)


def test_named_events_and_plain_tuples_fold_alike():
    events = Scenario().run(0.1, keep=10**9).events
    assert isinstance(events[0], Event)
    one, two = Metrics(), Metrics()
    one.consume(events)
    two.consume([tuple(e) for e in events])
    assert one.mmap_wait.rows() == two.mmap_wait.rows()


def test_a_batch_that_was_broken_off_is_not_read_again():
    seen = []

    def watch(events):
        seen.append(len(events))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Scenario(design="nopage_retry").run(0.05, watch=watch)
    assert len(seen) == 1


def test_a_watcher_sees_the_whole_trace_in_order():
    seen = []
    result = Scenario(design="nopage_retry").run(0.05, keep=10**9, watch=seen.extend)
    assert seen == result.events
