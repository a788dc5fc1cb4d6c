"""The lock of one vma: taken without a second look, leaked, or forgotten by the writer."""

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
    mas_walk,
    mm_account_fault,
    put_vma,
    rcu_read_lock,
    rcu_read_unlock,
    user_mode,
    vm_fault,
)

from .. import find
from .mutant import Mutant


async def vma_start_read_looking_once(k, vma):
    """As in per_vma_lock, without the second look. Lock state: as there."""
    if vma.vm_lock_seq == vma.vm_mm.mm_lock_seq:
        return False  # locked for writing
    return await vma.vm_lock.down_read_trylock()


async def vma_start_read_watching_the_counter(k, vma):
    """As in per_vma_lock, but it only looks whether mm_lock_seq stands still. Lock state: as there."""
    seq = vma.vm_mm.mm_lock_seq
    if not await vma.vm_lock.down_read_trylock():
        return False
    if vma.vm_mm.mm_lock_seq != seq:  # a writer came in between
        await k.vma_end_read(vma)
        return False
    return True


async def lock_vma_under_rcu_looking_once(k, mm, address):
    """As in per_vma_lock, without the look at detached and bounds. Lock state: as there."""
    await rcu_read_lock(mm)
    vma = await mas_walk(mm, address)
    if vma is not None and not await k.vma_start_read(vma):
        vma = None
    await rcu_read_unlock(mm)
    return vma


async def lock_vma_under_rcu_ending_early(k, mm, address):
    """As in per_vma_lock, but RCU ends before the vma's lock is held. Lock state: as there."""
    await rcu_read_lock(mm)
    vma = await mas_walk(mm, address)
    await rcu_read_unlock(mm)
    if vma is not None and not await k.vma_start_read(vma):
        vma = None
    if vma is not None and (vma.detached or not vma.vm_start <= address < vma.vm_end):
        await k.vma_end_read(vma)
        vma = None
    return vma


async def vma_start_write_forgotten(k, vma):
    """A writer is about to change this vma: nothing to do, mmap_sem is enough. Lock state: held for writing."""


async def do_page_fault_leaking_the_vma_lock(k, address, write_access):
    """As in per_vma_lock, without vma_end_read for a bad access. Lock state: meant to be nothing held."""
    tsk = k.current
    mm = tsk.mm
    vmf = vm_fault(mm, address, write_access, await k.grant_retry(mm))
    vma = await k.lock_vma_under_rcu(mm, address) if user_mode(tsk) else None
    if vma is not None and not await good_area(vma, address, write_access):
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


async def retake_vma_lock_trusting(k, vmf, fpin):
    """As in per_vma_counter, but nothing is compared. Lock state: as there."""
    vma = vmf.vma
    if vmf.seq is None or not await k.vma_start_read(vma):
        return False
    vmf.seq = None
    await put_vma(vma)
    await fput(fpin)
    return True


MUTANTS = (
    Mutant(
        find("per_vma_lock").patched("no_second_look_at_vm_lock_seq", vma_start_read=vma_start_read_looking_once),
        "vm_lock_seq says that nobody writes, so I take the lock; a writer may lock the vma just before I have it.",
        world="a fault and an unmap",
        finding="use after free",
        source="Linux 6.4, 5e31275cc997: vm_lock_seq is looked at again after the trylock",
        schedule="fault: vm_lock_seq good; munmap: vma_start_write; fault: trylock; munmap: frees the vma; fault: uses"
        " it",
        steps=18,
    ),
    Mutant(
        find("per_vma_lock").patched(
            "still_counter_taken_for_no_writer", vma_start_read=vma_start_read_watching_the_counter
        ),
        "mm_lock_seq stood still while I took the lock, so no writer was there; but it moves only when a "
        "writer leaves.",
        world="a fault and an unmap",
        finding="use after free",
        source="Linux 6.14, eb449bd96954: an odd number says that a writer is inside; [ours] is the mistake",
        schedule="munmap: vma_start_write; fault: reads mm_lock_seq, trylock, equal; munmap: frees the vma; fault: "
        "uses it",
        steps=18,
    ),
    Mutant(
        find("per_vma_lock").patched("no_second_look_at_the_vma", lock_vma_under_rcu=lock_vma_under_rcu_looking_once),
        "I have the vma's lock, so it is the vma that I looked for; that it was removed before I had the lock"
        " I do not see.",
        world="a cached page and a remap",
        finding="pte through a stale vma",
        source="Linux 6.4, 5e31275cc997: detached and the bounds are looked at again",
        schedule="first: brings the page; second: mas_walk; remap: whole write section; second: locks the old vma, "
        "maps the page",
        steps=29,
    ),
    Mutant(
        find("per_vma_lock").patched("rcu_ends_too_early", lock_vma_under_rcu=lock_vma_under_rcu_ending_early),
        "rcu_read_lock is for the look-up, so I end it when I have the vma; the lock that I then take lies "
        "inside the vma.",
        world="a fault and an unmap",
        finding="use after free",
        source="Linux 6.4, 5e31275cc997: RCU lasts until the lock is held",
        schedule="fault: mas_walk, rcu_read_unlock; munmap: frees the vma; fault: vma_start_read",
        steps=10,
    ),
    Mutant(
        find("per_vma_lock").patched("writer_forgets_vma_start_write", vma_start_write=vma_start_write_forgotten),
        "The writer holds mmap_sem for writing, and that was always enough.",
        world="a fault and an unmap",
        finding="vma removed under its reader",
        source="Linux fb49c455323f: fork forgot it",
        schedule="fault: vma_start_read; munmap: removes the vma",
        steps=10,
    ),
    Mutant(
        find("per_vma_lock").patched("vma_lock_leaked", do_page_fault=do_page_fault_leaking_the_vma_lock),
        "The access is not allowed, so I leave the decision to the pass with mmap_sem, and keep the vma's lock.",
        world="a fault and a protection",
        finding="wrong lock order",
        source="[ours]: an early way out",
        schedule="mprotect: whole write section; fault: vma_start_read, not a good area, down_read of mmap_sem",
        steps=21,
    ),
    Mutant(
        find("per_vma_counter").patched("vma_counter_not_compared", retake_vma_lock=retake_vma_lock_trusting),
        "I kept a reference to the vma and have its lock again, so I go on; a reference keeps the struct, not"
        " the mapping.",
        world="a fault and an unmap",
        finding="use after free",
        source="[ours], on the locks of Linux 6.4, 5e31275cc997",
        schedule="fault: vma_end_read, waits; munmap: whole write section; fault: vma_start_read, reads the freed page"
        " table",
        steps=41,
    ),
)
