"""struct page and the page cache: the page lock, PG_uptodate, references, and who adds a page."""

import pytest
from kernel_helpers import DISK, Lab, read_in, run_alone

from mmlab import KernelBug
from mmlab.kernel import (
    SIGKILL,
    PageLocked,
    PageUptodate,
    charge,
    costs,
    find_get_page,
    find_lock_page,
    get_page,
    lock_page,
    page_cache_read,
    put_page,
    send_sig,
    trylock_page,
    unlock_page,
    wait_on_page_locked,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)
from mmlab.kernel.sleep import EINTR
from mmlab.kernel.truncate import vmtruncate

READ_IN = DISK + costs.PAGE_CACHE_LOOKUP


def test_a_fresh_page_is_locked_and_not_uptodate_until_the_disk_is_done():
    lab, seen = Lab(), []

    async def reader():
        page = await page_cache_read(lab.file, 3)
        seen.append((PageLocked(page), PageUptodate(page), page.count))
        assert await wait_on_page_locked(page) == 0
        seen.append((PageLocked(page), PageUptodate(page), page.count))
        await put_page(page)
        seen.append(page.count)

    lab.task(reader())
    lab.run()
    assert seen == [(True, False, 2), (False, True, 2), 1]
    assert lab.times("io_done") == [DISK]


def test_a_failed_read_unlocks_the_page_and_leaves_it_not_uptodate():
    lab = Lab()
    lab.file.bad.add(3)
    lab.task(read_in(lab.file, 3))
    lab.run()
    page = lab.file.pages[3]
    assert not PageLocked(page) and not PageUptodate(page)


def test_all_who_wait_for_a_page_are_woken_when_its_read_ends():
    lab = Lab()
    for _ in range(4):
        lab.task(read_in(lab.file, 0))
    lab.run()
    assert lab.times("page_woken") == [READ_IN] * 4
    assert len(lab.times("submit")) == 1
    lab.nothing_is_left()


def test_lock_page_is_held_by_one_task_at_a_time_and_everyone_gets_it():
    lab, inside, order = Lab(), [], []

    async def locker(n):
        page = await find_get_page(lab.file, 0)
        await lock_page(page)
        inside.append(n)
        assert inside == [n]
        await charge(1_000)
        order.append(inside.pop())
        await unlock_page(page)
        await put_page(page)

    lab.task(read_in(lab.file, 0))
    for n in range(5):
        lab.task(locker(n), DISK * 2 + n)
    lab.run()
    assert sorted(order) == [0, 1, 2, 3, 4]
    lab.nothing_is_left()


def test_unlock_page_wakes_all_so_that_one_who_only_waits_cannot_strand_one_who_wants_the_lock():
    lab, order = Lab(), []

    async def holder():
        await read_in(lab.file, 0)
        page = await find_lock_page(lab.file, 0)
        await charge(10_000)
        await unlock_page(page)
        await put_page(page)

    async def waits():
        await wait_on_page_locked(lab.file.pages[0])
        order.append("waited")

    async def locks():
        await lock_page(lab.file.pages[0])
        order.append("locked")
        await unlock_page(lab.file.pages[0])

    lab.task(holder())
    lab.task(waits(), READ_IN + 5_000)
    lab.task(locks(), READ_IN + 6_000)
    lab.run()
    assert order == ["waited", "locked"]


def test_trylock_page_answers_at_once_whether_it_has_the_lock():
    lab, answers = Lab(), []

    async def tries():
        page = await page_cache_read(lab.file, 0)
        answers.append(await trylock_page(page))
        await wait_on_page_locked(page)
        answers.append(await trylock_page(page))
        await unlock_page(page)
        await put_page(page)

    lab.task(tries())
    lab.run()
    assert answers == [False, True]


@pytest.mark.parametrize(
    ("wait", "signal", "ended_early"),
    [
        (wait_on_page_locked, SIGKILL, False),
        (wait_on_page_locked_killable, "SIGUSR1", False),
        (wait_on_page_locked_killable, SIGKILL, True),
        (wait_on_page_locked_interruptible, "SIGUSR1", True),
        (wait_on_page_locked_interruptible, SIGKILL, True),
    ],
)
@pytest.mark.parametrize("pending_before", [True, False])
def test_only_the_signals_that_a_wait_admits_end_it(wait, signal, ended_early, pending_before):
    lab, result = Lab(), []

    async def waiter():
        page = await page_cache_read(lab.file, 0)
        result.append(await wait(page))
        result.append(lab.k.now)
        assert lab.k.current not in page.waiters
        await put_page(page)

    async def sender(task):
        send_sig(signal, task)
        await charge(0)

    task = lab.task(waiter())
    at = 100 if pending_before else 5_000_000
    lab.task(sender(task), at)
    lab.run()
    if ended_early:
        assert result[0] == -EINTR and result[1] == max(at, 2_000)
    else:
        assert result == [0, DISK]
    lab.nothing_is_left()


