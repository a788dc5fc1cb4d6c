"""Throwing file pages away on purpose: truncate(2) and posix_fadvise(POSIX_FADV_DONTNEED).

Source: mm/truncate.c, mm/fadvise.c and mm/memory.c (vmtruncate) of 2.6.18.
"""

from __future__ import annotations

from .filemap import PAGE_SHIFT, PAGE_SIZE, address_space
from .handle import primitive
from .page import PG_locked, get_page, lock_page, put_page, unlock_page
from .vmscan import remove_from_page_cache, try_to_unmap


async def vmtruncate(mapping: address_space, size: int) -> None:
    """Cut a file to `size` bytes: i_size first, then the ptes, then the pages, each under its page lock.

    Sleeps for pages under I/O. Lock state: none of mmap_sem needed; no page lock held by the caller.
    """
    i_size_write(mapping, size)
    first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT
    await unmap_mapping_range(mapping, first)
    for page in await pagevec_lookup(mapping, first):
        await lock_page(page)
        if page.mapping == mapping:
            await truncate_complete_page(page)
        await unlock_page(page)
        await put_page(page)


@primitive
def i_size_write(mapping: address_space, size: int) -> None:
    """The file is `size` bytes long from now on. Any lock state: one atomic operation."""
    mapping.i_size = size


@primitive
async def unmap_mapping_range(mapping: address_space, first: int) -> None:
    """Clear every pte that maps a page of the file from index `first` on; takes page_table_lock.

    `truncate_count` is bumped before that, so a fault that sampled it before sleeping can tell.
    """
    await mapping.k.mm.page_table_lock.spin_unlock_wait()
    mapping.truncate_count += 1
    mapping.unmapped_from = first << PAGE_SHIFT
    for index in pages_from(mapping, first):
        try_to_unmap(mapping.pages[index])


@primitive
async def pagevec_lookup(mapping: address_space, first: int) -> tuple:
    """The cached pages from index `first` on, each with a reference for the caller. Never sleeps."""
    found = tuple(mapping.pages[index] for index in pages_from(mapping, first))
    for page in found:
        await get_page(page)
    return found


@primitive
async def truncate_complete_page(page) -> None:
    """Take a page out of its file; takes page_table_lock. Lock state: page lock held on entry and on return."""
    await page.k.mm.page_table_lock.spin_unlock_wait()
    try_to_unmap(page)  # a fault may have mapped it between the two passes
    remove_from_page_cache(page)


def pages_from(mapping: address_space, first: int) -> list[int]:
    """The indices of the cached pages from `first` on, in order."""
    return sorted(index for index in mapping.pages if index >= first)


@primitive
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
