"""Faults that never end though they are bounded: deaf to a kill, replayed where nobody can, a missed wake-up."""

from __future__ import annotations

from mmlab.kernel import (
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_SIGNALPENDING,
    SIGSEGV,
    VM_FAULT_RETRY,
    fatal_signal_pending,
    fault_signal_pending,
    find_vma,
    fixup_exception,
    force_sig,
    good_area,
    mm_account_fault,
    pagefault_args,
    put_page,
    signal_pending,
    user_mode,
    wait_on_page_locked,
)

from .. import find
from .mutant import Mutant


async def drop_and_wait_unkillable(k, args, page):
    """As in pagefault_args, but no signal ends the wait. Lock state: as there."""
    await args.mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_SIGNALPENDING if fault_signal_pending(k.current) else PAGEFAULT_RETRY_IO
    return False


async def do_page_fault_not_for_the_dying(k, address, write_access):
    """As in pagefault_args, but does nothing for a task that is being killed. Lock state: nothing held."""
    tsk = k.current
    mm = tsk.mm
    if fatal_signal_pending(tsk):
        return  # it is dying anyway
    args = pagefault_args(mm, address, write_access, await k.grant_retry(mm))
    while not await mm.mmap_sem.down_read_killable():
        args.vma = await find_vma(mm, address)
        if not await good_area(args.vma, address, write_access):
            await mm.mmap_sem.up_read()
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(args)
        if fault != VM_FAULT_RETRY:
            await mm.mmap_sem.up_read()
            mm_account_fault(k, fault, args.major)
            return
        if args.reason & PAGEFAULT_RETRY_SIGNALPENDING:
            break
        args.reason = 0  # PAGEFAULT_MAYRETRY_IO is spent
        args.tried = True
    if not user_mode(tsk):
        fixup_exception(tsk)  # no signal can be delivered inside the kernel: to replay would be an endless loop


async def do_page_fault_signals_first(k, address, write_access):
    """As in pagefault_args, but does nothing while a signal is pending. Lock state: nothing held."""
    tsk = k.current
    mm = tsk.mm
    if signal_pending(tsk):
        return  # deliver it first
    args = pagefault_args(mm, address, write_access, await k.grant_retry(mm))
    while not await mm.mmap_sem.down_read_killable():
        args.vma = await find_vma(mm, address)
        if not await good_area(args.vma, address, write_access):
            await mm.mmap_sem.up_read()
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(args)
        if fault != VM_FAULT_RETRY:
            await mm.mmap_sem.up_read()
            mm_account_fault(k, fault, args.major)
            return
        if args.reason & PAGEFAULT_RETRY_SIGNALPENDING:
            break
        args.reason = 0  # PAGEFAULT_MAYRETRY_IO is spent
        args.tried = True
    if not user_mode(tsk):
        fixup_exception(tsk)  # no signal can be delivered inside the kernel: to replay would be an endless loop


MUTANTS = (
    Mutant(
        find("pagefault_args").patched("unkillable_wait", drop_and_wait=drop_and_wait_unkillable),
        "I wait for the disk as one always did, and a SIGKILL has to wait too.",
        world="a fault and a kill",
        finding="unkillable",
        source="before Linux 37b23e0525d3",
        schedule="fault: up_read, waits; SIGKILL: nothing happens",
        steps=11,
    ),
    Mutant(
        find("pagefault_args").patched("dying_kernel_fault_replayed", do_page_fault=do_page_fault_not_for_the_dying),
        "A task that is being killed need not fault any more: return at once; but copy_from_user tries again,"
        " for ever.",
        world="a kernel-mode fault and a kill",
        finding="livelock",
        source="after Linux 26178ec11ef3: endless fault of the kernel with a fatal signal pending",
        schedule="SIGKILL; again and again: fault: returns, copy_from_user touches the page again",
        steps=4,
    ),
    Mutant(
        find("pagefault_args").patched("signal_first_in_kernel_mode", do_page_fault=do_page_fault_signals_first),
        "I return so that the signal is delivered before the instruction is replayed; inside the kernel "
        "nobody delivers signals.",
        world="a kernel-mode fault and a signal",
        finding="livelock",
        source="[ours]: only a fatal signal may end a fault of the kernel itself, and by its fixup",
        schedule="SIGUSR1; again and again: fault: returns, copy_from_user touches the page again",
        steps=4,
    ),
)
