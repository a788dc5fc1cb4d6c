"""The patch as it was posted on 19 Sep 2006, which is not quite what the mail says of it.

->nopage takes mmap_sem again before it answers, so that VM_FAULT_RETRY comes with the lock HELD, and do_page_fault goes
back to just before find_vma. The flag that permits it is set and cleared by a wrapper around do_page_fault, so no exit
can forget it. A fault whose last pass finds everything in place is still charged as major, as in the original.
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
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
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
    pte_none,
    put_page,
    readpage,
    set_pte_at,
    trylock_page,
    unlock_page,
    wait_on_page_locked,
)

from ..series.retry_once import retry_once


async def do_page_fault(k, address, write_access):
    """The wrapper: the fault inside may drop mmap_sem, whatever becomes of it. Lock state: nothing held."""
    k.current.flags |= PF_FAULT_MAYRETRY
    await k.do_one_page_fault(address, write_access)
    k.current.flags &= ~PF_FAULT_MAYRETRY


async def do_one_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. After VM_FAULT_RETRY mmap_sem is HELD (it was dropped in between).
    """
    tsk = k.current
    mm = tsk.mm
    waited = False
    await mm.mmap_sem.down_read()
    while True:
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
            await mm.mmap_sem.up_read()
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(mm, vma, address, write_access)
        if fault != VM_FAULT_RETRY:
            break
        tsk.flags &= ~PF_FAULT_MAYRETRY  # once
        waited = True
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault, waited)


async def do_no_page(k, mm, vma, address, page_table, write_access):
    """As in 2.6.18, and NOPAGE_RETRY becomes VM_FAULT_RETRY. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return; after VM_FAULT_RETRY it was dropped in between.
    """
    while True:
        sequence = vma.vm_file.truncate_count
        new_page, fault = await k.nopage(vma, address)
        if new_page == NOPAGE_SIGBUS:
            return VM_FAULT_SIGBUS
        if new_page == NOPAGE_OOM:
            return VM_FAULT_OOM
        if new_page == NOPAGE_RETRY:
            return VM_FAULT_RETRY  # mmap_sem is held, but vma and page_table are dead all the same
        await mm.page_table_lock.spin_lock()
        if vma.vm_file.truncate_count == sequence:
            break
        await mm.page_table_lock.spin_unlock()
        await put_page(new_page)
    if await pte_none(page_table, address):
        await set_pte_at(vma, page_table, address, new_page)
    else:
        await put_page(new_page)  # a sibling won the race and mapped it first
    await mm.page_table_lock.spin_unlock()
    return fault


async def filemap_nopage(k, vma, address):
    """The page of the file that `address` shows, uptodate and referenced; NOPAGE_RETRY after waiting, if we may drop.

    Returns (page or NOPAGE_*, VM_FAULT_MINOR or VM_FAULT_MAJOR).
    Lock state: mmap_sem held for reading on entry and on return; after NOPAGE_RETRY it was dropped in between. Without
    PF_FAULT_MAYRETRY it stays held while the disk works.
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
        if not await trylock_page(page):
            if k.current.flags & PF_FAULT_MAYRETRY:
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
    """Let everybody at the address space, sleep until the page is unlocked, give it back, take mmap_sem again.

    Lock state: mmap_sem held for reading on entry and, after it was dropped, on return; the reference to `page` is put.
    """
    await mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await put_page(page)
    await mm.mmap_sem.down_read()


posted_2006 = retry_once.patched(
    "posted_2006",
    do_page_fault=do_page_fault,
    do_no_page=do_no_page,
    filemap_nopage=filemap_nopage,
    drop_and_wait=drop_and_wait,
    added={"do_one_page_fault": do_one_page_fault},
    after_retry="mmap_sem HELD after RETRY: dropped and taken again",
    story="The patch as posted: ->nopage takes mmap_sem again before it answers RETRY; a wrapper keeps the flag.",
    source="mail of 19 Sep 2006, 45107ECE.5040603@google.com",
)
