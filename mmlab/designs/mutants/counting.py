"""References and faults counted once too often, or once too seldom."""

from __future__ import annotations

from mmlab.kernel import (
    PAGEFAULT_MAYRETRY_IO,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_NOWAIT,
    PAGEFAULT_RETRY_SIGNALPENDING,
    PF_FAULT_MAYRETRY,
    SIGSEGV,
    VM_FAULT_MINOR,
    VM_FAULT_RETRY,
    fault_signal_pending,
    find_vma,
    fixup_exception,
    force_sig,
    good_area,
    lock_page_killable,
    mm_account_fault,
    pagefault_args,
    put_page,
    trylock_page,
    unlock_page,
    user_mode,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)

from .. import find
from .mutant import Mutant


async def lock_page_or_retry_putting_again(k, args, page):
    """As in pagefault_args, but it puts what drop_and_wait has put. Lock state: as there."""
    if args.reason & PAGEFAULT_MAYRETRY_IO:
        if await k.drop_and_wait(args, page):
            return True
        await put_page(page)
        return False
    if args.reason & PAGEFAULT_RETRY_NOWAIT:
        await put_page(page)
        return False
    if await lock_page_killable(page) == 0:
        return True
    await args.mm.mmap_sem.up_read()  # without permission, but this task is dying: C0 must hold
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
    return False


async def drop_and_wait_leaking_on_signal(k, args, page):
    """As in sequence_counter, without put_page after a signal. Lock state: as there."""
    mm = args.mm
    mapping = args.vma.vm_file
    seq = mm.mmap_seq  # before the lock is dropped
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    if mm.mmap_seq == seq and await trylock_page(page):  # compared under the lock taken again
        if page.mapping == mapping:
            return True  # nobody changed anything: vma and page table are as they were
        await unlock_page(page)
    await mm.mmap_sem.up_read()
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def drop_and_wait_leaking_on_change(k, args, page):
    """As in sequence_counter, without put_page after a change. Lock state: as there."""
    mm = args.mm
    mapping = args.vma.vm_file
    seq = mm.mmap_seq  # before the lock is dropped
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        await put_page(page)
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    if mm.mmap_seq == seq and await trylock_page(page):  # compared under the lock taken again
        if page.mapping == mapping:
            return True  # nobody changed anything: vma and page table are as they were
        await unlock_page(page)
    await mm.mmap_sem.up_read()
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def do_page_fault_forgetting_the_kept_page(k, address, write_access):
    """As in final, without put_kept_page for a bad address. Lock state: nothing held on entry and on return."""
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
            await k.put_kept_page(args)
            mm_account_fault(k, fault, args.major)
            return
        if args.reason & PAGEFAULT_RETRY_SIGNALPENDING:
            break
        args.reason = 0  # PAGEFAULT_MAYRETRY_IO is spent
        args.tried = True
    await k.put_kept_page(args)
    if not user_mode(tsk):
        fixup_exception(tsk)  # no signal can be delivered inside the kernel: to replay would be an endless loop


async def do_page_fault_counting_each_pass(k, address, write_access):
    """As in retry_once, but each pass is counted. Lock state: nothing held on entry and on return."""
    tsk = k.current
    mm = tsk.mm
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
        tsk.maj_flt += 1  # it waited for the disk
    await mm.mmap_sem.up_read()
    tsk.flags &= ~PF_FAULT_MAYRETRY
    mm_account_fault(k, fault)


async def do_page_fault_counting_each_read(k, address, write_access):
    """As in retry_once, but each pass that reads is counted. Lock state: nothing held on entry and on return."""
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
        tsk.maj_flt += 1
    await mm.mmap_sem.up_read()
    tsk.flags &= ~PF_FAULT_MAYRETRY
    if fault != VM_FAULT_MINOR or not waited:
        mm_account_fault(k, fault)


MUTANTS = (
    Mutant(
        find("sequence_counter").patched("page_put_twice", lock_page_or_retry=lock_page_or_retry_putting_again),
        "lock_page_or_retry puts the page when it does not get it, and so does drop_and_wait.",
        world="a fault and an unmap",
        finding="reference underflow",
        source="[ours]: two functions that both clean up",
        schedule="fault: up_read, waits; munmap: whole write section; fault: changed, put_page, put_page",
        steps=17,
    ),
    Mutant(
        find("sequence_counter").patched("page_leaked_on_signal", drop_and_wait=drop_and_wait_leaking_on_signal),
        "A signal ends the wait, and on that way out nobody puts the page.",
        world="a fault and a signal",
        finding="page reference leaked",
        source="[ours]: an exit that was added later",
        schedule="fault: up_read, waits; SIGUSR1; fault: SIGNALPENDING, returns",
        steps=13,
    ),
    Mutant(
        find("sequence_counter").patched("page_leaked_on_retry", drop_and_wait=drop_and_wait_leaking_on_change),
        "A writer came, so I answer RETRY; the second pass takes a reference of its own, and the first one stays.",
        world="two faults and a remap",
        finding="page reference leaked",
        source="[ours]: a reference in a local variable is gone with it",
        schedule="fault: up_read, waits; remap: whole write section; fault: changed, RETRY; second pass, returns",
        steps=26,
    ),
    Mutant(
        find("final").patched("kept_page_never_put", do_page_fault=do_page_fault_forgetting_the_kept_page),
        "The page kept across the retry is put by the second pass; a second pass that ends in SIGSEGV never "
        "gets there.",
        world="a fault and an unmap",
        finding="page reference leaked",
        source="[ours]: every exit must put args.page",
        schedule="fault: waits, keeps its page; munmap: whole write section; fault: changed, second pass: SIGSEGV, "
        "returns",
        steps=19,
    ),
    Mutant(
        find("retry_once").patched("counted_on_both_passes", do_page_fault=do_page_fault_counting_each_pass),
        "A pass that waited for the disk is a major fault, and the pass that finds the page is a minor one.",
        world="one fault",
        finding="fault counted twice",
        source="mail of 19 Sep 2006, 45107ECE.5040603@google.com: MINOR after a retry is charged as major, and once",
        schedule="fault: first pass: major; second pass: minor",
        at_once="every fault that is run again shows it",
        steps=17,
    ),
    Mutant(
        find("retry_once").patched("major_in_every_pass", do_page_fault=do_page_fault_counting_each_read),
        "I count the major fault when the first pass has waited, and take care not to count the easy second "
        "pass; a second pass that reads again is counted again.",
        world="a fault under DONTNEED",
        finding="fault counted twice",
        source="[ours]; Linux has counted on the last pass since 5.9",
        schedule="fault: first pass waits: major; DONTNEED: drops the page; fault: second pass reads again: major",
        steps=22,
    ),
)
