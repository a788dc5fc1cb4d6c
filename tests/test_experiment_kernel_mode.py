"""Long write holders, callers inside the kernel, and a driver whose memory comes and goes, as a Scenario has them."""

import pytest

from mmlab import KernelBug, Scenario, designs

MAY_ASK = [name for name, d in designs.series.items() if "retry_once" in d.lineage]
WITH_ARGS = [name for name, d in designs.everything().items() if "pagefault_args" in d.lineage]
ALONE = {"fault_threads": 0, "mmap_threads": 0}


def run(seconds=1, **scenario):
    return Scenario(**scenario).run(seconds, progress=False, keep=10**6)


def words(result, task, what):
    return [event.object for event in result.events if event.task == task and event.what == what]


@pytest.mark.parametrize("pause", ["0", "20us"])
def test_an_mprotect_looper_is_one_write_section_a_call(pause):
    result = run(0.1, **ALONE, mprotect_threads=1, mmap_pause=pause)
    assert result.writes_per_second == pytest.approx(1e6 / (30 + (20 if pause != "0" else 0)), rel=0.001)
    assert result.mmaps_per_second == 0 and result.mmap_wait.max == 0


def test_mprotect_loopers_fill_the_lock_together():
    result = run(0.1, **ALONE, mprotect_threads=4)
    assert result.writes_per_second == pytest.approx(1e6 / 28, rel=0.001)


def test_a_fork_is_one_long_write_section_that_everybody_waits_for():
    calm, forked = (run(design="final", ps_readers=1, fork_every=every, fork_hold="30ms") for every in ("0", "100ms"))
    assert forked.forks_per_second == 1000 // 130 and calm.forks_per_second == 0
    assert calm.mmap_wait.max < 100 and calm.ps_wait.max < 100
    assert 29_000 < forked.mmap_wait.max < 30_000 and 28_000 < forked.ps_wait.max <= 30_000
    # the mean share of the time that the lock is free is what the looper keeps
    assert forked.mmaps_per_second == pytest.approx(calm.mmaps_per_second * (1 - 0.03 * 7), rel=0.02)


def test_a_fault_that_reads_through_a_fork_must_start_again_whatever_the_counter_saves_elsewhere():
    result = run(2, design="sequence_counter", mmap_threads=0, fork_every="uniform(50ms,150ms)", fork_hold="2ms")
    assert 0 < result.retries_per_fault < 0.5
    assert result.continued == pytest.approx(result.faults * (1 - result.retries_per_fault), abs=2)


def test_fork_locks_every_vma_where_vmas_have_locks():
    result = run(0.5, design="per_vma_lock", mmap_threads=0, fork_every="20ms", fork_hold="10ms")
    locked = [e for e in result.events if e.task == "fork" and (e.what, e.object) == ("acquire", "vma_lock/write")]
    assert len(locked) == pytest.approx(result.forks_per_second * 0.5, abs=1)
    forks = {"fork_every": "5ms", "fork_hold": "10ms", "disk": "10us", "pause": "100us"}
    forgetful = designs["per_vma_lock"].patched(
        "forgetful", vma_start_write=designs["synchronous"].functions["vma_start_write"]
    )
    begun = [
        sum(e.what == "submit" and e.holders < 0 for e in run(0.5, design=design, mmap_threads=0, **forks).events)
        for design in ("per_vma_lock", forgetful)
    ]
    assert begun[0] == 0 < begun[1], "reads that a fault began in the middle of a fork"


@pytest.mark.parametrize("design", MAY_ASK)
def test_get_user_pages_may_not_let_go_so_its_reads_hold_up_every_writer(design):
    result = run(0.5, design=design, fault_threads=0, gup_threads=1)
    assert result.gups_per_second * 0.5 == pytest.approx(0.5 / 0.019, abs=2)
    assert result.mmap_wait.max > 16_000
    assert words(result, "gup0", "leave") == ["gup"] * len(words(result, "gup0", "leave"))


@pytest.mark.parametrize("design", ["nopage_retry", "page_flag"])
def test_a_design_that_cannot_ask_for_permission_drops_the_lock_of_get_user_pages(design):
    with pytest.raises(KernelBug, match="lock dropped without permission"):
        run(0.1, design=design, fault_threads=0, gup_threads=1)


