"""The state of the simulated machine after each event of a short run, for looking at it slowly."""

from __future__ import annotations

import inspect
import sys
from typing import NamedTuple

from ..kernel.mm import VM_GROWSDOWN, VM_WRITE
from ..kernel.page import PageLocked, PageUptodate
from ..trace import Event

COROUTINE = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE
NOT_LINUX = ("touch", "submit")
"""coroutines of the simulated machine that have no namesake in Linux"""

USER_MODE = "user_mode"
"""the coroutine of the program itself: the call path begins behind it"""


class Snapshot(NamedTuple):
    """The state just after an event."""

    path: tuple[str, ...]
    """the functions that the task is in, outermost first"""
    vmas: tuple[tuple[int, int, str], ...]
    """(vm_start, vm_end, what it is)"""
    pte: str
    """"none", or the name of the page that is mapped"""
    page: str
    """the page's name, or "" when it is not in the page cache"""
    locked: bool
    uptodate: bool
    owners: tuple[str, ...]
    """who holds a reference to the page"""
    readers: tuple[str, ...]
    """who holds mmap_sem for reading"""
    writer: str
    queue: tuple[str, ...]

    @property
    def mmap_sem(self) -> str:
        """ "free", "held for reading" or "held for writing"."""
        return "held for writing" if self.writer else "held for reading" if self.readers else "free"


class Observer:
    """Takes down each event together with the state that it leaves behind."""

    def __init__(self, k, file, index: int, address: int) -> None:
        self.k, self.file, self.index, self.address = k, file, index, address
        self.events: list[Event] = []
        self.snapshots: list[Snapshot] = []

    def __call__(self, event: tuple) -> None:
        event = Event(*event)
        self.events.append(event)
        self.snapshots.append(self.look(event))

    def look(self, event: Event) -> Snapshot:
        """The state of the machine now."""
        k, sem = self.k, self.k.mm.mmap_sem
        table = k.mm.pgd.get(self.address >> 21)
        mapped = table.ptes.get(self.address >> 12) if table else None
        page = mapped or self.file.pages.get(self.index)
        holders = [task.comm for task in k.tasks if sem in task.held]
        return Snapshot(
            path=call_path(event),
            vmas=tuple((vma.vm_start, vma.vm_end, kind_of(vma)) for vma in k.mm.mmap),
            pte=mapped.name if mapped else "none",
            page=page.name if page else "",
            locked=bool(page and PageLocked(page)),
            uptodate=bool(page and PageUptodate(page)),
            owners=owners(page, k.tasks) if page else (),
            readers=tuple(holders) if sem.writer is None else (),
            writer=sem.writer.comm if sem.writer else "",
            queue=tuple(entry[0].comm for entry in sem.wait_list),
        )

    def settled(self) -> list[Snapshot]:
        """The snapshots; the disk changes the page just after it says so, so the page is taken from the next one."""
        snapshots = list(self.snapshots)
        for at, event in enumerate(self.events[:-1]):
            if event.what == "io_done":
                page = snapshots[at + 1]
                snapshots[at] = snapshots[at]._replace(locked=page.locked, uptodate=page.uptodate)
        return snapshots


def owners(page, tasks) -> tuple[str, ...]:
    """Who holds a reference to the page: the page cache, each pte, each task that looked it up."""
    cache = ("page cache",) if page.mapping is not None else ()
    pins = tuple(task.comm for task in tasks for pin in task.pins if pin is page)
    return cache + pins + ("pte",) * len(page.rmap)


def kind_of(vma) -> str:
    """What a vma is, in a word or two."""
    what = f"file {vma.vm_file.name}" if vma.vm_file else "stack" if vma.vm_flags & VM_GROWSDOWN else "anonymous"
    return f"{what}, {'read and write' if vma.vm_flags & VM_WRITE else 'read only'}"


def call_path(event: Event) -> tuple[str, ...]:
    """The functions of the kernel that the event's task is in, outermost first, read off the Python stack.

    Empty when the task is in user mode.
    """
    if event.task == "disk":
        return ("end_page_read",)
    names, frame = [], sys._getframe(1)
    while frame is not None and frame.f_code.co_name != USER_MODE:
        if frame.f_code.co_flags & COROUTINE:  # kernel and design code; what drives it is ordinary functions
            names.append(frame.f_code.co_name)
        frame = frame.f_back
    if frame is None:
        return ()  # the driver speaks; what is below it (a notebook's own coroutines, say) is no kernel
    return tuple(name for name in reversed(names) if name not in NOT_LINUX and not name.startswith("_"))
