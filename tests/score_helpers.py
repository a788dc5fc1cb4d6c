"""Scores made by hand, and an exercise of which a part is graded by hand."""

import sys
from types import ModuleType

from grading_helpers import hand_in

from mmlab.checks import Check, Exercise, correct
from mmlab.checks import exercises as known
from mmlab.checks.outcome import ALMOST, CORRECT, NOT_YET
from mmlab.grading.layouts import Found
from mmlab.grading.score import GRADED, Mark, Score

ESSAY = "ex90"
HOSTILE = "<script>document.title='taken over'</script> [x](javascript:alert(1)) ````\n<img src=x onerror=alert(1)>"


def essay(monkeypatch):
    """Make exercise 90 known: 4 points by two checks, one of them unseen, and 6 by hand."""
    seen = Check("it is there", 3, lambda work, draw: correct(), belief="that it need not be there")
    module = ModuleType("mmlab.checks.exercises.ex90")
    module.EXERCISE = Exercise(ESSAY, "Exercise 90, an essay", ("f",), (seen,), ("a", "b", "c"), 1, 1, by_hand=6)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    names = known.names()
    monkeypatch.setattr(known, "names", lambda: [*names, ESSAY])


def solution(folder):
    """The instructor's notebook of exercise 90 in a folder `solutions`: two questions are answered by hand."""
    from mmlab.grading import formgrade
    from mmlab.grading.formgrade import Cell

    cells = [formgrade.markdown("# Exercise 90\n\n<!-- the instructor's own -->")]
    for name, points in (("ex90-data", 2.0), ("ex90-rationale", 4.0)):
        cells.append(formgrade.markdown(f"## Question {name}"))
        cells.append(formgrade.markdown("the solution of the question", formgrade.metadata(Cell(name, points, True))))
    check = formgrade.code_cell('course.check("ex90")')
    cells.append({**check, "metadata": formgrade.metadata(Cell(ESSAY, 4.0, False))})
    path = folder / ESSAY / f"{ESSAY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(formgrade.as_text(formgrade.notebook_of(cells)))
    (folder / "checks").mkdir(exist_ok=True)
    return folder / "checks"


def marks(seen=CORRECT, unseen=CORRECT, message="", picture=""):
    """The marks of exercise 90."""
    share = {CORRECT: 1, ALMOST: 0.5, NOT_YET: 0}
    return (
        Mark("it is there", 3.0 * share.get(seen, 0), 3, seen, message, "see(1)" * bool(message), picture),
        Mark("kept: it holds", 1.0 * share.get(unseen, 0), 1, unseen, "", unseen=True),
    )


def made(student, *, status=GRADED, answers=None, **of_marks):
    """A Score of exercise 90."""
    if status != GRADED:
        return Score(student, ESSAY, status, None, 4, 6, note="for a reason")
    ones = marks(**of_marks)
    answers = {"ex90-data": "a list", "ex90-rationale": HOSTILE} if answers is None else answers
    return Score(student, ESSAY, status, sum(one.points for one in ones), 4, 6, "hash", "", ones, answers)


def handed_in(top, scores, code="f = 1"):
    """The notebooks that these scores are of, and the scores with their hashes."""
    import dataclasses
    import json

    from mmlab.grading import formgrade
    from mmlab.grading.formgrade import Cell
    from mmlab.grading.intake import take

    found, complete = [], []
    for number, score in enumerate(scores):
        cells = [formgrade.code_cell(code)]
        for name, answer in score.answers.items():
            cells.append(formgrade.markdown(answer, formgrade.metadata(Cell(name, 99.0, True))))
        path = hand_in(top, str(number), json.dumps(formgrade.notebook_of(cells)), ESSAY)
        found.append(Found(score.student, ESSAY, path))
        complete.append(dataclasses.replace(score, content=take(path).content) if score.content else score)
    return complete, found
