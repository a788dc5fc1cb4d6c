"""2.6.37 (d065bd810b6d): the mail's first half, merged. FAULT_FLAG_ALLOW_RETRY permits, VM_FAULT_RETRY answers.

struct vm_fault (2.6.23) is what became of pagefault_args, and VM_FAULT_LOCKED says that the page came back locked. The
first pass drops mmap_sem for the wait for a page lock, and for nothing else: a submission that blocks, and the second
read of a page whose first one failed, stay under the lock. No wait ends with a signal.
"""

from __future__ import annotations

from mmlab.kernel import (
    FAULT_FLAG_ALLOW_RETRY,
    FAULT_FLAG_RETRY_NOWAIT,
    SIGSEGV,
    VM_FAULT_LOCKED,
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
    get_page,
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
    vm_fault,
    wait_on_page_locked,
)
from mmlab.kernel.vm_fault import FAULT_CODE_OR_LOCKED

from ..series.pagefault_args import design as pagefault_args


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. After VM_FAULT_RETRY mmap_sem is not held: one more pass, without
    FAULT_FLAG_ALLOW_RETRY. (2.6.37 counts the fault on the first pass, Linux since 5.9 on the last, as here.)
    """
    tsk = k.current
    mm = tsk.mm
    vmf = vm_fault(mm, address, write_access, await k.grant_retry(mm))
    while True:
        await mm.mmap_sem.down_read()
        vmf.vma = await find_vma(mm, address)
        if not await good_area(vmf.vma, address, write_access):
            await mm.mmap_sem.up_read()
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(vmf)
        if fault != VM_FAULT_RETRY:
            break
        vmf.flags &= ~FAULT_FLAG_ALLOW_RETRY  # once
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault, vmf.major)


async def grant_retry(k, mm):
    """The FAULT_FLAG_ bits that a fault from do_page_fault begins with. Lock state: nothing held."""
    return FAULT_FLAG_ALLOW_RETRY


async def do_no_page(k, vmf):
    """Ask the vma's owner for the page and map it. Returns VM_FAULT_*. (Called __do_fault since 2.6.23.)

    Lock state: mmap_sem held for reading on entry; on return too, except after VM_FAULT_RETRY (see filemap_nopage).
    The page lock, held from ->nopage's look at page->mapping to the install, keeps the page in its file.
    """
    vma = vmf.vma
    fault = await k.nopage(vmf)
    if fault != VM_FAULT_LOCKED:
        return fault  # VM_FAULT_SIGBUS, VM_FAULT_OOM, or VM_FAULT_RETRY: then vma is dead
    page = vmf.page
    fault = VM_FAULT_MAJOR if vmf.major else VM_FAULT_MINOR
    await vmf.mm.page_table_lock.spin_lock()
    if page.mapping != vma.vm_file or beyond_i_size(vma.vm_file, page.index):
        fault = VM_FAULT_SIGBUS  # truncated
    elif await pte_none(vmf.page_table, vmf.address):
        await get_page(page)  # the pte's reference
        await set_pte_at(vma, vmf.page_table, vmf.address, page)
    await vmf.mm.page_table_lock.spin_unlock()
    await unlock_page(page)
    await put_page(page)
    return fault


async def filemap_nopage(k, vmf):
    """The page of the file in vmf.page, uptodate, referenced and locked (VM_FAULT_LOCKED), or another VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry; on return too, except after VM_FAULT_RETRY: then it is not held,
    unless FAULT_FLAG_RETRY_NOWAIT asked for it. (Called filemap_fault since 2.6.23.)
    """
    mapping = vmf.vma.vm_file
    index = linear_page_index(vmf.vma, vmf.address)
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            page = await page_cache_read(mapping, index)  # sleeps with mmap_sem held when the device's queue is full
            if page is None:
                return VM_FAULT_OOM
        if not PageUptodate(page):
            vmf.major = True
        if not await k.lock_page_or_retry(vmf, page):
            return VM_FAULT_RETRY
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            continue  # truncated or reclaimed while we slept: look it up again
        if PageUptodate(page):
            vmf.page = page
            return VM_FAULT_LOCKED
        await readpage(page)  # the read failed: try once more, with mmap_sem held; the page lock goes with the read
        await wait_on_page_locked(page)
        failed = not PageUptodate(page)
        await put_page(page)
        if failed:
            break
    return VM_FAULT_SIGBUS


async def lock_page_or_retry(k, vmf, page):
    """Sleep for the page lock in the way that vmf.flags permit. Returns whether we have it; if not, `page` is put.

    Lock state: mmap_sem held for reading on entry. True: still held, and the page lock too. False: answer
    VM_FAULT_RETRY; mmap_sem is not held, except for FAULT_FLAG_RETRY_NOWAIT.
    """
    if await trylock_page(page):
        return True
    if not vmf.flags & FAULT_FLAG_ALLOW_RETRY:
        await lock_page(page)
        return True
    if vmf.flags & FAULT_FLAG_RETRY_NOWAIT:
        await put_page(page)
        return False
    return await k.drop_and_wait(vmf, page)


async def drop_and_wait(k, vmf, page):
    """Let everybody at the address space, sleep until the page is unlocked, give the page back. Returns False.

    Lock state: mmap_sem held for reading on entry, NOT held on return; the reference to `page` is put.
    (In Linux these are the last lines of __lock_page_or_retry and the out of filemap_fault.)
    """
    await vmf.mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await put_page(page)
    return False


async def faultin_page(k, mm, vma, address, write_access, nowait):
    """Resolve a fault for the kernel itself. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return; VM_FAULT_RETRY comes only if `nowait`.
    """
    flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT if nowait else 0
    return await k.handle_mm_fault(vm_fault(mm, address, write_access, flags, vma))


vm_fault_retry = pagefault_args.patched(
    "vm_fault_retry",
    do_page_fault=do_page_fault,
    grant_retry=grant_retry,
    do_no_page=do_no_page,
    filemap_nopage=filemap_nopage,
    lock_page_or_retry=lock_page_or_retry,
    drop_and_wait=drop_and_wait,
    faultin_page=faultin_page,
    answers={"filemap_nopage": FAULT_CODE_OR_LOCKED},
    story="What Linux merged: a flag permits to drop mmap_sem for the page lock, once; VM_FAULT_RETRY says so.",
    source="Linux 2.6.37, d065bd810b6d (NOWAIT: 2.6.39, 318b275fbca1)",
)
