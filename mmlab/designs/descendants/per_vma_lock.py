"""6.4 and 6.7 (5e31275cc997; 5d74b2ab2c15 to 12214eba1992): a fault takes the lock of its vma instead of mmap_sem.

The vma is found without any lock and its own lock is tried, never waited for. So the first pass of a fault does not
queue behind a writer that changes something else. A writer holds mmap_sem as ever, and locks for writing each vma that
it changes: it waits for the vma's readers and notes mm_lock_seq in the vma. vm_lock_seq == mm_lock_seq then means
"locked for writing", and one bump of mm_lock_seq at the end unlocks all of them: the mail's counter as a mass unlock.

On a miss the vma's lock is dropped for the disk, and the replay runs under mmap_sem.
"""

from __future__ import annotations

from mmlab.kernel import (
    FAULT_FLAG_KILLABLE,
    FAULT_FLAG_RETRY_NOWAIT,
    FAULT_FLAG_TRIED,
    FAULT_FLAG_VMA_LOCK,
    SIGSEGV,
    VM_FAULT_RETRY,
    fault_flag_allow_retry_first,
    fault_signal_pending,
    find_vma,
    fixup_exception,
    force_sig,
    get_file,
    good_area,
    lock_page,
    lock_page_killable,
    mas_walk,
    mm_account_fault,
    rcu_read_lock,
    rcu_read_unlock,
    trylock_page,
    user_mode,
    vm_fault,
)
from mmlab.kernel.answers import YES_OR_NO

from .retry_many import retry_many


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. The first pass has the vma's lock (FAULT_FLAG_VMA_LOCK) if that can
    be had at once; every other pass has mmap_sem. After VM_FAULT_RETRY neither is held. A pass that waited for the disk
    counts as tried, so the next one keeps mmap_sem.
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
            return
        vmf.flags &= ~FAULT_FLAG_VMA_LOCK
        if vmf.major:
            vmf.flags |= FAULT_FLAG_TRIED
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


async def lock_vma_under_rcu(k, mm, address):
    """The vma that covers `address`, its lock held for reading; or None: take mmap_sem. Never sleeps.

    Lock state: nothing held on entry; on return the vma's lock if there is one. Between the look-up and the lock the
    vma may have been removed or have shrunk, so both are checked again.
    """
    await rcu_read_lock(mm)
    vma = await mas_walk(mm, address)
    if vma is not None and not await k.vma_start_read(vma):
        vma = None
    if vma is not None and (vma.detached or not vma.vm_start <= address < vma.vm_end):
        await k.vma_end_read(vma)
        vma = None
    await rcu_read_unlock(mm)
    return vma


async def vma_start_read(k, vma):
    """Try to take the vma's lock for reading. Returns whether it is held now. Never sleeps.

    Lock state: inside rcu_read_lock, or with a reference to the vma.
    """
    if vma.vm_lock_seq == vma.vm_mm.mm_lock_seq:
        return False  # locked for writing
    if not await vma.vm_lock.down_read_trylock():
        return False
    if vma.vm_lock_seq == vma.vm_mm.mm_lock_seq:  # a writer came in between: only now can none come
        await k.vma_end_read(vma)
        return False
    return True


async def vma_end_read(k, vma):
    """Let go of the vma's lock. Lock state: it is held for reading on entry, not held on return."""
    await vma.vm_lock.up_read()


async def vma_start_write(k, vma):
    """Lock one vma for writing, until mmap_write_unlock. Sleeps until its readers are gone.

    Lock state: mmap_sem held for writing. The vma's lock is held only for a moment: vm_lock_seq keeps readers out.
    """
    mm = vma.vm_mm
    if vma.vm_lock_seq == mm.mm_lock_seq:
        return  # done already in this write section
    await vma.vm_lock.down_write()
    vma.vm_lock_seq = mm.mm_lock_seq
    await vma.vm_lock.up_write()


async def mmap_write_unlock(k, mm):
    """Unlock all vmas and release mmap_sem. Lock state: held for writing on entry, not held on return."""
    mm.mm_lock_seq += 1  # vma_end_write_all: no vm_lock_seq is equal to it any more
    await mm.mmap_sem.up_write()


async def release_fault_lock(k, vmf):
    """Drop the lock that the fault holds.

    Lock state: the vma's lock or mmap_sem held for reading on entry, neither on return.
    """
    if vmf.flags & FAULT_FLAG_VMA_LOCK:
        await k.vma_end_read(vmf.vma)
    else:
        await vmf.mm.mmap_sem.up_read()


async def maybe_unlock_mmap_for_io(k, vmf, fpin):
    """Drop the lock before I/O if vmf.flags permit it and it was not done already. Returns the pinned file, or None.

    Lock state: the fault's lock held on entry, unless there is `fpin`; on return held only if None is returned.
    """
    if fpin is None and fault_flag_allow_retry_first(vmf.flags) and not vmf.flags & FAULT_FLAG_RETRY_NOWAIT:
        fpin = await get_file(vmf.vma.vm_file)
        await k.release_fault_lock(vmf)
    return fpin


async def lock_page_maybe_drop_mmap(k, vmf, page, fpin):
    """Sleep for the page lock, without the fault's lock if vmf.flags permit that. Returns (whether we have it, fpin).

    Lock state: as maybe_unlock_mmap_for_io, and the page lock held on return if the first answer is True. If it is
    False, answer VM_FAULT_RETRY: the fault's lock is not held, `fpin` or no `fpin`, except for FAULT_FLAG_RETRY_NOWAIT.
    """
    if await trylock_page(page):
        return True, fpin
    if vmf.flags & FAULT_FLAG_RETRY_NOWAIT:
        return False, fpin
    fpin = await k.maybe_unlock_mmap_for_io(vmf, fpin)
    if not vmf.flags & FAULT_FLAG_KILLABLE:
        await lock_page(page)
    elif await lock_page_killable(page):
        if fpin is None:
            await k.release_fault_lock(vmf)  # without permission, but this task is dying: C0 must hold
        return False, fpin
    return True, fpin


per_vma_lock = retry_many.patched(
    "per_vma_lock",
    do_page_fault=do_page_fault,
    vma_start_write=vma_start_write,
    mmap_write_unlock=mmap_write_unlock,
    maybe_unlock_mmap_for_io=maybe_unlock_mmap_for_io,
    lock_page_maybe_drop_mmap=lock_page_maybe_drop_mmap,
    added={
        "lock_vma_under_rcu": lock_vma_under_rcu,
        "vma_start_read": vma_start_read,
        "vma_end_read": vma_end_read,
        "release_fault_lock": release_fault_lock,
    },
    answers={"vma_start_read": YES_OR_NO},
    after_retry="neither mmap_sem nor the vma's lock held after RETRY, mmap_sem HELD if NOWAIT asked for it",
    story="The first pass takes the lock of its vma and never waits for mmap_sem; the replay after the disk does.",
    source="Linux 6.4, 5e31275cc997; for files 6.7, 5d74b2ab2c15 to 12214eba1992",
)
