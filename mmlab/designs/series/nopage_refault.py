"""Row 2 of the mail, literally: ->nopage may answer NOPAGE_RETRY, and do_no_page says VM_FAULT_MINOR for it.

The program goes back to user mode with nothing mapped, touches the address again, and faults again. For a driver that
must get out for a signal that is just right. For a disk read it is a busy wait: the cpu burns until the page is there.
"""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_SIGBUS,
    PageLocked,
    PageUptodate,
    beyond_i_size,
    find_get_page,
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

from .synchronous import synchronous


async def do_no_page(k, mm, vma, address, page_table, write_access):
    """As before, and NOPAGE_RETRY becomes VM_FAULT_MINOR: done, though nothing is mapped. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return.
    """
    while True:
        sequence = vma.vm_file.truncate_count
        new_page, fault = await k.nopage(vma, address)
        if new_page == NOPAGE_SIGBUS:
            return VM_FAULT_SIGBUS
        if new_page == NOPAGE_OOM:
            return VM_FAULT_OOM
        if new_page == NOPAGE_RETRY:
            return VM_FAULT_MINOR  # back to user mode: the instruction faults again
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
    """The page of the file that `address` shows, uptodate and referenced; NOPAGE_RETRY while the disk works on it.

    Returns (page or NOPAGE_*, VM_FAULT_MINOR or VM_FAULT_MAJOR).
    Lock state: mmap_sem held for reading on entry and on return.
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
            await put_page(page)
            return NOPAGE_RETRY, fault  # the read is under way; ask again
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


nopage_refault = synchronous.patched(
    "nopage_refault",
    do_no_page=do_no_page,
    filemap_nopage=filemap_nopage,
    after_retry="mmap_sem HELD after RETRY",
    story="->nopage answers NOPAGE_RETRY, the program touches the page again: nobody is blocked, the cpu burns.",
    source="mail of 15 Sep 2006, 1158274508.14473.88.camel@localhost.localdomain; merged later as 7f7bbbe50b8a",
)
