"""mmap_sem leaked on a path that nobody tries."""

from __future__ import annotations

from mmlab.kernel import (
    PF_FAULT_MAYRETRY,
    SIGBUS,
    SIGKILL,
    SIGSEGV,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    find_vma,
    force_sig,
    good_area,
    mm_account_fault,
)

from .. import find
from .mutant import Mutant


async def do_page_fault_leaking_on_sigsegv(k, address, write_access):
    """As in nopage_retry, without up_read for a bad address. Lock state: meant to be nothing held."""
    tsk = k.current
    mm = tsk.mm
    waited = False
    while True:
        await mm.mmap_sem.down_read()
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
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


async def do_page_fault_leaking_on_oom(k, address, write_access):
    """As in retry_once, with an exit of its own for VM_FAULT_OOM. Lock state: meant to be nothing held."""
    tsk = k.current
    mm = tsk.mm
    waited = False
    tsk.flags |= PF_FAULT_MAYRETRY
    while True:
        await mm.mmap_sem.down_read()
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
            await mm.mmap_sem.up_read()
            tsk.flags &= ~PF_FAULT_MAYRETRY
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(mm, vma, address, write_access)
        if fault == VM_FAULT_OOM:
            tsk.flags &= ~PF_FAULT_MAYRETRY
            force_sig(SIGKILL, tsk)
            return
        if fault != VM_FAULT_RETRY:
            break
        tsk.flags &= ~PF_FAULT_MAYRETRY  # once
        waited = True
    await mm.mmap_sem.up_read()
    tsk.flags &= ~PF_FAULT_MAYRETRY
    mm_account_fault(k, fault, waited)


MUTANTS = (
    Mutant(
        find("nopage_retry").patched("lock_leaked_on_sigsegv", do_page_fault=do_page_fault_leaking_on_sigsegv),
        "A bad address ends the fault at once: I send the signal and return, with mmap_sem in my hands.",
        world="a bad address",
        finding="lock leaked",
        source="[ours]: an early return",
        schedule="fault: down_read, find_vma, not a good area, returns",
        steps=2,
    ),
    Mutant(
        find("retry_once").patched("lock_leaked_on_oom", do_page_fault=do_page_fault_leaking_on_oom),
        "Without memory the task is to die, so I kill it on the spot; the up_read is further down.",
        world="a fault without memory",
        finding="lock leaked",
        source="[ours]: an early return",
        schedule="fault: down_read, an allocation fails, VM_FAULT_OOM, returns",
        steps=4,
    ),
)
