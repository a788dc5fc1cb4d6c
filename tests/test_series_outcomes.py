"""What a fault comes to under each design of the series when something happens while it sleeps."""

import pytest
from kernel_helpers import BASE, DISK, MS, PAGE, US, Lab

from mmlab import designs
from mmlab.kernel import SIGKILL, SIGUSR1, VM_READ, VM_WRITE, charge, page_cache_read, put_page, send_sig
from mmlab.kernel.exception import EFAULT, copy_from_user, touch
from mmlab.kernel.mmap import sys_mmap, sys_mprotect, sys_munmap
from mmlab.kernel.truncate import vmtruncate

SERIES = tuple(designs.series)
DROPPING = tuple(name for name in SERIES if "nopage_retry" in designs.find(name).lineage)
WITH_ARGS = tuple(name for name in SERIES if "pagefault_args" in designs.find(name).lineage)
COUNTER = ("sequence_counter", "final")
of_series = pytest.mark.parametrize("design", SERIES)
of_dropping = pytest.mark.parametrize("design", DROPPING)
of_args = pytest.mark.parametrize("design", WITH_ARGS)


def shared(design, **options):
    """A Lab whose address space has one more user, so that unshared_mm grants a retry too."""
    lab = Lab(design, **options)
    lab.mm.mm_users += 1
    return lab


def fault_while(lab, *disturbances, address=BASE, access=touch):
    """One access at time 0; each of `disturbances` (time, coroutine or function) meanwhile. Returns (answer, task)."""
    answers = []

    async def faulter():
        answers.append(await access(lab.k, address))

    async def call(function):
        function(task)

    task = lab.task(faulter())
    for at, what in disturbances:
        lab.task(call(what) if callable(what) else what, at, role="mmap")
    lab.run()
    lab.nothing_is_left()
    assert not task.flags, "a task flag was left behind"
    return answers[0], task


def signal(name):
    return lambda task: send_sig(name, task)


async def passing_writer(lab):
    """A write section that changes nothing for the fault."""
    await sys_mmap(lab.k, PAGE)


@of_dropping
def test_a_lone_fault_is_one_major_fault_whatever_the_design_does_meanwhile(design):
    lab = shared(design)
    answer, task = fault_while(lab)
    assert answer is None and (task.min_flt, task.maj_flt) == (0, 1)
    walks = 1 if design in COUNTER else 2
    assert len(lab.times("walk")) == walks
    assert len(lab.times("submit")) == len(lab.times("pte")) == 1


@of_dropping
def test_a_writer_in_between_costs_a_second_walk_but_not_a_second_read(design):
    lab = shared(design)
    _, task = fault_while(lab, (MS, passing_writer(lab)))
    assert len(lab.times("walk")) == 2 and len(lab.times("submit")) == 1
    assert (task.min_flt, task.maj_flt) == (0, 1)


@of_dropping
def test_nobody_waits_for_the_disk_when_the_lock_is_dropped(design):
    lab = shared(design)
    fault_while(lab, (MS, passing_writer(lab)))
    assert max(e.value for e in lab.events if e.what == "acquire" and e.object == "mmap_sem/write") < MS


@of_dropping
def test_unmapped_while_asleep_is_a_segmentation_fault_that_counts_nothing(design):
    lab = shared(design)
    answer, task = fault_while(lab, (MS, sys_munmap(lab.k, BASE, 64 * PAGE)))
    assert answer == "SIGSEGV" and (task.min_flt, task.maj_flt, lab.mm.rss) == (0, 0, 0)


@of_dropping
def test_made_unreadable_while_asleep_is_a_segmentation_fault(design):
    lab = shared(design)
    answer, _ = fault_while(lab, (MS, sys_mprotect(lab.k, BASE, PAGE, 0)))
    assert answer == "SIGSEGV" and lab.mm.rss == 0


@of_series
@pytest.mark.parametrize("at", [US, MS, DISK + 2_300, DISK + 2_500, DISK + 2_700, DISK + 2_900, DISK + 3_500])
def test_truncated_meanwhile_is_a_bus_error_or_a_mapping_that_truncate_takes_away(design, at):
    lab = shared(design)
    answer, task = fault_while(lab, (at, vmtruncate(lab.file, 0)))
    assert lab.mm.rss == 0 and not lab.file.pages
    assert answer == "SIGBUS" or len(lab.times("unmap")) == 1
    assert task.min_flt + task.maj_flt <= len(lab.times("enter"))


@of_series
def test_killed_while_asleep_dies_at_once_only_where_the_wait_is_killable(design):
    lab = shared(design)
    answer, task = fault_while(lab, (MS, signal(SIGKILL)))
    assert answer == SIGKILL
    died = next(e.time for e in lab.events if e.task == task.comm and e.what == "exit")
    if design in WITH_ARGS:
        assert died == MS and (task.min_flt, task.maj_flt) == (0, 0)
    else:
        assert (died > DISK) == (design != "nopage_refault")


@of_series
def test_killed_while_it_may_not_drop_the_lock_drops_it_all_the_same(design):
    lab = Lab(design)

    async def grant_retry(k, mm):
        return 0

    if design in WITH_ARGS:
        lab = Lab(designs.find(design).patched("no_permission", grant_retry=grant_retry))
    answer, task = fault_while(lab, (MS, signal(SIGKILL)))
    assert answer == SIGKILL
    if design in WITH_ARGS:
        assert task.maj_flt == 0 and lab.times("exit")[0] <= MS


