"""Where cold pages come from: a page cache of limited size, least recently used first.

Reclaim unmaps by rmap without mmap_sem, which is why a fault that slept may find its page gone. It skips pages that
are locked or that somebody besides the cache and the ptes refers to. The look-up in a fault is what counts as use: the
hardware's accessed bit is not modelled. Reclaim costs no simulated time.

Source: mm/vmscan.c, mm/rmap.c (try_to_unmap) of 2.6.18.
"""

from __future__ import annotations

from .handle import primitive
from .page import PG_locked, freed_page, page
from .pagetable import clear_pte


def alloc_page(k, mapping, index: int):
    """A fresh page, after reclaiming one if the cache is full; None when nothing can be reclaimed. Never sleeps."""
    if k.fail_alloc and k.fail_alloc():
        return None
    if len(k.lru) >= k.cache_pages and not shrink_cache(k):
        return None
    return page(k, mapping, index)


def shrink_cache(k) -> bool:
    """Throw the least recently used page that can go out of the cache. Returns whether one went.

    A page that must stay moves to the young end, so the work a call does is constant in the long run.
    """
    lru = k.lru
    for _ in range(len(lru)):
        victim, _ = lru.popitem(False)
        if victim.count > 1 + len(victim.rmap) or victim.flags & PG_locked:
            lru[victim] = None
            continue
        try_to_unmap(victim)
        drop_from_mapping(victim)
        return True
    return False


@primitive
async def shrink_page_list(mapping, index: int) -> bool:
    """Reclaim one page of a file, if it is cached and can go; takes page_table_lock. Returns whether it went.

    What the explorer lets happen at any moment: there, any page may be the least recently used one.
    """
    await mapping.k.mm.page_table_lock.spin_unlock_wait()
    victim = mapping.pages.get(index)
    if victim is None or victim.count > 1 + len(victim.rmap) or victim.flags & PG_locked:
        return False
    try_to_unmap(victim)
    remove_from_page_cache(victim)
    return True


def try_to_unmap(page: page) -> None:
    """Clear every pte that maps the page, found by rmap. Needs no mmap_sem."""
    mm = page.k.mm
    for address in reversed(page.rmap):
        clear_pte(mm, address)
    page.rmap.clear()


def remove_from_page_cache(page: page) -> None:
    """Take the page off the LRU list and out of its file."""
    del page.k.lru[page]
    drop_from_mapping(page)


def drop_from_mapping(page: page) -> None:
    """Take the page out of its file; the cache's reference goes with it."""
    k = page.k
    if k.tracing:
        k.emit("evict", page.name)
    del page.mapping.pages[page.index]
    page.mapping = None
    page.count -= 1
    if page.count == 0:
        page.__class__ = freed_page
