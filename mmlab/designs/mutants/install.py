"""What must be true of a page at the moment when its pte is installed, and was not looked at, or too early."""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
    PageUptodate,
    beyond_i_size,
    find_get_page,
    get_page,
    linear_page_index,
    lock_page,
    page_cache_read,
    pte_none,
    put_page,
    set_pte_at,
    unlock_page,
)

from .. import find
from .mutant import Mutant


async def filemap_nopage_trusting_the_disk(k, vma, address):
    """As in synchronous, but a page that was waited for is taken as it is. Lock state: as there."""
    mapping = vma.vm_file
    index = linear_page_index(vma, address)
    fault = VM_FAULT_MINOR
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            fault = VM_FAULT_MAJOR
            page = await page_cache_read(mapping, index)
            if page is None:
                return NOPAGE_OOM, fault
        if PageUptodate(page):
            return page, fault
        fault = VM_FAULT_MAJOR
        await lock_page(page)  # the stall: until the read is done, with mmap_sem held
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            continue  # truncated or reclaimed while we slept: look it up again
        await unlock_page(page)
        return page, fault
    return NOPAGE_SIGBUS, fault


async def do_no_page_not_looking(k, args):
    """As in pagefault_args, but the pte is not looked at under the pte lock. Lock state: as there."""
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
    else:
        await get_page(page)  # the pte's reference
        await set_pte_at(vma, args.page_table, args.address, page)
    await args.mm.page_table_lock.spin_unlock()
    await unlock_page(page)
    await put_page(page)
    return fault


async def do_no_page_without_pte_lock(k, args):
    """As in pagefault_args, without page_table_lock. Lock state: as there."""
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
    if page.mapping != vma.vm_file or beyond_i_size(vma.vm_file, page.index):
        fault = VM_FAULT_SIGBUS  # truncated
    elif await pte_none(args.page_table, args.address):
        await get_page(page)  # the pte's reference
        await set_pte_at(vma, args.page_table, args.address, page)
    await unlock_page(page)
    await put_page(page)
    return fault


MUTANTS = (
    Mutant(
        find("synchronous").patched("no_uptodate_check", filemap_nopage=filemap_nopage_trusting_the_disk),
        "The page lock is free, so the read is done, so the page is good.",
        world="a fault and a read error",
        finding="page not uptodate",
        source="PG_uptodate is set on success only (mm/filemap.c)",
        schedule="fault: waits; disk: error, unlocks; fault: maps the page",
        steps=11,
    ),
    Mutant(
        find("pagefault_args").patched("no_pte_none_check", do_no_page=do_no_page_not_looking),
        "handle_pte_fault has seen that the pte is none; I need not look again.",
        world="two faults",
        finding="pte overwritten",
        source="mm/memory.c of 2.6.18: pte_none is stable only under the pte lock",
        schedule="both faults: pte none, wait; first: maps the page; second: maps it again",
        steps=22,
    ),
    Mutant(
        find("pagefault_args").patched("install_without_page_table_lock", do_no_page=do_no_page_without_pte_lock),
        "I hold mmap_sem and the page lock: that must be enough to write one pte.",
        world="one fault",
        finding="lock not held",
        source="[ours]: set_pte_at needs the pte lock",
        schedule="fault: set_pte_at",
        at_once="lockdep asks for the lock at every install, whether or not anybody else is there",
        steps=13,
    ),
)
