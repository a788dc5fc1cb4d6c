"""task_struct and signals."""

from __future__ import annotations

import sys

from .bug import KernelBug, calling_place
from .handle import primitive
from .sleep import TASK_RUNNING, sleep_is_over, wake_up_process

SIGKILL = "SIGKILL"
SIGSEGV = "SIGSEGV"
SIGBUS = "SIGBUS"
SIGUSR1 = "SIGUSR1"
"""a signal for which the program has a handler"""

PF_FAULT_MAYRETRY = 0x0400_0000
"""in task_struct.flags: the fault under way may let go of mmap_sem (the posted patch of 19 Sep 2006)"""
PF_FAULT_RETRIED = 0x0800_0000
"""[ours]: the fault under way was run again already; the same flag seen from the other side"""

MOST_PINS = 50
"""references that a task can have at once; a fault needs a handful, and a loop that forgets them must end"""


class task_struct:
    """One thread. All tasks of a run share one mm_struct.

    `flags` are the PF_ flags, `pending` the names of signals not yet delivered, `forced` the one that the fault under
    way ended with, `min_flt` / `maj_flt` the minor and major faults counted so far, `utime` the cpu time used in ns.
    `held` (locks) and `pins` (page references) are what the debugging aids check when the task goes back to user
    mode; `in_kernel` says that the access under way is the kernel's own (copy_from_user), `fixup` that it failed;
    `slept` is utime when the task last went to sleep, `waits_for` the queue or lock it then slept on;
    with debugging on, `held_at` and `let_go_at` say on which lines the reader's code took them and let them go.
    """

    __slots__ = (
        "comm", "entered", "exit_code", "fixup", "flags", "forced", "held", "held_at", "in_kernel", "k", "let_go_at",
        "maj_flt", "min_flt", "mm", "pending", "pins", "role", "slept", "state", "utime", "waits_for",
    )  # fmt: skip

    def __init__(self, k, comm: str, role: str, mm) -> None:
        self.k = k
        self.comm = comm
        self.role = role
        self.mm = mm
        self.flags = 0
        self.state = TASK_RUNNING
        self.pending: list[str] = []
        self.forced: str | None = None
        self.min_flt = self.maj_flt = 0
        self.utime = 0
        self.entered = self.slept = 0
        self.waits_for = None
        self.held: list = []
        self.held_at: dict = {}
        self.let_go_at: dict = {}
        self.pins: list = []
        self.exit_code: str | None = None
        self.in_kernel = self.fixup = False

    def __repr__(self) -> str:
        return f"<task {self.comm}>"

    def remember_place(self, thing) -> None:
        """With debugging on: note which line of the reader's code took a lock or a reference.

        Of two references to one page the older is taken to be the one that leaks: the younger is given away first.
        """
        self.count_pins()
        if self.pins.count(thing) > 1:
            return
        self.held_at[id(thing)] = calling_place(sys._getframe(2))
        self.let_go_at.pop(id(thing), None)

    def count_pins(self) -> None:
        """Raises KernelBug for a task that takes references and takes them and gives none back."""
        if len(self.pins) > MOST_PINS:
            raise KernelBug(
                "references pile up",
                f"{self.comm} has {len(self.pins)} references at once, and takes more and more",
                "the loop that looks the page up again: who puts the reference of its last round?",
            )

    def remember_letting_go(self, thing) -> None:
        """With debugging on: note which line of the reader's code let go of it."""
        self.let_go_at[id(thing)] = calling_place(sys._getframe(2))


@primitive
def send_sig(sig: str, task: task_struct) -> None:
    """Make `sig` pending for `task` and end its sleep if the kind of sleep allows it. Any lock state."""
    task.k.emit_for(task, "signal", sig)
    if sig not in task.pending:
        task.pending.append(sig)
    if task.state is not TASK_RUNNING and sleep_is_over(task):
        wake_up_process(task)


@primitive
def force_sig(sig: str, task: task_struct) -> None:
    """Send a signal that the task cannot ignore: what do_page_fault does after a bad access."""
    task.forced = sig
    send_sig(sig, task)


@primitive
def dequeue_signal(task: task_struct) -> str:
    """Take one pending signal to deliver: a SIGKILL before all, then what the fault forced, then the oldest."""
    first = SIGKILL if SIGKILL in task.pending else task.forced or task.pending[0]
    task.pending.remove(first)
    task.forced = None
    return first


def signal_pending(task: task_struct) -> bool:
    """Whether any signal waits to be delivered to `task`."""
    return bool(task.pending)


def fatal_signal_pending(task: task_struct) -> bool:
    """Whether `task` is being killed."""
    return SIGKILL in task.pending


def user_mode(task: task_struct) -> bool:
    """Whether the access that faulted was the program's own, not the kernel's on its behalf (user_mode(regs))."""
    return not task.in_kernel


def fixup_exception(task: task_struct) -> None:
    """Let an access by the kernel itself fail: copy_from_user answers -EFAULT instead of trying again."""
    task.fixup = True
