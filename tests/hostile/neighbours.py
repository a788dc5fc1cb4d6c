"""Innocent work among the hostile: whole answers, which must get just what they are worth."""

from __future__ import annotations

import json
from pathlib import Path

from mmlab.grading.score import GRADED
from mmlab.grading.unseen import wrong_answers

from .entry import ACCESS, FAULT, IMPORTS, RIGHT_ACCESS, RIGHT_FAULT, RIGHT_SEARCH, SEARCH, Entry

SOLUTIONS = Path(__file__).resolve().parent.parent.parent / "solutions"


def typical(exercise: str, answer: str) -> tuple[str, float]:
    """A typical wrong answer, as the instructor wrote it down, and the points that it must earn."""
    return wrong_answers(exercise, SOLUTIONS)[answer]


def released(exercise: str) -> bytes:
    """The notebook that a student is given, as it was given."""
    return (SOLUTIONS.parent / "exercises" / exercise / f"{exercise}.ipynb").read_bytes()


def solved(exercise: str) -> bytes:
    """The worked solution."""
    return (SOLUTIONS / exercise / f"{exercise}.ipynb").read_bytes()


GAP, GAP_POINTS = typical("ex1", "no guard gap")
KEEPS, KEEPS_POINTS = typical("ex4", "answers RETRY with the lock held")
assert json.loads(solved("ex1"))["nbformat"] == 4

NEIGHBOURS = [
    Entry("innocent-all", "all three functions, right", (IMPORTS, RIGHT_SEARCH, RIGHT_ACCESS, RIGHT_FAULT), GRADED,
          SEARCH + ACCESS + FAULT, "", innocent=True),
    Entry("innocent-solution", "the worked solution", solved("ex1"), GRADED, 20, "", innocent=True),
    Entry("innocent-nothing", "the notebook as it was given", released("ex1"), GRADED, 0, "Still to be written",
          innocent=True),
    Entry("innocent-almost", "one limit forgotten", (GAP,), GRADED, GAP_POINTS, "", innocent=True),
    Entry("innocent-formulas", "exercise 3, all formulas right; 4 further points are given by hand",
          solved("ex3"), GRADED, 16, "", exercise="ex3", innocent=True),
    Entry("innocent-lock-kept", "exercise 4, a lock that is kept where it should be dropped", (KEEPS,), GRADED,
          KEEPS_POINTS, "", exercise="ex4", innocent=True),
]  # fmt: skip
