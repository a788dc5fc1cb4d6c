"""Three answers to the question that Linux asks again since 2025, each a patch to per_vma_lock.

After the disk, the replay takes mmap_sem: it may queue there behind writers, and reclaim may take the page meanwhile.
Retry under the vma's lock, says one proposal; never let go of the vma's lock, says another; keep the page, say we.

They are imported only when somebody asks for them (`from mmlab.designs.proposals import ...`): none of them was merged
when this was written, so no list of designs shows them, and each is our reading of a thread, not anybody's patch.

Sources: 20251127011438.6918-1-21cnbao@gmail.com (retry under the vma's lock; patch by Oven Liyang, posted by Barry
Song), the replies of Matthew Wilcox (rip the dropping out) of Nov 2025, Apr and June 2026; keeping the page is [ours].
"""

from __future__ import annotations

from mmlab.kernel import (
    FAULT_FLAG_TRIED,
    FAULT_FLAG_VMA_LOCK,
    SIGSEGV,
    VM_FAULT_RETRY,
    fault_signal_pending,
    find_vma,
    fixup_exception,
    force_sig,
    fput,
    good_area,
    mm_account_fault,
    put_page,
    user_mode,
    vm_fault,
)

from .descendants import per_vma_lock
from .descendants.drop_for_io import filemap_nopage as filemap_fault
from .descendants.retry_many import maybe_unlock_mmap_for_io as maybe_unlock_mmap_sem_for_io
from .descendants.vm_fault_retry import do_no_page as do_fault

# ---------------------------------------------------------------------- retry under the vma's lock


