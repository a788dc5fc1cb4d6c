"""The machine: what one run of the simulated kernel consists of, and what its parts share.

A driver (timed, explore, step) makes a Machine for a design, gives it tasks, and lets `current` run. The functions of
the design are methods of the machine, so design code calls `k.handle_mm_fault(...)` and gets whichever version the
design has.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

from .aids import Aids
from .filemap import address_space
from .mm import mm_struct
from .task import task_struct

IN_USER_MODE = 1 << 62
"""task_struct.entered of a task in user mode, with debugging on: later than any cpu time"""


class Machine(Aids):
    """One simulated computer with one process. Made by `Design.machine`, which adds the design's functions.

    `now` is the time in ns; `current` the running task, which was `resumed` at that time; `ready` the tasks that were
    woken and wait to run; before `horizon` nothing else is due, so the running task need not give way (a driver without
    short cuts leaves it at 0; waking a task puts it back to 0).
    """

    __slots__ = (
        "cache_pages", "current", "debug", "disk", "fail_alloc", "files", "horizon", "lru", "mm", "now",
        "ready", "record", "resumed", "start_io", "tasks", "tracing",
    )  # fmt: skip
    design_name = ""

    def __init__(self, *, cache_pages: int = 256, debug: bool = False, seq_bits: int = 32) -> None:
        self.now = 0
        self.current: task_struct | None = None
        self.ready: deque[task_struct] = deque()
        self.tasks: list[task_struct] = []
        self.cache_pages = cache_pages
        self.lru: OrderedDict = OrderedDict()
        self.files: list[address_space] = []
        self.mm = mm_struct(self, seq_bits=seq_bits)
        self.disk = None
        self.start_io: Callable | None = None
        self.horizon = 0
        self.resumed = 0
        self.fail_alloc: Callable[[], bool] | None = None
        self.debug = debug
        self.tracing = False
        self.record: Callable[[tuple], None] | None = None

    def cpu_time(self) -> int:
        """The ns of cpu time that the running task has used so far."""
        return self.current.utime + self.now - self.resumed

    def add_file(self, name: str, pages: int) -> address_space:
        """A file of `pages` pages, nothing of it cached."""
        self.files.append(address_space(self, name, pages << 12))
        return self.files[-1]

    def nopage(self, area, *rest):
        """Call ->nopage of `area`, a vma or the pagefault_args that has one.

        It is the design's function of the name that vm_ops has.
        """
        return getattr(self, area.vm_ops.nopage)(area, *rest)

    def add_task(self, comm: str, role: str, *, outside: bool = False) -> task_struct:
        """A new task: a thread that shares the machine's mm, or somebody from `outside`, whose mm is None."""
        task = task_struct(self, comm, role, None if outside else self.mm)
        if not outside:
            self.mm.mm_users += 1
        self.tasks.append(task)
        if self.debug:
            task.entered = IN_USER_MODE
        self.emit_for(task, "start", role)
        return task

    def emit(self, what: str, object: str, value: int = 0) -> None:
        """Record one event of the running task. Callers ask `tracing` first, because most runs are long."""
        sem = self.mm.mmap_sem
        record = self.record
        record((self.now, self.current.comm, what, object, value, sem.activity, len(sem.wait_list)))

    def emit_for(self, task: task_struct | None, what: str, object: str, value: int = 0) -> None:
        """Record one event of another task, or of the disk (None)."""
        if self.tracing:
            sem = self.mm.mmap_sem
            comm = task.comm if task is not None else "disk"
            self.record((self.now, comm, what, object, value, sem.activity, len(sem.wait_list)))

    def enter(self, what: str, address: int = 0) -> None:
        """The running task enters the kernel: by an exception (what = "fault") or a system call."""
        self.current.entered = self.cpu_time()
        if self.tracing:
            self.emit("enter", what, address)

    def leave(self, what: str) -> None:
        """The running task goes back to user mode; the debugging aids look at what it still holds."""
        task = self.current
        if task.held or task.pins:
            self.check_return_to_user(task)
        if self.tracing:
            self.emit("leave", what, self.cpu_time() - task.entered)
        if self.debug:
            task.entered = IN_USER_MODE

    def leave_fault(self, task: task_struct, minor: int, major: int) -> None:
        """Back to user mode after do_page_fault, given what it added to the counters; the trace gets the outcome."""
        if minor + major > 1:
            self.bug_counted_twice(task, minor, major)
        if task.held or task.pins:
            self.check_return_to_user(task)
        if self.tracing:
            outcome = "major" if major else "minor" if minor else "retry"
            if task.forced is not None:
                outcome = "OOM" if task.forced == "SIGKILL" else task.forced
            self.emit("leave", outcome, self.cpu_time() - task.entered)
        if self.debug and not task.in_kernel:
            task.entered = IN_USER_MODE
