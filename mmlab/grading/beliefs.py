"""The misconception behind a failed check: what the check says of itself, or what the kind of the finding tells."""

from __future__ import annotations

import re

from ..checks.check import Check
from .score import CRASHED, NOT_RUN, TIMEOUT, Mark

FINDING = re.compile(r"(?:In «[^»]*»|BUG): (?P<kind>[^:\n]+): ")
STUB, CUT_OFF, MISSING = "still to be written", "cut off", "not defined"
KINDS = {
    "pte through a stale vma": "that a vma found before the lock was dropped is still the right one afterwards",
    "pte against the vma": "that the vma's permissions are what they were before the sleep",
    "pte overwritten": "that nobody else can have resolved the same fault meanwhile",
    "vma removed under its reader": "that a pointer keeps a struct alive; only a lock or a reference does",
    "use after free": "that a struct stays when the last reference to it has been put",
    "page not uptodate": "that a page that is in the page cache has been read",
    "page not in the mapping": "that a page stays in its file's page cache while one sleeps",
    "page beyond i_size": "that a file is as long as it was before the sleep",
    "references pile up": "that to look a page up again costs nothing; each look-up takes a reference",
    "page reference leaked": "that leaving by another path puts the references too",
    "reference underflow": "that a reference may be put by whoever is done, whether or not they took it",
    "lock leaked": "that a return releases what was taken; each path has to",
    "lock not held": "that the lock is still held after a call that may drop it",
    "lock dropped without permission": "that any code may drop the caller's lock; the caller has to allow it",
    "released by a stranger": "that one may release a lock that another task took",
    "recursive locking": "that a task may take mmap_sem for reading twice; with a writer queued between it deadlocks",
    "wrong lock order": "that locks may be taken in any order",
    "sleeping in a spinlock": "that one may sleep wherever one may compute",
    "fault counted twice": "that each pass through the handler is a fault; each fault counts once",
    "deadlock": "that somebody else will always be able to go on",
    "hung task": "that a sleep ends by itself; somebody has to wake the sleeper",
    "soft lockup": "that asking again in a loop lets the others work",
    "livelock": "that to try again is to get on; without a bound it may go on for ever",
    "starvation": "that a queue is fair to everybody",
    "unkillable": "that a task that is to die can wait for the disk as any other",
    "never awaited": "that calling a primitive does it; it has to be awaited",
    "foreign awaitable": "that any awaitable will do; only the kernel's primitives sleep in the kernel",
    "answers differently when asked again": "that a handler may keep state of its own from call to call",
    "nonsense answer": "that any value may be returned; the caller knows only the kernel's codes",
    "nonsense": "that each struct has each function of the kernel",
    "unknown struct": "that a struct may come from where the code itself keeps no hold of it",
    "Python error": "nothing about the kernel: an error of Python that no test of theirs reached",
    "worker crashed": "nothing about the kernel: the process of their code ended",
    "worker hangs": "that a loop that asks nothing of the kernel will end",
    "worker floods": "that a fault handler may print",
    "worker breaks the protocol": "that the grader believes what the code says of itself",
    STUB: "nothing yet: the function is still to be written",
    CUT_OFF: "that what grows from pass to pass has no cost",
    MISSING: "nothing yet: a function is not there under its name",
    TIMEOUT: "that their code ends",
    CRASHED: "that their process survives their code",
    NOT_RUN: "nothing known: the time was used up by the checks before",
}
"""kind of finding -> what is probably believed: "They may think ..." """


def kind_of(mark: Mark) -> str:
    """The kind of a mark's finding, or ""."""
    if mark.status in (TIMEOUT, CRASHED, NOT_RUN, MISSING):
        return mark.status
    found = FINDING.match(mark.message)
    if found:
        return found["kind"].strip()
    if mark.message.startswith("Still to be written"):
        return STUB
    return CUT_OFF if mark.message.startswith("Cut off") else ""


def belief(kind: str, check: Check | None) -> str:
    """What is probably believed: of the kind of finding; else what the check says; "" where nobody knows."""
    return KINDS.get(kind) or (check.belief if check else "")
