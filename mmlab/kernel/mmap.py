"""Changing the address space: do_mmap, do_munmap, mprotect, and the system calls around them.

Every change happens under mmap_sem held for writing, taken and released through the design's `mmap_write_lock` and
`mmap_write_unlock`: the only place where a later design counts writers.

Source: mm/mmap.c and mm/mprotect.c of 2.6.18.
"""

from __future__ import annotations

from bisect import bisect_right

from . import costs
from .filemap import PAGE_SHIFT, PAGE_SIZE, address_space
from .handle import primitive
from .mm import VM_READ, VM_WRITE, end_of, mm_struct, mmget, mmput, vm_area_struct
from .pagetable import free_pgtables, tables_in, zap_page_range
from .sleep import charge
from .vma_lock import vm_area_free


def page_align(length: int) -> int:
    """`length` rounded up to whole pages."""
    return (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)


def must_be_whole_pages(who: str, address: int, length: int) -> None:
    """Raise ValueError unless `length` is positive and `address` lies on a page boundary (EINVAL)."""
    if length <= 0:
        raise ValueError(f"{who}: length {length} bytes; it must be at least 1")
    if address % PAGE_SIZE:
        raise ValueError(f"{who}: address {address:#x} is not a multiple of the page size {PAGE_SIZE}")


def get_unmapped_area(mm: mm_struct, length: int) -> int:
    """The lowest free stretch of `length` bytes above mmap_base."""
    address = mm.mmap_base
    for vma in mm.mmap:
        if vma.vm_start >= address + length:
            break
        address = max(address, vma.vm_end)
    return address


@primitive
def do_mmap(
    mm: mm_struct, length: int, flags: int = VM_READ | VM_WRITE, file: address_space | None = None, pgoff: int = 0,
    address: int | None = None,
) -> int:  # fmt: skip
    """Add a vma and return its address; at a given `address` it replaces what was there (MAP_FIXED).

    Lock state: mmap_sem held for writing. Raises ValueError for a length of zero or an address not on a page boundary.
    """
    must_be_whole_pages("do_mmap", address or 0, length)
    must_hold_for_writing(mm, "do_mmap")
    length = page_align(length)
    if address is None:
        address = get_unmapped_area(mm, length)
    else:
        do_munmap(mm, address, length)
    insert_vma(mm, vm_area_struct(mm, address, address + length, flags, file, pgoff))
    return address


@primitive
def do_munmap(mm: mm_struct, address: int, length: int) -> None:
    """Remove the mappings of [address, address + length): split vmas at the ends, clear ptes, free tables and vmas.

    Lock state: mmap_sem held for writing. Raises ValueError for a length of zero or an address not on a page boundary.
    """
    must_be_whole_pages("do_munmap", address, length)
    must_hold_for_writing(mm, "do_munmap")
    end = address + page_align(length)
    split_at(mm, address)
    split_at(mm, end)
    gone = [vma for vma in mm.mmap if vma.vm_start >= address and vma.vm_end <= end]
    mm.mmap = [vma for vma in mm.mmap if vma not in gone]
    mm.mmap_cache = None
    zap_page_range(mm, address, end)
    free_pgtables(mm, address, end)
    for vma in gone:
        vm_area_free(vma)


@primitive
def mprotect_fixup(mm: mm_struct, address: int, length: int, flags: int) -> None:
    """Give [address, address + length) new permissions, splitting vmas at the ends. Lock state: held for writing.

    Raises ValueError for a length of zero or an address not on a page boundary.
    """
    must_be_whole_pages("mprotect", address, length)
    must_hold_for_writing(mm, "mprotect")
    end = address + page_align(length)
    split_at(mm, address)
    split_at(mm, end)
    for vma in mm.mmap:
        if vma.vm_start >= address and vma.vm_end <= end:
            vma.vm_flags = vma.vm_flags & ~(VM_READ | VM_WRITE) | flags
    if not flags & VM_READ:
        zap_page_range(mm, address, end)
    elif not flags & VM_WRITE:
        first, last = address >> PAGE_SHIFT, end >> PAGE_SHIFT
        for pmd in tables_in(mm, address, end):
            table = mm.pgd[pmd]
            table.readonly.update(vpn for vpn in table.ptes if first <= vpn < last)


