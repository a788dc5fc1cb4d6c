"""A kind of check: single accesses end as they should."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .accesses import Access, accesses
from .draw import Draw
from .outcome import Outcome, correct, not_yet
from .work import Work

IN_WORDS = {"retry": "neither counted nor answered by a signal", "none": "no fault at all"}


class Case(NamedTuple):
    """An access in words, what it is, how the last of them should end, the question to ask if not, and what
    `accesses` is given beside it."""

    what: str
    some: tuple[Access, ...]
    wanted: str
    ask: str
    prepared: dict = {}  # noqa: RUF012  (a NamedTuple's default; never changed)


def end_as_they_should(base: str, cases: Callable[[Draw], list[Case]]) -> Callable:
    """Correct when each of these accesses, made with the work patched onto `base`, ends as is wanted.

    One that ends as "-EFAULT" must have sent no signal.
    """

    def run(work: Work, draw: Draw) -> Outcome:
        for case in cases(draw):
            key = ("ends", base, case.what, case.some, repr(case.prepared))
            ends = work.once(key, lambda case=case: accesses(work.design(base), case.some, **case.prepared))
            end = ends[-1].outcome
            if end != case.wanted:
                return not_yet(f"{case.what}: that ends with you as: {IN_WORDS.get(end, end)}.\n{case.ask}")
            if end == "-EFAULT" and ends[-1].signals:
                return not_yet(f"{case.what}: the program gets a signal.\n{case.ask}")
        return correct()

    return run
