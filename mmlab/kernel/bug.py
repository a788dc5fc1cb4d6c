"""What the debugging aids say when the simulated kernel is misused.

`KernelBug` is the simulated kernel's oops: raised at the very operation that broke a rule, so that Python's
own traceback leads to the line. The report reads like a good kernel report: what happened, to which task, where in the
reader's code, who holds which lock, the last few events, and where to look next.
"""

from __future__ import annotations

import linecache
import os
from functools import lru_cache
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_ITERABLE_COROUTINE, unwrap

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
AWAITING = CO_COROUTINE | CO_ITERABLE_COROUTINE | CO_GENERATOR | CO_ASYNC_GENERATOR
"""flags of code that can stand between two coroutines of one chain"""
STAND_INS: dict = {}
"""code objects of coroutines that stand in for code in another process, and the variable that has its line"""


class KernelBug(Exception):
    """The simulated kernel found a broken rule.

    `kind` is a short name ("lock leaked"), `detail` the sentence, `advice` what to look at next; the machine adds
    `task`, `time` (ns), `where` (function, line number, source line), `locks` and `events`.
    """

    def __init__(self, kind: str, detail: str, advice: str = "", *, where=None, locks: str = "", task=None, time=0):
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.advice = advice
        self.where = where
        self.locks = locks
        self.task = task
        self.time = time
        self.events: list = []

    def report(self) -> str:
        """The whole finding as text, the same on every machine."""
        lines = [f"BUG: {self.kind}: {self.detail}"]
        if self.task is not None:
            lines.append(f"  task    {self.task} at {self.time / 1000:,.2f} us")
        where = self.where or place_in(self.__traceback__)
        if where:
            function, number, source = where
            lines.append(f"  where   {function}, line {number}" + (f": {source}" if source else ""))
        if self.locks:
            lines.append(f"  locks   {self.locks}")
        if self.events:
            lines.append("  the last events:")
            lines += [f"    {event}" for event in self.events]
        if self.advice:
            lines.append(f"  look at {self.advice}")
        return "\n".join(lines)

    __str__ = report

    def _render_traceback_(self):
        """IPython asks for this: a learner sees the report, not fifty lines of our own frames."""
        return self.report().splitlines()


@lru_cache(1_000)
def is_ours(filename: str) -> bool:
    """Whether a code file is machinery of mmlab; designs are not, they are what a reader reads."""
    inside = os.path.abspath(filename).startswith(PACKAGE + os.sep)
    return inside and not os.path.abspath(filename).startswith(os.path.join(PACKAGE, "designs", ""))


def place(code, line: int | None) -> tuple[str, int, str]:
    """(function, line number, source line) of a code object's line."""
    number = line or code.co_firstlineno
    return code.co_name, number, linecache.getline(code.co_filename, number).strip()


def beginning(function) -> tuple[str, int, str]:
    """Where a function of a design begins. One that stands in for code in another process has that as its `place`."""
    return getattr(function, "place", None) or place(unwrap(function).__code__, None)


def reader_place(frame, line: int | None = None) -> tuple[str, int, str] | None:
    """The line of the reader's code at which a frame stands; None for machinery of ours.

    A frame that stands in for code in another process tells that code's line.
    """
    code = frame.f_code
    if code in STAND_INS:
        return frame.f_locals[STAND_INS[code]]
    return None if is_ours(code.co_filename) else place(code, line or frame.f_lineno)


def place_in(traceback) -> tuple[str, int, str] | None:
    """The innermost line of a traceback that belongs to a design or to a learner.

    What lies outside the first coroutine is the driver, SimPy, or whoever called them.
    """
    found = None
    inside = False
    while traceback is not None:
        code = traceback.tb_frame.f_code
        inside = inside or bool(code.co_flags & CO_COROUTINE)
        if inside:
            found = reader_place(traceback.tb_frame, traceback.tb_lineno) or found
        traceback = traceback.tb_next
    return found


def calling_place(frame) -> tuple[str, int, str] | None:
    """The nearest coroutine outwards from `frame` that belongs to a design or to a learner.

    Where the coroutines end, the driver begins; a notebook, which runs cells in coroutines too, lies beyond it.
    """
    inside = False
    while frame is not None:
        flags = frame.f_code.co_flags
        found = flags & CO_COROUTINE and reader_place(frame)
        if found:
            return found
        if inside and not flags & AWAITING:
            return None
        inside = inside or bool(flags & CO_COROUTINE)
        frame = frame.f_back
    return None
