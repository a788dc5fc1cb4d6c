"""The cpu's side of a page fault: an access, the exception, the signals on the way back to user mode."""

from __future__ import annotations

from . import costs
from .pagetable import walk_page_table
from .sleep import charge
from .task import dequeue_signal


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
