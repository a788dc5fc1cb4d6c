"""What a lock per vma needs: the lock itself, RCU around the look-up, and a vma that is freed only when nobody looks.

Source: include/linux/mm.h and mm/memory.c of 6.4 (5e31275cc997). How the lock is used is the business of designs.
"""

from __future__ import annotations

from .handle import primitive
from .rwsem import rw_semaphore

NAMES = {"read": "vma_lock/read", "write": "vma_lock/write"}


class vma_lock(rw_semaphore):
    """The lock of one vma; it has a name of its own in the trace."""

    __slots__ = ("vma",)
    rank = 1.5
    """after mmap_sem, before page locks"""

    def __init__(self, k, vma) -> None:
        super().__init__(k, "vma_lock")
        self.names = NAMES
        self.vma = vma


class rcu_read_side:
    """RCU of one mm: while any task is inside, a vma that munmap removed is not freed yet.

    `readers` counts the tasks inside, `removed` has the vmas that wait to be freed. As a thing that a task holds it
    ranks with the spinlocks: nobody may sleep inside.
    """

    __slots__ = ("readers", "removed")
    rank = 3

    def __init__(self) -> None:
        self.readers = 0
        self.removed: list = []

    def __repr__(self) -> str:
        return "rcu_read_lock"


@primitive
async def rcu_read_lock(mm) -> None:
    """Begin to look at vmas without any lock. Never sleeps, and nobody may sleep before rcu_read_unlock."""
    mm.rcu.readers += 1
    mm.k.current.held.append(mm.rcu)


@primitive
async def rcu_read_unlock(mm) -> None:
    """Stop looking: what has been removed meanwhile, and is not locked or referred to, may be freed from now on."""
    task = mm.k.current
    if mm.rcu not in task.held:
        mm.k.bug_release(task, mm.rcu, "rcu")
    task.held.remove(mm.rcu)
    mm.rcu.readers -= 1
    free_removed(mm)


@primitive
async def get_vma(vma) -> None:
    """Keep the struct of a vma, though not the mapping, while no lock is held [ours; 6.15 has a vm_refcnt].

    Lock state: the vma's lock or mmap_sem held.
    """
    k = vma.vm_mm.k
    vma.vm_refcnt += 1
    k.current.pins.append(vma)
    if k.debug:
        k.current.remember_place(vma)


@primitive
async def put_vma(vma) -> None:
    """Give a reference of get_vma back; the last one frees a vma that has been removed. Any lock state."""
    k = vma.vm_mm.k
    if vma not in k.current.pins:
        k.bug(
            "reference underflow",
            f"{k.current.comm} puts a reference to {vma!r} that it does not have",
            "put_vma called twice, or without get_vma",
        )
    k.current.pins.remove(vma)
    vma.vm_refcnt -= 1
    free_removed(vma.vm_mm)


def vm_area_free(vma) -> None:
    """munmap has removed the vma: free it now, or as soon as nobody can be looking at it. mmap_sem held for writing.

    Who has the vma's lock though the writer has locked the vma for writing has it only for a moment: it got the lock
    between two looks at vm_lock_seq, and the second one will tell.
    """
    mm = vma.vm_mm
    if vma.is_locked() and vma.vm_lock_seq != mm.mm_lock_seq:
        mm.k.bug(
            "vma removed under its reader",
            f"{mm.k.current.comm} removes {vma!r} while somebody holds its lock",
            "every writer must vma_start_write what it changes (fork once forgot it: fb49c455323f)",
        )
    vma.detached = True
    if mm.rcu.readers or vma.vm_refcnt:
        mm.rcu.removed.append(vma)
    else:
        vma.forget()


def free_removed(mm) -> None:
    """Free every removed vma that nobody can be looking at any more."""
    if mm.rcu.removed and not mm.rcu.readers:
        for vma in mm.rcu.removed[:]:
            if not vma.vm_refcnt and not vma.is_locked():
                mm.rcu.removed.remove(vma)
                vma.forget()
