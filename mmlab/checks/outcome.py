"""What a check says: a status, a message that teaches, and, where there is one, the interleaving that shows it."""

from __future__ import annotations

from dataclasses import dataclass

CORRECT, ALMOST, NOT_YET, NOT_DEFINED = "correct", "almost", "not yet", "not defined"
SHARES = {CORRECT: 1.0, ALMOST: 0.5, NOT_YET: 0.0, NOT_DEFINED: 0.0}
"""of a check's points that each status earns"""


@dataclass(frozen=True)
class Outcome:
    """`status` is one of CORRECT, ALMOST, NOT_YET and NOT_DEFINED; `message` names the symptom and the question to ask.

    `shown` is an Interleaving or None; `replay` a line of Python that shows the same again, or "". `broke_off` says
    that a budget of states ended it. `cause` is the kind of the KernelBug that was found, or "": a grader runs a check
    once more, alone, that was lost because a worker did not come back. `where` is its (function, line, source line).
    """

    status: str
    message: str
    shown: object = None
    replay: str = ""
    broke_off: bool = False
    cause: str = ""
    where: tuple | None = None

    @property
    def share(self) -> float:
        """The part of the check's points that it earns, 0 to 1."""
        return SHARES[self.status]


def correct(message: str = "") -> Outcome:
    """It holds."""
    return Outcome(CORRECT, message)


def almost(message: str, shown=None, replay: str = "") -> Outcome:
    """Half of it holds."""
    return Outcome(ALMOST, message, shown, replay)


def not_yet(message: str, shown=None, replay: str = "", broke_off: bool = False, cause: str = "") -> Outcome:
    """It does not hold."""
    return Outcome(NOT_YET, message, shown, replay, broke_off, cause)
