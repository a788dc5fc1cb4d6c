"""Questions and answers, as plain values that can be compared, kept, and sent through a pipe.

A struct is ("h", number, kind): a number that only this conversation knows, or a name for what is always there (the
machine "k", the task itself "me", "mm", "mmap_sem", ...). A counter's value is such a thing too, of the kind "counter".
"""

from __future__ import annotations

from ...kernel.block import block_device
from ...kernel.filemap import address_space
from ...kernel.handle import CounterHandle, Handle
from ...kernel.machine import Machine
from ...kernel.mm import filemap_vm_ops, mm_struct, vm_area_struct
from ...kernel.page import page
from ...kernel.pagetable import pte_table
from ...kernel.rwsem import rw_semaphore
from ...kernel.spinlock import spinlock_t
from ...kernel.spufs import spu_context, spufs_mem_mmap_vmops
from ...kernel.task import task_struct
from ...kernel.vma_lock import rcu_read_side, vma_lock


class counter:
    """A value of mmap_seq, mm_lock_seq or vm_lock_seq."""


KINDS = {
    kind.__name__: kind
    for kind in (
        Machine, address_space, block_device, counter, mm_struct, page, pte_table, rcu_read_side, rw_semaphore,
        spinlock_t, spu_context, task_struct, vm_area_struct, vma_lock,
    )
}  # fmt: skip
CONSTANTS = {"filemap_vm_ops": filemap_vm_ops, "spufs_mem_mmap_vmops": spufs_mem_mmap_vmops}
"""what both sides have"""
NAMES = {id(constant): name for name, constant in CONSTANTS.items()}
PLAIN = (int, str, bool, type(None))

LOCK_STEPS = ("down_read", "down_write", "down_read_trylock", "down_read_killable", "down_write_killable",
              "up_read", "up_write")  # fmt: skip
METHODS = {rw_semaphore: LOCK_STEPS, vma_lock: LOCK_STEPS, spinlock_t: ("spin_lock", "spin_unlock")}
"""the methods of structs that are primitives"""
READABLE = {
    mm_struct: ("mmap_sem", "page_table_lock", "mmap_seq", "mm_lock_seq", "mm_users", "seq_bits"),
    vm_area_struct: ("vm_start", "vm_end", "vm_flags", "vm_file", "vm_pgoff", "vm_ops", "vm_mm", "vm_lock",
                     "vm_lock_seq", "vm_private_data", "detached"),
    page: ("flags", "mapping", "index"),
    address_space: ("i_size", "truncate_count"),
    task_struct: ("comm", "flags", "mm", "pending", "forced", "in_kernel", "fixup", "min_flt", "maj_flt", "exit_code"),
    spu_context: ("mapping", "runnable"),
    pte_table: (), rw_semaphore: (), vma_lock: (), spinlock_t: (), rcu_read_side: (), block_device: (),
}  # fmt: skip
"""what code outside the kernel may look at"""
WRITABLE = {
    task_struct: ("flags", "in_kernel", "fixup", "min_flt", "maj_flt", "exit_code"),
    mm_struct: ("mmap_seq", "mm_lock_seq"),
    vm_area_struct: ("vm_lock_seq",),
}


def encode(value):
    """A value in its plain form. Raises TypeError for what cannot be part of a question."""
    kind = type(value)
    if kind is Handle or kind is CounterHandle:
        return ("h", value._number, value._kind.__name__)
    if kind in PLAIN:
        return value
    if kind in (tuple, list):
        return ("t", *map(encode, value))
    if id(value) in NAMES:
        return ("c", NAMES[id(value)])
    raise TypeError(f"{value!r} cannot be given to the kernel")


def decode(wire, handle):
    """The value of a plain form; `handle(number, kind)` makes the handles."""
    if type(wire) is not tuple:
        return wire
    tag, *rest = wire
    if tag == "h":
        return handle(*rest)
    if tag == "t":
        return tuple(decode(part, handle) for part in rest)
    return CONSTANTS[rest[0]]


def renumber(wire, number):
    """The same plain form with `number(n)` in place of each handle's number n; names stay."""
    if type(wire) is not tuple:
        return wire
    if wire[0] == "h":
        return wire if isinstance(wire[1], str) else ("h", number(wire[1]), wire[2])
    return (wire[0], *(renumber(part, number) for part in wire[1:]))


def numbers_in(wire, found: list | None = None) -> list:
    """The numbers of the handles in a plain form, each once, in order."""
    found = [] if found is None else found
    if type(wire) is tuple:
        if wire[0] == "h":
            if not isinstance(wire[1], str) and wire[1] not in found:
                found.append(wire[1])
        else:
            for part in wire[1:]:
                numbers_in(part, found)
    return found
