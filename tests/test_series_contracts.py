"""What each patch of the series touches, who may call with which signature, who grants what, who keeps which lock."""

import pytest
from kernel_helpers import BASE, DISK, MS, PAGE, US, Lab, read_in

from mmlab import designs
from mmlab.designs.design import Design
from mmlab.kernel import (
    SIGKILL,
    SIGUSR1,
    VM_FAULT_RETRY,
    KernelBug,
    PageRetried,
    charge,
    send_sig,
    spu_bind_context,
    spu_context,
    spufs_mem_mmap,
)
from mmlab.kernel.exception import touch
from mmlab.kernel.gup import EAGAIN, EFAULT, pin_user_page
from mmlab.kernel.mmap import sys_mmap
from mmlab.kernel.sleep import EINTR
from mmlab.kernel.truncate import vmtruncate

PATCHES = {
    "nopage_refault": ("synchronous", "do_no_page filemap_nopage"),
    "nopage_retry": ("nopage_refault", "do_page_fault do_no_page filemap_nopage drop_and_wait"),
    "retry_once": ("nopage_retry", "do_page_fault filemap_nopage"),
    "pagefault_args": (
        "retry_once",
        "do_page_fault handle_mm_fault handle_pte_fault do_anonymous_page do_no_page filemap_nopage faultin_page "
        "drop_and_wait grant_retry lock_page_or_retry",
    ),
    "unshared_mm": ("pagefault_args", "grant_retry"),
    "sequence_counter": ("pagefault_args", "mmap_write_lock drop_and_wait"),
    "final": ("sequence_counter", "do_page_fault filemap_nopage drop_and_wait put_kept_page"),
    "page_flag": ("nopage_retry", "do_no_page filemap_nopage"),
    "retry_once_signals": ("retry_once", "do_page_fault filemap_nopage drop_and_wait"),
    "sequence_counter_unbounded": ("sequence_counter", "do_page_fault"),
    "spufs_synchronous": ("synchronous", "spufs_nopage"),
    "spufs_refault": ("nopage_refault", "spufs_nopage"),
    "spufs_args": ("pagefault_args", "spufs_nopage"),
}
WITH_ARGS = [name for name in designs.series if "pagefault_args" in designs.find(name).lineage]
PERMISSION = [name for name in designs.series if "retry_once" in designs.find(name).lineage]


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_touches_only_the_functions_that_its_contract_names(name):
    base, touched = PATCHES[name]
    assert designs[name].base.name == base
    assert set(designs.diff(base, name).stat) == set(touched.split())


@pytest.mark.parametrize("name", PATCHES)
def test_every_function_says_its_lock_state_and_every_design_its_source(name):
    for function in designs[name].patch.values():
        assert "ock state" in function.__doc__, function.__name__
    assert designs[name].story.endswith(".") and designs[name].source


def test_from_pagefault_args_on_one_argument_goes_down_the_whole_path():
    path = ("handle_mm_fault", "handle_pte_fault", "do_anonymous_page", "do_no_page", "filemap_nopage")
    count = {
        name: sum(design.functions[f].__code__.co_argcount - 1 for f in path) for name, design in designs.series.items()
    }
    assert count["retry_once"] == 4 + 5 + 5 + 5 + 2 and count["final"] == 5


async def one(k, args):
    """Takes the struct."""


async def many(k, mm, vma, address, page_table, write_access):
    """Takes what it took."""


def test_new_signatures_must_be_asked_for():
    with pytest.raises(ValueError, match="new_signatures=True"):
        designs["synchronous"].patched("mine", handle_mm_fault=one)


def test_a_new_signature_is_refused_while_a_caller_keeps_the_old_one():
    with pytest.raises(ValueError, match="handle_pte_fault calls do_no_page with its old parameters"):
        designs["synchronous"].patched("mine", new_signatures=True, do_no_page=one)
    with pytest.raises(ValueError, match="do_no_page calls nopage with its old parameters"):
        designs["synchronous"].patched("mine", new_signatures=True, filemap_nopage=one)
    designs["synchronous"].patched("mine", new_signatures=True, do_no_page=one, handle_pte_fault=many)


def test_what_the_kernel_calls_keeps_its_signature():
    with pytest.raises(ValueError, match="do_page_fault is called by the kernel"):
        designs["synchronous"].patched("mine", new_signatures=True, do_page_fault=one)


def test_all_drivers_of_a_design_take_the_same_parameters():
    patch = {"do_no_page": many, "filemap_nopage": one, "handle_pte_fault": many}
    with pytest.raises(ValueError, match="must take the same parameters"):
        designs["spufs_synchronous"].patched("mine", new_signatures=True, **patch)


