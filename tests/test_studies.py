"""The studies that the notebooks show: hold times, the bill of one fault, the convoy, the stairs, the lone writer."""

import pytest

import mmlab
from mmlab.experiment.convoy import convoy, hold_by_disk
from mmlab.experiment.lone_writer import lone_writer
from mmlab.experiment.staircase import staircase
from mmlab.experiment.where import where_the_time_goes
from mmlab.view.holds import hold_chart, hold_table, holds

MS = 1_000_000


def column(table, name):
    return [row[table.columns.index(name)] for row in table.rows]


def test_a_hold_lasts_from_acquire_to_release_and_knows_how_long_it_slept():
    run = mmlab.Scenario(disk="18ms", mmap_threads=0).run(0.1)
    first = holds(run.events)[0]
    assert (first.task, first.mode, first.start) == ("fault0", "read", 500)
    assert first.held == 18 * MS + 1_300  # find_vma, look-up and pte on top of the read
    assert first.asleep == 18 * MS - 2_000  # the cpu works on the submission meanwhile


def test_a_hold_whose_end_is_not_in_the_trace_is_left_out():
    run = mmlab.Scenario(disk="18ms", mmap_threads=0).run(0.1)
    cut = [event for event in run.events if event.time < 10 * MS]
    assert cut and holds(cut) == []


def test_the_table_of_holds_has_a_row_for_each_kind_of_task_and_mode():
    run = mmlab.Scenario(disk="18ms", ps_readers=1).run(0.5)
    table = hold_table(run.events)
    assert column(table, "who") == ["fault", "mmap", "ps"]
    assert column(table, "holds it for") == ["reading", "writing", "reading"]
    assert column(table, "asleep for the disk") == ["99.98 %", "0.00 %", "0.00 %"]


def test_no_hold_at_all_is_said():
    with pytest.raises(ValueError, match="nobody holds"):
        hold_chart([])


def test_the_histogram_counts_every_hold():
    run = mmlab.Scenario(disk="hdd", mmap_threads=0).run(1)
    chart = hold_chart(run.events, bins=5)
    assert sum(column(chart.table(), "holds")) == len(holds(run.events))


def test_the_bill_of_a_fault_adds_up_to_the_whole():
    fault = mmlab.one_fault("major", disk="18ms")
    bill = where_the_time_goes(fault)
    assert sum(column(bill, "takes (us)")) == pytest.approx(fault.total_us)
    held = [
        us for us, word in zip(column(bill, "takes (us)"), column(bill, "mmap_sem held meanwhile")) if word == "yes"
    ]
    assert sum(held) == pytest.approx(fault.held_us)


def test_the_bill_shows_who_sleeps_without_the_lock():
    bill = where_the_time_goes(mmlab.one_fault("major", design="nopage_retry", disk="18ms"))
    asleep = column(bill, "step").index("sleep until the page is unlocked")
    assert column(bill, "mmap_sem held meanwhile")[asleep] == "no"


def test_the_hold_is_the_disk_time_until_the_cpu_is_slower_than_the_disk():
    held = column(hold_by_disk(["1us", "20us", "18ms"]).table(), "mmap_sem held (us)")
    assert held == [3.3, 21.3, 18_001.3]


def test_a_writer_waits_for_as_many_reads_as_threads_fault():
    chart = convoy([1, 5], disk="2ms")
    assert column(chart.table(), "typical wait (ms)") == pytest.approx([2, 10], rel=0.02)


def test_random_disk_times_leave_the_stairs_standing_and_random_pauses_do_not():
    edge = {"pauses": (29, 33), "seconds": 8, "seeds": 2}
    steps = column(staircase(["exponential(18ms)"], **edge).table(), "simulated pairs/s")
    ramp = column(staircase(random_pause=True, **edge).table(), "simulated pairs/s")
    assert steps[1] > 1.9 * steps[0]
    assert ramp[1] < 1.3 * ramp[0]


def test_a_staircase_without_chance_has_no_error_and_lies_on_the_theory():
    chart = staircase(pauses=(0, 45), seconds=4, seeds=3)
    assert column(chart.table(), "+- (95 %)") == [0, 0]
    assert column(chart.table(), "simulated pairs/s") == pytest.approx(column(chart.table(), "theory"), rel=0.02)


def test_a_random_read_of_the_same_mean_makes_a_lone_writer_wait_twice_as_long():
    rows = lone_writer(["5ms"]).table()
    steady, chancy = column(rows, "mean wait (ms)")
    assert steady == pytest.approx(2.5, rel=0.06)
    assert chancy == pytest.approx(5, rel=0.12)


def test_a_lone_writer_on_an_unknown_kind_of_disk_is_refused():
    with pytest.raises(ValueError, match="constant, exponential"):
        lone_writer(kinds=["gamma"])
