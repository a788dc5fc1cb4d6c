"""2.6.18: the disk is read with mmap_sem held.

Every function has the name and the order of steps of its original in arch/i386/mm/fault.c, mm/memory.c and
mm/filemap.c; what is left out (swap, copy on write, read-ahead, huge pages) is said where it would stand.
"""

from __future__ import annotations

from mmlab.designs.design import Design
from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_SIGBUS,
    SIGBUS,
    SIGKILL,
    SIGSEGV,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_SIGBUS,
    PageUptodate,
    alloc_zeroed_user_highpage,
    beyond_i_size,
    faultin_page,
    find_get_page,
    find_vma,
    force_sig,
    good_area,
    linear_page_index,
    lock_page,
    page_cache_read,
    pte_alloc_map,
    pte_none,
    ptep_set_access_flags,
    put_page,
    readpage,
    set_pte_at,
    unlock_page,
    wait_on_page_locked,
)


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return; mmap_sem held for reading in between, across the disk.
    """
    tsk = k.current
    mm = tsk.mm
    await mm.mmap_sem.down_read()
    vma = await find_vma(mm, address)
    if not await good_area(vma, address, write_access):
        await mm.mmap_sem.up_read()
        force_sig(SIGSEGV, tsk)
        return
    fault = await k.handle_mm_fault(mm, vma, address, write_access)
    await mm.mmap_sem.up_read()
    if fault == VM_FAULT_MAJOR:
        tsk.maj_flt += 1
    elif fault == VM_FAULT_MINOR:
        tsk.min_flt += 1
    elif fault == VM_FAULT_SIGBUS:
        force_sig(SIGBUS, tsk)
    elif fault == VM_FAULT_OOM:
        force_sig(SIGKILL, tsk)
    else:
        k.bug_answer("handle_mm_fault", fault)


async def handle_mm_fault(k, mm, vma, address, write_access):
    """Find or make the page table for `address` and resolve the fault there. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return.
    """
    page_table = await pte_alloc_map(mm, address)
    if page_table is None:
        return VM_FAULT_OOM
    return await k.handle_pte_fault(mm, vma, address, page_table, write_access)


async def handle_pte_fault(k, mm, vma, address, page_table, write_access):
    """Decide by the pte what kind of fault it is. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return.
    Left out: ptes of swapped-out pages, and copy on write.
    """
    if await pte_none(page_table, address):
        if vma.vm_ops is None:
            return await k.do_anonymous_page(mm, vma, address, page_table, write_access)
        return await k.do_no_page(mm, vma, address, page_table, write_access)
    if write_access:  # the vma became writable again; for a read a sibling was just faster
        await mm.page_table_lock.spin_lock()
        await ptep_set_access_flags(vma, page_table, address)
        await mm.page_table_lock.spin_unlock()
    return VM_FAULT_MINOR


async def do_anonymous_page(k, mm, vma, address, page_table, write_access):
    """Map a zeroed page. Returns VM_FAULT_MINOR or VM_FAULT_OOM.

    Lock state: mmap_sem held for reading on entry and on return.
    """
    page = await alloc_zeroed_user_highpage(k)
    if page is None:
        return VM_FAULT_OOM
    await mm.page_table_lock.spin_lock()
    if await pte_none(page_table, address):
        await set_pte_at(vma, page_table, address, page)
    else:
        await put_page(page)
    await mm.page_table_lock.spin_unlock()
    return VM_FAULT_MINOR


async def do_no_page(k, mm, vma, address, page_table, write_access):
    """Ask the vma's owner for the page and map it. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return. ->nopage may sleep for ever so long, and a truncate
    may come meanwhile: truncate_count, sampled before and compared under the pte lock, tells.
    """
    while True:
        sequence = vma.vm_file.truncate_count
        new_page, fault = await k.nopage(vma, address)
        if new_page == NOPAGE_SIGBUS:
            return VM_FAULT_SIGBUS
        if new_page == NOPAGE_OOM:
            return VM_FAULT_OOM
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
    """The page of the file that `address` shows, uptodate and referenced, with how it was had.

    Returns (page or NOPAGE_*, VM_FAULT_MINOR or VM_FAULT_MAJOR).
    Lock state: mmap_sem held for reading on entry, on return, and while the disk works.
    Left out: read-ahead.
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
        await lock_page(page)  # the stall: until the read is done, with mmap_sem held
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


async def mmap_write_lock(k, mm):
    """Take mmap_sem to change the address space. Lock state: not held on entry, held for writing on return.

    (The name is that of Linux 5.8, which gave every writer this one door.)
    """
    await mm.mmap_sem.down_write()


async def mmap_write_unlock(k, mm):
    """Release mmap_sem after a change. Lock state: held for writing on entry, not held on return."""
    await mm.mmap_sem.up_write()


async def vma_start_write(k, vma):
    """A writer is about to change this vma: nothing to do, mmap_sem is enough. Lock state: held for writing.

    (The name is that of Linux 6.4, where each vma has a lock of its own.)
    """


synchronous = Design.first(
    "synchronous",
    do_page_fault,
    handle_mm_fault,
    handle_pte_fault,
    do_anonymous_page,
    do_no_page,
    filemap_nopage,
    faultin_page,
    mmap_write_lock,
    mmap_write_unlock,
    vma_start_write,
    after_retry="no RETRY: mmap_sem is held until the fault is over",
    story="A major fault waits for the disk with mmap_sem held for reading.",
    source="Linux 2.6.18",
)