@pytest.mark.parametrize("design", WITH_ARGS)
def test_nowait_never_holds_up_a_writer_and_gets_its_page_in_the_end(design):
    result = run(0.5, design=design, fault_threads=0, nowait_threads=1)
    assert result.mmap_wait.max < 100
    assert result.gups_per_second * 0.5 == pytest.approx(0.5 / 0.019, abs=2)
    assert result.agains_per_gup == pytest.approx(18, abs=1), "it asks once in each ms of the read"
    assert words(result, "nowait0", "page_wait") == []


def test_before_there_was_a_nowait_it_waited_like_everybody():
    result = run(0.5, design="retry_once", fault_threads=0, nowait_threads=1)
    assert result.agains_per_gup == 0 and result.mmap_wait.max > 16_000


@pytest.mark.parametrize("design", [d for d in designs.everything() if "spufs" not in d])
def test_the_kernels_own_access_faults_like_any_other(design):
    result = run(0.3, design=design, fault_threads=0, copy_threads=2, channels=2)
    assert result.faults_per_second == pytest.approx(2 / 0.019, rel=0.12)
    assert (result.mmap_wait.max > 10_000) == (design == "synchronous")


@pytest.mark.parametrize("design", ["synchronous", "final", "retry_many", "per_vma_lock"])
def test_a_kill_reaches_callers_inside_the_kernel_too(design):
    result = run(
        0.2, design=design, mmap_threads=0, gup_threads=1, nowait_threads=1, copy_threads=1, channels=9, kill_at="50ms"
    )
    assert result.kill_latency.count == 4
    assert {e.object for e in result.events if e.what == "exit" and e.task != "kill"} == {"SIGKILL"}
    assert (result.kill_latency.max > 1_100) == (design == "synchronous"), "1 ms is the pause, which nothing ends"


def test_an_error_of_the_disk_is_an_error_code_for_the_kernel_and_kills_nobody():
    result = run(0.5, design="final", fault_threads=0, copy_threads=1, gup_threads=1, read_errors=1, disk="100us")
    assert not [e for e in result.events if e.what == "exit"]
    assert set(words(result, "gup0", "leave")) == {"EFAULT"}
    assert set(words(result, "copy0", "leave")) == {"SIGBUS"} and len(words(result, "copy0", "leave")) > 100


SPU = {"fault_threads": 0, "spu_threads": 1, "spu_off": "20ms", "spu_on": "2ms"}


def test_the_driver_of_2_6_18_holds_up_writers_for_as_long_as_its_device_likes():
    result = run(design="spufs_synchronous", **SPU)
    assert 17_000 < result.mmap_wait.max <= 20_000
    assert result.faults > 60, "each time that the context runs, another few pages are mapped"


def test_with_pagefault_args_the_drivers_wait_holds_up_nobody():
    result = run(design="spufs_args", **SPU)
    assert result.mmap_wait.max < 100 and result.faults > 60
    assert result.mmaps_per_second > 14_900


@pytest.mark.parametrize(
    ("design", "hears", "lock_free"),
    [("spufs_synchronous", False, False), ("spufs_refault", True, False), ("spufs_args", True, True)],
)
def test_a_signal_gets_a_task_out_of_the_drivers_wait_from_the_first_proposal_on(design, hears, lock_free):
    far = {**SPU, "spu_off": "500ms"}
    result = run(1, design=design, **far, kill_at="100ms", mmap_threads=0)
    [death] = [e.time for e in result.events if e.what == "exit" and e.task == "spu0"]
    assert (death < 101_000_000) == hears
    handled = run(1, design=design, **far, signal_rate=50, disk="100us", mmap_threads=0)
    entered = [e for e in handled.events if e.what == "enter" and e.object == "fault"]
    assert (len(entered) > 20) == hears
    assert (run(0.4, design=design, **far).mmap_wait.max < 100) == lock_free or design != "spufs_args"


def test_what_a_device_took_away_must_be_faulted_in_again():
    result = run(0.5, design="spufs_args", mmap_threads=0, **SPU)
    unmapped = [e.time for e in result.events if e.what == "unmap"]
    assert len(unmapped) > 20
    assert all(e.task == "spusched" for e in result.events if e.what == "unmap")
