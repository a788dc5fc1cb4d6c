"""one_fault: a single page fault, event by event, with the state of everything that it touches.

The machine has one process with three mappings, the same for every kind of fault:

    0x10000000  file "data", 16 pages, read-only; the file itself has 8 pages
    0x20000000  anonymous memory, 4 pages
    0x7fff0000  the stack
"""

from __future__ import annotations

import difflib
import inspect
import sys
from random import Random
from typing import NamedTuple

from ..designs import Design, find
from ..engine import Timed
from ..kernel.block import block_device
from ..kernel.exception import touch
from ..kernel.filemap import PAGE_SIZE, page_cache_read
from ..kernel.mm import VM_GROWSDOWN, VM_READ, VM_WRITE
from ..kernel.page import PageLocked, PageUptodate, put_page, wait_on_page_locked
from ..kernel.sleep import charge
from ..kernel.task import task_struct
from ..trace import Event
from ..view.table import Table
from ..view.units import duration
from .durations import LONGEST, parse_disk
from .story import sem_in_words, sentences
from .workloads import map_at

COROUTINE = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE
NOT_LINUX = ("touch", "submit")
"""coroutines of the simulated machine that have no namesake in Linux"""

FILE_AT, ANON_AT, STACK_AT = 0x1000_0000, 0x2000_0000, 0x7FFF_0000
FILE_PAGES, MAPPED_PAGES, INDEX = 8, 16, 5
LONGEST_RUN = 5 * LONGEST
LONGEST_STORY = 40
"""events that a story shows; of a longer one (a busy wait) the middle is left out"""


class Kind(NamedTuple):
    """What is touched, and what was prepared for it."""

    meaning: str
    address: int
    write: bool = False
    threads: int = 1


KINDS = {
    "major": Kind("a page of the file that is not in memory", FILE_AT + INDEX * PAGE_SIZE),
    "minor": Kind("a page of the file that is in the page cache already", FILE_AT + INDEX * PAGE_SIZE),
    "anonymous": Kind("fresh memory without a file", ANON_AT + PAGE_SIZE, write=True),
    "sibling": Kind("a page of the file that another thread waits for, too", FILE_AT + INDEX * PAGE_SIZE, threads=2),
    "SIGSEGV": Kind("an address where nothing is mapped", 0x3000_0000),
    "read-only": Kind("a page of the file that may only be read, for writing", FILE_AT + INDEX * PAGE_SIZE, write=True),
    "SIGBUS": Kind("an address of the mapping beyond the end of the file", FILE_AT + (FILE_PAGES + 2) * PAGE_SIZE),
    "read error": Kind("a page that the disk cannot read", FILE_AT + INDEX * PAGE_SIZE),
    "OOM": Kind("a page of the file when no memory is left", FILE_AT + INDEX * PAGE_SIZE),
}
SECOND_THREAD_AT = 5_000
"""ns after the first that the second thread of "sibling" touches the page"""


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


