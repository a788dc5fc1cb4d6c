"""A few accesses on a small machine, one after the other: how each ends, and how long it holds mmap_sem.

The machine has the three mappings of `one_fault` (experiment/anatomy.py), and a second file that nobody maps.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from ..designs import Design
from ..engine import Timed
from ..experiment.anatomy import (
    ANON_AT,
    FILE_AT,
    FILE_PAGES,
    MAPPED_PAGES,
    STACK_AT,
    before_the_run,
    read_into_cache,
)  # fmt: skip
from ..experiment.durations import constant
from ..experiment.workloads import map_at
from ..kernel.block import block_device
from ..kernel.bug import KernelBug
from ..kernel.exception import copy_from_user, touch
from ..kernel.filemap import PAGE_SIZE, page_cache_read
from ..kernel.mm import VM_GROWSDOWN, VM_READ, VM_WRITE
from ..kernel.page import put_page
from ..kernel.sleep import charge
from ..view.holds import holds

LONGEST = 10 * 10**9
MOST_RETURNS = 20
"""faults of one access that come back without having changed anything"""
MOST_READS = 20
"""that one access may ask the disk for"""
START = 20_000
"""ns that the reads of others have to reach the disk before the first access"""


class Access(NamedTuple):
    """One access. `in_kernel`: the kernel's own, in a system call; `write` is then not used."""

    address: int
    write: bool = False
    in_kernel: bool = False


class End(NamedTuple):
    """How an access ended.

    outcome     "major", "minor", a signal's name, "OOM", or "-EFAULT" for the kernel's own that failed
    signals     how many were sent meanwhile
    held        ns that mmap_sem was held for reading, all faults of the access together
    reads       pages of the mapped file that the disk was asked for meanwhile, in order
    """

    outcome: str
    signals: int
    held: int
    reads: tuple[int, ...]


def page_at(index: int) -> int:
    """The address of that page of the mapped file."""
    return FILE_AT + index * PAGE_SIZE


def accesses(
    design: Design, some: Iterable[Access], *, disk: str = "2ms", channels: int = 1, cached: Iterable[int] = (),
    bad: Iterable[int] = (), allocations: int | None = None, busy: int = 0,
) -> list[End]:  # fmt: skip
    """Let one thread make these accesses, until one kills it; the End of each.

    cached, bad: pages of the mapped file that are in memory, or cannot be read. allocations: how many find memory (the
    first is that of the page table), None: all. busy: reads of others that the disk is given just before.
    Raises KernelBug when a debugging aid finds something, or an access comes back for ever.
    """
    k = design.machine(debug=not design.is_shipped)
    file, other = k.add_file("data", FILE_PAGES), k.add_file("other", max(1, busy))
    map_at(k, FILE_AT, MAPPED_PAGES * PAGE_SIZE, VM_READ, file)
    map_at(k, ANON_AT, 4 * PAGE_SIZE, VM_READ | VM_WRITE)
    map_at(k, STACK_AT, 4 * PAGE_SIZE, VM_READ | VM_WRITE | VM_GROWSDOWN)
    k.disk = block_device(k, constant(disk).sampler("disk", Random(0)), channels)
    for index in cached:
        before_the_run(k, read_into_cache(file, index))
    file.bad.update(bad)
    if allocations is not None:
        left = iter([False] * allocations)
        k.fail_alloc = lambda: next(left, True)
    tape = Tape()
    engine = Timed(k, len)
    k.record = tape
    some = list(some)
    task = k.add_task("fault0", "fault")
    marks: list[tuple[int, str]] = []
    engine.spawn(task, program(k, task, some, START if busy else 0, tape, marks))
    if busy:
        engine.spawn(k.add_task("other", "other", outside=True), reads_of_others(k, other, busy))
    engine.run(LONGEST)
    if task.exit_code is None and len(marks) < len(some):
        raise KernelBug("hung task", "the access has not ended after 10 s", "what it waits for, and who would end that")
    return [end_of(tape[begin:end], outcome) for begin, end, outcome in marks]


async def program(k, task, some: list[Access], delay: int, tape, marks: list) -> None:
    """The thread: `marks` gets (first event, end, outcome) of each access."""
    if delay:
        await charge(delay)
    for access in some:
        begin = len(tape)
        tape.returns = tape.reads = 0
        if access.in_kernel:
            answer = await copy_from_user(k, access.address)
            outcome = "-EFAULT" if answer else last_outcome(tape[begin:])
        else:
            signal = await touch(k, access.address, access.write)
            outcome = last_outcome(tape[begin:])
            task.exit_code = signal
        marks.append((begin, len(tape), outcome))
        if task.exit_code is not None:
            return


async def reads_of_others(k, file, count: int) -> None:
    """Ask the disk for so many pages of another file, and wait for none of them."""
    for index in range(count):
        page = await page_cache_read(file, index)
        await put_page(page)


class Tape(list):
    """The events; raises KernelBug when one access comes back again and again."""

    returns = reads = 0

    def __call__(self, event: tuple) -> None:
        self.append(event)
        if event[2] == "leave":
            self.returns += 1
            if self.returns > MOST_RETURNS:
                raise KernelBug(
                    "soft lockup",
                    f"the access has come back to the same fault {MOST_RETURNS} times, and nothing has changed",
                    "which of its branches tells whoever made the access how it ended",
                )
        elif event[2] == "submit" and event[1] == "fault0":
            self.reads += 1
            if self.reads > MOST_READS:
                raise KernelBug(
                    "endless reads",
                    f"one access has asked the disk for {event[3]} and its neighbours more than {MOST_READS} times",
                    "what ends the loop when a read fails again and again",
                )


def last_outcome(events: list[tuple]) -> str:
    """What the last fault among the events ended as; "none" if there was none."""
    return next((event[3] for event in reversed(events) if event[2] == "leave"), "none")


def end_of(events: list[tuple], outcome: str) -> End:
    """The End that these events tell of."""
    mine = [event for event in events if event[1] == "fault0"]
    return End(
        outcome,
        sum(event[2] == "signal" for event in mine),
        sum(hold.held for hold in holds(mine)),
        tuple(int(event[3].partition(":")[2]) for event in mine if event[2] == "submit"),
    )
