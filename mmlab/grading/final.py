"""A row for each student and exercise: points of the checks, points given by hand, what being late costs, the total."""

from __future__ import annotations

from dataclasses import dataclass

from .gradebook import Given
from .late import Late
from .plain import plain
from .score import GRADED, MISSING, PARTLY, REJECTED, Score
from .table import in_order, written

HEAD = (
    "student", "exercise", "status", "checks", "checks of", "by hand", "by hand of", "still to grade", "days late",
    "penalty", "total", "total of", "feedback",
)  # fmt: skip


@dataclass(frozen=True)
class Final:
    """`checks` are the points of the checks, or those that a person gave instead; `by_hand` those given so far;
    `waiting` cells are still to be graded by a person. None where nothing could be scored."""

    score: Score
    checks: float | None
    by_hand: float
    waiting: int
    days: float
    penalty: float
    given: tuple[Given, ...] = ()

    @property
    def possible(self) -> int:
        """All points of the exercise."""
        return self.score.possible + self.score.by_hand

    @property
    def total(self) -> float | None:
        """What counts: never less than 0; None where there is nothing to count."""
        if self.checks is None and not graded_by_hand(self):
            return None
        return max(0.0, round((self.checks or 0.0) + self.by_hand - self.penalty, 2))


def final(score: Score, given: tuple[Given, ...], late: Late) -> Final:
    """The whole of one submission. `given` is what persons gave, () where there is no gradebook."""
    hand = [one for one in given if one.cell.by_hand]
    instead = next((one for one in given if not one.cell.by_hand), None)
    checks = score.points if score.status in (GRADED, PARTLY) and score.possible else None
    if instead is not None and instead.points is not None:
        checks = instead.points
    if instead is not None and instead.extra and checks is not None:
        checks += instead.extra
    waiting = sum(one.points is None for one in hand) if given else int(score.by_hand > 0)
    if score.status in (REJECTED, MISSING):
        waiting = 0  # there is nothing to look at
    return Final(
        score,
        checks,
        float(sum((one.points or 0.0) + one.extra for one in hand)),
        waiting,
        late.days_of(score.student, score.exercise),
        late.penalty(score.student, score.exercise, score.possible + score.by_hand),
        given,
    )


def graded_by_hand(one: Final) -> bool:
    """Whether a person has graded anything: a 0 is an earned 0."""
    return any(given.points is not None for given in one.given if given.cell.by_hand)


def as_csv(finals: list[Final]) -> str:
    """final.csv"""
    rows = [
        [
            one.score.student, one.score.exercise, one.score.status, one.checks, one.score.possible,
            one.by_hand if graded_by_hand(one) else None, one.score.by_hand or None, one.waiting or None,
            one.days or None, one.penalty or None, one.total, one.possible,
            f"feedback/{plain(one.score.student)}/{one.score.exercise}.html",
        ]
        for one in finals
    ]  # fmt: skip
    return written([HEAD, *rows])


def as_totals(finals: list[Final]) -> str:
    """totals.csv: a row a student, as a learning platform imports it; empty where there is nothing to count."""
    possible = {one.score.exercise: one.possible for one in finals}
    names = in_order(possible)
    head = ["student", *(f"{name} (of {possible[name]})" for name in names), f"total (of {sum(possible.values())})"]
    by_student: dict[str, dict[str, Final]] = {}
    for one in finals:
        by_student.setdefault(one.score.student, {})[one.score.exercise] = one
    rows: list[list] = [[*head, "still to grade"]]
    for student in sorted(by_student):
        ones = by_student[student]
        points = [ones[name].total if name in ones else None for name in names]
        waiting = sum(one.waiting for one in ones.values())
        rows.append([student, *points, sum(point or 0 for point in points), waiting or None])
    return written(rows)
