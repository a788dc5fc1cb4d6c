"""Wrong turns that were found by reading the code with care; each must stay found."""

import pytest
from kernel_helpers import BASE, MS, PAGE, Lab

import mmlab
from mmlab.kernel.exception import touch
from mmlab.kernel.filemap import find_get_page
from mmlab.kernel.page import put_page
from mmlab.kernel.sleep import charge, schedule

SYNCHRONOUS = mmlab.designs["synchronous"]


def test_a_second_reader_does_not_make_a_read_only_page_writable():
    for delay in range(1_000_000, 1_003_000, 100):
        lab = Lab(disk=MS)
        lab.task(touch(lab.k, BASE))

        async def reads_then_writes(lab=lab):
            assert await touch(lab.k, BASE) is None
            assert await touch(lab.k, BASE, True) == "SIGSEGV"

        lab.task(reads_then_writes(), delay)
        lab.run()


def test_a_loop_in_which_time_passes_is_reported_with_its_line():
    async def filemap_nopage(k, vma, address):
        while True:
            page = await find_get_page(vma.vm_file, 0)
            if page is not None:
                await put_page(page)

    mine = SYNCHRONOUS.patched("mine", filemap_nopage=filemap_nopage)
    with pytest.raises(mmlab.KernelBug, match=r"(?s)soft lockup.*fault0.*filemap_nopage"):
        mmlab.Scenario(design=mine).run(1)


def test_a_loop_that_only_charges_is_reported_too():
    async def filemap_nopage(k, vma, address):
        while True:
            await charge(1000)

    mine = SYNCHRONOUS.patched("mine", filemap_nopage=filemap_nopage)
    with pytest.raises(mmlab.KernelBug, match=r"(?s)soft lockup.*charge\(1000\)"):
        mmlab.Scenario(design=mine).run(1)


def test_a_long_pause_in_user_mode_is_no_loop_in_the_kernel():
    async def mmap_write_lock(k, mm):
        await mm.mmap_sem.down_write()

    mine = SYNCHRONOUS.patched("mine", mmap_write_lock=mmap_write_lock)
    assert mmlab.Scenario(design=mine, pause="200ms").run(2).faults == 9


def test_a_sleep_on_no_queue_is_a_hung_task_even_if_others_run():
    async def filemap_nopage(k, vma, address):
        await vma.vm_mm.mmap_sem.up_read()
        await schedule()

    mine = SYNCHRONOUS.patched("mine", filemap_nopage=filemap_nopage)
    with pytest.raises(mmlab.KernelBug, match=r"(?s)hung task.*fault0.*await schedule\(\)"):
        mmlab.Scenario(design=mine).run(0.1)


def test_a_run_that_could_not_begin_does_not_trouble_the_next():
    from mmlab.experiment.run import build

    scenario = mmlab.Scenario()
    object.__setattr__(scenario, "dontneed", "nonsense")  # what the checks of a Scenario would not let through
    with pytest.raises(ValueError):
        build(scenario)
    assert mmlab.Scenario().run(1).faults > 50


@pytest.mark.parametrize("nothing", [0, "0", "0ms", "0 us"])
def test_no_time_is_the_same_however_it_is_written(nothing):
    assert mmlab.Scenario(pause=nothing, dontneed=nothing) == mmlab.Scenario()


def test_a_constant_gap_stays_constant():
    scenario = mmlab.Scenario(dontneed=mmlab.constant("20us"))
    assert scenario.dontneed == "constant(20us)" and scenario == eval(repr(scenario), {"Scenario": mmlab.Scenario})


def test_a_design_may_not_pass_for_one_of_ours():
    async def mmap_write_lock(k, mm):
        await mm.mmap_sem.down_write()

    with pytest.raises(ValueError, match="a name of its own"):
        mmlab.Scenario(design=SYNCHRONOUS.patched("synchronous", mmap_write_lock=mmap_write_lock))
    mine = mmlab.Scenario(design=SYNCHRONOUS.patched("mine", mmap_write_lock=mmap_write_lock))
    with pytest.raises(ValueError, match="only in this process"):
        mine.to_json()


def test_a_signal_handler_needs_a_page_too():
    with pytest.raises(ValueError, match="one for its handler; give at least 2"):
        mmlab.Scenario(cache_pages=1, signal_rate=50)


def test_a_page_that_truncation_takes_leaves_the_cache_in_the_trace():
    from mmlab.kernel.truncate import vmtruncate

    lab = Lab(disk=MS)
    lab.task(touch(lab.k, BASE + PAGE))
    lab.task(vmtruncate(lab.file, PAGE), 5 * MS)
    lab.run()
    assert [event[3] for event in lab.events if event[2] == "evict"] == ["data:1"]


def test_a_picture_shows_nothing_beyond_the_end_of_a_run():
    result = mmlab.Scenario().run(0.1)
    with pytest.raises(ValueError, match="too late: this run ends at 100 ms"):
        result.timeline("300ms", "400ms")
    assert result.timeline("90ms", "1s").stop == 100_000_000


def test_a_ghost_stays_inside_the_plot():
    import re

    long, short = mmlab.Scenario(disk="18ms").run(0.1), mmlab.Scenario(disk="1ms").run(0.1)
    svg = short.timeline(ghost=long.timeline()).svg
    ghosts = "".join(re.findall(r'<g opacity=".55">(.*?)</g>', svg))
    assert ghosts and min(map(float, re.findall(r'<rect x="([0-9.]+)"', ghosts))) > 100
