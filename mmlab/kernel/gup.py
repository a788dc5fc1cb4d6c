"""The kernel as its own customer: get_user_pages, which faults pages in without any exception.

Its callers hold mmap_sem and have vma pointers of their own: nobody below may let go of the lock behind their back.

Source: mm/memory.c of 2.6.18 (get_user_pages, follow_page); faultin_page is a name of Linux 4.
"""

from __future__ import annotations

from .codes import VM_FAULT_MAJOR, VM_FAULT_MINOR, VM_FAULT_OOM, VM_FAULT_RETRY, VM_FAULT_SIGBUS
from .handle import primitive
from .mm import find_vma, good_area
from .page import get_page, put_page
from .pagetable import PAGE_SHIFT, PMD_SHIFT, walk_page_table
from .sleep import EINTR
from .task import fatal_signal_pending

EAGAIN = 11
ENOMEM = 12
EFAULT = 14
ERRORS = {EINTR: "EINTR", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EFAULT: "EFAULT"}


async def faultin_page(k, mm, vma, address, write_access, nowait):
    """Resolve a fault for the kernel itself. Returns VM_FAULT_*.

    Lock state: mmap_sem held for reading on entry and on return. 2.6.18 has no way to pass `nowait` on: it waits.
    """
    return await k.handle_mm_fault(mm, vma, address, write_access)


@primitive
async def follow_page(mm, address: int, write_access: bool):
    """The page mapped at `address`, with a reference for the caller, or None. Lock state: mmap_sem held."""
    page = None
    await mm.page_table_lock.spin_lock()
    if walk_page_table(mm, address, write_access):
        page = mm.pgd[address >> PMD_SHIFT].ptes[address >> PAGE_SHIFT]
        await get_page(page)
    await mm.page_table_lock.spin_unlock()
    return page


async def get_user_pages(k, address: int, write_access: bool = False, nowait: bool = False):
    """The page at `address` with a reference for the caller, faulted in if need be; or a negative error.

    -EFAULT: nothing there; -ENOMEM; -EAGAIN: `nowait`, and the disk works on it; -EINTR: the task is being killed.
    Lock state: mmap_sem held for reading on entry and on return; after -EINTR it was let go of in between.
    """
    tsk = k.current
    mm = tsk.mm
    while True:
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
            return -EFAULT
        page = await follow_page(mm, address, write_access)
        if page is not None:
            return page
        fault = await k.faultin_page(mm, vma, address, write_access, nowait)
        if fault == VM_FAULT_RETRY:
            return await fault_must_wait(k, mm, nowait)
        if fault == VM_FAULT_MAJOR:
            tsk.maj_flt += 1
        elif fault == VM_FAULT_MINOR:
            tsk.min_flt += 1
        elif fault in (VM_FAULT_SIGBUS, VM_FAULT_OOM):
            return -EFAULT if fault == VM_FAULT_SIGBUS else -ENOMEM
        else:
            k.bug_answer("faultin_page", fault)


async def fault_must_wait(k, mm, nowait: bool) -> int:
    """What get_user_pages makes of VM_FAULT_RETRY: -EAGAIN or -EINTR.

    Lock state: mmap_sem held on entry if `nowait`, else not; held for reading on return.
    """
    if nowait:
        return -EAGAIN
    if not fatal_signal_pending(k.current):
        k.bug(
            "lock dropped without permission",
            f"{k.current.comm} is in get_user_pages, whose caller holds mmap_sem, and a fault let go of it",
            "only do_page_fault may permit that; whoever drops the lock must ask first (retry_once has a flag for it)",
        )
    await mm.mmap_sem.down_read()
    return -EINTR


async def pin_user_page(k, address: int, nowait: bool = False) -> int:
    """A system call that looks at one page of its caller's memory, as direct I/O does [ours].

    Returns 0 or a negative error. No lock held on entry or return.
    """
    k.enter("gup", address)
    mm = k.current.mm
    await mm.mmap_sem.down_read()
    page = await get_user_pages(k, address, nowait=nowait)
    await mm.mmap_sem.up_read()
    if not isinstance(page, int):
        await put_page(page)
    answer = page if isinstance(page, int) else 0
    k.leave(ERRORS[-answer] if answer else "gup")
    return answer
