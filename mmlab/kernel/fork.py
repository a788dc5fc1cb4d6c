"""fork: one long write section, because the whole address space is copied with mmap_sem held for writing.

Source: dup_mmap in kernel/fork.c of 2.6.18. The child is not simulated, and nothing is write-protected: there is no
copy on write here. What matters to a page fault is how long the lock is held.
"""

from __future__ import annotations

from . import costs
from .sleep import charge


async def dup_mmap(k, mm, ns: int) -> None:
    """Copy every vma and page table of `mm`, which takes `ns`. No lock held on entry or return.

    Each vma is locked for writing too, where the design has locks for single ones: fork forgot that in Linux 6.4
    (fb49c455323f).
    """
    await k.mmap_write_lock(mm)
    for vma in list(mm.mmap):
        await k.vma_start_write(vma)
    await charge(ns)
    await k.mmap_write_unlock(mm)


async def sys_fork(k, ns: int) -> None:
    """fork(2), of which copying the address space takes `ns`. No lock held on entry or return."""
    k.enter("fork")
    await charge(costs.FORK_OUTSIDE)
    await dup_mmap(k, k.current.mm, ns)
    k.leave("fork")
