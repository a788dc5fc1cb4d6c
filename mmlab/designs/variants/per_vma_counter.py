"""Row 12 of the mail with a counter for each vma [ours]: the retries vanish, whatever writers do elsewhere.

One counter for the whole address space changes hundreds of times during one disk read, because somebody always maps
something somewhere. The vm_lock_seq of one vma changes only when that vma is locked for writing. So after the wait the
vma's lock is tried again, and if vm_lock_seq is what it was before, the fault goes on where it was. The struct of the
vma is kept by a reference meanwhile; the reference keeps neither the mapping nor the page.
"""

from __future__ import annotations

from mmlab.kernel import (
    FAULT_FLAG_RETRY_NOWAIT,
    FAULT_FLAG_VMA_LOCK,
    VM_FAULT_LOCKED,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    PageUptodate,
    beyond_i_size,
    fault_flag_allow_retry_first,
    find_get_page,
    fput,
    get_file,
    get_vma,
    linear_page_index,
    page_cache_read,
    put_page,
    put_vma,
    readpage,
    unlock_page,
    wait_on_page_locked,
)
from mmlab.kernel.answers import YES_OR_NO

from ..descendants.per_vma_lock import per_vma_lock


async def filemap_nopage(k, vmf):
    """The page of the file in vmf.page, uptodate, referenced and locked (VM_FAULT_LOCKED), or another VM_FAULT_*.

    Lock state: the fault's lock held for reading on entry; on return too (it may have been dropped in between), except
    after VM_FAULT_RETRY: then it is not held, unless FAULT_FLAG_RETRY_NOWAIT asked for it.
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
            if fpin and not await k.retake_vma_lock(vmf, fpin):
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
    """Drop the lock before I/O if vmf.flags permit it and it was not done already. Returns the pinned file, or None.

    Lock state: the fault's lock held on entry, unless there is `fpin`; on return held only if None is returned. If it
    was the vma's lock, vmf.seq is what the vma's counter was before, and there is a reference to the vma.
    """
    if fpin is None and fault_flag_allow_retry_first(vmf.flags) and not vmf.flags & FAULT_FLAG_RETRY_NOWAIT:
        fpin = await get_file(vmf.vma.vm_file)
        if vmf.flags & FAULT_FLAG_VMA_LOCK:
            vmf.seq = vmf.vma.vm_lock_seq  # before the lock is dropped
            await get_vma(vmf.vma)
        await k.release_fault_lock(vmf)
    return fpin


async def retake_vma_lock(k, vmf, fpin):
    """Take the vma's lock again if nobody has locked the vma for writing meanwhile. Returns whether it is held now.

    Lock state: not held on entry; the page lock is held, so the lock may only be tried. If True is returned the vma's
    lock is held, and the references to the vma and to the file are put.
    """
    vma = vmf.vma
    if vmf.seq is None or not await k.vma_start_read(vma):
        return False
    if vma.detached or vma.vm_lock_seq != vmf.seq:  # compared under the lock taken again
        await k.vma_end_read(vma)
        return False
    vmf.seq = None
    await put_vma(vma)
    await fput(fpin)
    return True


async def out_retry(k, vmf, page, fpin):
    """Give back the page, the file and the vma. Returns VM_FAULT_RETRY.

    Lock state: the fault's lock not held, except for FAULT_FLAG_RETRY_NOWAIT, and no page lock held.
    """
    if page is not None:
        await put_page(page)
    if fpin is not None:
        await fput(fpin)
    if vmf.seq is not None:
        vmf.seq = None
        await put_vma(vmf.vma)
    return VM_FAULT_RETRY


per_vma_counter = per_vma_lock.patched(
    "per_vma_counter",
    filemap_nopage=filemap_nopage,
    maybe_unlock_mmap_for_io=maybe_unlock_mmap_for_io,
    out_retry=out_retry,
    added={"retake_vma_lock": retake_vma_lock},
    answers={"retake_vma_lock": YES_OR_NO},
    story="A counter for each vma: after the disk go on where you were, unless somebody changed this very vma.",
    source="[ours]; mail of 15 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org (the better way), on the locks of 6.4",
)