def test_a_signal_and_the_end_of_the_read_in_the_same_instant_wake_the_task_once():
    lab, result = Lab(), []

    async def waiter():
        page = await page_cache_read(lab.file, 0)
        result.append(await wait_on_page_locked_killable(page))
        await put_page(page)
        await charge(1_000)
        result.append("on")

    async def sender(task):
        send_sig(SIGKILL, task)
        await charge(0)

    task = lab.task(waiter())
    lab.task(sender(task), DISK)
    lab.run()
    assert result[0] in (0, -EINTR) and result[1:] == ["on"]
    lab.nothing_is_left()


def test_the_last_put_frees_the_page_and_any_touch_after_that_is_a_use_after_free():
    lab, stale = Lab(), []

    async def keeps_a_pointer():
        page = await page_cache_read(lab.file, 0)
        await wait_on_page_locked(page)
        await put_page(page)
        stale.append(page)
        await vmtruncate(lab.file, 0)
        PageUptodate(page)

    lab.task(keeps_a_pointer())
    with pytest.raises(KernelBug, match=r"use after free: page data:0 was used \(\.flags\)") as found:
        lab.run()
    assert found.value.where[0] == "keeps_a_pointer"
    assert found.value.where[2] == "PageUptodate(page)"
    assert repr(stale[0]) == "freed page data:0"
    with pytest.raises(KernelBug, match="page data:0 was used after its last reference"):
        stale[0].k  # noqa: B018 - ours, no field of struct page: it is not named to learners


def test_a_reference_of_ones_own_keeps_a_truncated_page_alive():
    lab, seen = Lab(), []

    async def holder():
        page = await page_cache_read(lab.file, 0)
        await wait_on_page_locked(page)
        await get_page(page)
        await vmtruncate(lab.file, 0)
        seen.append((page.mapping, page.count, PageUptodate(page)))
        await put_page(page)
        await put_page(page)

    lab.task(holder())
    lab.run()
    assert seen == [(None, 2, True)]


def test_putting_a_reference_that_one_does_not_have_is_an_underflow():
    lab = Lab()

    async def puts_twice():
        page = await page_cache_read(lab.file, 0)
        await put_page(page)
        await put_page(page)

    lab.task(puts_twice())
    with pytest.raises(KernelBug, match="reference underflow"):
        lab.run()


def test_find_get_page_answers_none_for_a_page_that_is_not_cached():
    lab = Lab()
    assert run_alone(lab.k, find_get_page(lab.file, 9)) is None
    assert lab.k.current.pins == []


def test_find_lock_page_sleeps_for_the_lock_and_gives_the_page_locked_and_referenced():
    lab, seen = Lab(), []

    async def finder():
        page = await find_lock_page(lab.file, 0)
        seen.append((lab.k.now, PageUptodate(page), page in lab.k.current.held, page.count))
        await unlock_page(page)
        await put_page(page)
        seen.append(await find_lock_page(lab.file, 1))

    lab.task(read_in(lab.file, 0))
    lab.task(finder(), 100)
    lab.run()
    assert seen == [(READ_IN, True, True, 3), None]  # the cache, the reader, the finder
    lab.nothing_is_left()


def test_find_lock_page_looks_again_when_the_page_was_truncated_while_it_slept():
    lab, seen = Lab(), []

    async def holder():
        await read_in(lab.file, 0)
        page = await find_lock_page(lab.file, 0)
        await charge(1_000)
        await unlock_page(page)
        await put_page(page)

    async def finder():
        seen.append(await find_lock_page(lab.file, 0))

    lab.task(holder())
    lab.task(vmtruncate(lab.file, 0), DISK + 700)
    lab.task(finder(), DISK + 800)
    lab.run()
    assert lab.words(None, "page_wait") == [("page_wait", "data:0")] * 3  # its read, the truncation, the finder
    assert seen == [None]
    lab.nothing_is_left()


def test_page_cache_read_gives_the_page_that_somebody_else_added_first_and_reads_nothing():
    lab, pages = Lab(), []

    async def adds():
        page = await page_cache_read(lab.file, 0)
        pages.append(page)
        await wait_on_page_locked(page)
        await put_page(page)

    lab.task(adds())
    lab.task(adds(), 100)
    lab.run()
    assert pages[0] is pages[1]
    assert len(lab.times("submit")) == 1
    lab.nothing_is_left()


def test_page_cache_read_answers_none_when_memory_is_out():
    lab = Lab()
    lab.k.fail_alloc = lambda: True
    assert run_alone(lab.k, page_cache_read(lab.file, 0)) is None
    assert lab.file.pages == {}