@of_args
def test_a_signal_while_asleep_ends_the_fault_uncounted_and_the_replay_is_a_new_fault(design):
    lab = shared(design)
    answers = []

    async def faulter():
        answers.append(await touch(lab.k, BASE))
        answers.append(await touch(lab.k, BASE))

    task = lab.task(faulter())

    async def sender():
        send_sig(SIGUSR1, task)

    lab.task(sender(), MS)
    lab.run()
    lab.nothing_is_left()
    assert answers == [SIGUSR1, None]
    assert lab.words(task, "leave") == [("leave", "retry"), ("leave", "major")]
    assert next(e.time for e in lab.events if e.task == task.comm and e.what == "leave") == MS
    assert (task.min_flt, task.maj_flt) == (0, 1)


@pytest.mark.parametrize("design", [name for name in SERIES if name not in WITH_ARGS and name != "nopage_refault"])
def test_before_pagefault_args_a_signal_waits_for_the_disk(design):
    lab = shared(design)
    answer, task = fault_while(lab, (MS, signal(SIGUSR1)))
    assert answer == SIGUSR1 and task.maj_flt == 1
    assert lab.words(task, "leave") == [("leave", "major")]


@of_series
@pytest.mark.parametrize("first", ["the disk fails once", "the disk fails twice"])
def test_a_read_error_is_repaired_by_one_more_read_or_is_a_bus_error(design, first):
    lab = shared(design, disk=MS)
    lab.file.bad.add(0)

    async def repaired():
        lab.file.bad.clear()

    disturbances = [(MS + 100 * US, repaired())] if first == "the disk fails once" else []
    answer, task = fault_while(lab, *disturbances)
    assert answer == (None if disturbances else "SIGBUS")
    assert len(lab.times("submit")) == 2
    if design != "nopage_refault":
        assert (task.min_flt, task.maj_flt) == ((0, 1) if disturbances else (0, 0))


@of_dropping
def test_without_memory_on_the_second_pass_it_is_an_oom_kill_and_nothing_is_left(design):
    lab = shared(design, cache_pages=1)

    async def steals(lab):
        await lab.k.mmap_write_lock(lab.mm)
        await charge(40 * MS)
        await lab.k.mmap_write_unlock(lab.mm)

    def no_more_memory(task):
        lab.k.fail_alloc = lambda: True

    async def reads_another():
        page = await page_cache_read(lab.file, 9)
        if page is not None:
            await put_page(page)

    answer, task = fault_while(lab, (MS, steals(lab)), (20 * MS, reads_another()), (25 * MS, no_more_memory))
    if design in COUNTER:  # the reference was kept while it queued for mmap_sem: nobody could push the page out
        assert answer is None and task.maj_flt == 1
    else:
        assert answer == SIGKILL and (task.min_flt, task.maj_flt) == (0, 0)


@of_series
@pytest.mark.parametrize("delay", [0, 300, MS, DISK, DISK + 2_400])
def test_a_sibling_on_the_same_page_shares_the_read_and_each_counts_once(design, delay):
    lab = Lab(design)
    tasks = [lab.task(touch(lab.k, BASE), at) for at in (0, delay)]
    lab.run()
    lab.nothing_is_left()
    assert len(lab.times("submit")) == len(lab.times("pte")) == 1
    for task in tasks:
        entered = sum(e.task == task.comm and e.what == "enter" for e in lab.events)
        assert task.min_flt + task.maj_flt == entered


@of_series
def test_an_access_by_the_kernel_itself_fails_with_an_error_where_a_program_would_get_a_signal(design):
    lab = Lab(design)
    answer, task = fault_while(lab, address=0x3000_0000, access=copy_from_user)
    assert answer == -EFAULT and not task.pending


@of_args
def test_an_access_by_the_kernel_itself_ignores_a_handled_signal_and_fails_for_a_fatal_one(design):
    lab = shared(design)
    answer, task = fault_while(lab, (MS, signal(SIGUSR1)), access=copy_from_user)
    assert answer == 0 and task.maj_flt == 1 and task.pending == [SIGUSR1]
    lab = shared(design)
    answer, task = fault_while(lab, (MS, signal(SIGKILL)), access=copy_from_user)
    assert answer == -EFAULT and task.maj_flt == 0
    assert len(lab.times("enter")) == 1, "it must not be replayed"


@of_args
def test_the_page_stays_locked_from_nopage_to_the_install(design):
    locked = []
    base = designs.find(design)
    inner = base.functions["filemap_nopage"]

    async def filemap_nopage(k, args):
        page = await inner(k, args)
        if page not in (None, -1, -2):
            locked.append((args.page_locked, page in k.current.held))
        return page

    lab = Lab(base.patched("spy", filemap_nopage=filemap_nopage))
    fault_while(lab)
    assert locked == [(True, True)]


@of_series
def test_writing_to_a_page_that_a_sibling_mapped_makes_it_writable(design):
    lab = Lab(design, flags=VM_READ | VM_WRITE)

    async def story():
        await touch(lab.k, BASE)
        lab.mm.pgd[BASE >> 21].readonly.add(BASE >> 12)
        assert await touch(lab.k, BASE, True) is None

    task = lab.task(story())
    lab.run()
    lab.nothing_is_left()
    assert task.min_flt + task.maj_flt == sum(e.what == "enter" for e in lab.events)
