"""Scenario: everything that decides a run, checked when it is written down."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real

from ..designs import Design, everything, find
from ..view.units import duration
from .durations import LONGEST, exponential, parse_disk, parse_gap, parse_time, spelled

MOST_TASKS = 10_000
READERS = ("fault_threads", "gup_threads", "nowait_threads", "copy_threads", "spu_threads")
"""the fields that count threads which read the file; an spu thread does so in its signal handler"""
TASKS = (*READERS, "mmap_threads", "ps_readers", "mprotect_threads")
TIMES = (
    "disk", "pause", "mmap_pause", "ps_pause", "fork_every", "fork_hold", "spu_off", "spu_on", "access_pause",
)  # fmt: skip


def is_whole(value) -> bool:
    """Whether it is a whole number; numpy's count too, True and False do not."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value) -> bool:
    """Whether it is a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _design(value):
    """The name of a design of the catalogue, given by name or as the object; another Design as it is.

    Raises ValueError for an unknown name.
    """
    if not isinstance(value, str | Design):
        raise ValueError(f"design={value!r} is not a design; give a name such as 'synchronous', or a Design")
    design = find(value)
    try:
        ours = find(design.name)
    except ValueError:
        return design
    if ours is design:
        return design.name
    if design.is_shipped and design.elsewhere is not None:
        return design  # the same code, in another process
    raise ValueError(f"your design is called {design.name!r}, as one of mmlab's; give it a name of its own")


@dataclass(frozen=True)
class Scenario:
    """A workload, a machine and a design. The same scenario gives the same trace, byte for byte, everywhere.

    design          name or Design
    fault_threads   threads that touch cold pages of a mapped file, one after the other
    mmap_threads    threads that loop over mmap + munmap
    ps_readers      processes that keep reading /proc/PID/maps of this one
    disk            time of one read: a time ("18ms"), a distribution ("exponential(18ms)", "uniform(10ms, 26ms)"),
                    or a profile ("hdd", "ssd", "nvme")
    channels        reads that the disk serves at once (default: 1, or the profile's)
    queue_depth     submissions the disk takes before one sleeps
    pause           time in user mode of a fault thread between two touches: time or distribution
    mmap_pause      time in user mode of an mmap thread between two pairs: time or distribution
    ps_pause        the same for a ps reader between two reads
    write_rate      single write sections (mprotect) a second that arrive at random (an open Poisson stream), each from
                    a task of its own
    mprotect_threads   threads that loop over mprotect, one write section a call; they pause as the mmap threads do
    fork_every      time between two forks of one more thread: time or distribution, "0": nobody forks
    fork_hold       time that one fork holds mmap_sem for writing: time or distribution
    gup_threads     threads in get_user_pages on cold pages, as direct I/O does: the kernel itself faults and may not
                    let go of mmap_sem
    nowait_threads  the same with NOWAIT: they never sleep for the disk, and ask again after their pause
    copy_threads    threads whose system calls read cold pages of theirs (copy_from_user): a fault in kernel mode
    spu_threads     threads that use the local store of an SPE, for the designs spufs_*, whose driver maps it
    spu_off, spu_on how long that SPE's context is not running, and then running, by turns: times or distributions
    access_pause    time in user mode between two accesses of these four kinds of threads: time or distribution
    cpus            processors; tasks that find none free wait for their turn (default: as many as tasks)
    cache_pages     pages that the page cache holds (default: 256, or 4 for each thread that reads if that is more)
    dontneed        time between two FADV_DONTNEED that drop the file from the cache; a plain time is the mean of an
                    exponential distribution, "0": nobody does that
    foreign_rate    pages a second that another process brings into the cache, at random: each pushes one out
    signal_rate     signals a second for each fault or spu thread, at random; their handler touches a cold page
    kill_at         when all threads that fault get a SIGKILL (a time), or None
    truncate_at     when the file is cut to half of its length (a time), or None
    read_errors     share of the file's pages that the disk cannot read, 0 to 1; who touches one dies of SIGBUS
    alloc_failures  share of allocations that find no memory, 0 to 1; a fault that does is an OOM kill
    outside_holders others that hold a reference to the address space (mm_users), as a debugger does
    seq_bits        width of the counter of write sections in bits, for the designs that have one
    seed            of everything that is random

    Raises ValueError, for anything that makes no sense, with what was given, what is allowed, and the nearest right
    spelling.
    """

    design: str | Design = "synchronous"
    fault_threads: int = 1
    mmap_threads: int = 1
    ps_readers: int = 0
    disk: str = "18ms"
    channels: int | None = None
    queue_depth: int = 128
    pause: str = "0"
    mmap_pause: str = "0"
    ps_pause: str = "1ms"
    write_rate: float = 0
    mprotect_threads: int = 0
    fork_every: str = "0"
    fork_hold: str = "1ms"
    gup_threads: int = 0
    nowait_threads: int = 0
    copy_threads: int = 0
    spu_threads: int = 0
    spu_off: str = "20ms"
    spu_on: str = "1ms"
    access_pause: str = "1ms"
    cpus: int | None = None
    cache_pages: int | None = None
    dontneed: str = "0"
    foreign_rate: float = 0
    signal_rate: float = 0
    kill_at: str | None = None
    truncate_at: str | None = None
    read_errors: float = 0
    alloc_failures: float = 0
    outside_holders: int = 0
    seq_bits: int = 32
    seed: int = 1

    def __new__(cls, /, *args, **given):
        """Catch misspelled names before Python's own, less helpful, TypeError."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else "."
                raise ValueError(f"a Scenario has no {name!r}{hint} It has: {', '.join(known)}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        self._keep("design", _design(self.design))
        parse_disk(self.disk)
        for name in TIMES:
            self._keep(name, spelled(getattr(self, name), name))
        self._keep("dontneed", spelled(self.dontneed, "dontneed", plain=exponential))
        parse_gap(self.dontneed, "dontneed")
        for name in TASKS:
            self._whole(name, 0, MOST_TASKS)
        if self.cpus is not None:
            self._whole("cpus", 1, MOST_TASKS)
        self._whole("queue_depth", 1, 1_000_000)
        self._whole("seed", 0, 2**63)
        if self.channels is not None:
            self._whole("channels", 1, MOST_TASKS)
        if self.cache_pages is not None:
            self._whole("cache_pages", 1, 10_000_000)
            each = 2 if self.signal_rate else 1  # a signal handler reads while the read that it interrupted goes on
            need = each * self.readers
            if self.cache_pages < need:
                who = ", ".join(f"{name}={getattr(self, name)}" for name in READERS if getattr(self, name))
                raise ValueError(
                    f"cache_pages={self.cache_pages} is too small for {who}: each needs "
                    f"{'two pages, one for its handler' if each == 2 else 'one page for its read'}; "
                    f"give at least {need}"
                )
        self._whole("outside_holders", 0, 1_000_000)
        self._whole("seq_bits", 1, 64)
        self._number("write_rate", 1_000_000, "a rate", "write sections a second")
        self._number("foreign_rate", 1_000_000, "a rate", "pages a second")
        self._number("signal_rate", 1_000_000, "a rate", "signals a second")
        self._number("read_errors", 1, "a share", "of all pages")
        self._number("alloc_failures", 1, "a share", "of all allocations")
        for name in ("kill_at", "truncate_at"):
            if getattr(self, name) is not None:
                parse_time(getattr(self, name), name)
                self._keep(name, spelled(getattr(self, name), name))
        self._must_make_sense_together()

    def _must_make_sense_together(self) -> None:
        """Raise ValueError for values that are allowed one by one, but not together."""
        if not any(getattr(self, name) for name in (*TASKS, "write_rate")) and self.fork_every == "0":
            raise ValueError(
                f"a Scenario with no tasks at all; give at least one of {', '.join(TASKS)}, write_rate, fork_every"
            )
        busy = next((name for name in ("nowait_threads", "spu_threads") if getattr(self, name)), None)
        if busy and self.access_pause == "0":
            raise ValueError(
                f"access_pause='0' is not allowed with {busy}={getattr(self, busy)}, which would try again without any "
                "time passing; give a time above 0"
            )
        if self.spu_threads and "spufs_nopage" not in find(self.design).functions:
            drivers = [name for name, design in everything().items() if "spufs_nopage" in design.functions]
            raise ValueError(
                f"spu_threads={self.spu_threads} needs a design with a driver (spufs_nopage), which {self.design!s} "
                f"has not; there are {', '.join(drivers)}"
            )

    @property
    def readers(self) -> int:
        """How many threads read cold pages of the file."""
        return sum(getattr(self, name) for name in READERS)

    def _keep(self, name: str, value) -> None:
        object.__setattr__(self, name, value)

    def _whole(self, name: str, least: int, most: int) -> None:
        value = getattr(self, name)
        if not is_whole(value) or not least <= value <= most:
            raise ValueError(f"{name}={value!r} is not allowed; it is a whole number from {least} to {most:,}")
        self._keep(name, int(value))

    def _number(self, name: str, most: int, what: str, unit: str) -> None:
        value = getattr(self, name)
        if not is_number(value) or not 0 <= value <= most:
            raise ValueError(f"{name}={value!r} is not {what}; allowed are 0 to {most:,} {unit}")
        self._keep(name, int(value) if value == int(value) else float(value))

    def __repr__(self) -> str:
        """A line that can be pasted to run it again: the design, and what differs from the defaults.

        A design of the catalogue is written by its name, another one as the variable that is probably called like it.
        """
        parts = [f"design={self.design.name if isinstance(self.design, Design) else repr(self.design)}"]
        for field in dataclasses.fields(self)[1:]:
            value = getattr(self, field.name)
            if value != field.default:
                parts.append(f"{field.name}={value!r}")
        return f"Scenario({', '.join(parts)})"

    def replace(self, **changes) -> Scenario:
        """The same scenario with some values changed."""
        return Scenario(**{**self.as_dict(), **changes})

    def as_dict(self) -> dict:
        """Field by field; a learner's design stays an object."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def to_json(self) -> str:
        """One line of JSON. Raises ValueError for a design that only exists in this process."""
        if isinstance(self.design, Design):
            raise ValueError(f"design {self.design.name!r} exists only in this process; name one of the catalogue")
        return json.dumps(self.as_dict())

    @classmethod
    def from_json(cls, text: str) -> Scenario:
        """The scenario that `to_json` wrote. Raises ValueError for broken JSON, unknown names or values."""
        try:
            values = json.loads(text)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"this is not the JSON of a Scenario: {error}; to_json() writes one") from None
        if not isinstance(values, dict):
            raise ValueError(f"this is not the JSON of a Scenario: an object was expected, got {type(values).__name__}")
        return cls(**values)

    def run(
        self,
        seconds: float = 5,
        *,
        progress: bool | None = None,
        trace: bool = True,
        keep: int = 20_000,
        watch: Callable[[list[tuple]], object] | None = None,
    ):
        """Run it for `seconds` of simulated time and return the Result.

        progress: a progress bar; by default when the run takes longer than a moment. trace=False measures nothing
        (for benchmarks). keep: how many events at the beginning and at the end of the run stay in memory. watch: a
        function that gets the whole trace, batch by batch, while it happens (a batch is reused: copy what you keep).
        Raises ValueError for a senseless time or keep, KernelBug when a debugging aid finds something.
        """
        from .run import run

        if not is_whole(keep) or keep < 0:
            raise ValueError(f"keep={keep!r} is not allowed; it is how many events to keep, a whole number from 0")
        return run(self, seconds_to_ns(seconds), progress=progress, trace=trace, keep=keep, watch=watch)


def seconds_to_ns(seconds) -> int:
    """Simulated seconds as ns, checked."""
    if not is_number(seconds) or seconds <= 0:
        raise ValueError(f"seconds={seconds!r} is not a length of time; give a number of seconds above 0")
    if seconds * 1e9 > LONGEST or seconds * 1e9 < 1:
        raise ValueError(f"seconds={seconds!r} is out of range; from 1 ns to {duration(LONGEST, ascii=True)}")
    return round(float(seconds) * 1e9)
