"""mm_struct, vm_area_struct and find_vma: what an address means.

Source: include/linux/sched.h and mm/mmap.c of 2.6.18.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter

from . import costs
from .bug import KernelBug
from .filemap import PAGE_SIZE, address_space
from .handle import primitive
from .rwsem import rw_semaphore
from .sleep import charge
from .spinlock import spinlock_t
from .vma_lock import rcu_read_side, vma_lock

VM_READ = 1
VM_WRITE = 2
VM_GROWSDOWN = 0x100
STACK_LIMIT = 8 << 20
"""how far a VM_GROWSDOWN area may grow (RLIMIT_STACK), in bytes"""

end_of = attrgetter("vm_end")


class vm_operations_struct:
    """What a vma's pages come from: the name of the design's function that do_no_page calls."""

    __slots__ = ("nopage",)

    def __init__(self, nopage: str) -> None:
        self.nopage = nopage


filemap_vm_ops = vm_operations_struct(nopage="filemap_nopage")


class vm_area_struct:
    """One mapping: addresses [vm_start, vm_end), the same file, the same permissions.

    `vm_file` is the address_space or None for anonymous memory, `vm_pgoff` the file page at vm_start, `vm_ops` None
    for anonymous memory, `vm_private_data` whatever a driver keeps there. Protected by mmap_sem: once it is dropped, a
    vma pointer is dead. For designs that lock single vmas there are `vm_lock`, `vm_lock_seq` (what mm_lock_seq was when
    the vma was last locked for writing), `detached` (munmap has removed it) and `vm_refcnt` (see vma_lock.py).
    """

    __slots__ = (
        "_vm_lock", "detached", "vm_end", "vm_file", "vm_flags", "vm_lock_seq", "vm_mm", "vm_ops", "vm_pgoff",
        "vm_private_data", "vm_refcnt", "vm_start",
    )  # fmt: skip

    def __init__(self, mm, start: int, end: int, flags: int, file: address_space | None = None, pgoff: int = 0) -> None:
        self.vm_mm = mm
        self.vm_start = start
        self.vm_end = end
        self.vm_flags = flags
        self.vm_file = file
        self.vm_pgoff = pgoff
        self.vm_ops = filemap_vm_ops if file is not None else None
        self.vm_private_data = None
        self._vm_lock = None
        self.vm_lock_seq = -1
        self.detached = False
        self.vm_refcnt = 0

    @property
    def vm_lock(self) -> vma_lock:
        """The vma's own lock, made when it is first asked for: most designs never do."""
        if self._vm_lock is None:
            self._vm_lock = vma_lock(self.vm_mm.k, self)
        return self._vm_lock

    def is_locked(self) -> bool:
        """Whether anybody holds the vma's own lock."""
        return self._vm_lock is not None and self._vm_lock.activity != 0

    def forget(self) -> None:
        """Free it: any touch is a bug from now on."""
        self._vm_lock = None
        self.__class__ = freed_vma

    def __repr__(self) -> str:
        return f"vma {self.vm_start:#x}-{self.vm_end:#x}"


class freed_vma(vm_area_struct):
    """What a vma becomes when munmap frees it: any touch is a use after free."""

    __slots__ = ()

    def __getattribute__(self, attribute: str):
        if attribute == "__class__":
            return freed_vma
        raise KernelBug(
            "use after free",
            f"a vma was used (.{attribute}) after munmap freed it",
            "mmap_sem was dropped after find_vma: a vma pointer is dead from then on, call find_vma again",
        )

    def __repr__(self) -> str:
        return "freed vma"


class mm_struct:
    """The address space of one process.

    `mmap` is the list of vmas in address order, `mmap_cache` the last one found, `pgd` the page table, `mmap_sem`
    protects the vmas, `page_table_lock` the ptes, `mmap_seq` is the sequence counter of the 2006 mail (bumped by nobody
    until a design does; it wraps around after `seq_bits` bits), `mm_lock_seq` the one of Linux 6.4, `rcu` who looks at
    vmas without a lock, `mm_users` how many tasks share the mm, `rss` how many pages are mapped.
    """

    __slots__ = (
        "k", "mm_lock_seq", "mm_users", "mmap", "mmap_base", "mmap_cache", "mmap_sem", "mmap_seq", "page_table_lock",
        "pgd", "rcu", "rss", "seq_bits",
    )  # fmt: skip

    def __init__(self, k, mmap_base: int = 0x4000_0000, seq_bits: int = 32) -> None:
        self.k = k
        self.mmap: list[vm_area_struct] = []
        self.mmap_cache: vm_area_struct | None = None
        self.mmap_base = mmap_base
        self.mmap_sem = rw_semaphore(k, "mmap_sem")
        self.page_table_lock = spinlock_t(k, "page_table_lock")
        self.mmap_seq = 0
        self.seq_bits = seq_bits
        self.mm_lock_seq = 0
        self.rcu = rcu_read_side()
        self.mm_users = 0
        self.pgd: dict = {}
        self.rss = 0

    def __repr__(self) -> str:
        return "mm"


