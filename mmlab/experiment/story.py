"""A trace of one fault in plain words, one sentence an event."""

from __future__ import annotations

from typing import NamedTuple

from ..trace import Event
from ..view.units import duration, plural


class Context(NamedTuple):
    """What decides the words: the task's events since it entered the kernel, and before; the state; kind of access."""

    since: list[Event]
    before: list[Event]
    snapshot: object
    write: bool

    def had(self, *words: str) -> bool:
        """Whether one of these events came since the task entered the kernel."""
        return any(event.what in words for event in self.since)

    def ever_had(self, *words: str) -> bool:
        """Whether one of these events came at all."""
        return self.had(*words) or any(event.what in words for event in self.before)


def sentences(events: list[Event], snapshots: list, write: bool = False) -> list[str]:
    """What each event means, in words for somebody who does not know the kernel."""
    contexts: dict[str, tuple[list[Event], list[Event]]] = {}
    said = []
    for event, snapshot in zip(events, snapshots):
        since, before = contexts.setdefault(event.task, ([], []))
        say = WORDS.get(event.what)
        said.append(say(event, Context(since, before, snapshot, write)) if say else f"{event.what} {event.object}")
        if event.what == "enter":
            before += since
            since.clear()
        since.append(event)
    return said


def sem_in_words(event: Event) -> str:
    """mmap_sem just after the event."""
    held = "a writer" if event.holders < 0 else "free" if not event.holders else plural(event.holders, "reader")
    return f"{held}, {event.queued} waiting" if event.queued else held


def _enter(event, seen):
    if seen.ever_had("leave"):
        return f"Nothing is mapped yet: the instruction runs again, and {event.value:#x} traps again"
    access = "writes to" if seen.write else "reads"
    return f"The program {access} {event.value:#x}, no pte allows it: the cpu traps into the kernel"


def _acquire(event, seen):
    mode = "writing" if event.object.endswith("write") else "reading"
    waited = f" after a wait of {duration(event.value, ascii=True)}" if event.value else ""
    if seen.had("release"):
        return f"Takes mmap_sem for {mode} again{waited}: what it knew about the mappings may be wrong by now"
    return f"Takes mmap_sem for {mode}{waited}: from now on nobody can change the mappings"


def _walk(event, seen):
    vma = next((vma for vma in seen.snapshot.vmas if vma[1] > event.value), None)
    if vma is None:
        return "find_vma: no mapping ends above this address"
    start, end, what = vma
    if start > event.value:
        return f"find_vma: the first mapping that ends above it, {start:#x}-{end:#x} ({what}), begins above it, too"
    return f"find_vma: {start:#x}-{end:#x} ({what}) covers the address"


def _submit(event, seen):
    if seen.had("submit"):
        return f"It is not: the read failed, {event.object} is given to the disk once more"
    return f"{event.object} is not in the page cache: a fresh page is put there, locked, and the disk starts to fill it"


def _page_wait(event, seen):
    held = [e.what for e in seen.since if e.what in ("acquire", "release")]
    state = "with mmap_sem held" if held and held[-1] == "acquire" else "holding no lock"
    return f"Sleeps until {event.object} is unlocked, {state}"


def _page_woken(event, seen):
    return f"Awake again after {duration(event.value, 5, ascii=True)}; is {event.object} uptodate now?"


def _pte(event, seen):
    if event.object == "anon":
        return "A fresh page full of zeros: the pte points to it now, no disk was needed"
    if seen.had("submit", "page_wait"):
        return f"It is: the pte points to {event.object} now, the address is mapped"
    if seen.ever_had("submit"):
        return f"{event.object} is uptodate by now: the pte points to it, the address is mapped"
    return f"{event.object} is in the page cache, and uptodate: the pte points to it now, no disk was needed"


def _release(event, seen):
    if "filemap_nopage" in seen.snapshot.path:
        return "Lets mmap_sem go before it sleeps: from now on others may change the mappings"
    if seen.had("page_woken") and not seen.had("pte") and seen.snapshot.pte != "none":
        return "The other thread has installed the pte already; lets mmap_sem go"
    return "Lets mmap_sem go"


def _signal(event, seen):
    if event.object == "SIGKILL":
        return "No memory for the page: the answer is VM_FAULT_OOM, and the program is killed"
    if event.object == "SIGSEGV":
        walked = next((e.value for e in seen.since if e.what == "walk"), 0)
        covered = any(start <= walked < end for start, end, _ in seen.snapshot.vmas)
        return "The mapping does not permit this access: SIGSEGV" if covered else "Nothing is mapped there: SIGSEGV"
    if seen.had("submit"):
        return "The disk could not read the page, twice: SIGBUS"
    return "The mapping covers the address, but the file ends before: SIGBUS"


def _leave(event, seen):
    cpu = duration(event.value, ascii=True)
    if event.object in ("major", "minor"):
        if seen.snapshot.pte == "none":
            return f"Back to user mode with nothing mapped, counted as a {event.object} fault; {cpu} of cpu time"
        return f"Back to user mode, counted as a {event.object} fault; {cpu} of cpu time"
    return f"Leaves the handler: {event.object}; {cpu} of cpu time"


def _exit(event, seen):
    if event.object == "done":
        return "The instruction runs again and finds its pte: the program goes on"
    return f"{event.object} is delivered: the program ends"


def _io_done(event, seen):
    took = duration(event.value, 5, ascii=True)
    return f"The disk is done with {event.object} after {took}: unlocks it and wakes who sleeps on it"


WORDS = {
    "start": lambda event, seen: "The program runs in user mode",
    "exit": _exit,
    "enter": _enter,
    "leave": _leave,
    "wait": lambda event, seen: f"Must queue for {event.object.partition('/')[0]}",
    "acquire": _acquire,
    "release": _release,
    "walk": _walk,
    "submit": _submit,
    "page_wait": _page_wait,
    "page_woken": _page_woken,
    "queue_wait": lambda event, seen: "The disk's queue is full: sleeps until it takes the request",
    "queue_woken": lambda event, seen: "The disk's queue has room again",
    "io_done": _io_done,
    "pte": _pte,
    "unmap": lambda event, seen: f"The pte of {event.object} is removed",
    "evict": lambda event, seen: f"{event.object} is thrown out of the page cache",
    "signal": _signal,
}  # fmt: skip
