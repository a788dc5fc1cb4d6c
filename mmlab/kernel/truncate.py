"""Throwing file pages away on purpose: truncate(2) and posix_fadvise(POSIX_FADV_DONTNEED).

Source: mm/truncate.c, mm/fadvise.c and mm/memory.c (vmtruncate) of 2.6.18.
"""

from __future__ import annotations

from .filemap import PAGE_SHIFT, PAGE_SIZE, address_space
from .page import PG_locked, get_page, lock_page, put_page, unlock_page
from .vmscan import remove_from_page_cache, try_to_unmap


async def vmtruncate(mapping: address_space, size: int) -> None:
    """Cut a file to `size` bytes: i_size first, then the ptes, then the pages, each under its page lock.

    Sleeps for pages under I/O. `truncate_count` is bumped with the unmapping, under page_table_lock: a fault that
    sampled it before sleeping and compares it under that lock can tell. (In Linux i_size changes a moment earlier, and
    a pte that is installed in between is found by the unmapping.) Lock state: none of mmap_sem needed; no page lock
    held by the caller.
    """
    first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT
    await mapping.k.mm.page_table_lock.spin_lock()
    mapping.i_size = size
    doomed = sorted(index for index in mapping.pages if index >= first)
    mapping.truncate_count += 1
    for index in doomed:
        try_to_unmap(mapping.pages[index])
    await mapping.k.mm.page_table_lock.spin_unlock()
    for index in doomed:
        page = mapping.pages.get(index)
        if page is None:
            continue
        await get_page(page)
        await lock_page(page)
        if page.mapping is mapping:
            try_to_unmap(page)  # a fault may have mapped it between the two passes
            remove_from_page_cache(page)
        await unlock_page(page)
        await put_page(page)


async def fadvise_dontneed(mapping: address_space, first: int, last: int) -> int:
    """Drop the clean cached pages first..last from the cache; returns how many went. Never sleeps.

    Skips pages that are locked, mapped, or referred to by anybody else (invalidate_mapping_pages).
    """
    dropped = 0
    wanted = range(first, last + 1)
    if len(wanted) > len(mapping.pages):
        wanted = [index for index in mapping.pages if first <= index <= last]
    for index in wanted:
        page = mapping.pages.get(index)
        if page is None or page.flags & PG_locked or page.rmap or page.count > 1:
            continue
        remove_from_page_cache(page)
        dropped += 1
    return dropped
