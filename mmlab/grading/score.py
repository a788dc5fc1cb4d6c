"""What one submission got: points with their reasons, and a status that says whether they were earned."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

GRADED, PARTLY, TIMEOUT, CRASHED = "graded", "partly graded", "timeout", "crashed"
REJECTED, MISSING, TROUBLE = "rejected", "missing", "infrastructure error"
NOT_RUN = "not run"
STATUSES = (GRADED, PARTLY, TIMEOUT, CRASHED, REJECTED, MISSING, TROUBLE)
"""a 0 is an earned 0 only beside "graded" and "partly graded"; each other status says why there are no points"""


@dataclass(frozen=True)
class Mark:
    """One check: its name, what it earned of what, what it said, and the picture (HTML with SVG) of an interleaving,
    or "". `status` is that of an Outcome ("correct" ...), or TIMEOUT, CRASHED or NOT_RUN for a check that was lost."""

    check: str
    points: float
    possible: int
    status: str
    message: str
    replay: str = ""
    picture: str = ""
    unseen: bool = False


@dataclass(frozen=True)
class Score:
    """`points` of `possible` by checks; None where nothing could be scored. `by_hand` points are given by a person.

    `content` is a hash of the submission, `note` what its student and instructor should know (which of two copies was
    taken, why it was rejected). `answers` are the texts that a person grades, by their nbgrader name.

    GRADED: each check was judged. PARTLY: some checks were, others ran out of time, crashed or were not run; the marks
    say which. TIMEOUT and CRASHED: no check was judged, for that reason. TROUBLE: mmlab's fault, not the student's.
    """

    student: str
    exercise: str
    status: str
    points: float | None
    possible: int
    by_hand: int = 0
    content: str = ""
    note: str = ""
    marks: tuple[Mark, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """For JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, told: dict) -> Score:
        """The score that as_dict gave."""
        return cls(**{**told, "marks": tuple(Mark(**mark) for mark in told["marks"])})
