"""Permission: what get_user_pages, which holds mmap_sem for its own caller, gave and did not give."""

from __future__ import annotations

from mmlab.kernel import (
    PAGEFAULT_MAYRETRY_IO,
    PAGEFAULT_RETRY_NOWAIT,
    PAGEFAULT_RETRY_SIGNALPENDING,
    PF_FAULT_MAYRETRY,
    SIGSEGV,
    VM_FAULT_RETRY,
    find_vma,
    force_sig,
    good_area,
    lock_page_killable,
    mm_account_fault,
    pagefault_args,
    put_page,
)

from .. import find
from .mutant import Mutant


async def faultin_page_granting(k, mm, vma, address, write_access, nowait):
    """As in pagefault_args, with the permission to drop mmap_sem. Lock state: see there; this breaks it."""
    args = pagefault_args(mm, address, write_access, PAGEFAULT_RETRY_NOWAIT if nowait else PAGEFAULT_MAYRETRY_IO, vma)
    return await k.handle_mm_fault(args)


async def lock_page_or_retry_always_dropping(k, args, page):
    """As in pagefault_args, but NOWAIT drops mmap_sem too. Lock state: see there; this breaks it."""
    if args.reason & PAGEFAULT_MAYRETRY_IO:
        return await k.drop_and_wait(args, page)
    if args.reason & PAGEFAULT_RETRY_NOWAIT:
        await args.mm.mmap_sem.up_read()
        await put_page(page)
        return False
    if await lock_page_killable(page) == 0:
        return True
    await args.mm.mmap_sem.up_read()  # without permission, but this task is dying: C0 must hold
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
    return False


async def faultin_page_retaking(k, mm, vma, address, write_access, nowait):
    """As in pagefault_args, but takes mmap_sem after VM_FAULT_RETRY. Lock state: see there; this breaks it."""
    args = pagefault_args(mm, address, write_access, PAGEFAULT_RETRY_NOWAIT if nowait else 0, vma)
    fault = await k.handle_mm_fault(args)
    if fault == VM_FAULT_RETRY and nowait:
        await mm.mmap_sem.down_read()
    return fault


async def do_page_fault_leaving_its_flag(k, address, write_access):
    """As in retry_once, but the flag is not cleared at the end. Lock state: nothing held on entry and on return."""
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
        if fault != VM_FAULT_RETRY:
            break
        tsk.flags &= ~PF_FAULT_MAYRETRY  # once
        waited = True
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault, waited)


MUTANTS = (
    Mutant(
        find("pagefault_args").patched("permission_from_gup", faultin_page=faultin_page_granting),
        "get_user_pages faults like everybody else, so it grants MAYRETRY_IO too; its caller still trusts in the lock.",
        world="get_user_pages",
        finding="lock dropped without permission",
        source="after Linux 4a9e1cda2748: a caller of get_user_pages unaware of the unlock",
        schedule="gup: down_read, fault, up_read, waits, RETRY",
        steps=12,
    ),
    Mutant(
        find("pagefault_args").patched("nowait_drops_the_lock", lock_page_or_retry=lock_page_or_retry_always_dropping),
        "RETRY means that mmap_sem is not held, so I drop it for NOWAIT too; but that caller counts on having it.",
        world="get_user_pages without waiting",
        finding="released by a stranger",
        source="after Linux 96312e61282a, the other way round",
        schedule="gup: down_read, miss, up_read, RETRY; its caller: up_read",
        steps=10,
    ),
    Mutant(
        find("pagefault_args").patched("nowait_thought_dropped", faultin_page=faultin_page_retaking),
        "After RETRY I take mmap_sem again for my caller; but NOWAIT never let go of it.",
        world="get_user_pages without waiting",
        finding="recursive locking",
        source="after Linux 96312e61282a: a hung guest",
        schedule="gup: down_read, miss, RETRY with the lock held, down_read",
        steps=9,
    ),
    Mutant(
        find("retry_once").patched("task_flag_leaked", do_page_fault=do_page_fault_leaving_its_flag),
        "I clear the task's flag when I use it up; a fault that never waits leaves it behind, for whoever faults next.",
        world="a fault, then get_user_pages",
        finding="lock dropped without permission",
        source="[ours]; the wrapper of mail 45107ECE.5040603@google.com prevents it",
        schedule="first: brings page 0; second: minor fault on page 0, flag stays; second: gup of page 1 drops "
        "mmap_sem",
        steps=23,
    ),
)
