"""Row 12 of the mail, written with what Linux has for it since 6.14 (eb449bd96954) [ours]: mm_lock_seq as a seqcount.

It is bumped at both ends of each write section, so it is odd while a writer is inside. Who wants to speculate samples
it while it is even, and looks afterwards whether it is the same. Linux has the functions and uses them elsewhere; its
fault path does not.
"""

from __future__ import annotations

from mmlab.kernel import (
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_SIGNALPENDING,
    fault_signal_pending,
    put_page,
    trylock_page,
    unlock_page,
    user_mode,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)
from mmlab.kernel.answers import YES_OR_NO

from ..series.sequence_counter import sequence_counter


async def mmap_write_lock(k, mm):
    """Take mmap_sem to change the address space; mm_lock_seq becomes odd.

    Lock state: not held on entry, held for writing on return.
    """
    await mm.mmap_sem.down_write()
    await k.mm_lock_seqcount_begin(mm)


async def mmap_write_unlock(k, mm):
    """mm_lock_seq becomes even, mmap_sem is released. Lock state: held for writing on entry, not held on return."""
    await k.mm_lock_seqcount_end(mm)
    await mm.mmap_sem.up_write()


async def mm_lock_seqcount_begin(k, mm):
    """A write section begins. Lock state: mmap_sem held for writing."""
    mm.mm_lock_seq = (mm.mm_lock_seq + 1) % (1 << mm.seq_bits)


async def mm_lock_seqcount_end(k, mm):
    """A write section ends. Lock state: mmap_sem held for writing."""
    mm.mm_lock_seq = (mm.mm_lock_seq + 1) % (1 << mm.seq_bits)


async def mmap_lock_speculate_try_begin(k, mm):
    """What mm_lock_seq is now, or None while a writer is inside: then there is nothing to speculate on.

    Lock state: any. (In Linux it returns a boolean and the number through a pointer.)
    """
    seq = mm.mm_lock_seq
    return seq if seq % 2 == 0 else None


async def mmap_lock_speculate_retry(k, mm, seq):
    """Whether a writer has come since mm_lock_seq was `seq`. Lock state: any; if mmap_sem is held the answer lasts."""
    return mm.mm_lock_seq != seq


async def drop_and_wait(k, args, page):
    """Let everybody at the address space, sleep until the page is unlocked, and go on if no writer came meanwhile.

    Lock state: mmap_sem held for reading on entry. Returns True with mmap_sem held again and the page locked and still
    in its file; else False with mmap_sem NOT held and the reference to `page` put.
    """
    mm = args.mm
    mapping = args.vma.vm_file
    seq = await k.mmap_lock_speculate_try_begin(mm)  # before the lock is dropped
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        await put_page(page)
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    changed = seq is None or await k.mmap_lock_speculate_retry(mm, seq)  # compared under the lock taken again
    if not changed and await trylock_page(page):
        if page.mapping == mapping:
            return True  # nobody changed anything: vma and page table are as they were
        await unlock_page(page)
    await mm.mmap_sem.up_read()
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


mm_lock_seq = sequence_counter.patched(
    "mm_lock_seq",
    mmap_write_lock=mmap_write_lock,
    mmap_write_unlock=mmap_write_unlock,
    drop_and_wait=drop_and_wait,
    added={
        "mm_lock_seqcount_begin": mm_lock_seqcount_begin,
        "mm_lock_seqcount_end": mm_lock_seqcount_end,
        "mmap_lock_speculate_try_begin": mmap_lock_speculate_try_begin,
        "mmap_lock_speculate_retry": mmap_lock_speculate_retry,
    },
    answers={"mmap_lock_speculate_retry": YES_OR_NO},
    story="The sequence counter with Linux's own seqcount: sample while it is even, retry if it has changed.",
    source="[ours], with the functions of Linux 6.14, eb449bd96954",
)
