"""A device whose memory can be mapped only now and then: the local store of a Cell SPE.

Source: arch/powerpc/platforms/cell/spufs of 2.6.18 (spu_acquire_runnable), reduced to the wait that matters here.
"""

from __future__ import annotations

from .filemap import PAGE_SHIFT, address_space
from .handle import primitive
from .mm import VM_READ, VM_WRITE, vm_area_struct, vm_operations_struct
from .page import PG_uptodate, get_page, page
from .sleep import sleep_on, wake_up
from .vmscan import try_to_unmap

spufs_mem_mmap_vmops = vm_operations_struct(nopage="spufs_nopage")


class spu_context:
    """One SPE context: `mapping` is its local store, `runnable` says whether a physical SPE runs it now."""

    __slots__ = ("mapping", "runnable", "waiters")

    def __init__(self, k, pages: int = 64) -> None:
        self.mapping = address_space(k, "spu", pages << PAGE_SHIFT)
        self.runnable = False
        self.waiters: list = []
        for index in range(pages):
            store = self.mapping.pages[index] = page(k, self.mapping, index)
            store.flags = PG_uptodate
            store.count = 1  # never reclaimed: not on the LRU list


def spufs_mem_mmap(mm, context: spu_context, address: int) -> vm_area_struct:
    """A vma that shows the context's local store at `address`; the caller puts it into the mm."""
    vma = vm_area_struct(mm, address, address + context.mapping.i_size, VM_READ | VM_WRITE, context.mapping)
    vma.vm_ops = spufs_mem_mmap_vmops
    vma.vm_private_data = context
    return vma


@primitive
async def spu_acquire_runnable(k, context: spu_context, state: str) -> int:
    """Sleep in `state` until the context runs. Returns 0, or -EINTR when a signal ended that. Lock state: any."""
    while not context.runnable:
        result = await sleep_on(k.current, context.waiters, state)
        if result:
            return result
    return 0


@primitive
async def local_store_page(context: spu_context, index: int):
    """A page of the local store with a reference for the caller, or None beyond its end (vmalloc_to_page, get_page)."""
    found = context.mapping.pages.get(index)
    if found is not None:
        await get_page(found)
    return found


@primitive
def spu_bind_context(context: spu_context) -> None:
    """A physical SPE takes the context up: whoever waits for it goes on."""
    context.runnable = True
    wake_up(context.waiters)


def spu_unbind_context(context: spu_context) -> None:
    """The physical SPE is given to somebody else: the local store is unmapped, so that the next access faults.

    Needs no mmap_sem (unmap_mapping_range).
    """
    context.runnable = False
    for store in context.mapping.pages.values():
        try_to_unmap(store)
