"""The cpu's side of a page fault: an access, the exception, the signals on the way back to user mode."""

from __future__ import annotations

from . import costs
from .pagetable import walk_page_table
from .sleep import charge
from .task import dequeue_signal

EFAULT = 14


async def touch(k, address: int, write_access: bool = False) -> str | None:
    """One access to memory from user mode, with as many faults as it takes.

    Returns None when the access went through, else the signal that killed the task or that it must handle.
    The hardware walks the page table without any lock. After each fault the kernel delivers pending signals; without
    one the faulting instruction is replayed.
    """
    task = k.current
    while not walk_page_table(task.mm, address, write_access):
        minor, major = task.min_flt, task.maj_flt
        if k.tracing:
            k.enter("fault", address)
        then = k.now + costs.EXCEPTION_ENTRY
        if then < k.horizon:
            k.now = then
        else:
            await charge(costs.EXCEPTION_ENTRY)
        await k.do_page_fault(address, write_access)
        k.leave_fault(task, task.min_flt - minor, task.maj_flt - major)
        if task.pending:
            return dequeue_signal(task)
    return None


async def copy_from_user(k, address: int) -> int:
    """One access by the kernel itself to the program's memory, in the middle of a system call: 0, or -EFAULT.

    The kernel cannot be sent back to user mode for a signal: it tries again until do_page_fault has resolved the
    fault or has called fixup_exception. No lock held on entry or return.
    """
    task = k.current
    task.in_kernel = True
    task.fixup = False
    while not task.fixup and not walk_page_table(task.mm, address, False):
        minor, major = task.min_flt, task.maj_flt
        k.enter("fault", address)
        await charge(costs.EXCEPTION_ENTRY)
        await k.do_page_fault(address, False)
        k.leave_fault(task, task.min_flt - minor, task.maj_flt - major)
        if task.forced is not None:  # what would kill a program is an error code for the kernel
            task.pending.remove(task.forced)
            task.forced = None
            task.fixup = True
    task.in_kernel = False
    return -EFAULT if task.fixup else 0
