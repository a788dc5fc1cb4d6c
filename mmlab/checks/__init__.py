"""Checks of exercises: one home for the instant feedback of a notebook and for grading.

A learner's work is a text. It is found by name in the cells (`gather`), and run in a worker process, never here
(`Work`); a Check looks at it from outside and gives an Outcome; `run_checks` makes a Report of them. What a check draws
by lot follows from a key (`Draw`).
"""

from .check import Check, Exercise
from .draw import PRACTICE, Draw
from .gather import Gathered, gather
from .outcome import ALMOST, CORRECT, NOT_DEFINED, NOT_YET, Outcome, almost, correct, not_yet
from .report import Line, Report
from .running import run_checks
from .work import Unusable, Work

__all__ = [
    "ALMOST", "CORRECT", "NOT_DEFINED", "NOT_YET", "PRACTICE", "Check", "Draw", "Exercise", "Gathered", "Line",
    "Outcome", "Report", "Unusable", "Work", "almost", "correct", "gather", "not_yet", "run_checks",
]  # fmt: skip
