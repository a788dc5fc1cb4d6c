"""A folder of submissions as a class hands them in: right answers, typical wrong ones, stubs, and hostile ones."""

import ast
import json
from itertools import cycle, islice

from grading_helpers import ROOT, hand_in, notebook

from mmlab.checks.exercises import exercise
from mmlab.grading.unseen import wrong_answers

KINDS = ("right", "wrong", "hostile", "stub", "wrong", "right", "wrong", "right", "wrong", "right")
BROKEN = "{"
"""no notebook"""


def cells(folder, name):
    """The code cells of an exercise's notebook in "solutions" or "exercises"."""
    told = json.loads((ROOT / folder / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in told["cells"] if cell["cell_type"] == "code"]


def endless(texts, name):
    """Cells in which the exercise's first function never comes back."""
    first = exercise(name).functions[0]
    found = []
    for text in texts:
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == first:
                lines.insert(node.body[0].lineno - 1, "    while True: pass")
        found.append("\n".join(lines))
    return found


def kinds_of(name):
    """Texts of submissions of one exercise, for ever; one that is hostile has an endless loop, or is no notebook."""
    right = cells("solutions", name)
    hostile = cycle([notebook(*endless(right, name)) if exercise(name).functions else BROKEN, BROKEN])
    wrong = cycle([notebook(text) for text, _ in wrong_answers(name).values()] or [notebook("1 + 1")])
    stub = notebook(*cells("exercises", name))
    while True:
        for kind in KINDS:
            yield {"right": notebook(*right), "stub": stub}.get(kind) or next(wrong if kind == "wrong" else hostile)


def mixed(folder, number, exercises):
    """Put so many submissions where nbgrader collects them, the exercises in turn, each student one of each."""
    makers = {name: kinds_of(name) for name in exercises}
    for count, name in enumerate(islice(cycle(exercises), number)):
        hand_in(folder, f"student{count // len(exercises):04}", next(makers[name]), name)
