"""The simulation agrees with pencil and paper: the same rows as `mmlab oracles` prints."""

import pytest

from mmlab import Scenario, theory
from mmlab.experiment.oracle_rows import FAULT, ORACLES, WRITES
from mmlab.experiment.oracles import Oracle, check_all, pairs, pairs_per_read, table
from mmlab.experiment.validation import LINES

QUICK = [oracle for oracle in ORACLES if not oracle.slow]


def test_every_oracle_is_a_row_of_the_validation_which_tests_them_one_by_one():
    rows = [row for line in LINES for row in line.rows]
    assert all(oracle in rows for oracle in ORACLES)


def test_every_oracle_has_a_name_of_its_own():
    assert len({oracle.name for oracle in ORACLES}) == len(ORACLES)


@pytest.mark.parametrize("disk", ["18ms", "exponential(18ms)", "uniform(10ms,26ms)"])
def test_random_disk_times_leave_every_stair_where_it_is(disk):
    # One might expect a random disk to smooth the staircase. It does not: B waits at the end of each read, however long
    # the read was, and one microsecond more of pause still doubles B's share.
    below, above = (pairs_per_read(Scenario(disk=disk, pause=pause, seed=3), 20) for pause in ("30us", "31us"))
    assert below == pytest.approx(0.5, rel=0.005)
    assert above == pytest.approx(1, rel=0.005)


def test_random_pauses_make_a_ramp_of_the_staircase():
    shares = [pairs_per_read(Scenario(pause=f"exponential({us}us)", seed=4), 40) for us in (20, 30, 31, 40)]
    assert shares == sorted(shares)
    assert 0.55 < shares[1] < shares[2] < 0.95  # no step between 30 and 31 us
    assert shares[2] / shares[1] < 1.1


def wrong(**changes):
    row = {
        "name": "wrong",
        "formula": "",
        "unit": "/s",
        "expected": 27.7,
        "measure": pairs,
        "scenario": {},
        "seconds": 5,
    }
    return Oracle(**{**row, "tolerance": 0.02, **changes})


def test_a_wrong_formula_is_outside():
    assert not wrong(expected=55).check().agrees


def test_a_wide_interval_is_outside_although_the_mean_is_right():
    found = wrong(expected=27.7, scenario={"disk": "exponential(18ms)"}, seconds=1, tolerance=0.5, seeds=2).check()
    assert abs(found.error) <= found.tolerance < found.half_width
    assert not found.agrees


def test_the_table_says_which_oracle_is_outside():
    text = str(table(check_all([wrong(name="right"), wrong(expected=55)], progress=False)))
    right, bad = text.splitlines()[-2:]
    assert right.startswith("right") and right.endswith("agrees")
    assert bad.startswith("wrong") and bad.endswith("OUTSIDE")
    assert text.startswith("1 of 2 oracles agree")


def test_one_channel_more_or_a_constant_service_would_be_noticed():
    # The tolerances are tight enough to tell the formulas' assumptions apart.
    repairman = next(oracle for oracle in QUICK if oracle.name == "4 faulters, 1 channel")
    two = theory.machine_repairman(4, 60e6, 18e6, 2).throughput
    assert abs(two / repairman.expected - 1) > 2 * repairman.tolerance
    lock = next(oracle for oracle in QUICK if oracle.formula == "M/D/1")
    assert theory.mm1_wait(10_000, 28_000) / 1000 / lock.expected - 1 > 5 * lock.tolerance


def test_the_headline_rates_are_those_that_the_course_quotes():
    turns = theory.alternate(FAULT, WRITES)
    assert turns.faults_per_second == pytest.approx(55.4, rel=0.002)
    assert turns.pairs_per_second == pytest.approx(27.7, rel=0.002)
    paused = theory.alternate(theory.Section(FAULT.outside + 50_000, FAULT.held), WRITES)
    assert paused.pairs_per_second == pytest.approx(55.35, rel=0.001)
