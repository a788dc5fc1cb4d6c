"""The counter of write sections, read, compared or bumped at the wrong place; and one that is too narrow.

It works only if it is read before mmap_sem is dropped, compared after mmap_sem is taken again, and bumped inside the
write section.
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

from .. import find
from .mutant import Mutant


async def drop_and_wait_reading_late(k, args, page):
    """As in sequence_counter, but the counter is read after up_read. Lock state: as there."""
    mm = args.mm
    mapping = args.vma.vm_file
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    seq = mm.mmap_seq
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


async def drop_and_wait_trusting(k, args, page):
    """As in sequence_counter, but nothing is compared. Lock state: as there."""
    mm = args.mm
    mapping = args.vma.vm_file
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        await put_page(page)
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    if await trylock_page(page):
        if page.mapping == mapping:
            return True
        await unlock_page(page)
    await mm.mmap_sem.up_read()
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def drop_and_wait_comparing_early(k, args, page):
    """As in sequence_counter, but the counter is compared before mmap_sem is held again. Lock state: as there."""
    mm = args.mm
    mapping = args.vma.vm_file
    seq = mm.mmap_seq  # before the lock is dropped
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    unchanged = mm.mmap_seq == seq
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        await put_page(page)
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    if unchanged and await trylock_page(page):
        if page.mapping == mapping:
            return True  # nobody changed anything: vma and page table are as they were
        await unlock_page(page)
    await mm.mmap_sem.up_read()
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def drop_and_wait_speculating_early(k, args, page):
    """As in mm_lock_seq, but it looks for writers before mmap_sem is held again. Lock state: as there."""
    mm = args.mm
    mapping = args.vma.vm_file
    seq = await k.mmap_lock_speculate_try_begin(mm)  # before the lock is dropped
    wait = wait_on_page_locked_interruptible if user_mode(k.current) else wait_on_page_locked_killable
    await mm.mmap_sem.up_read()
    await wait(page)
    changed = seq is None or await k.mmap_lock_speculate_retry(mm, seq)
    if fault_signal_pending(k.current) or await mm.mmap_sem.down_read_killable():
        await put_page(page)
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING
        return False
    if not changed and await trylock_page(page):
        if page.mapping == mapping:
            return True  # nobody changed anything: vma and page table are as they were
        await unlock_page(page)
    await mm.mmap_sem.up_read()
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def mmap_write_lock_not_counting(k, mm):
    """Take mmap_sem to change the address space. Lock state: not held on entry, held for writing on return."""
    await mm.mmap_sem.down_write()


async def mmap_write_unlock_counting_late(k, mm):
    """Release mmap_sem, then count the change. Lock state: held for writing on entry, not held on return."""
    await mm.mmap_sem.up_write()
    mm.mmap_seq = (mm.mmap_seq + 1) % (1 << mm.seq_bits)


async def mmap_write_lock_counting_early(k, mm):
    """Count a change, then take mmap_sem for it. Lock state: not held on entry, held for writing on return."""
    mm.mmap_seq = (mm.mmap_seq + 1) % (1 << mm.seq_bits)
    await mm.mmap_sem.down_write()


MUTANTS = (
    Mutant(
        find("sequence_counter").patched("counter_read_after_drop", drop_and_wait=drop_and_wait_reading_late),
        "I read the counter just after letting go of mmap_sem: a writer may have come and gone before I looked.",
        world="a fault and an unmap",
        finding="use after free",
        source="[ours]: the order that the mail takes for granted",
        schedule="fault: up_read; munmap: whole write section; fault: reads the counter, waits, down_read, equal, uses"
        " vma",
        steps=21,
    ),
    Mutant(
        find("sequence_counter").patched("counter_not_compared", drop_and_wait=drop_and_wait_trusting),
        "After the wait I take mmap_sem again and go on where I was, without asking whether a writer came meanwhile.",
        world="a fault and an unmap",
        finding="use after free",
        source="[ours]: going on with what was true before the sleep",
        schedule="fault: up_read, waits; munmap: whole write section; fault: down_read, goes on, uses vma",
        steps=20,
    ),
    Mutant(
        find("sequence_counter").patched("counter_compared_before_retake", drop_and_wait=drop_and_wait_comparing_early),
        "I compare the counter as soon as I wake and only then take mmap_sem: a writer fits in between.",
        world="a fault and an unmap",
        finding="use after free",
        source="[ours]: check and use must lie under one lock",
        schedule="fault: up_read, waits, compares: equal; munmap: whole write section; fault: down_read, uses vma",
        steps=21,
    ),
    Mutant(
        find("mm_lock_seq").patched(
            "counter_compared_before_retake_6_14", drop_and_wait=drop_and_wait_speculating_early
        ),
        "mmap_lock_speculate_retry says that nobody wrote, so I take mmap_sem: but it said so of a moment ago.",
        world="a fault and an unmap",
        finding="use after free",
        source="[ours], with the functions of Linux 6.14, eb449bd96954",
        schedule="fault: waits, speculate_retry: no; munmap: whole write section; fault: down_read, uses vma",
        steps=22,
    ),
    Mutant(
        find("sequence_counter").patched(
            "bump_after_up_write",
            mmap_write_lock=mmap_write_lock_not_counting,
            mmap_write_unlock=mmap_write_unlock_counting_late,
        ),
        "The writer counts itself when it is through, after up_write: a fault that gets the lock first sees no change.",
        world="a fault and an unmap",
        finding="use after free",
        source="[ours]: the mail bumps wherever down_write is done, and that is under the lock",
        schedule="fault: up_read, waits; munmap: down_write, removes, up_write; fault: down_read, equal, uses vma; "
        "munmap: bumps",
        steps=21,
    ),
    Mutant(
        find("sequence_counter").patched("bump_before_down_write", mmap_write_lock=mmap_write_lock_counting_early),
        "The writer counts itself before it has mmap_sem: a fault reads the new number, and then the writer "
        "changes the vmas.",
        world="a fault and an unmap",
        finding="use after free",
        source="[ours]: the mail bumps wherever down_write is done, and that is under the lock",
        schedule="munmap: bumps, queues; fault: reads the counter, up_read, waits; munmap: removes, up_write; fault: "
        "down_read, equal, uses vma",
        steps=23,
    ),
    Mutant(
        find("sequence_counter").patched("writer_forgets_the_bump", mmap_write_lock=mmap_write_lock_not_counting),
        "One writer takes mmap_sem as it always did and knows nothing of the counter.",
        world="a fault and an unmap",
        finding="use after free",
        source="after Linux fb49c455323f: fork forgot the protocol of the per-vma locks",
        schedule="fault: up_read, waits; munmap: whole write section; fault: down_read, equal, uses vma",
        steps=19,
    ),
    Mutant(
        find("sequence_counter").patched("narrow_counter"),
        "The counter has so few bits that during one sleep it can turn round once and show the old number again.",
        world="a fault and a narrow counter",
        finding="use after free",
        source="[ours]: unsafe only if a whole number of turns falls into one sleep",
        schedule="fault: reads 0, up_read, waits; writers: remap, one more section: 0 again; fault: down_read, equal, "
        "uses vma",
        steps=24,
    ),
)