def held_at_each_answer(name, function, lab_of):
    """(answer, mmap_sem held, a page lock held, references) whenever `function` of the design answers."""
    seen = []
    base = designs.find(name)
    inner = base.functions[function]

    async def watcher(k, *arguments):
        answer = await inner(k, *arguments)
        task = k.current
        locks = [lock for lock in task.held if lock is not k.mm.mmap_sem]
        seen.append((answer, k.mm.mmap_sem in task.held, len(locks), len(task.pins)))
        return answer

    lab_of(Design("spy", base, {function: watcher}, "", "", base.answers))
    return seen


@pytest.mark.parametrize("name", [n for n in designs.series if "nopage_retry" in designs.find(n).lineage])
def test_retry_comes_without_any_lock_and_every_other_answer_with_mmap_sem_alone(name):
    def run(design):
        lab = Lab(design, disk=MS)
        lab.mm.mm_users += 1
        lab.task(touch(lab.k, BASE))
        lab.task(sys_mmap(lab.k, PAGE), 500 * US)
        lab.run()

    seen = held_at_each_answer(name, "handle_mm_fault", run)
    kept = 1 if name == "final" else 0
    assert seen[0] == (VM_FAULT_RETRY, False, 0, kept)
    assert [state[1:] for state in seen[1:]] == [(True, 0, 0)] or name == "final"
    assert len(seen) == 2 and seen[1][1]


@pytest.mark.parametrize("name", ["sequence_counter", "final"])
def test_the_counter_unchanged_means_going_on_with_both_locks_held(name):
    def run(design):
        lab = Lab(design, disk=MS)
        lab.task(touch(lab.k, BASE))
        lab.run()

    assert held_at_each_answer(name, "drop_and_wait", run) == [(True, True, 1, 1)]


@pytest.mark.parametrize("name", ["sequence_counter", "final"])
def test_a_writer_is_missed_when_exactly_a_whole_turn_of_the_counter_falls_into_one_sleep(name):
    for writers, bits, continued in ((1, 1, False), (2, 1, True), (2, 2, False), (4, 2, True), (4, 32, False)):
        lab = Lab(designs.find(name))
        lab.mm.seq_bits = bits
        lab.task(touch(lab.k, BASE))
        for number in range(writers):
            lab.task(sys_mmap(lab.k, PAGE), MS + number * MS)
        lab.run()
        assert (len(lab.times("walk")) == 1) == continued, (writers, bits)


@pytest.mark.parametrize("name", ["sequence_counter", "final"])
def test_an_unchanged_counter_says_nothing_of_the_page(name):
    lab, answers = Lab(name), []

    async def faulter():
        answers.append(await touch(lab.k, BASE))

    task = lab.task(faulter())
    lab.task(vmtruncate(lab.file, 0), 2 * US)  # first in the page's queue: it has the page before the fault wakes
    lab.run()
    lab.nothing_is_left()
    assert lab.mm.mmap_seq == 0
    assert answers == ["SIGBUS"] and task.maj_flt == 0 and not lab.times("pte")
    assert len(lab.times("walk")) == 2, "it must start again"


@pytest.mark.parametrize("name", ["retry_once", "pagefault_args"])
def test_the_second_pass_reads_with_the_lock_held(name):
    lab = Lab(name, cache_pages=1, disk=MS)

    async def thief():
        await lab.k.mmap_write_lock(lab.mm)  # the rerun has to queue, and that makes the window
        await charge(3 * MS)
        await lab.k.mmap_write_unlock(lab.mm)

    task = lab.task(touch(lab.k, BASE))
    lab.task(thief(), 900 * US)
    lab.task(read_in(lab.file, 9), 1_500 * US)
    lab.run()
    lab.nothing_is_left()
    asleep = [e.holders for e in lab.events if e.task == task.comm and e.what == "page_wait"]
    assert asleep == [0, 1] and task.maj_flt == 1 and not task.flags


def test_unshared_mm_keeps_the_lock_for_a_lone_task_and_drops_it_for_company():
    for users, walks in ((0, 1), (1, 2)):
        lab = Lab("unshared_mm")
        lab.mm.mm_users += users
        lab.task(touch(lab.k, BASE))
        lab.run()
        assert len(lab.times("walk")) == walks
        assert lab.mm.mm_users == users


def test_the_mark_on_the_page_is_set_at_the_first_drop_and_cleared_at_the_install():
    lab, seen = Lab("page_flag"), []

    async def look():
        seen.append(PageRetried(lab.file.pages[0]))

    lab.task(touch(lab.k, BASE))
    for at in (MS, DISK + MS):
        lab.task(look(), at)
    lab.run()
    assert seen == [True, False] and lab.times("pte")


def test_a_page_that_was_reclaimed_forgets_its_mark_so_the_rerun_drops_the_lock_again():
    lab = Lab("page_flag", cache_pages=1, disk=MS)

    async def thief():
        await lab.k.mmap_write_lock(lab.mm)
        await charge(3 * MS)
        await lab.k.mmap_write_unlock(lab.mm)

    task = lab.task(touch(lab.k, BASE))
    lab.task(thief(), 900 * US)
    lab.task(read_in(lab.file, 9), 1_500 * US)
    lab.run()
    lab.nothing_is_left()
    assert [e.holders for e in lab.events if e.task == task.comm and e.what == "page_wait"] == [0, 0]


