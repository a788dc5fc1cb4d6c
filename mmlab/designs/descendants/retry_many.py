"""5.7 (4064b9827063, 8b9a65fd282c): any number of retries, and signals are looked at before each.

FAULT_FLAG_ALLOW_RETRY is not cleared any more; FAULT_FLAG_TRIED is set instead. The page cache still lets go of the
lock on the first pass only, because an unbounded retry is a livelock (the mail's reason, 14 years later): the many
retries are for userfaultfd. A SIGKILL ends the wait for a page, even where the lock may not be dropped: then it is
dropped all the same, because only VM_FAULT_RETRY makes callers look at signals.
"""

from __future__ import annotations

from mmlab.kernel import (
    FAULT_FLAG_ALLOW_RETRY,
    FAULT_FLAG_DEFAULT,
    FAULT_FLAG_KILLABLE,
    FAULT_FLAG_RETRY_NOWAIT,
    FAULT_FLAG_TRIED,
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
    mm_account_fault,
    trylock_page,
    user_mode,
    vm_fault,
)

from .drop_for_io import drop_for_io


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. After VM_FAULT_RETRY mmap_sem is not held: if there is a signal to
    deliver the fault is over and nothing is counted (the replay of the instruction is a new fault); else another pass.
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
        if fault_signal_pending(tsk):
            if not user_mode(tsk):
                fixup_exception(tsk)  # no signal can be delivered inside the kernel
            return
        vmf.flags |= FAULT_FLAG_TRIED
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault, vmf.major)


async def grant_retry(k, mm):
    """The FAULT_FLAG_ bits that a fault from do_page_fault begins with. Lock state: nothing held."""
    return FAULT_FLAG_DEFAULT


async def maybe_unlock_mmap_for_io(k, vmf, fpin):
    """Drop mmap_sem before I/O if vmf.flags permit it and it was not done already. Returns the pinned file, or None.

    Lock state: mmap_sem held for reading on entry, unless there is `fpin`; on return held only if None is returned.
    """
    if fpin is None and fault_flag_allow_retry_first(vmf.flags) and not vmf.flags & FAULT_FLAG_RETRY_NOWAIT:
        fpin = await get_file(vmf.vma.vm_file)
        await vmf.mm.mmap_sem.up_read()
    return fpin


async def lock_page_maybe_drop_mmap(k, vmf, page, fpin):
    """Sleep for the page lock, without mmap_sem if vmf.flags permit that. Returns (whether we have it, fpin).

    Lock state: as maybe_unlock_mmap_for_io, and the page lock held on return if the first answer is True. If it is
    False, answer VM_FAULT_RETRY: mmap_sem is not held, `fpin` or no `fpin`, except for FAULT_FLAG_RETRY_NOWAIT.
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
            await vmf.mm.mmap_sem.up_read()  # without permission, but this task is dying: C0 must hold
        return False, fpin
    return True, fpin


async def faultin_page(k, mm, vma, address, write_access, nowait):
    """Resolve a fault for the kernel itself. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return. After VM_FAULT_RETRY it is still held if `nowait`;
    else the task is being killed, and it is not held.
    """
    flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT if nowait else FAULT_FLAG_KILLABLE
    return await k.handle_mm_fault(vm_fault(mm, address, write_access, flags, vma))


retry_many = drop_for_io.patched(
    "retry_many",
    do_page_fault=do_page_fault,
    grant_retry=grant_retry,
    maybe_unlock_mmap_for_io=maybe_unlock_mmap_for_io,
    lock_page_maybe_drop_mmap=lock_page_maybe_drop_mmap,
    faultin_page=faultin_page,
    story="Retries without bound are allowed, signals checked before each; the page cache still uses only the first.",
    source="Linux 5.7, 4064b9827063 and 8b9a65fd282c (killable waits: 3.0, 37b23e0525d3)",
)
