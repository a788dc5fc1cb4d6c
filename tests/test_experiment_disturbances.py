"""The disturbances of a Scenario: each does what its line says, and nonsense gets one line."""

import pytest

from mmlab import Scenario, designs


def run(seconds=1, **scenario):
    return Scenario(**{"design": "retry_once", "disk": "1ms", **scenario}).run(seconds, progress=False, keep=400_000)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"seq_bits": 0}, "seq_bits=0 is not allowed; it is a whole number from 1 to 64"),
        ({"seq_bits": 65}, "from 1 to 64"),
        ({"outside_holders": -1}, "outside_holders=-1"),
        ({"signal_rate": -1}, "signal_rate=-1 is not a rate"),
        ({"foreign_rate": float("nan")}, "foreign_rate=nan is not a rate"),
        ({"read_errors": 1.5}, "read_errors=1.5 is not a share; allowed are 0 to 1"),
        ({"alloc_failures": True}, "alloc_failures=True is not a share"),
        ({"kill_at": "soon"}, "kill_at='soon' is not a time"),
        ({"truncate_at": -1}, "truncate_at=-1 is not a time"),
        ({"dontneed": "often"}, "dontneed='often' is not a time"),
        ({"dontneed": "exponential(0)"}, "dontneed='0' is out of range; it may be from 1 ns to 1 hour"),
        ({"fork_every": "exponential(0)"}, "fork_every='0' is out of range"),
        ({"kill_at": "-1s"}, "kill_at='-1s' is out of range"),
        ({"outside_holders": 0.5}, "outside_holders=0.5 is not allowed; it is a whole number from 0 to 1,000,000"),
        ({"mmap_threads": 0, "fault_threads": 0, "outside_holders": 1}, "a Scenario with no tasks at all"),
        ({"dontned": "20us"}, "did you mean 'dontneed'"),
    ],
)
def test_nonsense_gets_one_line_that_says_what_is_allowed(given, words):
    with pytest.raises(ValueError) as error:
        Scenario(**given)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_disturbed_scenario_survives_being_written_down():
    scenario = Scenario(dontneed="uniform(10us, 30us)", kill_at="3s", signal_rate=2.5, seq_bits=8, read_errors=0.5)
    assert eval(repr(scenario), {"Scenario": Scenario}) == scenario == Scenario.from_json(scenario.to_json())


def test_dontneed_takes_a_plain_time_as_the_mean_of_random_gaps_and_a_distribution_as_it_is():
    def evictions(**given):
        result = run(0.2, fault_threads=2, pause="exponential(1ms)", cache_pages=8, **given)
        times = [event.time for event in result.events if event.what == "evict" and event.task == "dontneed"]
        assert len(times) > 20
        return times

    assert all(
        time % 20_000 == 0 for time in evictions(dontneed="constant(20us)", design="nopage_retry", mmap_threads=4)
    )
    assert any(time % 20_000 for time in evictions(dontneed="20us", design="nopage_retry", mmap_threads=4))


def test_a_foreign_reader_squeezes_the_cache():
    calm, squeezed = run(cache_pages=8), run(cache_pages=8, foreign_rate=20_000)
    evicted = [event.object for event in squeezed.events if event.what == "evict"]
    assert not calm.metrics.signals and any(name.startswith("foreign:") for name in evicted)
    assert any(name.startswith("data:") for name in evicted)


def test_signals_arrive_at_their_rate_and_their_handler_faults_too():
    result = run(4, signal_rate=50, design="pagefault_args")
    assert result.signals == pytest.approx(200, abs=45)
    assert result.metrics.reads > result.faults * 0.99


@pytest.mark.parametrize("design", ["synchronous", "pagefault_args"])
def test_all_fault_threads_are_killed_at_once_and_the_others_live(design):
    result = run(1, design=design, fault_threads=5, kill_at="500ms")
    assert result.kill_latency.count == 5 and result.metrics.signals == {"SIGKILL": 5}
    exits = [event for event in result.events if event.what == "exit" and event.task.startswith("fault")]
    assert {event.object for event in exits} == {"SIGKILL"}
    assert [event for event in result.events if event.what == "leave" and event.task == "mmap0"][-1].time > 900_000_000


def test_a_truncated_file_kills_with_a_bus_error_who_touches_beyond_its_end():
    result = run(2, truncate_at="10ms", cache_pages=64)
    assert result.metrics.signals == {"SIGBUS": 1}
    assert result.faults == 128, "the first half of the file can still be read"


@pytest.mark.parametrize("design", designs.everything())
def test_a_page_that_is_cut_off_while_it_is_read_is_never_mapped(design):
    # pages 0 to 3 of 8 are good; the read of page 4 goes from 72 to 90 ms
    result = run(0.2, design=design, cache_pages=2, mmap_threads=0, disk="18ms", truncate_at="80ms")
    assert result.faults == 4 and result.metrics.signals == {"SIGBUS": 1}
    assert [event.object for event in result.events if event.what == "pte"] == [f"data:{n}" for n in range(4)]
    assert [event.object for event in result.events if event.what == "submit"] == [f"data:{n}" for n in range(5)]


def test_an_unreadable_page_kills_with_a_bus_error_and_a_failed_allocation_as_out_of_memory():
    assert run(1, read_errors=0.05).metrics.signals == {"SIGBUS": 1}
    killed = run(1, alloc_failures=0.05)
    assert killed.metrics.signals == {"SIGKILL": 1} and killed.kill_latency.count == 0


def test_a_ps_reader_is_no_user_of_the_mm_except_while_it_reads():
    lone = run(1, design="unshared_mm", mmap_threads=0, ps_readers=1, ps_pause="1ms")
    assert 1 <= lone.walks_per_fault < 1.2
