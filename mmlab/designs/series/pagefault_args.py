"""Rows 6 to 9 of the mail: struct pagefault_args, created in do_page_fault, is the one argument of the whole path.

With it come the permission to drop the lock and the reason for a retry (instead of a task flag), the page that comes
back locked (so that no truncate comes between nopage and the install, and truncate_count is not needed), and the mark
that a fault was run again already. Every wait ends with a SIGKILL, and without the lock with any signal of the program.
"""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    PAGEFAULT_MAYRETRY_IO,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_NOWAIT,
    PAGEFAULT_RETRY_SIGNALPENDING,
    SIGSEGV,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    PageUptodate,
    alloc_zeroed_user_highpage,
    beyond_i_size,
    fault_signal_pending,
    find_get_page,
    find_vma,
    fixup_exception,
    force_sig,
    get_page,
    good_area,
    linear_page_index,
    lock_page,
    lock_page_killable,
    mm_account_fault,
    page_cache_read,
    pagefault_args,
    pte_alloc_map,
    pte_none,
    ptep_set_access_flags,
    put_page,
    readpage,
    set_pte_at,
    trylock_page,
    unlock_page,
    user_mode,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)
from mmlab.kernel.answers import PAGE, YES_OR_NO

from .retry_once import retry_once


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. After PAGEFAULT_RETRY_IO there is one more pass, without the
    permission to drop the lock; after PAGEFAULT_RETRY_SIGNALPENDING the fault is over and nothing is counted: the
    signal is delivered on the way out, and the replay of the instruction is a new fault.
    """
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
        args.reason = 0  # PAGEFAULT_MAYRETRY_IO is spent
        args.tried = True
    if not user_mode(tsk):
        fixup_exception(tsk)  # no signal can be delivered inside the kernel: to replay would be an endless loop


async def grant_retry(k, mm):
    """What a fault from do_page_fault may do: PAGEFAULT_MAYRETRY_IO, or 0. Lock state: nothing held."""
    return PAGEFAULT_MAYRETRY_IO


async def handle_mm_fault(k, args):
    """Find or make the page table and resolve the fault there. Returns VM_FAULT_*. Lock state: as do_no_page."""
    args.page_table = await pte_alloc_map(args.mm, args.address)
    if args.page_table is None:
        return VM_FAULT_OOM
    return await k.handle_pte_fault(args)


async def handle_pte_fault(k, args):
    """Decide by the pte what kind of fault it is. Returns VM_FAULT_*. Lock state: as do_no_page."""
    if await pte_none(args.page_table, args.address):
        if args.vma.vm_ops is None:
            return await k.do_anonymous_page(args)
        return await k.do_no_page(args)
    if args.write_access:  # the vma became writable again; for a read a sibling was just faster
        await args.mm.page_table_lock.spin_lock()
        await ptep_set_access_flags(args.vma, args.page_table, args.address)
        await args.mm.page_table_lock.spin_unlock()
    return VM_FAULT_MINOR


async def do_anonymous_page(k, args):
    """Map a zeroed page. Returns VM_FAULT_MINOR or VM_FAULT_OOM. Lock state: mmap_sem held on entry and on return."""
    page = await alloc_zeroed_user_highpage(k)
    if page is None:
        return VM_FAULT_OOM
    await args.mm.page_table_lock.spin_lock()
    if await pte_none(args.page_table, args.address):
        await set_pte_at(args.vma, args.page_table, args.address, page)
    else:
        await put_page(page)
    await args.mm.page_table_lock.spin_unlock()
    return VM_FAULT_MINOR


async def do_no_page(k, args):
    """Ask the vma's owner for the page and map it. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry; on return too, except after VM_FAULT_RETRY (see filemap_nopage).
    The page lock, held from ->nopage's look at page->mapping to the install, keeps the page in its file. Of a truncate
    only i_size can change under it.
    """
    vma = args.vma
    page = await k.nopage(args)
    if page == NOPAGE_SIGBUS:
        return VM_FAULT_SIGBUS
    if page == NOPAGE_OOM:
        return VM_FAULT_OOM
    if page == NOPAGE_RETRY:
        return VM_FAULT_RETRY  # vma is dead
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


async def filemap_nopage(k, args):
    """The page of the file, uptodate, referenced and locked (args.page_locked), or NOPAGE_*.

    Lock state: mmap_sem held for reading on entry; on return too, except after NOPAGE_RETRY: then it is not held,
    unless PAGEFAULT_RETRY_NOWAIT asked for it.
    """
    mapping = args.vma.vm_file
    index = linear_page_index(args.vma, args.address)
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            page = await page_cache_read(mapping, index)
            if page is None:
                return NOPAGE_OOM
        if not PageUptodate(page):
            args.major = True
        if not await trylock_page(page) and not await k.lock_page_or_retry(args, page):
            return NOPAGE_RETRY
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            continue  # truncated or reclaimed while we slept: look it up again
        if not PageUptodate(page):
            await readpage(page)  # the read failed: try once more; the page lock goes with the read
            if not await k.lock_page_or_retry(args, page):
                return NOPAGE_RETRY
        if PageUptodate(page):
            args.page_locked = True
            return page
        await unlock_page(page)
        await put_page(page)
        break
    return NOPAGE_SIGBUS


async def lock_page_or_retry(k, args, page):
    """Sleep for the page lock in the way that `args` permits. Returns whether we have it; if not, `page` is put.

    Lock state: mmap_sem held for reading on entry. True: still held (or again), and the page lock too. False: answer
    NOPAGE_RETRY; mmap_sem is not held, except for PAGEFAULT_RETRY_NOWAIT. (A name of Linux 2.6.37.)
    """
    if args.reason & PAGEFAULT_MAYRETRY_IO:
        return await k.drop_and_wait(args, page)
    if args.reason & PAGEFAULT_RETRY_NOWAIT:
        await put_page(page)
        return False
    if await lock_page_killable(page) == 0:
        return True
    await args.mm.mmap_sem.up_read()  # without permission, but this task is dying: C0 must hold
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
    return False


async def drop_and_wait(k, args, page):
    """Let everybody at the address space, sleep until the page is unlocked or a signal comes. Returns False.

    Lock state: mmap_sem held for reading on entry, NOT held on return; the reference to `page` is put.
    """
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await args.mm.mmap_sem.up_read()
    await wait(page)
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_SIGNALPENDING if fault_signal_pending(k.current) else PAGEFAULT_RETRY_IO
    return False


async def faultin_page(k, mm, vma, address, write_access, nowait):
    """Resolve a fault for the kernel itself. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return, because no PAGEFAULT_MAYRETRY_IO is given. After
    VM_FAULT_RETRY it is still held if `nowait`; else the task is being killed, and it is not held.
    """
    args = pagefault_args(mm, address, write_access, PAGEFAULT_RETRY_NOWAIT if nowait else 0, vma)
    return await k.handle_mm_fault(args)


design = retry_once.patched(
    "pagefault_args",
    new_signatures=True,
    do_page_fault=do_page_fault,
    handle_mm_fault=handle_mm_fault,
    handle_pte_fault=handle_pte_fault,
    do_anonymous_page=do_anonymous_page,
    do_no_page=do_no_page,
    filemap_nopage=filemap_nopage,
    faultin_page=faultin_page,
    drop_and_wait=drop_and_wait,
    added={"grant_retry": grant_retry, "lock_page_or_retry": lock_page_or_retry},
    answers={"filemap_nopage": PAGE, "drop_and_wait": YES_OR_NO, "lock_page_or_retry": YES_OR_NO},
    after_retry="mmap_sem not held after RETRY, HELD if NOWAIT asked for it",
    story="One struct down the whole path: permission, reason, page locked, tried once; a signal ends the wait.",
    source="mails of 15 and 19 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org, 45107ECE.5040603@google.com",
)
