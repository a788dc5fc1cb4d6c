"""Row 3 of the mail: drop mmap_sem, wait for the page, and run the whole fault again.

Unbounded: as long as the page is gone again when the fault comes back, it tries once more. Everything is checked
by redoing everything. If reclaim or a FADV_DONTNEED loop is faster than the rerun, that is a livelock.
"""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    SIGBUS,
    SIGKILL,
    SIGSEGV,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    PageLocked,
    PageUptodate,
    beyond_i_size,
    find_get_page,
    find_vma,
    force_sig,
    good_area,
    linear_page_index,
    lock_page,
    page_cache_read,
    pte_none,
    put_page,
    readpage,
    set_pte_at,
    unlock_page,
    wait_on_page_locked,
)

from .nopage_refault import nopage_refault


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. Runs the whole fault again whenever it comes back with
    VM_FAULT_RETRY, because everything that it knew (vma, page table, page) may have changed while mmap_sem
    was not held.
    """
    tsk = k.current
    mm = tsk.mm
    waited = False
    while True:
        await mm.mmap_sem.down_read()
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
            await mm.mmap_sem.up_read()
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(mm, vma, address, write_access)
        if fault != VM_FAULT_RETRY:
            break
        waited = True
    await mm.mmap_sem.up_read()
    if fault == VM_FAULT_MAJOR or (fault == VM_FAULT_MINOR and waited):
        tsk.maj_flt += 1
    elif fault == VM_FAULT_MINOR:
        tsk.min_flt += 1
    elif fault == VM_FAULT_SIGBUS:
        force_sig(SIGBUS, tsk)
    elif fault == VM_FAULT_OOM:
        force_sig(SIGKILL, tsk)
    else:
        k.bug_answer("handle_mm_fault", fault)


async def do_no_page(k, mm, vma, address, page_table, write_access):
    """As in 2.6.18, and NOPAGE_RETRY becomes VM_FAULT_RETRY. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry; on return too, except after VM_FAULT_RETRY: then it is not held.
    """
    while True:
        sequence = vma.vm_file.truncate_count
        new_page, fault = await k.nopage(vma, address)
        if new_page == NOPAGE_SIGBUS:
            return VM_FAULT_SIGBUS
        if new_page == NOPAGE_OOM:
            return VM_FAULT_OOM
        if new_page == NOPAGE_RETRY:
            return VM_FAULT_RETRY  # mmap_sem is gone, and vma with it
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
    """The page of the file that `address` shows, uptodate and referenced; NOPAGE_RETRY after waiting for the disk.

    Returns (page or NOPAGE_*, VM_FAULT_MINOR or VM_FAULT_MAJOR).
    Lock state: mmap_sem held for reading on entry; on return too, except after NOPAGE_RETRY: then it is not held.
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
        if PageLocked(page):
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
    """Let everybody at the address space, sleep until the page is unlocked, give the page back.

    Lock state: mmap_sem held for reading on entry, NOT held on return; the reference to `page` is put.
    """
    await mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await put_page(page)


nopage_retry = nopage_refault.patched(
    "nopage_retry",
    do_page_fault=do_page_fault,
    do_no_page=do_no_page,
    filemap_nopage=filemap_nopage,
    added={"drop_and_wait": drop_and_wait},
    after_retry="mmap_sem not held after RETRY",
    story="Drop mmap_sem before waiting for the disk, then run the whole fault again; no bound on the retries.",
    source="mail of 15 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org",
)
