"""Pages leave: reclaim of the least recently used, FADV_DONTNEED, and truncation under a sleeping fault."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_helpers import BASE, DISK, PAGE, Lab, read_in

from mmlab.kernel import (
    charge,
    find_get_page,
    find_lock_page,
    get_page,
    page_cache_read,
    put_page,
    unlock_page,
    wait_on_page_locked,
)
from mmlab.kernel.costs import INSTALL_PTE
from mmlab.kernel.exception import touch
from mmlab.kernel.truncate import fadvise_dontneed, vmtruncate

FAST = 1_000


def lab_running(story, **options):
    """Run `await story(lab)` as the only task."""
    lab = Lab(**{"disk": FAST, **options})
    lab.task(story(lab))
    lab.run()
    assert lab.words(None, "exit") == [("exit", "done")]
    return lab


async def touch_pages(lab, *pages):
    for n in pages:
        assert await touch(lab.k, BASE + n * PAGE) is None


def evicted(lab):
    return [int(object.split(":")[1]) for _, object in lab.words(None, "evict")]


def test_reclaim_takes_the_page_that_was_looked_up_longest_ago():
    async def story(lab):
        for n in (0, 1, 2, 0, 3, 4):
            await read_in(lab.file, n)

    lab = lab_running(story, cache_pages=3)
    assert evicted(lab) == [1, 2]
    assert set(lab.file.pages) == {0, 3, 4}
    lab.nothing_is_left()


def test_reclaim_unmaps_by_rmap_without_mmap_sem_and_the_next_touch_is_a_major_fault():
    async def story(lab):
        lab.map(BASE + 100 * PAGE, 64, file=lab.file)
        await touch_pages(lab, 0, 100)
        await lab.sem.down_write()  # held by the very task that reclaims: it needs no mmap_sem
        await read_in(lab.file, 7)
        await lab.sem.up_write()
        assert lab.mm.rss == 0
        await touch_pages(lab, 0)

    lab = lab_running(story, cache_pages=1)
    assert sorted(e.value for e in lab.events if e.what == "unmap") == [BASE, BASE + 100 * PAGE]
    assert lab.k.tasks[0].maj_flt == 2 and lab.k.tasks[0].min_flt == 1
    lab.nothing_is_left()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 11)), max_size=40), st.integers(3, 6))
def test_the_cache_never_exceeds_its_limit(touches, limit):
    lab = Lab(cache_pages=limit, disk=FAST)
    sizes = []

    async def toucher(pages):
        for n in pages:
            await touch(lab.k, BASE + n * PAGE)
            sizes.append(len(lab.k.lru))

    for task in range(3):
        lab.task(toucher([n for t, n in touches if t == task]))
    lab.run()
    assert all(size <= limit for size in sizes)
    assert not lab.times("signal")
    lab.nothing_is_left()


def test_reclaim_skips_locked_and_referenced_pages_and_gives_up_when_there_are_no_others():
    async def story(lab):
        await read_in(lab.file, 0)
        await read_in(lab.file, 1)
        locked = await find_lock_page(lab.file, 0)
        await put_page(locked)
        held = await find_get_page(lab.file, 1)
        assert await page_cache_read(lab.file, 2) is None
        await put_page(held)
        await read_in(lab.file, 2)
        await unlock_page(locked)
        assert set(lab.file.pages) == {0, 2}

    lab_running(story, cache_pages=2).nothing_is_left()


def test_a_page_that_could_not_go_moves_to_the_young_end_so_that_reclaim_does_not_scan_it_each_time():
    async def story(lab):
        for n in range(3):
            await read_in(lab.file, n)
        held = await find_get_page(lab.file, 0)
        lab.k.lru.move_to_end(held, last=False)
        await read_in(lab.file, 3)
        assert [page.index for page in lab.k.lru] == [2, 0, 3]
        await put_page(held)

    lab_running(story, cache_pages=3)


@pytest.mark.parametrize("wide", [False, True])
def test_dontneed_drops_clean_pages_and_skips_locked_mapped_and_referenced_ones(wide):
    async def story(lab):
        for n in range(5):
            await read_in(lab.file, n)
        await touch_pages(lab, 1)
        locked = await find_lock_page(lab.file, 0)
        await put_page(locked)
        held = await find_get_page(lab.file, 2)
        last = 10**9 if wide else 3
        assert await fadvise_dontneed(lab.file, 0, last) == (2 if wide else 1)
        assert set(lab.file.pages) == ({0, 1, 2} if wide else {0, 1, 2, 4})
        await unlock_page(locked)
        await put_page(held)

    lab = lab_running(story)
    assert evicted(lab) == ([3, 4] if wide else [3])
    lab.nothing_is_left()


def test_truncation_takes_pages_and_ptes_beyond_the_new_end_and_counts():
    async def story(lab):
        await touch_pages(lab, 0, 1, 2, 3)
        await vmtruncate(lab.file, 2 * PAGE - 100)
        assert set(lab.file.pages) == {0, 1}
        assert lab.mm.rss == 2
        assert lab.file.truncate_count == 1
        await touch_pages(lab, 0, 1)
        assert await touch(lab.k, BASE + 2 * PAGE) == "SIGBUS"

    lab = lab_running(story)
    assert lab.words(None, "unmap") == [("unmap", "data:2"), ("unmap", "data:3")]
    lab.nothing_is_left()


def test_truncation_waits_for_a_read_under_way_and_then_takes_the_page():
    lab = Lab()
    lab.task(read_in(lab.file, 3))
    lab.task(vmtruncate(lab.file, 0), 1_000)
    lab.run()
    assert lab.times("page_woken")[-1] == DISK + 300
    assert lab.file.pages == {} and len(lab.k.lru) == 0
    lab.nothing_is_left()


def test_a_page_that_is_mapped_while_the_truncation_sleeps_on_another_is_unmapped_too():
    lab = Lab()

    async def story():
        await read_in(lab.file, 1)
        lab.task(read_in(lab.file, 0), lab.k.now + 1_000)
        lab.task(vmtruncate(lab.file, 0), lab.k.now + 100_000)  # sleeps on page 0, which is being read
        await charge(1_000_000)
        lab.file.i_size = 2 * PAGE  # the file grows again, before page 1 has gone
        await touch_pages(lab, 1)
        assert lab.mm.rss == 1

    lab.task(story())
    lab.run()
    assert lab.words(None, "unmap") == [("unmap", "data:1")]
    assert lab.mm.rss == 0 and lab.file.pages == {}
    lab.nothing_is_left()


def test_a_file_that_grows_keeps_its_pages():
    async def story(lab):
        await touch_pages(lab, 0)
        await vmtruncate(lab.file, 128 * PAGE)
        assert set(lab.file.pages) == {0} and lab.mm.rss == 1

    lab_running(story)


@pytest.mark.parametrize(
    ("design", "size", "outcome"),
    [
        ("synchronous", 0, "SIGBUS"),
        ("nopage_refault", 0, "SIGBUS"),
        ("nopage_retry", 0, "SIGBUS"),
        ("synchronous", PAGE, None),  # cut off, and grown again before the fault wakes
        ("nopage_retry", PAGE, None),
    ],
)
def test_a_fault_that_sleeps_across_a_truncation_looks_again(design, size, outcome):
    lab, answers = Lab(design), []

    async def faulter():
        answers.append(await touch(lab.k, BASE))

    async def truncator():
        await vmtruncate(lab.file, 0)

    async def grower():
        lab.file.i_size = size
        await charge(0)

    lab.task(faulter())
    lab.task(truncator(), 1_000_000)
    lab.task(grower(), 2_000_000)
    lab.run()
    assert answers == [outcome]
    assert len(lab.times("submit")) == (1 if outcome else 2)
    assert lab.mm.rss == (0 if outcome else 1)
    lab.nothing_is_left()


def test_a_truncation_between_nopage_and_the_pte_lock_is_seen_by_its_count():
    lab, answers = Lab("synchronous"), []

    async def faulter():
        await read_in(lab.file, 0)
        answers.append(await touch(lab.k, BASE))

    async def truncator():
        page = lab.file.pages[0]
        await get_page(page)
        await vmtruncate(lab.file, 0)
        await put_page(page)

    lab.task(faulter())
    # entry, find_vma and the look-up are over, the pte lock is being taken, and the truncation is faster
    lab.task(truncator(), DISK + 300 + 500 + 500 + 300 + 200 - INSTALL_PTE)
    lab.run()
    assert answers == ["SIGBUS"]
    assert not lab.times("pte")
    lab.nothing_is_left()


def test_a_page_that_is_truncated_while_somebody_waits_for_it_is_freed_by_the_last_reference():
    lab, seen = Lab(), []

    async def holder():
        page = await page_cache_read(lab.file, 0)
        await wait_on_page_locked(page)
        await charge(5_000)
        seen.append((page.mapping, page.count))
        await put_page(page)
        seen.append(repr(page))

    lab.task(holder())
    lab.task(vmtruncate(lab.file, 0), 1_000)
    lab.run()
    assert seen == [(None, 1), "freed page data:0"]
