"""The page cache: address_space, look-up, adding a page, and starting its read.

Source: mm/filemap.c of 2.6.18 (find_get_page, add_to_page_cache_lru, page_cache_read) and mm/readpage paths.
"""

from __future__ import annotations

from . import costs
from .handle import primitive
from .page import PG_error, PG_locked, PG_uptodate, lock_page, page, pin, put_page, unlock_page
from .sleep import charge, wake_up_process
from .vmscan import alloc_page

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT


class PageNames(dict):
    """index -> "FILE:INDEX", each made once: the trace names pages often."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __missing__(self, index: int) -> str:
        name = self[index] = f"{self.file}:{index}"
        return name


class address_space:
    """One file in the page cache.

    `pages` maps index to page; `i_size` is the file's length in bytes (the kernel keeps it in the inode), and
    `unmapped_from` what it was when the ptes beyond it were last cleared: a pte that is installed between the cut and
    the clearing does no harm. `truncate_count` is bumped by every truncation, so that a fault that slept can tell;
    `bad` holds the indices whose reads fail.
    """

    __slots__ = ("bad", "i_size", "k", "name", "page_names", "pages", "truncate_count", "unmapped_from")

    def __init__(self, k, name: str, i_size: int) -> None:
        self.k = k
        self.name = name
        self.i_size = self.unmapped_from = i_size
        self.truncate_count = 0
        self.pages: dict[int, page] = {}
        self.bad: set[int] = set()
        self.page_names = PageNames(name)

    def __repr__(self) -> str:
        return f"file {self.name}"


def linear_page_index(vma, address: int) -> int:
    """Which page of the file `address` shows, given the vma that maps it (include/linux/pagemap.h)."""
    return ((address - vma.vm_start) >> PAGE_SHIFT) + vma.vm_pgoff


def beyond_i_size(mapping: address_space, index: int) -> bool:
    """Whether page `index` lies beyond the end of the file."""
    return index << PAGE_SHIFT >= mapping.i_size


@primitive
async def find_get_page(mapping: address_space, index: int):
    """Look a page up and take a reference, or return None. The page may be locked and not uptodate. Never sleeps.

    Lock state: any; mmap_sem does not protect the page cache, the reference protects the page.
    """
    k = mapping.k
    then = k.now + costs.PAGE_CACHE_LOOKUP
    if then < k.horizon:
        k.now = then
    else:
        await charge(costs.PAGE_CACHE_LOOKUP)
    found = mapping.pages.get(index)
    if found is not None:
        found.count += 1
        task = k.current
        task.pins.append(found)
        if k.debug:
            task.remember_place(found)
        k.lru.move_to_end(found)
    return found


async def find_lock_page(mapping: address_space, index: int):
    """As `find_get_page`, with the page locked and still in the mapping on return; sleeps for the page lock."""
    while True:
        found = await find_get_page(mapping, index)
        if found is None:
            return None
        await lock_page(found)
        if found.mapping is mapping:
            return found
        await unlock_page(found)
        await put_page(found)


async def page_cache_read(mapping: address_space, index: int):
    """Add a fresh page to the cache, locked, and start its read. Does not wait for the disk.

    Returns the page with a reference for the caller (locked by the I/O until the disk is done), the page that
    somebody else added first, or None when no memory could be had (-ENOMEM). Sleeps only when the device's queue is
    full. Lock state: any mmap_sem state, unchanged; no spinlock.
    """
    page, added = await add_to_page_cache_lru(mapping, index)
    if added:
        await readpage(page)
    return page


@primitive
async def add_to_page_cache_lru(mapping: address_space, index: int):
    """Allocate a page and put it into the cache, locked. Returns (page, True), or what was there first and False.

    The page is None when no memory could be had. The caller gets a reference, and the page lock of a page that is new.
    Looking and adding are one step, as under mapping->tree_lock. Never sleeps. Lock state: any; no spinlock.
    """
    k = mapping.k
    fresh = alloc_page(k, mapping, index)
    if fresh is None:
        return None, False
    found = mapping.pages.get(index)
    if found is not None:
        found.count += 1
        pin(found)
        return found, False
    fresh.flags = PG_locked
    fresh.count = 2  # the cache's reference and the caller's
    mapping.pages[index] = fresh
    k.lru[fresh] = None
    task = k.current
    task.pins.append(fresh)
    task.held.append(fresh)
    if k.debug:
        task.remember_place(fresh)
    return fresh, True


@primitive
async def readpage(page: page) -> None:
    """Hand a locked page to the device; its completion unlocks the page. Sleeps only when the device's queue is full.

    Lock state: the caller holds the page lock, which passes to the I/O.
    """
    k = page.k
    task = k.current
    if page not in task.held:
        k.bug_release(task, page, "page lock (readpage)")
    disk = k.disk
    if k.debug:
        k.may_sleep(task, disk)
    if disk.inside >= disk.queue_depth:
        await disk.wait_for_room()
    task.held.remove(page)
    disk.submit(page)
    # The device already works on it while the submitter pays for the submission.
    then = k.now + costs.SUBMIT_READ
    if then < k.horizon:
        k.now = then
    else:
        await charge(costs.SUBMIT_READ)


def end_page_read(page: page, ok: bool) -> None:
    """The device's completion: PG_uptodate on success only, then unlock and wake."""
    page.flags = page.flags & ~PG_locked | (PG_uptodate if ok else PG_error)
    for task in page.waiters:
        wake_up_process(task)
    page.waiters.clear()