@primitive
def mmget(mm: mm_struct) -> None:
    """One more user of the address space. Any lock state: one atomic operation."""
    mm.mm_users += 1


@primitive
def mmput(mm: mm_struct) -> None:
    """One user of the address space less. Any lock state: one atomic operation."""
    mm.mm_users -= 1


@primitive
def bump_mmap_seq(mm: mm_struct) -> None:
    """Count one write section.

    Lock state: mmap_sem held for writing, so that whoever holds it for reading sees the counter stand still.
    """
    if mm.mmap_sem.writer is not mm.k.current:
        mm.k.bug_unlocked("bump_mmap_seq", "the counter may change only inside a write section")
    mm.mmap_seq = (mm.mmap_seq + 1) % (1 << mm.seq_bits)


def lookup_vma(mm: mm_struct, address: int) -> vm_area_struct | None:
    """The first vma that ends above `address`: find_vma without its cost, its checks and its event."""
    at = bisect_right(mm.mmap, address, key=end_of)
    if at == len(mm.mmap):
        return None
    mm.mmap_cache = mm.mmap[at]
    return mm.mmap[at]


@primitive
async def find_vma(mm: mm_struct, address: int) -> vm_area_struct | None:
    """The first vma that ends above `address`, or None. It may begin above `address` too: check vm_start.

    Lock state: mmap_sem held in either mode, and still held on return; the result is good only while it is.
    """
    k = mm.k
    if mm.mmap_sem not in k.current.held:
        k.bug_unlocked("find_vma", "a munmap may change the list of vmas at any moment")
    then = k.now + costs.FIND_VMA
    if then < k.horizon:
        k.now = then
    else:
        await charge(costs.FIND_VMA)
    vma = mm.mmap_cache
    if vma is None or not vma.vm_start <= address < vma.vm_end:
        vma = lookup_vma(mm, address)
    if k.tracing:
        k.emit("walk", "none" if vma is None else "vma", address)
    return vma


@primitive
async def mas_walk(mm: mm_struct, address: int) -> vm_area_struct | None:
    """The vma that covers `address`, or None. (The look-up of Linux 6.1's maple tree, which needs no lock.)

    Lock state: inside rcu_read_lock; the vma may be changed, or removed, at any moment.
    """
    k = mm.k
    then = k.now + costs.FIND_VMA
    if then < k.horizon:
        k.now = then
    else:
        await charge(costs.FIND_VMA)
    if mm.rcu not in k.current.held and mm.mmap_sem not in k.current.held:
        k.bug_unlocked("mas_walk", "without rcu_read_lock either, the vma that it finds may be freed at any moment")
    vma = lookup_vma(mm, address)
    if k.tracing:
        k.emit("walk", "rcu", address)
    return vma if vma is not None and vma.vm_start <= address else None


@primitive
async def good_area(vma: vm_area_struct | None, address: int, write_access: bool) -> bool:
    """Whether find_vma's answer allows the access: covers the address (growing a stack if it may) and permits it.

    Lock state: mmap_sem held for reading. Growing a stack changes a vma under down_read, as in Linux.
    Source: the good_area and bad_area labels of do_page_fault, and expand_stack.
    """
    if vma is None:
        return False
    if address < vma.vm_start and not expand_stack(vma, address):
        return False
    return vma.vm_flags & (VM_WRITE if write_access else VM_READ) != 0


def expand_stack(vma: vm_area_struct, address: int) -> bool:
    """Grow a VM_GROWSDOWN area down to `address`, within STACK_LIMIT. Returns whether it now covers the address.

    Nothing can lie between: find_vma would have found it first.
    """
    start = address & ~(PAGE_SIZE - 1)
    if not vma.vm_flags & VM_GROWSDOWN or vma.vm_end - start > STACK_LIMIT:
        return False
    vma.vm_start = start
    return True
