"""retry_many as userfaultfd uses it: every pass may let go of the lock and wait, not only the first [ours].

A userfaultfd fault waits for another program, which may take as many rounds as it likes; that is what the many retries
of 5.7 are for. Here the page cache waits for its pages in the same way, and the livelock of nopage_retry is back. (Only
the wait for a page that is being read: a page that cannot be had still ends the fault on the second pass.)
"""

from __future__ import annotations

from mmlab.kernel import (
    FAULT_FLAG_ALLOW_RETRY,
    FAULT_FLAG_KILLABLE,
    FAULT_FLAG_RETRY_NOWAIT,
    get_file,
    lock_page,
    lock_page_killable,
    trylock_page,
)

from ..descendants.retry_many import retry_many


async def lock_page_maybe_drop_mmap(k, vmf, page, fpin):
    """Sleep for the page lock, without mmap_sem if vmf.flags permit that. Returns (whether we have it, fpin).

    Lock state: mmap_sem held for reading on entry, unless there is `fpin`; on return held only if there is none, and
    the page lock if the first answer is True. If it is False, answer VM_FAULT_RETRY: mmap_sem is not held, `fpin` or no
    `fpin`, except for FAULT_FLAG_RETRY_NOWAIT.
    """
    if await trylock_page(page):
        return True, fpin
    if vmf.flags & FAULT_FLAG_RETRY_NOWAIT:
        return False, fpin
    if fpin is None and vmf.flags & FAULT_FLAG_ALLOW_RETRY:  # tried already or not
        fpin = await get_file(vmf.vma.vm_file)
        await vmf.mm.mmap_sem.up_read()
    if not vmf.flags & FAULT_FLAG_KILLABLE:
        await lock_page(page)
    elif await lock_page_killable(page):
        if fpin is None:
            await vmf.mm.mmap_sem.up_read()  # without permission, but this task is dying: C0 must hold
        return False, fpin
    return True, fpin


retry_many_uffd = retry_many.patched(
    "retry_many_uffd",
    lock_page_maybe_drop_mmap=lock_page_maybe_drop_mmap,
    story="retry_many whose page cache drops the lock on every pass, as userfaultfd does: no bound, livelock.",
    source="[ours], after Linux 5.7, 4064b9827063",
)
