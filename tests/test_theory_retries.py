"""Closed forms of retries: each against a simulation of its own, written here, of a few lines."""

import math
from random import Random

import pytest

from mmlab import theory

MS = 1_000_000


def test_a_sleep_as_long_as_the_mean_gap_goes_unnoticed_with_one_over_e():
    assert theory.counter_unchanged(1000, MS) == pytest.approx(math.exp(-1))
    assert theory.counter_unchanged(0, 18 * MS) == 1


def test_540_write_sections_in_a_read_leave_no_hope():
    assert theory.counter_unchanged(30_000, 18 * MS) == pytest.approx(math.exp(-540))


def faults_among_writers(rate, hold, first, sleep, faults, rng):
    """Share of faults, at random moments in an M/D/1 queue of writers, whose counter stands still."""
    unchanged = 0
    for _ in range(faults):
        arrivals, now = [], 0.0
        while now < 60 * hold:
            now += rng.expovariate(rate / 1e9)
            arrivals.append(now)
        came = 40 * hold
        free = 0.0
        for arrival in arrivals:
            if arrival < came:
                free = max(free, arrival) + hold
        asked = max(free, came)  # when the fault gets the lock
        unchanged += not any(came <= arrival < asked + first + sleep for arrival in arrivals)
    return unchanged / faults


def test_writers_that_wait_behind_the_fault_are_counted_too():
    rate, hold, first, sleep = 15_000, 28_000, 800, 60_000
    share = faults_among_writers(rate, hold, first, sleep, 20_000, Random(1))
    assert theory.counter_unchanged_in_a_crowd(rate, sleep, hold, first) == pytest.approx(share, rel=0.04)
    assert theory.counter_unchanged(rate, sleep) / share > 1.1  # what the simpler formula leaves out


def test_without_a_crowd_both_formulas_are_one():
    assert theory.counter_unchanged_in_a_crowd(10, MS, 0, 0) == theory.counter_unchanged(10, MS)


def retries_by_hand(windows, gap, faults, rng):
    retries = 0
    for _ in range(faults):
        retries += 1
        while rng.expovariate(1 / gap) < rng.choice(windows):
            retries += 1
    return retries / faults


@pytest.mark.parametrize("windows", [[235], [100, 235, 370]])
def test_retries_are_those_of_geometric_trials(windows):
    found = retries_by_hand(windows, 200, 40_000, Random(2))
    assert theory.retries_under_livelock(windows, 200) == pytest.approx(found, rel=0.03)


def test_for_a_constant_window_retries_are_exp_w_over_t():
    assert (
        theory.retries_under_livelock(235, 200) == pytest.approx(math.exp(235 / 200)) == pytest.approx(3.24, abs=0.01)
    )


def test_windows_that_vary_cost_fewer_retries_than_their_mean():
    assert theory.retries_under_livelock([0, 400], 100) < theory.retries_under_livelock(200, 100)


def test_behind_a_crowd_everybody_has_one_turn_a_round():
    turns = theory.behind_a_crowd(101_300, 8, 61_660)
    assert turns.faults_per_second == pytest.approx(1e9 / (101_300 + 4 * 61_660))
    assert turns.pairs_per_second == pytest.approx(4 * turns.faults_per_second)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (theory.counter_unchanged, (-1, 1)),
        (theory.counter_unchanged, (1, math.nan)),
        (theory.counter_unchanged_in_a_crowd, (50_000, 1, 28_000, 0)),
        (theory.counter_unchanged_in_a_crowd, (1, 1, "1", 0)),
        (theory.retries_under_livelock, ([], 1)),
        (theory.retries_under_livelock, ([1, -1], 1)),
        (theory.retries_under_livelock, (1, 0)),
        (theory.retries_under_livelock, (1e9, 1)),
        (theory.behind_a_crowd, (1, 1, 1)),
        (theory.behind_a_crowd, (0, 2, 1)),
    ],
)
def test_nonsense_is_refused_in_one_line(call, arguments):
    with pytest.raises(ValueError) as error:
        call(*arguments)
    assert "\n" not in str(error.value)
