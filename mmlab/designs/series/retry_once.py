"""Row 5 of the mail: one retry, remembered by a flag in current->flags; the second pass reads with mmap_sem held.

The bound is a liveness rule: a fault is over after two passes. Its price is that the convoy is back whenever the one
retry was not enough. The flag is also a permission: who calls handle_mm_fault without it (get_user_pages) keeps its
lock.
"""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    PF_FAULT_MAYRETRY,
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
    unlock_page,
    wait_on_page_locked,
)

from .nopage_retry import nopage_retry


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. PF_FAULT_MAYRETRY says that the fault may drop mmap_sem: set on
    entry, cleared by the retry and on every exit.
    """
    tsk = k.current
    mm = tsk.mm
    waited = False
    tsk.flags |= PF_FAULT_MAYRETRY
    while True:
        await mm.mmap_sem.down_read()
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
            await mm.mmap_sem.up_read()
            tsk.flags &= ~PF_FAULT_MAYRETRY
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(mm, vma, address, write_access)
        if fault != VM_FAULT_RETRY:
            break
        tsk.flags &= ~PF_FAULT_MAYRETRY  # once
        waited = True
    await mm.mmap_sem.up_read()
    tsk.flags &= ~PF_FAULT_MAYRETRY
    mm_account_fault(k, fault, waited)


async def filemap_nopage(k, vma, address):
    """The page of the file that `address` shows, uptodate and referenced; NOPAGE_RETRY after waiting, if we may drop.

    Returns (page or NOPAGE_*, VM_FAULT_MINOR or VM_FAULT_MAJOR).
    Lock state: mmap_sem held for reading on entry; on return too, except after NOPAGE_RETRY: then it is not held.
    Without PF_FAULT_MAYRETRY it stays held while the disk works.
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
        if PageLocked(page) and k.current.flags & PF_FAULT_MAYRETRY:
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


retry_once = nopage_retry.patched(
    "retry_once",
    do_page_fault=do_page_fault,
    filemap_nopage=filemap_nopage,
    story="Drop mmap_sem and start again, but only once: the second pass waits for the disk with the lock held.",
    source="mails of 15 and 19 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org, 45107ECE.5040603@google.com",
)