class Observer:
    """Takes down each event together with the state that it leaves behind."""

    def __init__(self, k, file, address: int) -> None:
        self.k, self.file, self.address = k, file, address
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
        page = mapped or self.file.pages.get((self.address - FILE_AT) // PAGE_SIZE)
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
    """The functions of the kernel that the event's task is in, outermost first, read off the Python stack."""
    if event.task == "disk":
        return ("end_page_read",)
    names, frame = [], sys._getframe(1)
    while frame is not None and frame.f_code is not user_mode.__code__:
        if frame.f_code.co_flags & COROUTINE:  # kernel and design code; what drives it is ordinary functions
            names.append(frame.f_code.co_name)
        frame = frame.f_back
    return tuple(name for name in reversed(names) if name not in NOT_LINUX and not name.startswith("_"))


class OneFault:
    """One fault, taken apart: `events`, `story()`, `timeline()`, `table()`, `outcome`, `caption`.

    `outcome` is what the fault ended as: "major", "minor", "SIGSEGV", "SIGBUS" or "OOM". `snapshots` are the states
    after each event, `sentences` say each event in plain words.
    """

    def __init__(self, kind: str, design: str, disk: str, observer: Observer) -> None:
        self.kind, self.design, self.disk = kind, design, disk
        self.events = observer.events
        self.snapshots = observer.settled()
        self.sentences = sentences(self.events, self.snapshots, KINDS[kind].write)
        self.outcome = next(event.object for event in reversed(self.events) if event.what == "leave")

    def _of(self, what: str, task: str = "fault0") -> list[Event]:
        return [event for event in self.events if event.what == what and event.task == task]

    @property
    def figures(self) -> dict[str, int]:
        """Of the first thread, in ns: total (from the touch to the end), asleep, held (mmap_sem), cpu; and passes."""
        total = self._of("leave")[-1].time - self._of("enter")[0].time
        taken, dropped = self._of("acquire"), self._of("release")
        return {
            "total": total,
            "asleep": sum(event.value for event in self._of("page_woken")),
            "held": sum(b.time - a.time for a, b in zip(taken, dropped)),
            "cpu": sum(event.value for event in self._of("leave")),
            "passes": len(taken),
        }

    @property
    def caption(self) -> str:
        """What happened, with the numbers."""
        f = self.figures
        text = f"{self.design}, {self.kind} ({KINDS[self.kind].meaning}): {self.outcome} after {_us(f['total'])}"
        if f["asleep"]:
            text += f", {_us(f['asleep'])} of them asleep"
        return f"{text}; mmap_sem was held for {_us(f['held'])}."

    @property
    def steps(self) -> list[int]:
        """The numbers of the events that a story shows: all of them, or the first and the last of very many."""
        count = len(self.events)
        if count <= LONGEST_STORY:
            return list(range(count))
        return [*range(LONGEST_STORY // 2), *range(count - LONGEST_STORY // 2, count)]

    def story(self) -> Table:
        """The fault as a table: when, who, what happened, where in the kernel, and mmap_sem after it."""
        rows, before = [], -1
        for number in self.steps:
            if number != before + 1:
                rows.append(["...", "", f"({number - before - 1:,} events like these are left out)", "", ""])
            event, path, before = self.events[number], self.snapshots[number].path, number
            where = path[-1] if path else "-"
            rows.append([_time(event.time), event.task, self.sentences[number], where, sem_in_words(event)])
        return Table(["time (us)", "task", "what happens", "kernel function", "mmap_sem"], rows, self.caption)

    def table(self) -> Table:
        """The times of the first thread."""
        return side_by_side([self])

    def timeline(self, start=None, stop=None, *, width: int = 920):
        """The lock timeline of this fault; start and stop are times such as "5us"."""
        from ..view.timeline import timeline

        stop = self.events[-1].time + 1_000 if stop is None else stop
        return timeline([(self.design, f"{self.kind} fault", self.events)], start, stop, width=width, lock=False)

    def __repr__(self) -> str:
        return self.caption


def side_by_side(faults: list[OneFault]) -> Table:
    """A row for each fault; times in us."""
    rows = []
    for fault in faults:
        f = fault.figures
        times = [f[name] / 1000 for name in ("total", "asleep", "held", "cpu")]
        rows.append([fault.kind, KINDS[fault.kind].meaning, fault.outcome, *times])
    return Table(["kind", "what is touched", "outcome", "total (us)", "asleep", "mmap_sem held", "cpu"], rows)


def one_fault(kind: str = "major", design: str | Design = "synchronous", disk: str = "18ms") -> OneFault:
    """Simulate a single page fault and take down every event of it.

    kind: "major", "minor", "anonymous", "sibling", "SIGSEGV", "read-only", "SIGBUS", "read error" or "OOM" (see KINDS).
    design: name or Design. disk: as for a Scenario. Raises ValueError for an unknown kind, design or disk.
    """
    if kind not in KINDS:
        names = {name.lower(): name for name in KINDS}
        near = difflib.get_close_matches(str(kind).lower(), names, 1, 0.5)
        hint = f"; did you mean {names[near[0]]!r}?" if near else ";"
        raise ValueError(f"there is no fault of kind {kind!r}{hint} The kinds are: {', '.join(KINDS)}")
    design = find(design)
    service, channels = parse_disk(disk)
    k = design.machine(debug=not design.is_shipped)
    file = k.add_file("data", FILE_PAGES)
    map_at(k, FILE_AT, MAPPED_PAGES * PAGE_SIZE, VM_READ, file)
    map_at(k, ANON_AT, 4 * PAGE_SIZE, VM_READ | VM_WRITE)
    map_at(k, STACK_AT, 4 * PAGE_SIZE, VM_READ | VM_WRITE | VM_GROWSDOWN)
    k.disk = block_device(k, service.sampler("disk", Random("1:disk")), channels)
    if kind == "minor":
        before_the_run(k, read_into_cache(file, INDEX))
    elif kind == "read error":
        file.bad.add(INDEX)
    elif kind == "OOM":
        memory = iter([False])  # enough for the page table, not for the page
        k.fail_alloc = lambda: next(memory, True)
    what = KINDS[kind]
    observer = Observer(k, file, what.address)
    engine = Timed(k, len)
    k.record = observer
    for number in range(what.threads):
        task = k.add_task(f"fault{number}", "fault")
        engine.spawn(task, user_mode(k, task, what, number * SECOND_THREAD_AT))
    engine.run(LONGEST_RUN)
    return OneFault(kind, design.name, str(disk), observer)


async def user_mode(k, task, what: Kind, delay: int):
    """The program: one touch, and the end."""
    if delay:
        await charge(delay)
    signal = await touch(k, what.address, what.write)
    if signal is not None:
        task.exit_code = signal


def before_the_run(k, coroutine) -> None:
    """Let kernel code run to its end while the clock stands still and every read succeeds at once."""
    k.current = task_struct(k, "boot", "boot", k.mm)
    k.start_io = k.disk.complete
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        k.current = k.start_io = None


async def read_into_cache(file, index: int) -> None:
    """What read(2) of that page leaves behind: the page in the page cache, uptodate, mapped nowhere."""
    page = await page_cache_read(file, index)
    await wait_on_page_locked(page)
    await put_page(page)


def _us(ns: int) -> str:
    return duration(ns, 5, ascii=True)


def _time(ns: int) -> str:
    return f"{ns / 1000:,.1f}"
