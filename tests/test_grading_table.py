"""Scores as CSV: deterministic bytes, and no cell that a spreadsheet would run."""

import csv
import io
import random

import pytest

from mmlab.grading import table
from mmlab.grading.score import GRADED, MISSING, REJECTED, STATUSES, Mark, Score


def score(student, exercise="ex4", points=1.0, status=GRADED, **more):
    return Score(student, exercise, status, points, 20, **more)


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_a_row_a_student_and_a_column_an_exercise_with_its_status():
    scores = [score("bob", "ex10", 2.5), score("bob", "ex2"), score("ann", "ex2", None, REJECTED)]
    assert table.grades(scores) == (
        "student,ex2,ex2 of,ex2 status,ex10,ex10 of,ex10 status,total\n"
        "ann,,20,rejected,,,,0\n"
        "bob,1,20,graded,2.5,20,graded,3.5\n"
    )


def test_a_row_a_check_and_one_for_who_has_none():
    mark = Mark("it holds", 2.0, 3, "almost", "two\nlines, and a comma", unseen=True)
    text = table.details([score("bob", marks=(mark,)), score("ann", points=None, status=MISSING, note="Nothing.")])
    assert rows(text)[1:] == [
        ["ann", "ex4", MISSING, "Nothing.", "", "", "", "", "20", ""],
        ["bob", "ex4", GRADED, "", "it holds", "yes", "almost", "2", "3", "two\nlines, and a comma"],
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", '"=1', "＝1", "\n=1"])
def test_no_cell_is_taken_for_a_formula(name):
    mark = Mark(name, 0.0, 1, "not yet", name)
    for text in (table.grades([score(name)]), table.details([score(name, note=name, marks=(mark,))])):
        found = [cell for row in rows(text)[1:] for cell in row if "1" in cell and cell.strip("0123456789.")]
        assert [cell for cell in found if cell.lstrip(" ").startswith(table.STARTS_A_FORMULA)] == []


def test_the_order_of_scores_does_not_matter_and_all_names_can_be_written():
    names = ["ann", "Ann", "李", "x\udc80", "new\nline", 'quo"te', "a,b", "a;b"]
    scores = [score(name, exercise) for name in names for exercise in ("ex2", "ex10", "ex1")]
    texts = set()
    for seed in range(5):
        random.Random(seed).shuffle(scores)
        texts.add((table.grades(scores), table.details(scores)))
    assert len(texts) == 1
    text = texts.pop()[0]
    assert text.encode("utf-8") and len(rows(text)) == len(names) + 1


def test_a_score_comes_back_from_json_as_it_was():
    for status in STATUSES:
        one = score("ann", status=status, marks=(Mark("a", 1.0, 1, "correct", ""),), answers={"why": "Because."})
        assert Score.from_dict(one.as_dict()) == one
