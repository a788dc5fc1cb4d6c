"""The page table of the one mm: tables of 512 ptes, allocated on demand and freed by munmap.

A pte maps an address to a page and owns one reference to it. Two facts matter for the course: a pte page can be
*freed* by munmap (so nobody may peek at a pte without mmap_sem), and reclaim clears ptes without mmap_sem.
"""

from __future__ import annotations

from .bug import KernelBug
from .handle import primitive
from .page import PG_uptodate, freed_page, page

PTRS_PER_PTE = 512
PAGE_SHIFT = 12
PMD_SHIFT = 21
VM_WRITE = 2


class pte_table:
    """One page of ptes, covering 2 MiB of addresses. `ptes` maps a virtual page number to a page."""

    __slots__ = ("k", "ptes", "readonly")

    def __init__(self, k) -> None:
        self.k = k
        self.ptes: dict[int, page] = {}
        self.readonly: set[int] = set()

    def __repr__(self) -> str:
        return "page table"


class freed_pte_table(pte_table):
    """What a pte page becomes when munmap frees it."""

    __slots__ = ()

    def __getattribute__(self, attribute: str):
        if attribute == "__class__":
            return freed_pte_table
        raise KernelBug(
            "use after free",
            "a page-table page was used after munmap freed it",
            "the page table may be walked only under mmap_sem; after sleeping without it, walk again",
        )

    def __repr__(self) -> str:
        return "freed page table"


@primitive
def walk_page_table(mm, address: int, write_access: bool) -> bool:
    """What the hardware does on every access: whether a present pte allows it. Needs no lock."""
    table = mm.pgd.get(address >> PMD_SHIFT)
    if table is None:
        return False
    vpn = address >> PAGE_SHIFT
    return vpn in table.ptes and not (write_access and vpn in table.readonly)


@primitive
async def pte_alloc_map(mm, address: int):
    """The pte page for `address`, allocated if there is none; None when out of memory.

    Lock state: mmap_sem, or the lock of the vma that covers `address`, held in either mode.
    """
    k = mm.k
    if mm.mmap_sem not in k.current.held and not k.holds_vma_at(address):
        k.bug_unlocked("pte_alloc_map", "munmap may free the page-table page at any moment")
    table = mm.pgd.get(address >> PMD_SHIFT)
    if table is None:
        if k.fail_alloc and k.fail_alloc():
            return None
        table = mm.pgd[address >> PMD_SHIFT] = pte_table(k)
    return table


@primitive
async def pte_none(page_table: pte_table, address: int) -> bool:
    """Whether nothing is mapped at `address`. Stable only under the pte lock."""
    return address >> PAGE_SHIFT not in page_table.ptes


@primitive
async def set_pte_at(vma, page_table: pte_table, address: int, page: page) -> None:
    """Install a pte. The reference that the caller holds passes to the pte.

    Lock state: mmap_sem, or the vma's own lock, held in either mode, and page_table_lock held. The debugging aids
    demand what the real kernel relies on: the vma is still in the mm and covers the address, the page is uptodate, in
    the vma's file at the right index, inside i_size (once the ptes beyond it have been cleared), and the pte is none.
    """
    k = page_table.k
    mm = vma.vm_mm  # for a vma that munmap freed, this is already a use after free
    task = k.current
    file = vma.vm_file
    ptes = page_table.ptes
    vpn = address >> PAGE_SHIFT
    if not (
        (mm.mmap_sem in task.held or vma.vm_lock in task.held)
        and mm.page_table_lock.owner is task
        and vma.vm_start <= address < vma.vm_end
        and not vma.detached
        and page in task.pins
        and page.flags & PG_uptodate
        and page.mapping is file
        and vpn not in ptes
        and (
            file is None
            or (address - vma.vm_start >> PAGE_SHIFT) + vma.vm_pgoff == page.index < file.i_size + 4095 >> PAGE_SHIFT
        )
    ):
        k.bug_set_pte(vma, page_table, address, page)
    ptes[vpn] = page
    if not vma.vm_flags & VM_WRITE:
        page_table.readonly.add(vpn)
    page.rmap.append(vpn << PAGE_SHIFT)
    task.pins.remove(page)
    mm.rss += 1
    if k.tracing:
        k.emit("pte", page.name, address)


@primitive
async def ptep_set_access_flags(vma, page_table: pte_table, address: int) -> None:
    """Make a present pte writable again, as its vma allows. Lock state: mmap_sem and page_table_lock held."""
    k = page_table.k
    if vma.vm_mm.page_table_lock.owner is not k.current:
        k.bug(
            "lock not held", f"{k.current.comm} changes a pte without page_table_lock", "spin_lock it around the change"
        )
    if not vma.vm_flags & VM_WRITE:
        k.bug("pte against the vma", f"{k.current.comm} makes {address:#x} writable, and {vma!r} is not", "vm_flags")
    page_table.readonly.discard(address >> PAGE_SHIFT)


def clear_pte(mm, address: int) -> None:
    """Remove one pte and drop its reference. The caller takes it out of page.rmap."""
    vpn = address >> PAGE_SHIFT
    table = mm.pgd[address >> PMD_SHIFT]
    page = table.ptes.pop(vpn)
    table.readonly.discard(vpn)
    mm.rss -= 1
    k = mm.k
    if k.tracing:
        k.emit("unmap", page.name, address)
    page.count -= 1
    if page.count == 0:
        page.__class__ = freed_page


def zap_page_range(mm, start: int, end: int) -> None:
    """Remove every pte in [start, end). The work is bounded by the ptes that exist or by the range, the smaller."""
    for pmd in tables_in(mm, start, end):
        ptes = mm.pgd[pmd].ptes
        first, last = start >> PAGE_SHIFT, end >> PAGE_SHIFT
        if last - first < len(ptes):
            present = [vpn for vpn in range(first, last) if vpn in ptes]
        else:
            present = [vpn for vpn in ptes if first <= vpn < last]
        for vpn in present:
            ptes[vpn].rmap.remove(vpn << PAGE_SHIFT)
            clear_pte(mm, vpn << PAGE_SHIFT)


def tables_in(mm, start: int, end: int) -> list[int]:
    """The keys of the pte pages that exist for [start, end)."""
    first, last = start >> PMD_SHIFT, (end - 1) >> PMD_SHIFT
    if last - first < len(mm.pgd):
        return [pmd for pmd in range(first, last + 1) if pmd in mm.pgd]
    return [pmd for pmd in mm.pgd if first <= pmd <= last]


def free_pgtables(mm, start: int, end: int) -> None:
    """Free the pte pages of [start, end) that no vma needs any more. Lock state: mmap_sem held for writing."""
    for pmd in tables_in(mm, start, end):
        low, high = pmd << PMD_SHIFT, (pmd + 1) << PMD_SHIFT
        if not any(vma.vm_start < high and vma.vm_end > low for vma in mm.mmap):
            mm.pgd.pop(pmd).__class__ = freed_pte_table
