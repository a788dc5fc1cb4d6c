"""Retries without a bound: under reclaim or FADV_DONTNEED such a fault never ends."""

from __future__ import annotations

from mmlab.kernel import (
    PAGEFAULT_MAYRETRY_IO,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_NOWAIT,
    PAGEFAULT_RETRY_SIGNALPENDING,
    PF_FAULT_MAYRETRY,
    SIGSEGV,
    VM_FAULT_RETRY,
    find_vma,
    fixup_exception,
    force_sig,
    good_area,
    mm_account_fault,
    pagefault_args,
    put_page,
    user_mode,
)

from .. import find
from .mutant import Mutant


async def do_page_fault_always_granting(k, address, write_access):
    """As in pagefault_args, but the permission is never spent. Lock state: nothing held on entry and on return."""
    tsk = k.current
    mm = tsk.mm
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
        args.tried = True
    if not user_mode(tsk):
        fixup_exception(tsk)  # no signal can be delivered inside the kernel: to replay would be an endless loop


async def do_page_fault_replaying(k, address, write_access):
    """As in retry_once, but after VM_FAULT_RETRY the instruction is replayed. Lock state: nothing held."""
    tsk = k.current
    mm = tsk.mm
    tsk.flags |= PF_FAULT_MAYRETRY
    await mm.mmap_sem.down_read()
    vma = await find_vma(mm, address)
    if not await good_area(vma, address, write_access):
        await mm.mmap_sem.up_read()
        tsk.flags &= ~PF_FAULT_MAYRETRY
        force_sig(SIGSEGV, tsk)
        return
    fault = await k.handle_mm_fault(mm, vma, address, write_access)
    tsk.flags &= ~PF_FAULT_MAYRETRY
    if fault == VM_FAULT_RETRY:
        return  # the instruction is replayed
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault)


async def lock_page_or_retry_spinning(k, args, page):
    """As in pagefault_args, but never sleeps with mmap_sem held. Lock state: as there."""
    if args.reason & PAGEFAULT_MAYRETRY_IO:
        return await k.drop_and_wait(args, page)
    if args.reason & PAGEFAULT_RETRY_NOWAIT:
        await put_page(page)
        return False
    await args.mm.mmap_sem.up_read()
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


MUTANTS = (
    Mutant(
        find("pagefault_args").patched("mayretry_never_cleared", do_page_fault=do_page_fault_always_granting),
        "The permission to drop mmap_sem is granted once, at the start, and nobody takes it away after the retry.",
        world="a fault under DONTNEED",
        finding="livelock",
        source="mail of 15 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org: only one retry",
        schedule="again and again: fault: up_read, waits; disk: done; fault: put_page; DONTNEED: drops the page; "
        "fault: miss",
        steps=24,
    ),
    Mutant(
        find("retry_once").patched("replay_forgets_the_bound", do_page_fault=do_page_fault_replaying),
        "After RETRY I go back to user mode and let the instruction fault again; but that fault is a new one,"
        " with a new permission.",
        world="a fault under DONTNEED",
        finding="livelock",
        source="mail of 19 Sep 2006, 20060919165906.3d641236.akpm@osdl.org: going back to user space",
        schedule="again and again: fault: up_read, waits; disk: done; fault: returns; DONTNEED: drops the page; new "
        "fault: miss",
        steps=16,
    ),
    Mutant(
        find("pagefault_args").patched("replay_without_sleeping", lock_page_or_retry=lock_page_or_retry_spinning),
        "One must not sleep for the disk with mmap_sem held, so without permission I drop it and try again at"
        " once, until the page is there.",
        world="a fault under DONTNEED",
        finding="livelock",
        source="mail of 19 Sep 2006, 20060919165906.3d641236.akpm@osdl.org: a busy wait",
        schedule="again and again: fault: page locked, RETRY; disk: done; DONTNEED: drops the page; fault: miss",
        steps=23,
    ),
)
