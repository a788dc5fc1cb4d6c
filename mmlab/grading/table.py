"""Scores as CSV, for spreadsheets and for platforms that import grades: the same scores give the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from .score import Score

STARTS_A_FORMULA = (*"=+-@\t\r\n", *"＝＋－＠")
MOST = 1_000
"""characters of a text in a cell"""


def safe(value) -> str:
    """A cell that no spreadsheet takes for a formula. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f"{value:g}"
    text = str(value).encode("utf-8", "backslashreplace").decode()
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # csv would not quote the one that stands alone
    text = text if len(text) <= MOST else text[:MOST] + "..."
    return "'" + text if text.lstrip(" '\"").startswith(STARTS_A_FORMULA) or text.startswith(STARTS_A_FORMULA) else text


def written(rows: Iterable[Iterable]) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([safe(value) for value in row] for row in rows)
    return out.getvalue()


def grades(scores: Iterable[Score]) -> str:
    """grades.csv: a row a student; of each exercise its points, what they are of, and the status."""
    by_student: dict[str, dict[str, Score]] = {}
    for score in scores:
        by_student.setdefault(score.student, {})[score.exercise] = score
    exercises = in_order({score.exercise for ones in by_student.values() for score in ones.values()})
    columns = [column for name in exercises for column in (name, f"{name} of", f"{name} status")]
    rows: list[list] = [["student", *columns, "total"]]
    for student in sorted(by_student):
        ones = by_student[student]
        row: list = [student]
        for name in exercises:
            score = ones.get(name)
            row += [score.points, score.possible, score.status] if score else [None, None, ""]
        rows.append([*row, sum(score.points or 0 for score in ones.values())])
    return written(rows)


def details(scores: Iterable[Score]) -> str:
    """details.csv: a row a check; of a submission that has none, one row."""
    head = ["student", "exercise", "status", "note", "check", "unseen", "result", "points", "possible", "message"]
    rows: list[list] = [head]
    for score in sorted(scores, key=lambda one: (one.student, len(one.exercise), one.exercise)):
        begin = [score.student, score.exercise, score.status, score.note]
        for mark in score.marks:
            unseen = "yes" if mark.unseen else "no"
            rows.append([*begin, mark.check, unseen, mark.status, mark.points, mark.possible, mark.message])
        if not score.marks:
            rows.append([*begin, "", "", "", score.points, score.possible, ""])
    return written(rows)


def in_order(exercises: Iterable[str]) -> list[str]:
    """ex2 comes before ex10."""
    return sorted(exercises, key=lambda name: (len(name), name))