async def do_page_fault_vma_retry(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. Both passes have the vma's lock if that can be had at once; one
    that cannot have it takes mmap_sem. After VM_FAULT_RETRY neither is held, and the next pass counts as tried.
    """
    tsk = k.current
    mm = tsk.mm
    vmf = vm_fault(mm, address, write_access, await k.grant_retry(mm))
    while user_mode(tsk):
        vmf.vma = await k.lock_vma_under_rcu(mm, address)
        if vmf.vma is None:
            break
        if not await good_area(vmf.vma, address, write_access):
            await k.vma_end_read(vmf.vma)
            break  # let the pass with mmap_sem decide
        vmf.flags |= FAULT_FLAG_VMA_LOCK
        fault = await k.handle_mm_fault(vmf)
        if fault != VM_FAULT_RETRY:
            await k.vma_end_read(vmf.vma)
            mm_account_fault(k, fault, vmf.major)
            return
        if fault_signal_pending(tsk):
            return
        vmf.flags &= ~FAULT_FLAG_VMA_LOCK
        vmf.flags |= FAULT_FLAG_TRIED  # the bound: the second pass waits under its lock
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
        if fault_signal_pending(tsk):
            if not user_mode(tsk):
                fixup_exception(tsk)  # no signal can be delivered inside the kernel
            return
        vmf.flags |= FAULT_FLAG_TRIED
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault, vmf.major)


retry_under_vma_lock = per_vma_lock.patched(
    "retry_under_vma_lock",
    do_page_fault=do_page_fault_vma_retry,
    story="After the disk the fault takes the vma's lock again, not mmap_sem.",
    source="[ours], after the RFC of 27 Nov 2025, 20251127011438.6918-1-21cnbao@gmail.com",
)


# ---------------------------------------------------------------------- never let go of the vma's lock


async def maybe_unlock_unless_vma_lock(k, vmf, fpin):
    """Drop mmap_sem before I/O, but never the vma's lock. Returns the pinned file, or None.

    Lock state: the fault's lock held on entry, unless there is `fpin`; on return held only if None is returned.
    """
    if vmf.flags & FAULT_FLAG_VMA_LOCK:
        return None  # wait here: who changes another vma does not notice
    return await maybe_unlock_mmap_sem_for_io(k, vmf, fpin)


wait_under_vma_lock = per_vma_lock.patched(
    "wait_under_vma_lock",
    maybe_unlock_mmap_for_io=maybe_unlock_unless_vma_lock,
    story="A fault that has its vma's lock keeps it and waits for the disk: no retry at all.",
    source="[ours], after Matthew Wilcox's replies in the threads of 2025 and 2026",
)


# ---------------------------------------------------------------------- keep the page


async def do_page_fault_kept(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: as in per_vma_lock. Every exit after a retry puts vmf.page, the page kept across it.
    """
    tsk = k.current
    mm = tsk.mm
    vmf = vm_fault(mm, address, write_access, await k.grant_retry(mm))
    vma = await k.lock_vma_under_rcu(mm, address) if user_mode(tsk) else None
    if vma is not None and not await good_area(vma, address, write_access):
        await k.vma_end_read(vma)
        vma = None  # let the pass with mmap_sem decide
    if vma is not None:
        vmf.vma = vma
        vmf.flags |= FAULT_FLAG_VMA_LOCK
        fault = await k.handle_mm_fault(vmf)
        if fault != VM_FAULT_RETRY:
            await k.vma_end_read(vma)
            mm_account_fault(k, fault, vmf.major)
            return
        if fault_signal_pending(tsk):
            await k.put_kept_page(vmf)
            return
        vmf.flags &= ~FAULT_FLAG_VMA_LOCK
        if vmf.major:
            vmf.flags |= FAULT_FLAG_TRIED
    while True:
        await mm.mmap_sem.down_read()
        vmf.vma = await find_vma(mm, address)
        if not await good_area(vmf.vma, address, write_access):
            await mm.mmap_sem.up_read()
            await k.put_kept_page(vmf)
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(vmf)
        if fault != VM_FAULT_RETRY:
            break
        if fault_signal_pending(tsk):
            await k.put_kept_page(vmf)
            if not user_mode(tsk):
                fixup_exception(tsk)  # no signal can be delivered inside the kernel
            return
        vmf.flags |= FAULT_FLAG_TRIED
    await mm.mmap_sem.up_read()
    await k.put_kept_page(vmf)
    mm_account_fault(k, fault, vmf.major)


async def do_no_page(k, vmf):
    """As in vm_fault_retry; afterwards vmf.page is a page that was kept for a retry, or None. Lock state: as there."""
    fault = await do_fault(k, vmf)
    if fault != VM_FAULT_RETRY:
        vmf.page = None  # it was mapped, and put
    return fault


async def filemap_nopage(k, vmf):
    """As in drop_for_io; the page kept from the pass before is put once the look-up is done. Lock state: as there."""
    kept, vmf.page = vmf.page, None
    fault = await filemap_fault(k, vmf)
    if kept is not None:
        await put_page(kept)
    return fault


async def out_retry(k, vmf, page, fpin):
    """Give back the file, and keep the page for the next pass. Returns VM_FAULT_RETRY.

    Lock state: the fault's lock not held, except for FAULT_FLAG_RETRY_NOWAIT, and no page lock held.
    """
    if fpin is not None:
        await fput(fpin)
        vmf.page = page  # reclaim and FADV_DONTNEED leave a page alone that somebody refers to
    elif page is not None:
        await put_page(page)  # nobody waits for this one: NOWAIT, or a task that is dying
    return VM_FAULT_RETRY


async def put_kept_page(k, vmf):
    """Put the page that was kept across the retry, if there is one. Lock state: any."""
    if vmf.page is not None:
        await put_page(vmf.page)
        vmf.page = None


keep_the_page = per_vma_lock.patched(
    "keep_the_page",
    do_page_fault=do_page_fault_kept,
    do_no_page=do_no_page,
    filemap_nopage=filemap_nopage,
    out_retry=out_retry,
    added={"put_kept_page": put_kept_page},
    story="per_vma_lock that keeps its reference to the page across the retry, as `final` does.",
    source="[ours]",
)

ORDER = (retry_under_vma_lock, wait_under_vma_lock, keep_the_page)