def insert_vma(mm: mm_struct, new: vm_area_struct) -> None:
    """Put a vma in its place in address order."""
    at = next((i for i, vma in enumerate(mm.mmap) if vma.vm_start > new.vm_start), len(mm.mmap))
    mm.mmap.insert(at, new)


def split_at(mm: mm_struct, address: int) -> None:
    """Make sure that no vma lies across `address` (split_vma)."""
    for vma in mm.mmap:
        if vma.vm_start < address < vma.vm_end:
            pgoff = vma.vm_pgoff + ((address - vma.vm_start) >> PAGE_SHIFT)
            upper = vm_area_struct(mm, address, vma.vm_end, vma.vm_flags, vma.vm_file, pgoff)
            upper.vm_ops = vma.vm_ops
            upper.vm_private_data = vma.vm_private_data
            upper.vm_lock_seq = vma.vm_lock_seq  # locked for writing if the whole was
            vma.vm_end = address
            insert_vma(mm, upper)
            return


def must_hold_for_writing(mm: mm_struct, who: str) -> None:
    """Lockdep's assertion at the head of everything that changes the list of vmas."""
    if mm.mmap_sem.writer is not mm.k.current:
        mm.k.bug_unlocked(who, "the list of vmas may be changed only with mmap_sem held for writing")


@primitive
def touched(mm: mm_struct, address: int, length: int) -> list[vm_area_struct]:
    """The vmas in [address, address + length): what the design must lock for writing before they change."""
    at = bisect_right(mm.mmap, address, key=end_of)
    end = at
    while end < len(mm.mmap) and mm.mmap[end].vm_start < address + length:
        end += 1
    return mm.mmap[at:end]


async def sys_mmap(
    k, length: int, flags: int = VM_READ | VM_WRITE, file=None, pgoff: int = 0, address: int | None = None
) -> int:
    """mmap(2): returns the address; a given `address` is MAP_FIXED. No lock held on entry or return."""
    k.enter("mmap")
    mm = k.current.mm
    await charge(costs.MMAP_OUTSIDE)
    await k.mmap_write_lock(mm)
    if address is not None:
        for vma in touched(mm, address, length):
            await k.vma_start_write(vma)
    address = do_mmap(mm, length, flags, file, pgoff, address)
    for vma in touched(mm, address, length):
        await k.vma_start_write(vma)
    await charge(costs.MMAP_HOLD)
    await k.mmap_write_unlock(mm)
    k.leave("mmap")
    return address


async def sys_munmap(k, address: int, length: int) -> None:
    """munmap(2). No lock held on entry or return."""
    k.enter("munmap", address)
    mm = k.current.mm
    await charge(costs.MUNMAP_OUTSIDE)
    await k.mmap_write_lock(mm)
    for vma in touched(mm, address, length):
        await k.vma_start_write(vma)
    do_munmap(mm, address, length)
    await charge(costs.MUNMAP_HOLD)
    await k.mmap_write_unlock(mm)
    k.leave("munmap")


async def sys_mprotect(k, address: int, length: int, flags: int) -> None:
    """mprotect(2). No lock held on entry or return."""
    k.enter("mprotect", address)
    mm = k.current.mm
    await charge(costs.MPROTECT_OUTSIDE)
    await k.mmap_write_lock(mm)
    for vma in touched(mm, address, length):
        await k.vma_start_write(vma)
    mprotect_fixup(mm, address, length, flags)
    await charge(costs.MPROTECT_HOLD)
    await k.mmap_write_unlock(mm)
    k.leave("mprotect")


async def read_proc_maps(k) -> None:
    """What ps and top do to a process: read /proc/PID/maps, which takes mmap_sem for reading. No lock around it."""
    k.enter("ps")
    mm = k.mm
    await charge(costs.PROC_READ_OUTSIDE)
    mmget(mm)  # the address space must not go away meanwhile
    await mm.mmap_sem.down_read()
    await charge(costs.PROC_READ_HOLD)
    await mm.mmap_sem.up_read()
    mmput(mm)
    k.leave("ps")
