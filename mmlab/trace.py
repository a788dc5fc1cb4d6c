"""The trace: the one record from which every number, picture and sentence is made.

Every driver of the simulated kernel (SimPy's clock, the explorer, a person who picks the next task)
emits the same events. An event is a plain tuple of integers and strings, so that the garbage
collector leaves a long trace alone; `Event` gives the fields names for people who read one.

==============  ==========================================  ===================  ==============================
what            object                                      value                meaning
==============  ==========================================  ===================  ==============================
start           role: fault, mmap, ps, ...                  0                    the task begins, in user mode
exit            "done" or a signal's name                   0                    the task is gone
enter           fault, mmap, munmap, mprotect, ps, ...      address or 0         user mode to kernel
leave           major, minor, SIGSEGV, SIGBUS, OOM, retry   cpu ns since enter   kernel to user mode; for a system
                                                                                 call its name again, or its error
wait            LOCK/mode, e.g. mmap_sem/read               0                    the task queues for the lock
acquire         LOCK/mode                                   ns waited            the task has the lock
gave_up         LOCK/mode                                   ns waited            a signal ended the wait: no lock
release         LOCK/mode                                   0                    the task has let it go
page_wait       FILE:INDEX                                  0                    sleeps until the page is unlocked
page_woken      FILE:INDEX                                  ns waited            that sleep is over
queue_wait      disk                                        0                    sleeps: submission queue full
queue_woken     disk                                        ns waited            that sleep is over
submit          FILE:INDEX                                  requests in device   a read is given to the device
io_done         FILE:INDEX (task is "disk")                 service ns           the device finished that read
walk            vma, none, or rcu (without mmap_sem)        address              find_vma was done
pte             FILE:INDEX                                  address              a pte was installed
unmap           FILE:INDEX                                  address              a pte was removed
evict           FILE:INDEX                                  0                    the page left the page cache
signal          signal name                                 0                    a signal was sent to the task
run             cpu                                         ns waited            the task had to wait for a free cpu
==============  ==========================================  ===================  ==============================

Readers ignore words that they do not know, so that later designs may add some.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

FORMAT = "mmlab-trace-1"


class Event(NamedTuple):
    """One event. `holders` and `queued` are the state of mmap_sem just after it."""

    time: int
    """ns since the start of the run"""
    task: str
    """comm of the task: fault0, mmap0, ps0, or disk"""
    what: str
    object: str
    value: int
    holders: int
    """n > 0: n readers, -1: a writer, 0: free"""
    queued: int
    """tasks in the wait list of mmap_sem"""

    def __str__(self) -> str:
        holders = "write" if self.holders < 0 else f"read x{self.holders}" if self.holders else "free"
        waiting = f", {self.queued} waiting" if self.queued else ""
        return (
            f"{self.time / 1000:14,.2f} us  {self.task:<8} {self.what:<10} {self.object:<16} "
            f"[mmap_sem {holders}{waiting}]"
        )


def write(events: Iterable[tuple], file: IO[str], header: dict | None = None) -> int:
    """Write a trace as one JSON array a line, behind a header line; return how many events were written."""
    write_header(file, header)
    return write_events(events, file)


def write_header(file: IO[str], header: dict | None = None) -> None:
    """Write the first line of a trace file: its format, and whatever `header` says of the run."""
    file.write(json.dumps({"format": FORMAT, **(header or {})}) + "\n")


def write_events(events: Iterable[tuple], file: IO[str]) -> int:
    """Append events to a file that has its header, so that a trace can be written while it happens."""
    n = 0
    for n, event in enumerate(events, 1):  # noqa: B007 - n is the answer
        file.write(json.dumps(event, separators=(",", ":")) + "\n")
    return n


def read(file: IO[str]) -> Iterator[Event]:
    """Yield the events of a file that `write` made.

    Raises ValueError, with the line number, when the file is not such a trace.
    """
    for number, line in enumerate(file, 1):
        try:
            row = json.loads(line)
            if number == 1:
                if not isinstance(row, dict) or row.get("format") != FORMAT:
                    raise ValueError(f"no {FORMAT} header")
                continue
            event = Event(*row)
            if [type(field) for field in event] != [int, str, str, str, int, int, int]:
                raise ValueError("fields are (time, task, what, object, value, holders, queued)")
        except (ValueError, TypeError) as error:
            raise ValueError(f"line {number} is not part of a {FORMAT} file: {error}") from None
        yield event
