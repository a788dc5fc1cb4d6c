"""one_fault: a single page fault, event by event, with the state of everything that it touches.

The machine has one process with three mappings, the same for every kind of fault:

    0x10000000  file "data", 16 pages, read-only; the file itself has 8 pages
    0x20000000  anonymous memory, 4 pages
    0x7fff0000  the stack
"""

from __future__ import annotations

import difflib
from random import Random
from typing import NamedTuple

from ..designs import Design, find
from ..engine import Timed
from ..kernel.block import block_device
from ..kernel.exception import touch
from ..kernel.filemap import PAGE_SIZE, page_cache_read
from ..kernel.mm import VM_GROWSDOWN, VM_READ, VM_WRITE
from ..kernel.page import put_page, wait_on_page_locked
from ..kernel.sleep import charge
from ..kernel.task import task_struct
from ..trace import Event
from ..view.table import Table
from ..view.units import duration
from .durations import LONGEST, parse_disk
from .observer import Observer, Snapshot
from .story import sem_in_words, sentences
from .workloads import map_at

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
    def total_us(self) -> float:
        """us from the touch to the end of the handler, of the first thread, replays included."""
        return (self._of("leave")[-1].time - self._of("enter")[0].time) / 1000

    @property
    def asleep_us(self) -> float:
        """us of them asleep until the page was unlocked."""
        return sum(event.value for event in self._of("page_woken")) / 1000

    @property
    def held_us(self) -> float:
        """us of them with mmap_sem held."""
        return sum(b.time - a.time for a, b in zip(self._of("acquire"), self._of("release"))) / 1000

    @property
    def cpu_us(self) -> float:
        """us of cpu time in the kernel."""
        return sum(event.value for event in self._of("leave")) / 1000

    def count(self, what: str) -> int:
        """How many events of this kind there were, of all threads: "submit", "walk", "pte", ..."""
        return sum(event.what == what for event in self.events)

    def state_at(self, what: str) -> Snapshot:
        """The state just after the first event of this kind. Raises ValueError when there was none."""
        for event, snapshot in zip(self.events, self.snapshots):
            if event.what == what:
                return snapshot
        words = dict.fromkeys(event.what for event in self.events)
        raise ValueError(f"this fault has no event {what!r}; it has: {', '.join(words)}")

    def maps(self) -> Table:
        """The mappings of the process before the fault, as /proc/PID/maps shows them."""
        rows = [[f"{start:#x}", f"{end:#x}", what] for start, end, what in self.snapshots[0].vmas]
        return Table(["vm_start", "vm_end", "what it is"], rows)

    @property
    def caption(self) -> str:
        """What happened, with the numbers."""
        text = f"{self.design}, {self.kind} ({KINDS[self.kind].meaning}): {self.outcome} after {_us(self.total_us)}"
        if self.asleep_us:
            text += f", {_us(self.asleep_us)} of them asleep"
        return f"{text}; mmap_sem was held for {_us(self.held_us)}."

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
        times = [fault.total_us, fault.asleep_us, fault.held_us, fault.cpu_us]
        rows.append([fault.kind, KINDS[fault.kind].meaning, fault.outcome, *times])
    return Table(
        ["kind", "what is touched", "outcome", "total (us)", "asleep (us)", "mmap_sem held (us)", "cpu (us)"], rows
    )


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
    observer = Observer(k, file, (what.address - FILE_AT) // PAGE_SIZE, what.address)
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


def _us(us: float) -> str:
    return duration(round(us * 1000), 5, ascii=True)


def _time(ns: int) -> str:
    return f"{ns / 1000:,.1f}"
