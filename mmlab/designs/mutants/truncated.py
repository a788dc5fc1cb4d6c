"""The page is not (any more) the page of that file: truncated, or the vma shows another file."""

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
    readpage,
    set_pte_at,
    trylock_page,
    unlock_page,
)

from .. import find
from .mutant import Mutant


async def do_no_page_trusting_the_lock(k, args):
    """As in pagefault_args, but mapping and i_size are not looked at again. Lock state: as there."""
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
    if await pte_none(args.page_table, args.address):
        await get_page(page)  # the pte's reference
        await set_pte_at(vma, args.page_table, args.address, page)
    await args.mm.page_table_lock.spin_unlock()
    await unlock_page(page)
    await put_page(page)
    return fault


async def do_no_page_checking_early(k, args):
    """As in pagefault_args, but the page lock ends before the pte lock begins. Lock state: as there."""
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
    gone = page.mapping != vma.vm_file or beyond_i_size(vma.vm_file, page.index)
    await unlock_page(page)
    await args.mm.page_table_lock.spin_lock()
    if gone:
        fault = VM_FAULT_SIGBUS  # truncated
    elif await pte_none(args.page_table, args.address):
        await get_page(page)  # the pte's reference
        await set_pte_at(vma, args.page_table, args.address, page)
    await args.mm.page_table_lock.spin_unlock()
    await put_page(page)
    return fault


async def do_no_page_sampling_late(k, mm, vma, address, page_table, write_access):
    """As in synchronous, but truncate_count is sampled after ->nopage. Lock state: as there."""
    while True:
        new_page, fault = await k.nopage(vma, address)
        if new_page == NOPAGE_SIGBUS:
            return VM_FAULT_SIGBUS
        if new_page == NOPAGE_OOM:
            return VM_FAULT_OOM
        sequence = vma.vm_file.truncate_count
        await mm.page_table_lock.spin_lock()
        if vma.vm_file.truncate_count == sequence:
            break
        await mm.page_table_lock.spin_unlock()
        await put_page(new_page)
    if await pte_none(page_table, address):
        await set_pte_at(vma, page_table, address, new_page)
    else:
        await put_page(new_page)  # a sibling won the race and mapped it first
    await mm.page_table_lock.spin_unlock()
    return fault


async def filemap_nopage_trusting_the_kept_page(k, args):
    """As in final, but a kept page is taken without a look at the cache. Lock state: as there."""
    mapping = args.vma.vm_file
    index = linear_page_index(args.vma, args.address)
    while not beyond_i_size(mapping, index):
        if args.page is not None and PageUptodate(args.page) and await trylock_page(args.page):
            page, args.page = args.page, None
            args.page_locked = True
            return page
        page = await find_get_page(mapping, index)
        await k.put_kept_page(args)
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


MUTANTS = (
    Mutant(
        find("pagefault_args").patched("no_truncate_check", do_no_page=do_no_page_trusting_the_lock),
        "->nopage gave me the page, and locked: nothing can have happened to it since.",
        world="a fault and a truncate",
        finding="page beyond i_size",
        source="mm/memory.c of 2.6.18: a truncate may come between ->nopage and the install",
        schedule="fault: i_size good, locks the page; truncate: i_size = 0; fault: maps the page",
        steps=16,
    ),
    Mutant(
        find("pagefault_args").patched("mapping_checked_too_early", do_no_page=do_no_page_checking_early),
        "I check page->mapping, let go of the page, and then take page_table_lock for the install.",
        world="a fault and a truncate",
        finding="page beyond i_size",
        source="[ours]: the page lock or the pte lock must span check and install",
        schedule="fault: checks, unlocks; truncate: i_size = 0, or the whole of it; fault: maps the page",
        steps=18,
    ),
    Mutant(
        find("synchronous").patched("truncate_count_read_late", do_no_page=do_no_page_sampling_late),
        "I read truncate_count when I have the page, just before the pte lock: the truncate was earlier.",
        world="a fault and a truncate",
        finding="page beyond i_size",
        source="mm/memory.c of 2.6.18: sampled before ->nopage",
        schedule="fault: nopage has the page; truncate: i_size = 0, counts; fault: reads truncate_count, equal, maps "
        "the page",
        steps=14,
    ),
    Mutant(
        find("final").patched(
            "kept_page_trusted",
            do_no_page=do_no_page_trusting_the_lock,
            filemap_nopage=filemap_nopage_trusting_the_kept_page,
        ),
        "I kept the page across the retry, so the second pass maps it; that the vma may show another file by "
        "now I forgot.",
        world="two faults and a remap",
        finding="page not in the mapping",
        source="[ours]: a kept page counts only if it is what the cache holds",
        schedule="fault: waits, keeps its page; remap: another file; fault: changed, second pass maps the kept page",
        steps=22,
    ),
)
