"""Row 12 of the mail, the better way: a counter of write sections tells whether the retry is needed at all.

The counter guards the vmas and nothing else: the page may have left its file meanwhile, so page->mapping is looked at
again, under the page lock, even when the counter stands still. The counter is a speed rule, the bound on retries a
liveness rule; neither replaces the other.
"""

from __future__ import annotations

from mmlab.kernel import (
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_SIGNALPENDING,
    bump_mmap_seq,
    fault_signal_pending,
    put_page,
    trylock_page,
    unlock_page,
    user_mode,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)

from .pagefault_args import design as pagefault_args


async def mmap_write_lock(k, mm):
    """Take mmap_sem to change the address space, and count that.

    Lock state: not held on entry, held for writing on return.
    """
    await mm.mmap_sem.down_write()
    bump_mmap_seq(mm)


async def drop_and_wait(k, args, page):
    """Let everybody at the address space, sleep until the page is unlocked, and go on if no writer came meanwhile.

    Lock state: mmap_sem held for reading on entry. Returns True with mmap_sem held again and the page locked and still
    in its file; else False with mmap_sem NOT held and the reference to `page` put.
    """
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
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


sequence_counter = pagefault_args.patched(
    "sequence_counter",
    mmap_write_lock=mmap_write_lock,
    drop_and_wait=drop_and_wait,
    story="Count the write sections; after the disk take mmap_sem again, and start over only if one came between.",
    source="mail of 15 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org (the better way)",
)
