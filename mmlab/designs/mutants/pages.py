"""The page lock: not had, leaked, waited for by its own holder, taken before mmap_sem."""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_SIGNALPENDING,
    PageUptodate,
    beyond_i_size,
    fault_signal_pending,
    find_get_page,
    linear_page_index,
    page_cache_read,
    put_page,
    readpage,
    trylock_page,
    unlock_page,
    user_mode,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)

from .. import find
from .mutant import Mutant


async def drop_and_wait_sure_of_the_page(k, args, page):
    """As in sequence_counter, whatever trylock_page answers. Lock state: see there; this breaks it."""
    mm = args.mm
    mapping = args.vma.vm_file
    seq = mm.mmap_seq  # before the lock is dropped
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        await put_page(page)
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    if mm.mmap_seq == seq:  # compared under the lock taken again
        await trylock_page(page)
        if page.mapping == mapping:
            return True  # nobody changed anything: vma and page table are as they were
        await unlock_page(page)
    await mm.mmap_sem.up_read()
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def drop_and_wait_page_first(k, args, page):
    """As in sequence_counter, but the page is locked before mmap_sem. Lock state: as there."""
    mm = args.mm
    mapping = args.vma.vm_file
    seq = mm.mmap_seq  # before the lock is dropped
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    locked = await trylock_page(page)
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        if locked:
            await unlock_page(page)
        await put_page(page)
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    if locked:
        if mm.mmap_seq == seq and page.mapping == mapping:
            return True  # nobody changed anything: vma and page table are as they were
        await unlock_page(page)
    await mm.mmap_sem.up_read()
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def filemap_nopage_leaking_the_page_lock(k, args):
    """As in pagefault_args, without unlock_page when the page cannot be read.

    Lock state: see there; this breaks it.
    """
    mapping = args.vma.vm_file
    index = linear_page_index(args.vma, args.address)
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            page = await page_cache_read(mapping, index)
            if page is None:
                return NOPAGE_OOM
        if not PageUptodate(page):
            args.major = True
        if not await trylock_page(page) and not await k.lock_page_or_retry(args, page):
            return NOPAGE_RETRY
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            continue  # truncated or reclaimed while we slept: look it up again
        if not PageUptodate(page):
            await readpage(page)  # the read failed: try once more; the page lock goes with the read
            if not await k.lock_page_or_retry(args, page):
                return NOPAGE_RETRY
        if PageUptodate(page):
            args.page_locked = True
            return page
        await put_page(page)
        break
    return NOPAGE_SIGBUS


async def filemap_nopage_not_reading_again(k, args):
    """As in pagefault_args, but a page that is not uptodate is only waited for. Lock state: as there."""
    mapping = args.vma.vm_file
    index = linear_page_index(args.vma, args.address)
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            page = await page_cache_read(mapping, index)
            if page is None:
                return NOPAGE_OOM
        if not PageUptodate(page):
            args.major = True
        if not await trylock_page(page) and not await k.lock_page_or_retry(args, page):
            return NOPAGE_RETRY
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            continue  # truncated or reclaimed while we slept: look it up again
        if not PageUptodate(page) and not await k.lock_page_or_retry(args, page):
            return NOPAGE_RETRY
        if PageUptodate(page):
            args.page_locked = True
            return page
        await unlock_page(page)
        await put_page(page)
        break
    return NOPAGE_SIGBUS


MUTANTS = (
    Mutant(
        find("sequence_counter").patched("trylock_not_asked", drop_and_wait=drop_and_wait_sure_of_the_page),
        "I have waited until the page was unlocked, so trylock_page must succeed, and I do not look at its answer.",
        world="two faults",
        finding="released by a stranger",
        source="[ours]: a wake-up is not a promise",
        schedule="both faults wait; first: trylock_page; second: trylock_page fails, goes on, unlocks the first one's "
        "page",
        steps=26,
    ),
    Mutant(
        find("sequence_counter").patched("wrong_lock_order", drop_and_wait=drop_and_wait_page_first),
        "I lock the page first, so that nobody takes it away, and then wait for mmap_sem.",
        world="one fault",
        finding="wrong lock order",
        source="the order of the locks in mm/filemap.c; [ours] is the temptation",
        schedule="fault: up_read, waits, trylock_page, down_read",
        at_once="lockdep looks at the order, not at the luck: the first major fault shows it",
        steps=13,
    ),
    Mutant(
        find("pagefault_args").patched("page_lock_leaked", filemap_nopage=filemap_nopage_leaking_the_page_lock),
        "The page cannot be read: I put it and answer SIGBUS; its lock I forgot.",
        world="a fault and a read error",
        finding="lock leaked",
        source="[ours]: an error path",
        schedule="fault: the read fails twice, put_page, SIGBUS, returns",
        steps=22,
    ),
    Mutant(
        find("pagefault_args").patched("waits_for_its_own_page_lock", filemap_nopage=filemap_nopage_not_reading_again),
        "The page is not uptodate, so I wait for its lock; but I hold it, and nobody reads.",
        world="a fault and a read error",
        finding="recursive locking",
        source="[ours]: readpage hands the lock to the disk; without it nobody will unlock",
        schedule="fault: the read fails, the page is locked, not uptodate, and waited for",
        steps=12,
    ),
)
