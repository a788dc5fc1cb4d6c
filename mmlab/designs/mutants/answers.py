"""Answers that say something else of mmap_sem than is true: RETRY means dropped, all others mean held."""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    PAGEFAULT_MAYRETRY_IO,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_NOWAIT,
    PAGEFAULT_RETRY_SIGNALPENDING,
    VM_FAULT_LOCKED,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    PageUptodate,
    beyond_i_size,
    fault_signal_pending,
    find_get_page,
    get_page,
    linear_page_index,
    lock_page,
    lock_page_killable,
    page_cache_read,
    pte_none,
    put_page,
    readpage,
    set_pte_at,
    trylock_page,
    unlock_page,
    user_mode,
    wait_on_page_locked,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)

from .. import find
from .mutant import Mutant


async def lock_page_or_retry_keeping_mmap_sem(k, args, page):
    """As in pagefault_args, but a kill does not let go of mmap_sem. Lock state: see there; this breaks it."""
    if args.reason & PAGEFAULT_MAYRETRY_IO:
        return await k.drop_and_wait(args, page)
    if args.reason & PAGEFAULT_RETRY_NOWAIT:
        await put_page(page)
        return False
    if await lock_page_killable(page) == 0:
        return True
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
    return False


async def drop_and_wait_keeping_mmap_sem(k, args, page):
    """As in sequence_counter, without the last up_read. Lock state: see there; this breaks it."""
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
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def do_no_page_calling_a_signal_minor(k, args):
    """As in pagefault_args, but a signal is answered with VM_FAULT_MINOR. Lock state: see there; this breaks it."""
    vma = args.vma
    page = await k.nopage(args)
    if page == NOPAGE_SIGBUS:
        return VM_FAULT_SIGBUS
    if page == NOPAGE_OOM:
        return VM_FAULT_OOM
    if page == NOPAGE_RETRY:
        return VM_FAULT_MINOR if args.reason & PAGEFAULT_RETRY_SIGNALPENDING else VM_FAULT_RETRY
    fault = VM_FAULT_MAJOR if args.major else VM_FAULT_MINOR
    if not args.page_locked:
        await lock_page(page)  # from a driver that does not lock its pages
    await args.mm.page_table_lock.spin_lock()
    if page.mapping != vma.vm_file or beyond_i_size(vma.vm_file, page.index):
        fault = VM_FAULT_SIGBUS  # truncated
    elif await pte_none(args.page_table, args.address):
        await get_page(page)  # the pte's reference
        await set_pte_at(vma, args.page_table, args.address, page)
    await args.mm.page_table_lock.spin_unlock()
    await unlock_page(page)
    await put_page(page)
    return fault


async def filemap_nopage_forgetting_fpin(k, vmf):
    """As in drop_for_io, but without memory it answers OOM, lock or no lock.

    Lock state: see there; this breaks it.
    """
    mapping = vmf.vma.vm_file
    index = linear_page_index(vmf.vma, vmf.address)
    page = fpin = None
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            vmf.major = True
            fpin = await k.maybe_unlock_mmap_for_io(vmf, fpin)  # before the submission, which may block
            page = await page_cache_read(mapping, index)
            if page is None:
                return VM_FAULT_OOM
        if not PageUptodate(page):
            vmf.major = True
        locked, fpin = await k.lock_page_maybe_drop_mmap(vmf, page, fpin)
        if not locked:
            return await k.out_retry(vmf, page, fpin)
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            page = None
            continue  # truncated or reclaimed while we slept: look it up again
        if PageUptodate(page):
            if fpin:  # it is good, but the lock was dropped for it: find the vma again, redo the fault
                await unlock_page(page)
                return await k.out_retry(vmf, page, fpin)
            vmf.page = page
            return VM_FAULT_LOCKED
        fpin = await k.maybe_unlock_mmap_for_io(vmf, fpin)
        await readpage(page)  # the read failed: try once more; the page lock goes with the read
        await wait_on_page_locked(page)
        if fpin:
            return await k.out_retry(vmf, page, fpin)
        failed = not PageUptodate(page)
        await put_page(page)
        page = None
        if failed:
            break
    return await k.out_retry(vmf, page, fpin) if fpin else VM_FAULT_SIGBUS


MUTANTS = (
    Mutant(
        find("unshared_mm").patched("killed_keeps_the_lock", lock_page_or_retry=lock_page_or_retry_keeping_mmap_sem),
        "I was not permitted to let go of mmap_sem, so when I am killed I answer RETRY and still hold it.",
        world="a fault and a kill",
        finding="lock leaked",
        source="[ours]: RETRY means dropped, also for who had no permission to drop",
        schedule="fault: alone in its mm, waits with mmap_sem held; SIGKILL; fault: RETRY, returns",
        steps=12,
    ),
    Mutant(
        find("sequence_counter").patched("retry_with_the_lock_held", drop_and_wait=drop_and_wait_keeping_mmap_sem),
        "A writer came, so I say RETRY; I forgot that I have just taken mmap_sem to find that out.",
        world="a fault and an unmap",
        finding="recursive locking",
        source="[ours]: in the patch of 2006 RETRY meant retaken, since 2.6.37 it means dropped",
        schedule="fault: up_read, waits; munmap: whole write section; fault: down_read, changed, RETRY, down_read",
        steps=17,
    ),
    Mutant(
        find("pagefault_args").patched("signal_as_minor", do_no_page=do_no_page_calling_a_signal_minor),
        "For a signal there is nothing to rerun, so RETRY becomes VM_FAULT_MINOR; but the lock is gone, and "
        "MINOR means held.",
        world="a fault and a signal",
        finding="released by a stranger",
        source="mail of 15 Sep 2006, 1158274508.14473.88.camel@localhost.localdomain, on a ->nopage that drops the "
        "lock",
        schedule="fault: up_read, waits; SIGUSR1; fault: MINOR, up_read",
        steps=14,
    ),
    Mutant(
        find("drop_for_io").patched("oom_after_the_drop", filemap_nopage=filemap_nopage_forgetting_fpin),
        "No memory for the page: VM_FAULT_OOM, as ever; but by now mmap_sem is dropped, and only RETRY says so.",
        world="a fault without memory",
        finding="released by a stranger",
        source="[ours]: the exit that Linux 5.1, 6b4c9f446981, sends to out_retry",
        schedule="fault: up_read before the submission, no memory, VM_FAULT_OOM, up_read",
        steps=9,
    ),
)
