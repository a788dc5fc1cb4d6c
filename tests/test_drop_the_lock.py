"""What notebook 04 shows: each look that a fault takes again matters, and a fault that is run again queues twice."""

import pytest

import mmlab
from mmlab.experiment import measures, rechecks, two_queues
from mmlab.kernel import costs


def test_each_look_left_out_is_found_at_the_length_that_is_on_record():
    table = rechecks.rechecks()
    assert len(table.rows) == len(rechecks.RECHECKS)
    for _, _, _, name, base, found, steps in table.rows:
        mutant = mmlab.designs.mutants[name]
        assert (base, found, steps) == (str(mutant.design.base), mutant.finding, mutant.steps)
    assert f"{len(table.rows)} of {len(table.rows)}" in table.caption


def test_a_look_that_nothing_depends_on_is_not_said_to_be_found(monkeypatch):
    mutant = mmlab.designs.mutants["stale_vma"]
    harmless = mutant._replace(design=mmlab.designs["nopage_retry"])
    monkeypatch.setitem(mmlab.designs.mutants.BY_NAME, "stale_vma", harmless)
    row = rechecks.rechecks().rows[0]
    assert row[-2:] == ["nothing", 0]


@pytest.mark.parametrize(("disk", "loopers"), [("100us", 8), ("20us", 1)])
def test_the_parts_of_a_fault_are_all_of_it(disk, loopers):
    table = two_queues.fault_time(["synchronous", "nopage_retry"], disk=disk, mmap_threads=loopers, seconds=0.05)
    one, two = (dict(zip(table.columns, row)) for row in table.rows)
    assert one["2nd wait for mmap_sem"] == 0 < two["2nd wait for mmap_sem"]
    for row in (one, two):
        alone = mmlab.Scenario(design=row["design"], disk=disk, mmap_threads=0).run(seconds=0.05)
        assert row["the rest"] == pytest.approx(alone.cpu_us_per_fault, rel=0.02)
        assert 1e6 / row["one fault (us)"] == pytest.approx(row["faults/s"], rel=0.02)


def test_the_second_queue_costs_more_than_the_read_hides_only_where_the_queue_is_long():
    study = two_queues.retry_against_synchronous(["20us"], [1, 8])
    short, long = study.rows
    assert short["ratio"] > 1 > long["ratio"]
    assert "1.4" in study.caption and "8 loopers" in study.caption


def test_the_win_of_one_looper_hangs_on_the_cost_of_a_search_and_the_loss_of_eight_does_not():
    with measures.changed_costs(FIND_VMA=costs.FIND_VMA + 300):
        one, eight = two_queues.retry_against_synchronous(["20us"], [1, 8]).rows
        table = two_queues.fault_time(["nopage_retry"], disk="20us", mmap_threads=1, seconds=0.05)
    assert one["ratio"] < 1 and eight["ratio"] < 1
    assert dict(zip(table.columns, table.rows[0]))["1st wait for mmap_sem"] > 0


def test_a_disk_that_is_no_time_is_refused_with_what_is_allowed():
    with pytest.raises(ValueError, match="disk='soon'"):
        two_queues.retry_against_synchronous(["soon"])
