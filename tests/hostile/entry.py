"""One hostile or broken submission as data, and the right parts that it is made with.

Most are of exercise 1. Its two ordinary functions and its fault handler are checked apart, so that a submission with
one wicked part has right parts beside it, and its points tell what the wickedness cost:

    search_vmas      SEEN_SEARCH + UNSEEN_SEARCH = 2 points
    check_access     ACCESS = 7 points; it does not call search_vmas here
    do_page_fault    FAULT = 11 points
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SEEN_SEARCH, UNSEEN_SEARCH, ACCESS, FAULT = 1, 1, 7, 11
SEARCH = SEEN_SEARCH + UNSEEN_SEARCH

IMPORTS = """
from mmlab.kernel import (
    PAGE_SIZE, SIGBUS, SIGKILL, SIGSEGV, VM_FAULT_MAJOR, VM_FAULT_MINOR, VM_FAULT_OOM, VM_FAULT_SIGBUS, VM_GROWSDOWN,
    VM_READ, VM_WRITE, charge, find_vma, fixup_exception, force_sig, good_area,
)
"""
RIGHT_SEARCH = """
def search_vmas(vmas, address):
    return next((number for number, (_, end, _) in enumerate(vmas) if address < end), None)
"""
RIGHT_ACCESS = """
def check_access(vmas, address, write_access):
    number = next((number for number, (_, end, _) in enumerate(vmas) if address < end), None)
    if number is None:
        return None
    start, end, flags = vmas[number]
    if address < start:
        start = address & ~4095
        if not flags & 0x100 or end - start > 8 << 20 or (number and start - vmas[number - 1][1] < 1 << 20):
            return None
    return start if flags & (2 if write_access else 1) else None
"""
RIGHT_FAULT = """
async def do_page_fault(k, address, write_access):
    tsk = k.current
    mm = tsk.mm
    await mm.mmap_sem.down_read()
    vma = await find_vma(mm, address)
    if not await good_area(vma, address, write_access):
        await mm.mmap_sem.up_read()
        fixup_exception(tsk) if tsk.in_kernel else force_sig(SIGSEGV, tsk)
        return
    fault = await k.handle_mm_fault(mm, vma, address, write_access)
    await mm.mmap_sem.up_read()
    if fault == VM_FAULT_MAJOR:
        tsk.maj_flt += 1
    elif fault == VM_FAULT_MINOR:
        tsk.min_flt += 1
    elif tsk.in_kernel:
        fixup_exception(tsk)
    else:
        force_sig(SIGBUS if fault == VM_FAULT_SIGBUS else SIGKILL, tsk)
"""


class Place(NamedTuple):
    """Where the corpus is graded. In the text of a cell @NAME@ stands for each of these."""

    root: Path
    submissions: Path
    grades: Path
    key: Path
    port: int
    token: str

    def filled(self, text: str) -> str:
        """The text with what stands for something put in."""
        for name, value in self._asdict().items():
            text = text.replace(f"@{name.upper()}@", str(value))
        return text


@dataclass(frozen=True)
class Entry:
    """A submission, and what it must get.

    name      of its student
    tries     what it does, or tries, in words
    work      the text of a cell, texts of cells, the bytes of the file, or a function (folder, place) that puts there
              what is handed in
    status    that it must get; NOT_TAKEN for a file that is nobody's submission, and is listed
    points    that it must get
    reads     words that its student must read, in the note or in the message of a check
    innocent  it means no harm
    volatile  what follows these words is another each time, a clock for instance
    """

    name: str
    tries: str
    work: str | tuple[str, ...] | bytes | Callable[[Path, Place], None]
    status: str
    points: float | None
    reads: str = ""
    exercise: str = "ex1"
    innocent: bool = False
    volatile: bool = False

    def hand_in(self, place: Path) -> None:
        """Put it where nbgrader collects it."""
        folder = place.submissions / self.name / self.exercise
        if callable(self.work):
            self.work(folder, place)
            return
        folder.mkdir(parents=True)
        path = folder / f"{self.exercise}.ipynb"
        if isinstance(self.work, bytes):
            path.write_bytes(self.work)
        else:
            cells = [self.work] if isinstance(self.work, str) else self.work
            path.write_text(notebook(*map(place.filled, cells)), encoding="utf-8")


NOT_TAKEN = "not taken"


def notebook(*cells: str | dict, **more) -> str:
    """A notebook as text: of each code cell its source, or any cell whole."""
    whole = [
        cell
        if isinstance(cell, dict)
        else {"cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for cell in cells
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": whole, **more})


def search(*lines: str, before: str = "") -> tuple[str, ...]:
    """A search_vmas of these lines, `before` above it, and a check_access that is right."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"{before}\ndef search_vmas(vmas, address):\n{body}", RIGHT_ACCESS


def first(*lines: str, before: str = "") -> tuple[str, ...]:
    """A right search_vmas that does this first."""
    return search(
        *lines, "return next((n for n, (_, end, _) in enumerate(vmas) if address < end), None)", before=before
    )


def fault(*lines: str, before: str = "") -> tuple[str, ...]:
    """A right do_page_fault that does this first, and a search_vmas that is right."""
    body = "".join(f"    {line}\n" for line in lines)
    at = "    tsk = k.current\n"
    return IMPORTS, before + RIGHT_FAULT.replace(at, body + at, 1), RIGHT_SEARCH


def armed(*lines: str) -> str:
    """Lines that run when the text is loaded, for a function that says `armed`: what none needs is not loaded."""
    return f"armed = exec({chr(10).join(lines)!r}, globals())\n"
