"""Row 13: all of it together, in five numbered steps, and one rule of our own.

The counter is speed, the bound on retries is liveness, and the page kept across the retry is progress: reclaim and
FADV_DONTNEED skip a page that somebody refers to, so the second pass finds what the first one waited for. The third
rule is [ours]; Linux puts the page before it retries.
"""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_SIGNALPENDING,
    SIGSEGV,
    VM_FAULT_RETRY,
    PageUptodate,
    beyond_i_size,
    fault_signal_pending,
    find_get_page,
    find_vma,
    fixup_exception,
    force_sig,
    good_area,
    linear_page_index,
    mm_account_fault,
    page_cache_read,
    pagefault_args,
    put_page,
    readpage,
    trylock_page,
    unlock_page,
    user_mode,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)

from .sequence_counter import sequence_counter


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. Every exit puts args.page, the page kept across the retry.
    """
    tsk = k.current
    mm = tsk.mm
    args = pagefault_args(mm, address, write_access, await k.grant_retry(mm))
    while not await mm.mmap_sem.down_read_killable():
        args.vma = await find_vma(mm, address)
        if not await good_area(args.vma, address, write_access):
            await mm.mmap_sem.up_read()
            await k.put_kept_page(args)
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


async def filemap_nopage(k, args):
    """The page of the file, uptodate, referenced and locked (args.page_locked), or NOPAGE_*.

    Lock state: mmap_sem held for reading on entry; on return too, except after NOPAGE_RETRY: then it is not held,
    unless PAGEFAULT_RETRY_NOWAIT asked for it.
    """
    mapping = args.vma.vm_file
    index = linear_page_index(args.vma, args.address)
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        await k.put_kept_page(args)  # 5. it counts only if it is what the cache holds: that was looked up just now
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


async def drop_and_wait(k, args, page):
    """Let everybody at the address space, sleep until the page is unlocked, and go on if nothing changed meanwhile.

    Lock state: mmap_sem held for reading on entry. Returns True with mmap_sem held again and the page locked, good to
    be mapped; else False with mmap_sem NOT held. After PAGEFAULT_RETRY_IO the reference to `page` is kept in args.page,
    after PAGEFAULT_RETRY_SIGNALPENDING it is put.
    """
    mm = args.mm
    mapping = args.vma.vm_file
    args.page = page
    seq = mm.mmap_seq  # before the lock is dropped
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    # 1. a signal (for an access by the kernel itself: a fatal one) ends the fault, whatever the counter says;
    # 2. so does a SIGKILL while we queue for mmap_sem
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        await k.put_kept_page(args)
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    # 3. no writer came, and the page can be locked and is good: go on with mmap_sem held
    if mm.mmap_seq == seq and await trylock_page(page):
        if page.mapping == mapping and not beyond_i_size(mapping, page.index) and PageUptodate(page):
            args.page = None  # back in the hands of filemap_nopage
            return True
        await unlock_page(page)
    # 4. else start again, and keep the page
    await mm.mmap_sem.up_read()
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def put_kept_page(k, args):
    """Put the page that was kept across the retry, if there is one. Lock state: any."""
    if args.page is not None:
        await put_page(args.page)
        args.page = None


final = sequence_counter.patched(
    "final",
    do_page_fault=do_page_fault,
    filemap_nopage=filemap_nopage,
    drop_and_wait=drop_and_wait,
    added={"put_kept_page": put_kept_page},
    story="Counter for speed, one retry for liveness, the page kept across it for progress; signals end every wait.",
    source="mail of 15 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org; keeping the page is [ours]",
)
