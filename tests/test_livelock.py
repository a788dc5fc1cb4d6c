"""Notebook 05: what is said of a run in which no fault was resolved, and the studies of W and T."""

import math

import pytest

import mmlab
from mmlab.experiment import livelock
from mmlab.widgets import output

STUCK = {"mmap_threads": 8, "disk": "1ms", "cache_pages": 4}


@pytest.fixture(scope="module")
def stuck():
    return mmlab.Scenario(design="nopage_retry", dontneed="constant(20us)", **STUCK).run(0.02, keep=10**6)


def lost_by_hand(events):
    """Pages whose read ended and which left the cache before a pte showed them."""
    waiting, lost = set(), 0
    for event in events:
        if event.what == "io_done":
            waiting.add(event.object)
        elif event.what == "pte":
            waiting.discard(event.object)
        elif event.what == "evict" and event.object in waiting:
            waiting.discard(event.object)
            lost += 1
    return lost


def test_a_run_without_a_resolved_fault_says_what_became_of_the_reads(stuck):
    reads = sum(event.what == "io_done" for event in stuck.events)
    again = sum(event.what == "walk" for event in stuck.events) - 1
    assert stuck.is_stuck and reads > 10 and again > 10
    assert (stuck.metrics.reads, stuck.metrics.lost, stuck.started_over) == (reads, lost_by_hand(stuck.events), again)
    for words in (stuck.caption, output.told(stuck), str(stuck.table())):
        assert f"{reads} reads came to an end" in words and "no page at all" in words
        assert f"{again} times a fault was started over, none was resolved" in words
    assert not {"retries/fault", "walks/fault", "cpu us/fault"} & set(stuck.table().columns)


def test_beside_a_run_that_gets_on_there_is_no_figure_a_fault_rather_than_nought():
    both = mmlab.compare(["synchronous", "nopage_retry"], seconds=0.02, dontneed="constant(20us)", **STUCK).table()
    rows = [dict(zip(both.columns, row)) for row in both.rows]
    assert (rows[0]["walks/fault"], rows[1]["walks/fault"]) == (1, None)
    assert (rows[0]["pages lost"], rows[1]["pages lost"] > 0) == (None, True)


def test_a_run_too_short_for_a_read_still_says_so():
    short = mmlab.Scenario().run(0.001)
    assert not short.is_stuck and "no disk read came to an end" in output.told(short)
    assert short.table().columns == mmlab.Scenario().run(0.02).table().columns


@pytest.mark.parametrize("design", ["nopage_retry", "synchronous"])
def test_pages_are_lost_only_before_anybody_maps_them(design):
    result = mmlab.Scenario(design=design, foreign_rate=20_000, **STUCK).run(0.05, keep=10**6)
    assert result.metrics.lost == lost_by_hand(result.events)
    assert (result.metrics.lost > 0) == (design == "nopage_retry")


def test_the_window_without_a_queue_is_one_search_and_one_look():
    (row,) = livelock.windows([0], gap="800ns").rows
    assert row[1:3] == [pytest.approx(0.8), pytest.approx(math.e)]


def test_the_queue_makes_the_window_and_the_window_the_retries():
    rows = livelock.windows([1, 4]).rows
    assert rows[0][1] < rows[1][1] and rows[1][2] > 10 * rows[0][2]


def test_the_dots_lie_on_the_exponential():
    study = livelock.retries_over_gap(["1us", "2us"], seeds=2)
    for row in study.rows:
        assert row["exp(W / T)"] == pytest.approx(math.exp(row["W / T"]))
        assert row["retries a fault"] == pytest.approx(row["exp(W / T)"], rel=0.1)


def test_regular_calls_let_nobody_through_and_random_ones_with_the_same_mean_do():
    random, _, regular = livelock.same_mean(seconds=0.1).rows
    assert random[1] > 0 == regular[1] and regular[2] is None
    assert regular[3] == regular[4] > 50


def test_the_pass_in_vain_is_told_up_to_the_second_read(stuck):
    table = livelock.one_pass(stuck)
    words = [row[2] for row in table.rows]
    assert words.count("submit") == 2 and words[-1] == "submit"
    assert words.index("io_done") < words.index("evict") < len(words) - 1
    assert "after it was unlocked" in table.caption


def test_a_run_that_gets_on_has_no_pass_in_vain():
    with pytest.raises(ValueError, match="give a run that is stuck"):
        livelock.one_pass(mmlab.Scenario(design="nopage_retry").run(0.05))


def test_fair_cycles_are_those_of_the_explorer():
    table = livelock.fair_cycles(["nopage_retry", "retry_once"], ["a fault under DONTNEED"])
    assert table.rows == [["nopage_retry", "livelock"], ["retry_once", "live"]]
    assert "1 of 2 designs" in table.caption
