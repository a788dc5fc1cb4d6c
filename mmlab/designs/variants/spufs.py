"""A device driver's ->nopage under three designs: the customer for whom the thread of 2006 began.

The local store of a Cell SPE can be mapped only while its context runs on a physical SPE. Whoever touches it otherwise
waits, for as long as the scheduler likes, and must get out when a signal comes. Each design here adds spufs_nopage
to a design of the series, written as well as that design's contract permits; the driver itself is [ours].
"""

from __future__ import annotations

from mmlab.kernel import (
    NOPAGE_RETRY,
    PAGEFAULT_MAYRETRY_IO,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_SIGNALPENDING,
    TASK_INTERRUPTIBLE,
    TASK_KILLABLE,
    TASK_UNINTERRUPTIBLE,
    VM_FAULT_MINOR,
    linear_page_index,
    local_store_page,
    spu_acquire_runnable,
    user_mode,
)
from mmlab.kernel.answers import PAGE, PAGE_AND_FAULT_CODE

from ..series.nopage_refault import nopage_refault
from ..series.pagefault_args import design as pagefault_args
from ..series.synchronous import synchronous


async def uninterruptible_nopage(k, vma, address):
    """The page of the local store that `address` shows. Returns (page, VM_FAULT_MINOR).

    Lock state: mmap_sem held for reading on entry, on return, and until the context runs: 2.6.18 has no answer that
    means "come back", so no signal may end the wait.
    """
    await spu_acquire_runnable(k, vma.vm_private_data, TASK_UNINTERRUPTIBLE)
    return await local_store_page(vma.vm_private_data, linear_page_index(vma, address)), VM_FAULT_MINOR


async def refault_nopage(k, vma, address):
    """The page of the local store, or NOPAGE_RETRY when a signal came. Returns (that, VM_FAULT_MINOR).

    Lock state: mmap_sem held for reading on entry, on return, and until the context runs or a signal comes. The program
    goes back to user mode, where the signal is delivered, and touches the page again: no busy wait, but the wait holds
    the lock.
    """
    if await spu_acquire_runnable(k, vma.vm_private_data, TASK_INTERRUPTIBLE):
        return NOPAGE_RETRY, VM_FAULT_MINOR
    return await local_store_page(vma.vm_private_data, linear_page_index(vma, address)), VM_FAULT_MINOR


async def args_nopage(k, args):
    """The page of the local store, referenced but not locked, or NOPAGE_RETRY.

    Lock state: mmap_sem held for reading on entry; on return too, except after NOPAGE_RETRY: then it is not held. With
    PAGEFAULT_MAYRETRY_IO the wait is without the lock and ends with a signal; without it only a SIGKILL ends it.
    """
    vma = args.vma
    context, index = vma.vm_private_data, linear_page_index(vma, args.address)
    may_drop = args.reason & PAGEFAULT_MAYRETRY_IO and not context.runnable
    if may_drop:
        await args.mm.mmap_sem.up_read()  # vma is dead from here on
    interruptible = may_drop and user_mode(k.current)
    signal = await spu_acquire_runnable(k, context, TASK_INTERRUPTIBLE if interruptible else TASK_KILLABLE)
    if signal and not may_drop:
        await args.mm.mmap_sem.up_read()  # dying: drop it all the same
    if signal or may_drop:
        args.reason |= PAGEFAULT_RETRY_SIGNALPENDING if signal else PAGEFAULT_RETRY_IO
        return NOPAGE_RETRY
    return await local_store_page(context, index)


spufs_synchronous = synchronous.patched(
    "spufs_synchronous",
    added={"spufs_nopage": uninterruptible_nopage},
    answers={"spufs_nopage": PAGE_AND_FAULT_CODE},
    story="A driver that waits for its device with mmap_sem held, deaf to signals.",
    source="Linux 2.6.18; the driver is [ours]",
)
spufs_refault = nopage_refault.patched(
    "spufs_refault",
    added={"spufs_nopage": refault_nopage},
    answers={"spufs_nopage": PAGE_AND_FAULT_CODE},
    story="The driver waits interruptibly and answers NOPAGE_RETRY when a signal comes: what that was proposed for.",
    source="mail of 15 Sep 2006, 1158274508.14473.88.camel@localhost.localdomain; the driver is [ours]",
)
spufs_args = pagefault_args.patched(
    "spufs_args",
    added={"spufs_nopage": args_nopage},
    answers={"spufs_nopage": PAGE},
    story="The driver drops mmap_sem, waits, and says why it comes back: RETRY_IO or RETRY_SIGNALPENDING.",
    source="mail of 19 Sep 2006, 45107ECE.5040603@google.com; the driver is [ours]",
)
