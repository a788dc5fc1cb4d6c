"""What notebooks 06 and 07 rest on: the price of a bound, the time to die, the reasons, the convoy as a goal."""

import pytest

import mmlab
from mmlab import theory
from mmlab.experiment import fallback
from mmlab.experiment.reasons import PREFIX, reasons
from mmlab.experiment.time_to_die import time_to_die
from mmlab.kernel import pagefault
from mmlab.view.bits import Bits

MS = 1_000_000


def test_the_one_retry_is_lost_as_often_as_the_formula_says_and_the_loopers_pay_for_it():
    [row] = fallback.fallbacks(["250us"], seconds=0.25).rows
    assert row["fall back (%)"] == pytest.approx(row["theory (%)"], abs=1.5 * row["+- (95 %)"])
    assert row["mmap pairs/s"] == pytest.approx(row["theory (pairs/s)"], rel=0.03)


def test_a_retry_that_is_always_lost_halves_both_sides():
    rates = theory.bounded_retry(18 * MS, fallback.ROUND, fallback.WINDOW, 1, 1, fallback.HELD)
    run = fallback.among_loopers("retry_once").run(20 / rates.faults_per_second, progress=False, keep=0)
    assert abs(run.faults - 20) <= 1
    assert run.mmaps_per_second == pytest.approx(rates.pairs_per_second, rel=0.02)
    assert run.fallbacks == run.faults > 0


def test_no_retry_is_the_synchronous_fault_among_a_crowd():
    none = theory.bounded_retry(18 * MS, fallback.ROUND, fallback.WINDOW, 0.5, 0, fallback.HELD)
    crowd = theory.behind_a_crowd(18 * MS + fallback.WALK, fallback.LOOPERS, fallback.HELD)
    assert tuple(none) == pytest.approx(tuple(crowd), rel=0.005)  # the walk is no time of theirs


def test_a_page_that_is_never_lost_costs_the_loopers_nothing():
    kept = theory.bounded_retry(18 * MS, fallback.ROUND, fallback.WINDOW, 0.0, 1, fallback.HELD)
    assert kept.pairs_per_second == theory.saturated_pairs_per_second(fallback.HELD)
    assert theory.page_lost(0, 5) == 0
    with pytest.raises(ValueError, match="lost=2: give a number from 0 to 1"):
        theory.bounded_retry(1, 1, 1, 2, 1, 1)


def test_the_table_of_bounds_has_no_row_without_a_theory_and_leaves_gaps_where_nothing_ran():
    table = fallback.by_retries([None, None])
    assert [row[0] for row in table.rows] == ["0", "1", "no bound"]
    assert all(row[2] > 0 for row in table.rows) and table.rows[0][3:] == [None] * 3
    faults = [row[1] for row in table.rows]
    pairs = [row[2] for row in table.rows]
    assert faults == sorted(faults, reverse=True) and pairs == sorted(pairs)
    assert faults[1] == pytest.approx(faults[0] / 2, rel=0.01)  # every retry is lost: two reads instead of one


def test_who_cannot_be_woken_dies_when_the_disk_says_so_and_who_can_at_once():
    study = time_to_die(threads=[2, 16, 64])
    for row in study.rows:
        assert row["retry_once (ms)"] == pytest.approx(row["theory: the disk's queue (ms)"], abs=0.01)
        assert row["pagefault_args (ms)"] == 0
    assert "at once under pagefault_args" in study.caption


def test_the_reasons_are_read_from_the_kernel_and_none_is_missing():
    picture = reasons()
    constants = {name: value for name, value in vars(pagefault).items() if name.startswith(PREFIX)}
    assert {name: value for name, value, _, _ in picture.rows} == constants
    assert all(way and meaning for _, _, way, meaning in picture.rows)
    assert 'role="img"' in picture.svg and all(name in picture.alt for name in constants)


def test_what_is_not_one_bit_is_not_drawn_as_one():
    with pytest.raises(ValueError, match="BOTH = 3 is not one bit"):
        Bits([("BOTH", 3, "a to b", "two bits")], "caption", "title")


def test_the_convoy_comes_back_through_the_fallback_and_cannot_without_one():
    world = "a fault under DONTNEED and mmap"
    way = mmlab.step_panel("retry_once", world, goal="convoy").solution()
    last = way.steps[-1]
    assert last.state["fault0"] == "holds read, waits for page" and "mmap0" in last.sem.queue
    assert any(step.state["fault0"] == "waits for page" for step in way.steps)  # the first wait, which held nothing
    never = mmlab.step_panel("nopage_retry", world, goal="convoy").solution()
    assert not hasattr(never, "steps")
