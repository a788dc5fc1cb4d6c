"""The late policy as data: who was how many days late with what, and what a day costs.

A CSV file has a first line `student,exercise,days` and, if wanted, a fourth column `percent_per_day`:

    student,exercise,days
    ann,ex4,2

A JSON file has the policy too:

    {"percent_per_day": 10, "most_percent": 50, "late": [{"student": "ann", "exercise": "ex4", "days": 2}]}

A day costs a part of all points of the exercise (not of those earned), so that it costs everybody the same, and so
that points given by hand later do not change it. No total falls below 0.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from ..checks.exercises import exercise

COLUMNS = ("student", "exercise", "days")
PERCENT, MOST = 10.0, 100.0


@dataclass(frozen=True)
class Late:
    """`days` and percent a day, by (student, exercise); `most` percent are taken at most."""

    days: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    most: float = MOST

    def penalty(self, student: str, name: str, possible: float) -> float:
        """Points that are taken off, of `possible` points of the exercise."""
        days, percent = self.days.get((student, name), (0.0, 0.0))
        return round(possible * min(days * percent, self.most) / 100, 2)

    def days_of(self, student: str, name: str) -> float:
        """Days late; 0 for who is not in the file."""
        return self.days.get((student, name), (0.0, 0.0))[0]

    def as_json(self) -> str:
        """A file that `read` reads."""
        late = [
            {"student": student, "exercise": name, "days": days, "percent_per_day": percent}
            for (student, name), (days, percent) in sorted(self.days.items())
        ]
        return json.dumps({"most_percent": self.most, "late": late}, indent=1) + "\n"


def read(path: Path | str) -> Late:
    """Read a policy. Raises ValueError, in one line, for what is no such file, and OSError."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    if text.lstrip().startswith(("{", "[")):
        return from_json(path, text)
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise ValueError(f"{path} begins with {text.partition(chr(10))[0][:60]!r}; {','.join(COLUMNS)} is wanted there")
    return from_rows(path, list(rows), PERCENT, MOST)


def from_json(path: Path, text: str) -> Late:
    """The policy in JSON."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    rows = told.get("late") if isinstance(told, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f'{path}: wanted is {{"percent_per_day": 10, "late": [{{"student": ...}}]}}')
    percent = amount(path, "percent_per_day", told.get("percent_per_day", PERCENT), 100)
    return from_rows(path, rows, percent, amount(path, "most_percent", told.get("most_percent", MOST), 100))


def from_rows(path: Path, rows: list[dict], percent: float, most: float) -> Late:
    """The policy in rows."""
    days = {}
    for number, row in enumerate(rows, 1):
        where = f"{path}, entry {number}"
        missing = [key for key in COLUMNS if row.get(key) in (None, "")]
        if missing:
            raise ValueError(f"{where} has no {missing[0]}: student, exercise and days are wanted")
        key = str(row["student"]), str(row["exercise"])
        exercise(key[1])
        if key in days:
            raise ValueError(f"{where}: {key[0]!r} and {key[1]} are there twice")
        each = row.get("percent_per_day")
        days[key] = (
            amount(where, "days", row["days"], 1_000),
            percent if each in (None, "") else amount(where, "percent_per_day", each, 100),
        )
    return Late(days, most)


def amount(where, name: str, value, most: float) -> float:
    """A number from 0 to `most`."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number <= most:
        raise ValueError(f"{where}: {name} is {value!r}; a number from 0 to {most:g} is wanted")
    return number
