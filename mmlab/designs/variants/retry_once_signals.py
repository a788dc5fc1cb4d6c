"""retry_once that lets signals through, and leaks its flag [ours].

Here the flag in current->flags says, as in the mail, that this is the second attempt; and a signal that comes during
the wait sends the fault back to user mode. On that exit nobody clears the flag. The handler's first cold page is then
taken for a second attempt, and read with mmap_sem held. (The posted patch cannot do that: a wrapper around
do_page_fault sets and clears its flag.) A field of pagefault_args cannot leak: it dies with the fault.
"""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    PF_FAULT_RETRIED,
    SIGSEGV,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_RETRY,
    PageLocked,
    PageUptodate,
    beyond_i_size,
    find_get_page,
    find_vma,
    force_sig,
    good_area,
    linear_page_index,
    lock_page,
    mm_account_fault,
    page_cache_read,
    put_page,
    readpage,
    signal_pending,
    unlock_page,
    wait_on_page_locked,
    wait_on_page_locked_interruptible,
)

from ..series.retry_once import retry_once


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. The retry sets PF_FAULT_RETRIED; every exit but one clears it.
    """
    tsk = k.current
    mm = tsk.mm
    waited = False
    while True:
        await mm.mmap_sem.down_read()
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
            await mm.mmap_sem.up_read()
            tsk.flags &= ~PF_FAULT_RETRIED
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(mm, vma, address, write_access)
        if fault != VM_FAULT_RETRY:
            break
        tsk.flags |= PF_FAULT_RETRIED
        waited = True
        if signal_pending(tsk):
            return  # to the handler, with the flag still set: the leak
    await mm.mmap_sem.up_read()
    tsk.flags &= ~PF_FAULT_RETRIED
    mm_account_fault(k, fault, waited)


async def filemap_nopage(k, vma, address):
    """The page of the file that `address` shows, uptodate and referenced; NOPAGE_RETRY after waiting, the first time.

    Returns (page or NOPAGE_*, VM_FAULT_MINOR or VM_FAULT_MAJOR).
    Lock state: mmap_sem held for reading on entry; on return too, except after NOPAGE_RETRY: then it is not held.
    With PF_FAULT_RETRIED it stays held while the disk works.
    """
    mapping = vma.vm_file
    index = linear_page_index(vma, address)
    fault = VM_FAULT_MINOR
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            fault = VM_FAULT_MAJOR
            page = await page_cache_read(mapping, index)
            if page is None:
                return NOPAGE_OOM, fault
        if PageUptodate(page):
            return page, fault
        fault = VM_FAULT_MAJOR
        if PageLocked(page) and not k.current.flags & PF_FAULT_RETRIED:
            await k.drop_and_wait(vma.vm_mm, page)
            return NOPAGE_RETRY, fault  # vma is dead from here on
        await lock_page(page)
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            continue  # truncated or reclaimed while we slept: look it up again
        if PageUptodate(page):
            await unlock_page(page)
            return page, fault
        await readpage(page)  # the read failed: try once more; the page lock goes with the read
        await wait_on_page_locked(page)
        if PageUptodate(page):
            return page, fault
        await put_page(page)
        break
    return NOPAGE_SIGBUS, fault


async def drop_and_wait(k, mm, page):
    """Let everybody at the address space, sleep until the page is unlocked or a signal comes, give the page back.

    Lock state: mmap_sem held for reading on entry, NOT held on return; the reference to `page` is put.
    """
    await mm.mmap_sem.up_read()
    await wait_on_page_locked_interruptible(page)
    await put_page(page)


retry_once_signals = retry_once.patched(
    "retry_once_signals",
    do_page_fault=do_page_fault,
    filemap_nopage=filemap_nopage,
    drop_and_wait=drop_and_wait,
    story="retry_once that goes back to user mode for a signal and leaks its flag into the handler.",
    source="[ours]",
)
