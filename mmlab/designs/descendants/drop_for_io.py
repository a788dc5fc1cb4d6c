"""5.1 (6b4c9f446981): drop the lock for every kind of I/O, not only for the wait for a page lock.

A submission can block as long as the disk is busy, and so can the second read of a page whose first one failed. Here
the lock is dropped before each of them, and so for the few us that any submission costs. What filemap_nopage needs then
is the file, not the vma: it pins the file.
(The waits of Linux 5.1 end with a SIGKILL; here that comes with retry_many, so that this patch shows one thing.)
"""

from __future__ import annotations

from mmlab.kernel import (
    FAULT_FLAG_ALLOW_RETRY,
    FAULT_FLAG_RETRY_NOWAIT,
    VM_FAULT_LOCKED,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    PageUptodate,
    beyond_i_size,
    find_get_page,
    fput,
    get_file,
    linear_page_index,
    lock_page,
    page_cache_read,
    put_page,
    readpage,
    trylock_page,
    unlock_page,
    wait_on_page_locked,
)

from .vm_fault_retry import vm_fault_retry


async def filemap_nopage(k, vmf):
    """The page of the file in vmf.page, uptodate, referenced and locked (VM_FAULT_LOCKED), or another VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry; on return too, except after VM_FAULT_RETRY: then it is not held,
    unless FAULT_FLAG_RETRY_NOWAIT asked for it. `fpin` is the file once the lock was dropped: from then on the only
    way out is VM_FAULT_RETRY, and vmf.vma is dead.
    """
    mapping = vmf.vma.vm_file
    index = linear_page_index(vmf.vma, vmf.address)
    page = fpin = None
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            vmf.major = True
            fpin = await k.maybe_unlock_mmap_for_io(vmf, fpin)  # before the submission, which may block
            page = await page_cache_read(mapping, index)
            if page is None:
                if fpin:
                    break
                return VM_FAULT_OOM
        if not PageUptodate(page):
            vmf.major = True
        locked, fpin = await k.lock_page_maybe_drop_mmap(vmf, page, fpin)
        if not locked:
            return await k.out_retry(vmf, page, fpin)
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            page = None
            continue  # truncated or reclaimed while we slept: look it up again
        if PageUptodate(page):
            if fpin:  # it is good, but the lock was dropped for it: find the vma again, redo the fault
                await unlock_page(page)
                return await k.out_retry(vmf, page, fpin)
            vmf.page = page
            return VM_FAULT_LOCKED
        fpin = await k.maybe_unlock_mmap_for_io(vmf, fpin)
        await readpage(page)  # the read failed: try once more; the page lock goes with the read
        await wait_on_page_locked(page)
        if fpin:
            return await k.out_retry(vmf, page, fpin)
        failed = not PageUptodate(page)
        await put_page(page)
        page = None
        if failed:
            break
    return await k.out_retry(vmf, page, fpin) if fpin else VM_FAULT_SIGBUS


async def maybe_unlock_mmap_for_io(k, vmf, fpin):
    """Drop mmap_sem before I/O if vmf.flags permit it and it was not done already. Returns the pinned file, or None.

    Lock state: mmap_sem held for reading on entry, unless there is `fpin`; on return held only if None is returned.
    """
    if fpin is None and vmf.flags & (FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT) == FAULT_FLAG_ALLOW_RETRY:
        fpin = await get_file(vmf.vma.vm_file)
        await vmf.mm.mmap_sem.up_read()
    return fpin


async def lock_page_maybe_drop_mmap(k, vmf, page, fpin):
    """Sleep for the page lock, without mmap_sem if vmf.flags permit that. Returns (whether we have it, fpin).

    Lock state: as maybe_unlock_mmap_for_io, and the page lock held on return if the first answer is True.
    """
    if await trylock_page(page):
        return True, fpin
    if vmf.flags & FAULT_FLAG_RETRY_NOWAIT:
        return False, fpin
    fpin = await k.maybe_unlock_mmap_for_io(vmf, fpin)
    await lock_page(page)
    return True, fpin


async def out_retry(k, vmf, page, fpin):
    """Give back the page and the file. Returns VM_FAULT_RETRY. (In Linux a label of filemap_fault.)

    Lock state: mmap_sem not held, except for FAULT_FLAG_RETRY_NOWAIT, and no page lock held.
    """
    if page is not None:
        await put_page(page)
    if fpin is not None:
        await fput(fpin)
    return VM_FAULT_RETRY


drop_for_io = vm_fault_retry.patched(
    "drop_for_io",
    filemap_nopage=filemap_nopage,
    added={
        "maybe_unlock_mmap_for_io": maybe_unlock_mmap_for_io,
        "lock_page_maybe_drop_mmap": lock_page_maybe_drop_mmap,
        "out_retry": out_retry,
    },
    story="The file is pinned and mmap_sem dropped before every submission, page lock and second read.",
    source="Linux 5.1, 6b4c9f446981",
)
