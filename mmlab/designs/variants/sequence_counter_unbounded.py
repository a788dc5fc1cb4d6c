"""sequence_counter without its bound [ours]: the counter is a speed rule, and no speed rule makes a fault end.

Under writers and a FADV_DONTNEED loop it lives as little as nopage_retry.
"""

from __future__ import annotations

from mmlab.kernel import (
    PAGEFAULT_RETRY_SIGNALPENDING,
    SIGSEGV,
    VM_FAULT_RETRY,
    find_vma,
    fixup_exception,
    force_sig,
    good_area,
    mm_account_fault,
    pagefault_args,
    user_mode,
)

from ..series.sequence_counter import sequence_counter


async def do_page_fault(k, address, write_access):
    """An access to `address` trapped: make it possible, or send the signal that says it is not.

    Lock state: nothing held on entry and on return. Every pass may drop the lock again.
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
        args.reason = await k.grant_retry(mm)  # never spent
        args.tried = True
    if not user_mode(tsk):
        fixup_exception(tsk)  # no signal can be delivered inside the kernel: to replay would be an endless loop


sequence_counter_unbounded = sequence_counter.patched(
    "sequence_counter_unbounded",
    do_page_fault=do_page_fault,
    story="sequence_counter that may retry for ever: it livelocks as nopage_retry does.",
    source="[ours]",
)
