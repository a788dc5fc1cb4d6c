"""What went wrong with a learner's code, in words: the symptom, the line, where to look, how to see it again."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from ..kernel.bug import KernelBug
from ..worker import Theirs
from .outcome import Outcome, not_yet

STUB = "NotImplementedError"
PYTHON = "Python error"
"""the explorer's name for an exception of the learner's code"""
SHORT = 60
"""characters of a message that may well be said again"""


def found(bug: KernelBug, source: str, seen: str = "", steps: Iterable = ()) -> Outcome:
    """What to say of a finding. source: the learner's, to tell it from what was given; seen: in which world or run.

    steps: of the interleaving that leads to it. Where it shows in code that was given, the learner's code was there
    before: its last line says where to begin.
    """
    where = bug.where and tuple(bug.where)
    if STUB in (bug.kind + bug.detail):
        return not_yet(unwritten(where))
    ask = f"\nLook at: {bug.advice}" if bug.advice else ""
    last = None
    if where and not wrote(where, source):
        lines = (step.line for step in steps if step.task == bug.task and step.line)
        last = deque((line for line in lines if wrote(line, source)), 1)
    before = f"\nYour code was last at: {line_of(last[0])}" if last else ""
    said = f"{seen and seen + ': '}{bug.kind}: {bug.detail}{place(bug, source)}{before}{ask}"
    return replace(not_yet(said, cause=bug.kind), where=where)


def raised(error: Theirs) -> Outcome:
    """What to say of an exception of the learner's code."""
    if type(error).__name__ == STUB:
        return not_yet(f"Still to be written: {error}" if str(error) else unwritten(error.where))
    where = f"\nIn your code: {line_of(error.where)}" if error.where else ""
    return replace(not_yet(f"Your code raised {type(error).__name__}: {error}{where}"), where=error.where)


def unwritten(where: tuple | None) -> str:
    """What to say of a stub; where: the line that says so."""
    return f"Still to be written: {where[0]}." if where else "Still to be written."


def place(bug: KernelBug, source: str) -> str:
    """A line that says in whose code and where the finding is, or nothing."""
    if not bug.where:
        return ""
    whose = "your code" if wrote(bug.where, source) else "the code that was given"
    how = "Taken in" if bug.kind.endswith("leaked") else "In"
    return f"\n{how} {whose}: {line_of(bug.where)}"


def wrote(where: tuple, source: str) -> bool:
    """Whether this line is the learner's. A comprehension or a lambda has no name of its own."""
    return f"def {where[0]}(" in source or (where[0].startswith("<") and where[2] in source)


def line_of(where: tuple) -> str:
    """(function, line number, source line) in words; the lines of a function are counted from its first one."""
    return f"{where[0]}, line {where[1]}: {where[2]}"


def told_once(outcome: Outcome, before: list[tuple[str, Outcome]]) -> Outcome:
    """The same long story is not told twice: one mistake fails many checks. before: the checks' names and outcomes."""
    if outcome.share == 1 or ("\n" not in outcome.message and len(outcome.message) < SHORT):
        return outcome
    for name, earlier in before:
        if earlier.message == outcome.message:
            return replace(outcome, message=f"As above, in «{name}».", shown=None, replay="")
        if earlier.where and earlier.where == outcome.where and kind(earlier) == kind(outcome):
            return replace(outcome, message=f"The same line as above, in «{name}».", shown=None, replay="")
    return outcome


def kind(outcome: Outcome) -> str:
    """What kind of finding it is: an exception has one name, wherever it was seen."""
    return "" if outcome.cause == PYTHON else outcome.cause


def pasted(line: str, exercise: str) -> str:
    """A line that shows it again, so that it runs in the exercise's notebook as it stands."""
    line = re.sub(r"\bmine\b", f'course.mine("{exercise}")', line)
    return f"import mmlab; {line}" if "mmlab." in line else line
