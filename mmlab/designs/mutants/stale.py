"""Pointers used after the lock that kept them alive was dropped: vma, page table, file, page."""

from __future__ import annotations

from mmlab.kernel import (
    FAULT_FLAG_ALLOW_RETRY,
    FAULT_FLAG_RETRY_NOWAIT,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_SIGNALPENDING,
    PF_FAULT_MAYRETRY,
    SIGBUS,
    SIGKILL,
    SIGSEGV,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    fault_signal_pending,
    find_vma,
    fixup_exception,
    force_sig,
    get_file,
    good_area,
    mm_account_fault,
    pagefault_args,
    pte_alloc_map,
    pte_none,
    put_page,
    user_mode,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)

from .. import find
from .mutant import Mutant


async def do_one_page_fault_finding_once(k, address, write_access):
    """As in posted_2006, but after VM_FAULT_RETRY it goes on with the vma of the first pass. Lock state: as there."""
    tsk = k.current
    mm = tsk.mm
    waited = False
    await mm.mmap_sem.down_read()
    vma = await find_vma(mm, address)
    if not await good_area(vma, address, write_access):
        await mm.mmap_sem.up_read()
        force_sig(SIGSEGV, tsk)
        return
    while True:
        fault = await k.handle_mm_fault(mm, vma, address, write_access)
        if fault != VM_FAULT_RETRY:
            break
        tsk.flags &= ~PF_FAULT_MAYRETRY  # once
        waited = True
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault, waited)


async def handle_mm_fault_walking_once(k, args):
    """As in pagefault_args, but the page table is walked to once for all passes. Lock state: as do_no_page."""
    if args.page_table is None:
        args.page_table = await pte_alloc_map(args.mm, args.address)
    if args.page_table is None:
        return VM_FAULT_OOM
    return await k.handle_pte_fault(args)


async def do_page_fault_peeking(k, address, write_access):
    """As in pagefault_args, but it looks at the pte before the second pass. Lock state: nothing held."""
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
        if not await pte_none(args.page_table, address):
            return  # a sibling was faster
        args.reason = 0  # PAGEFAULT_MAYRETRY_IO is spent
        args.tried = True
    if not user_mode(tsk):
        fixup_exception(tsk)  # no signal can be delivered inside the kernel: to replay would be an endless loop


async def do_page_fault_asking_the_vma(k, address, write_access):
    """As in synchronous, but the vma is looked at once more at the end. Lock state: nothing held."""
    tsk = k.current
    mm = tsk.mm
    await mm.mmap_sem.down_read()
    vma = await find_vma(mm, address)
    if not await good_area(vma, address, write_access):
        await mm.mmap_sem.up_read()
        force_sig(SIGSEGV, tsk)
        return
    fault = await k.handle_mm_fault(mm, vma, address, write_access)
    await mm.mmap_sem.up_read()
    if fault == VM_FAULT_MAJOR and vma.vm_ops is not None:
        tsk.maj_flt += 1
    elif fault == VM_FAULT_MINOR:
        tsk.min_flt += 1
    elif fault == VM_FAULT_SIGBUS:
        force_sig(SIGBUS, tsk)
    elif fault == VM_FAULT_OOM:
        force_sig(SIGKILL, tsk)
    else:
        k.bug_answer("handle_mm_fault", fault)


async def maybe_unlock_mmap_for_io_pinning_late(k, vmf, fpin):
    """As in drop_for_io, but the file is pinned after up_read. Lock state: as there."""
    if fpin is None and vmf.flags & (FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT) == FAULT_FLAG_ALLOW_RETRY:
        await vmf.mm.mmap_sem.up_read()
        fpin = await get_file(vmf.vma.vm_file)
    return fpin


async def drop_and_wait_putting_first(k, args, page):
    """As in pagefault_args, but put_page comes before the wait. Lock state: as there."""
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await args.mm.mmap_sem.up_read()
    await put_page(page)
    await wait(page)
    args.reason |= PAGEFAULT_RETRY_SIGNALPENDING if fault_signal_pending(k.current) else PAGEFAULT_RETRY_IO
    return False


MUTANTS = (
    Mutant(
        find("posted_2006").patched("stale_vma", do_one_page_fault=do_one_page_fault_finding_once),
        "The lock is held again after RETRY, so I go back to handle_mm_fault with the vma that I already have.",
        world="a fault and an unmap",
        finding="use after free",
        source="mail of 19 Sep 2006, 45107ECE.5040603@google.com: it goes back to just before find_vma",
        schedule="fault: find_vma, up_read, waits; munmap: whole write section; fault: down_read, uses vma",
        steps=16,
    ),
    Mutant(
        find("pagefault_args").patched("stale_page_table", handle_mm_fault=handle_mm_fault_walking_once),
        "The page table is in the args already, so the second pass need not walk to it again.",
        world="two faults and a remap",
        finding="use after free",
        source="mail of 20 Sep 2006, 20060919200533.2874ce36.akpm@osdl.org: munmap may have freed the page-table page",
        schedule="fault: walks, up_read, waits; remap: frees the table, maps anew; fault: second pass reads the old "
        "table",
        steps=16,
    ),
    Mutant(
        find("pagefault_args").patched("pte_peeked_without_lock", do_page_fault=do_page_fault_peeking),
        "Before I take mmap_sem again I have a quick look at the pte: perhaps a sibling has mapped the page already.",
        world="a fault and an unmap",
        finding="use after free",
        source="mails of 20 Sep 2006, 1158717429.6002.231.camel@localhost.localdomain and the answer to it",
        schedule="fault: up_read, waits; munmap: frees the page table; fault: looks at the pte",
        steps=14,
    ),
    Mutant(
        find("synchronous").patched("vma_used_after_up_read", do_page_fault=do_page_fault_asking_the_vma),
        "The fault is over and mmap_sem released; I only ask the vma whether this was a fault on a file, to count it.",
        world="a fault and an unmap",
        finding="use after free",
        source="after Linux a3c4fb7c9c2e: vma used after up_read",
        schedule="fault: maps the page, up_read; munmap: whole write section; fault: reads vma.vm_ops",
        steps=13,
    ),
    Mutant(
        find("drop_for_io").patched(
            "file_pinned_after_drop", maybe_unlock_mmap_for_io=maybe_unlock_mmap_for_io_pinning_late
        ),
        "I let go of mmap_sem, and then I pin the file that I find through the vma.",
        world="a fault and an unmap",
        finding="use after free",
        source="[ours]: the order that Linux 5.1, 6b4c9f446981, keeps",
        schedule="fault: up_read; munmap: whole write section; fault: get_file(vmf.vma.vm_file)",
        steps=8,
    ),
    Mutant(
        find("pagefault_args").patched("page_put_before_the_wait", drop_and_wait=drop_and_wait_putting_first),
        "I shall look the page up again anyway, so I give it back before I wait for it rather than after.",
        world="a fault under DONTNEED",
        finding="use after free",
        source="[ours]: wait_on_page_locked needs a reference",
        schedule="fault: up_read, put_page, waits; disk: done; DONTNEED: frees the page; fault: looks whether it is "
        "unlocked",
        steps=13,
    ),
)
