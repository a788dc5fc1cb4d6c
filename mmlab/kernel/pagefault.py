"""struct pagefault_args: everything that the fault path hands down, in one argument; and how a fault is counted.

Source: mails of 15 and 19 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org and 45107ECE.5040603@google.com. Linux took
the idea up as struct vm_fault (54cb8821de07).
"""

from __future__ import annotations

from .codes import VM_FAULT_MAJOR, VM_FAULT_MINOR, VM_FAULT_OOM, VM_FAULT_SIGBUS
from .task import SIGBUS, SIGKILL, fatal_signal_pending, force_sig, signal_pending, user_mode

PAGEFAULT_MAYRETRY_IO = 0x1
"""caller to ->nopage: you may let go of mmap_sem to wait for the disk"""
PAGEFAULT_RETRY_IO = 0x2
"""->nopage to caller: I did, mmap_sem is not held; start again"""
PAGEFAULT_RETRY_SIGNALPENDING = 0x4
"""->nopage to caller: mmap_sem is not held, and a signal is to be delivered before the instruction is replayed"""
PAGEFAULT_RETRY_NOWAIT = 0x8
"""caller to ->nopage: start the read, but do not wait; the answer RETRY then leaves mmap_sem HELD.
Not in the mails: Linux has it since 2.6.39 (318b275fbca1, FAULT_FLAG_RETRY_NOWAIT)"""


class pagefault_args:
    """One fault, from do_page_fault down to ->nopage.

    `mm`, `address`, `write_access` say what was touched; `vma` and `page_table` are filled in on the way down and are
    dead after a RETRY; `reason` has the PAGEFAULT_ bits of both directions; `page_locked`: the page came back locked;
    `page` is a reference that outlives a retry, or None; `tried`: this fault was run again already; `major`: some pass
    needed the disk.
    """

    __slots__ = (
        "address", "major", "mm", "page", "page_locked", "page_table", "reason", "tried", "vma", "write_access",
    )  # fmt: skip

    def __init__(self, mm, address: int, write_access: bool, reason: int = 0, vma=None) -> None:
        self.mm = mm
        self.vma = vma
        self.address = address
        self.write_access = write_access
        self.page_table = None
        self.reason = reason
        self.page = None
        self.page_locked = False
        self.tried = False
        self.major = False

    @property
    def vm_ops(self):
        """The vma's operations: who calls ->nopage needs no more than the args."""
        return self.vma.vm_ops

    def __repr__(self) -> str:
        return f"pagefault_args({self.address:#x}, reason {self.reason:#x})"


def fault_signal_pending(tsk) -> bool:
    """Whether a signal should end the fault under way: any, or for an access by the kernel itself a fatal one.

    (Linux has a function of that name since 5.7.)
    """
    return signal_pending(tsk) if user_mode(tsk) else fatal_signal_pending(tsk)


def mm_account_fault(k, fault: int, waited: bool = False) -> None:
    """The end of a fault: count it once, or send the signal that it ended with.

    `fault` is the last pass's VM_FAULT_*; `waited` says whether any pass waited for the disk: then it is a major fault,
    though the last pass may have found everything in place. Lock state: any; call it once in each fault.
    (Linux has a function of that name since 5.9; the signals are sent by mm_fault_error there.)
    """
    tsk = k.current
    if fault == VM_FAULT_MAJOR or (fault == VM_FAULT_MINOR and waited):
        tsk.maj_flt += 1
    elif fault == VM_FAULT_MINOR:
        tsk.min_flt += 1
    elif fault == VM_FAULT_SIGBUS:
        force_sig(SIGBUS, tsk)
    elif fault == VM_FAULT_OOM:
        force_sig(SIGKILL, tsk)
    else:
        k.bug_answer("handle_mm_fault", fault)
