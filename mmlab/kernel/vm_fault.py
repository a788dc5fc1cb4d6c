"""struct vm_fault and its flags: what became of pagefault_args.

Source: include/linux/mm.h. The struct came with 2.6.23 (54cb8821de07, d0217ac04ca6), FAULT_FLAG_ALLOW_RETRY and
VM_FAULT_RETRY with 2.6.37 (d065bd810b6d). In Linux the VM_FAULT_ are bits; here they stay an enumeration, as in 2.6.18,
and what would be the bit VM_FAULT_MAJOR beside another one is `major` in the struct.
"""

from __future__ import annotations

from .answers import Contract, is_fault_code
from .pagefault import pagefault_args

VM_FAULT_LOCKED = 5
"""->nopage to do_no_page: the page is in vmf.page, referenced and locked (2.6.23, where ->nopage became ->fault)"""

FAULT_FLAG_ALLOW_RETRY = 0x1
"""you may let go of mmap_sem and answer VM_FAULT_RETRY (2.6.37; the PAGEFAULT_MAYRETRY_IO of the mail)"""
FAULT_FLAG_RETRY_NOWAIT = 0x2
"""start the read, but do not wait; the answer VM_FAULT_RETRY then leaves mmap_sem HELD (2.6.39, 318b275fbca1)"""
FAULT_FLAG_KILLABLE = 0x4
"""a SIGKILL may end the wait (3.0, 37b23e0525d3)"""
FAULT_FLAG_TRIED = 0x8
"""this fault was run again already (3.7, 45cac65b0fcd)"""
FAULT_FLAG_VMA_LOCK = 0x10
"""the vma's own lock is held instead of mmap_sem (6.4)"""
FAULT_FLAG_DEFAULT = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE
"""what an exception starts with since 5.7; FAULT_FLAG_INTERRUPTIBLE belongs to it too, but the page cache ignores it"""

FAULT_CODE_OR_LOCKED = Contract(
    lambda answer: is_fault_code(answer) or (type(answer) is int and answer == VM_FAULT_LOCKED),
    "VM_FAULT_LOCKED (with the page in vmf.page), VM_FAULT_RETRY, VM_FAULT_SIGBUS or VM_FAULT_OOM",
)


class vm_fault(pagefault_args):
    """One fault, from do_page_fault down to ->nopage; `flags` are the FAULT_FLAG_ bits.

    `page` is what ->nopage found, locked, when it answers VM_FAULT_LOCKED; `seq` [ours] is what a counter said before
    the lock was dropped, or None.
    """

    __slots__ = ("flags", "seq")

    def __init__(self, mm, address: int, write_access: bool, flags: int, vma=None) -> None:
        super().__init__(mm, address, write_access, 0, vma)
        self.flags = flags
        self.seq: int | None = None

    def __repr__(self) -> str:
        return f"vm_fault({self.address:#x}, flags {self.flags:#x})"


def fault_flag_allow_retry_first(flags: int) -> bool:
    """Whether the fault may let go of its lock, and has not done so yet (a function of Linux 5.7)."""
    return flags & (FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_TRIED) == FAULT_FLAG_ALLOW_RETRY