def test_the_flag_on_the_page_makes_the_first_try_of_others_synchronous():
    held = {}
    for name in ("retry_once", "page_flag"):
        lab = Lab(name)
        lab.task(touch(lab.k, BASE))
        second = lab.task(touch(lab.k, BASE), MS)
        lab.run()
        asleep = [e for e in lab.events if e.task == second.comm and e.what == "page_wait"]
        held[name] = asleep[0].holders
    assert held == {"retry_once": 0, "page_flag": 1}


def gup(name, at=None, sig=None, **how):
    lab = Lab(name, **how.pop("lab", {}))
    answers = []

    async def caller():
        answers.append(await pin_user_page(lab.k, how.pop("address", BASE), **how))

    task = lab.task(caller())

    async def sender():
        send_sig(sig, task)

    if sig:
        lab.task(sender(), at)
    lab.run()
    lab.nothing_is_left()
    return answers[0], task, lab


@pytest.mark.parametrize("name", ["synchronous", *PERMISSION])
def test_get_user_pages_grants_nothing_so_its_caller_keeps_the_lock(name):
    answer, task, lab = gup(name)
    assert answer == 0 and task.maj_flt == 1
    assert len(lab.times("release")) == 1 and lab.times("release")[0] > DISK


@pytest.mark.parametrize("name", ["nopage_retry", "page_flag"])
def test_a_design_that_cannot_ask_drops_the_lock_of_get_user_pages(name):
    with pytest.raises(KernelBug) as found:
        gup(name)
    assert found.value.kind == "lock dropped without permission"


@pytest.mark.parametrize("name", WITH_ARGS)
def test_get_user_pages_with_nowait_starts_the_read_and_keeps_the_lock(name):
    answer, task, lab = gup(name, nowait=True)
    assert answer == -EAGAIN and task.maj_flt == 0
    assert not lab.times("page_wait") and len(lab.times("submit")) == 1
    assert len(lab.times("acquire")) == 1 and lab.times("release")[0] < 10 * US


@pytest.mark.parametrize("name", WITH_ARGS)
def test_get_user_pages_of_a_dying_task_gives_up_at_once(name):
    answer, task, lab = gup(name, MS, SIGKILL)
    assert answer == -EINTR and task.maj_flt == 0 and lab.times("exit")[0] == MS


@pytest.mark.parametrize("name", ["synchronous", *PERMISSION])
def test_get_user_pages_says_what_is_wrong_with_an_address(name):
    assert gup(name, address=0x3000_0000)[0] == -EFAULT


def spu(name, *, bind=20 * MS, sig=None):
    """Touch the local store of a context that runs only from `bind` on; `sig` comes after 5 ms, a mmap after 1 ms."""
    lab = Lab(name, mapped=False)
    context = spu_context(lab.k)
    lab.mm.mmap.append(spufs_mem_mmap(lab.mm, context, BASE))
    log = []

    async def program():
        log.append((await touch(lab.k, BASE), lab.k.now))
        if log[-1][0] == SIGUSR1:
            log.append((await touch(lab.k, BASE), lab.k.now))

    async def sender():
        send_sig(sig, task)

    async def scheduler():
        spu_bind_context(context)

    task = lab.task(program())
    mmap = lab.task(sys_mmap(lab.k, PAGE), MS, role="mmap")
    lab.task(scheduler(), bind)
    if sig:
        lab.task(sender(), 5 * MS)
    lab.run(500 * MS)
    lab.nothing_is_left()
    wait = next(e.value for e in lab.events if e.task == mmap.comm and e.what == "acquire")
    return log, wait, task


def test_a_driver_of_2_6_18_is_deaf_to_signals_and_blocks_every_writer():
    log, wait, _ = spu("spufs_synchronous", sig=SIGUSR1)
    assert log[0][0] == SIGUSR1 and log[0][1] > 20 * MS
    assert wait > 18 * MS


def test_refaulting_is_just_right_for_a_driver_that_must_get_out_for_a_signal():
    log, wait, task = spu("spufs_refault", sig=SIGUSR1)
    assert log[0][0] == SIGUSR1 and log[0][1] < 5 * MS + 10 * US
    assert log[1][0] is None and log[1][1] >= 20 * MS
    assert 3 * MS < wait < 5 * MS, "the writer waits until the signal comes: the driver sleeps with the lock held"
    assert task.utime < 20 * US, "no busy wait"


def test_with_pagefault_args_the_driver_hears_signals_and_lets_writers_in():
    log, wait, task = spu("spufs_args", sig=SIGUSR1)
    assert log[0] == (SIGUSR1, 5 * MS) and log[1][0] is None
    assert wait == 0
    assert task.min_flt == 1 and task.maj_flt == 0
    assert spu("spufs_args", sig=SIGKILL)[0] == [(SIGKILL, 5 * MS)]
