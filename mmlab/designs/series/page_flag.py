"""Row 14 of the mail: the mark "retried already" as a bit of page->flags.

No task flag and no argument: but a page is shared. While it carries the mark, the first try of every other task is
synchronous too, callers that gave no permission cannot be told apart, and a page that reclaim took forgets its mark, so
that the number of retries is not bounded after all.
"""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    ClearPageRetried,
    PageLocked,
    PageRetried,
    PageUptodate,
    SetPageRetried,
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

from .nopage_retry import nopage_retry


async def do_no_page(k, mm, vma, address, page_table, write_access):
    """As in nopage_retry, and the mark goes when the page is mapped. Returns VM_FAULT_*.

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
    ClearPageRetried(new_page)
    if await pte_none(page_table, address):
        await set_pte_at(vma, page_table, address, new_page)
    else:
        await put_page(new_page)  # a sibling won the race and mapped it first
    await mm.page_table_lock.spin_unlock()
    return fault


async def filemap_nopage(k, vma, address):
    """The page of the file that `address` shows, uptodate and referenced; NOPAGE_RETRY if it has no mark.

    Returns (page or NOPAGE_*, VM_FAULT_MINOR or VM_FAULT_MAJOR).
    Lock state: mmap_sem held for reading on entry; on return too, except after NOPAGE_RETRY: then it is not held.
    For a page with the mark it stays held while the disk works.
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
        if PageLocked(page) and not PageRetried(page):
            SetPageRetried(page)
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


page_flag = nopage_retry.patched(
    "page_flag",
    do_no_page=do_no_page,
    filemap_nopage=filemap_nopage,
    story="As retry_once, but the mark is a bit of page->flags: others see it too, and a reclaimed page forgets it.",
    source="mail of 15 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org (its last line)",
)
