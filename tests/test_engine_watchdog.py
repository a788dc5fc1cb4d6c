"""Handlers that never end: loops in which no time passes, with and without an await."""

import gc
import threading
import warnings

import pytest
from kernel_helpers import BASE, MS, PAGE, Lab, read_in

from mmlab import KernelBug, designs
from mmlab.engine import watchdog
from mmlab.kernel import VM_FAULT_MINOR, charge, pte_none, wait_on_page_locked
from mmlab.kernel.exception import touch

SYNCHRONOUS = designs.find("synchronous")


def watchdogs():
    return [thread for thread in threading.enumerate() if thread.name == "mmlab watchdog"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(watchdog, "SOFT_LOCKUP_SECONDS", 0.25)  # a busy machine may stall us for 50 ms


async def without_await(k, mm, vma, address, write_access):
    n = 0
    while True:
        n += 1


async def with_awaits_that_never_give_way(k, mm, vma, address, write_access):
    table = mm.pgd.setdefault(0, type("table", (), {"ptes": {}})())
    while await pte_none(table, address):
        pass


async def with_charges_of_nothing(k, mm, vma, address, write_access):
    while True:
        await charge(0)


async def that_swallows_every_exception(k, mm, vma, address, write_access):
    n = 0
    while n < 3:
        try:
            while True:
                pass
        except Exception:
            n += 1
    raise LookupError("three times")


async def of_waits_for_an_unlocked_page(k, mm, vma, address, write_access):
    while True:
        await wait_on_page_locked(k.files[0].pages[0])


LOOPS = [
    without_await,
    with_awaits_that_never_give_way,
    with_charges_of_nothing,
    of_waits_for_an_unlocked_page,
]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_an_endless_loop_in_which_no_time_passes_is_broken_off_at_its_line(loop):
    lab = Lab(SYNCHRONOUS.patched("mine", handle_mm_fault=loop), disk=MS)

    async def story():
        await read_in(lab.file, 0)
        await touch(lab.k, BASE)

    lab.task(story())
    with pytest.raises(KernelBug) as found:
        lab.run()
    bug = found.value
    assert bug.kind == "soft lockup"
    assert bug.task == "fault0"
    assert bug.where[0] == loop.__name__
    assert bug.locks == "mmap_sem held for reading by fault0"
    assert bug.events and "what should end the loop" in str(bug)


def test_a_loop_that_swallows_the_first_alarm_is_broken_off_again():
    lab = Lab(SYNCHRONOUS.patched("mine", handle_mm_fault=that_swallows_every_exception), disk=MS)
    lab.task(touch(lab.k, BASE))
    with pytest.raises(LookupError, match="three times"):
        lab.run()


def test_a_long_but_honest_run_is_left_alone(monkeypatch):
    monkeypatch.setattr(watchdog, "SOFT_LOCKUP_SECONDS", 0.5)  # a busy machine may well stall us for 50 ms
    lab = Lab("nopage_retry", cache_pages=4, disk=1_000)

    async def faulter():
        for n in range(12_000):
            await touch(lab.k, BASE + n % 64 * PAGE)

    lab.task(faulter())
    lab.run()
    assert lab.k.tasks[0].maj_flt == 12_000


def test_a_run_leaves_no_thread_and_no_changed_setting_behind():
    before = warnings.showwarning, list(warnings.filters), gc.isenabled()
    lab = Lab(disk=MS)
    lab.task(touch(lab.k, BASE))
    lab.run()
    assert (warnings.showwarning, list(warnings.filters), gc.isenabled()) == before
    for thread in watchdogs():
        thread.join(10)
    assert watchdogs() == []


def test_other_warnings_of_the_readers_code_still_come_through():
    async def handle_mm_fault(k, mm, vma, address, write_access):
        warnings.warn("look here", UserWarning, stacklevel=1)
        return VM_FAULT_MINOR

    lab = Lab(SYNCHRONOUS.patched("mine", handle_mm_fault=handle_mm_fault))
    lab.task(touch(lab.k, BASE))
    with pytest.warns(UserWarning, match="look here"):
        lab.run(2_000)


def test_a_shipped_design_needs_no_watchdog_thread():
    before, seen = watchdogs(), []
    lab = Lab(debug=False)

    async def looks():
        seen.extend(thread for thread in watchdogs() if thread not in before)

    lab.task(looks())
    lab.run()
    assert seen == []
