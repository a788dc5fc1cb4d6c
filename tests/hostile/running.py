"""The whole corpus graded as one batch, with the sandbox, and all that must not happen meanwhile watched for."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from mmlab.grading import publish, scoring
from mmlab.grading.batch import Summary, grade
from mmlab.grading.score import Score
from mmlab.grading.store import results

from .entry import NOT_TAKEN, Entry, Place

ROOT = Path(__file__).resolve().parent.parent.parent
UNSEEN = ROOT / "solutions" / "checks"
KEY = "the class key of the corpus"
BUDGETS = {"CHECK": 8.0, "SUBMISSION": 30.0, "ANSWER": 3.0, "HURRIED": 1.0, "PATIENCE": 20.0, "IMPATIENCE": 8.0}
"""smaller than a real batch has them, so that the corpus costs minutes"""


class Graded(NamedTuple):
    """`scores` by student and exercise; `called` is how many came to the port that nobody may reach."""

    place: Place
    summary: Summary
    published: publish.Published
    scores: dict[tuple[str, str], Score]
    called: int


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A port of this machine at which nobody must call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def graded(top: Path, entries: Iterable[Entry], workers: int = 2) -> Graded:
    """Hand them all in below `top`, grade them as one batch, and publish what they got."""
    entries = list(entries)
    told: list[publish.Published] = []

    def after(scores, out, found) -> None:
        told.append(publish.after(scores, out, publish.Options(UNSEEN), found))

    with listening() as server:
        port = server.getsockname()[1]
        place = Place(ROOT, top / "submitted", top / "grades", top / "class.key", port, f"left{secrets.token_hex(8)}")
        place.submissions.mkdir()
        place.key.write_text(KEY + "\n")
        for entry in entries:
            entry.hand_in(place)
        students = top / "students.txt"
        listed = [one.name for one in entries if one.status != NOT_TAKEN and one.name.isprintable()]
        students.write_text("\n".join(listed) + "\n", encoding="utf-8")
        with patch.multiple(scoring, **BUDGETS):
            summary = grade(
                place.submissions, place.grades, exercises=sorted({one.exercise for one in entries}), unseen=UNSEEN,
                key=place.key, workers=workers, students=students, progress=False, after=after,
            )  # fmt: skip
        called = 0
        try:
            server.accept()[0].close()
            called = 1
        except BlockingIOError:
            pass
    return Graded(place, summary, told[0], {(one.student, one.exercise): one for one in results(place.grades)}, called)


def told(score: Score) -> list[str]:
    """What the student reads of a score: the note, and the messages of what did not earn everything."""
    return [part for part in (score.note, *(one.message for one in score.marks if one.points < one.possible)) if part]


def faults(entry: Entry, graded: Graded) -> list[str]:
    """What an entry got that it must not get."""
    score = graded.scores.get((entry.name, entry.exercise))
    if entry.status == NOT_TAKEN:
        stray = "\n".join(graded.summary.stray)
        found = [] if entry.reads in stray else [f"the list of what was not taken does not say {entry.reads!r}"]
        return found + ["it has a score"] * (score is not None)
    if score is None:
        return ["it has no score"]
    found = []
    if (score.status, score.points) != (entry.status, entry.points):
        found.append(f"{score.status}, {score.points} in place of {entry.status}, {entry.points}")
    if entry.reads and not any(entry.reads in part for part in told(score)):
        found.append(f"{entry.reads!r} is not in {told(score)}")
    return found
