"""What nbgrader's formgrader needs in the folder of grades: its configuration, and a notebook for each submission.

    GRADES/nbgrader_config.py
    GRADES/solutions/exN/exN.ipynb              the instructor's own
    GRADES/autograded/STUDENT/exN/exN.ipynb     questions, answers, code and the results of the checks
    GRADES/run_by_mmlab_grade_only/STUDENT/exN/ empty: formgrader counts submissions by these folders

These notebooks are made here, of the instructor's questions and the student's texts, and nothing in them is run or
rendered: formgrader shows markdown as it comes, scripts too, in a page that may use the instructor's server. What
nbgrader calls its folder of submissions holds empty folders and no notebook, so that formgrader's "Autograde" stops
before it does anything: it would run students' code without a sandbox. The folder's name stands in what it says then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from ..checks import Exercise
from ..checks.exercises import exercise
from .intake import name_of, text_of
from .plain import plain, put, shown
from .score import Mark, Score

SOLUTIONS, AUTOGRADED, CONFIG = "solutions", "autograded", "nbgrader_config.py"
SUBMITTED = "run_by_mmlab_grade_only"
WIDEST = 100
"""characters of a line of an answer: formgrader does not wrap what is shown letter by letter"""
AS_IT_IS = {"replace_whitespace": False, "expand_tabs": False, "break_on_hyphens": False}
WORD = re.compile(r"\S*\w\S*")
OURS = "# Written by mmlab grade. Take this line out to keep what you change."
NOTHING = "(nothing was handed in under this question)"


class Cell(NamedTuple):
    """A cell with points: of the checks, or, `by_hand`, of a person."""

    name: str
    points: float
    by_hand: bool


class Source(NamedTuple):
    """The instructor's notebook of an exercise, and its cells with points."""

    notebook: dict
    cells: tuple[Cell, ...]


def source_of(name: str, solutions: Path) -> Source:
    """The instructor's notebook of an exercise; one that only names it where there is none in `solutions`.

    Raises ValueError where its points given by hand are not as many as the exercise says.
    """
    one = exercise(name)
    path = solutions / name / f"{name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else bare(one)
    by_hand = tuple(
        Cell(name_of(cell), float(cell["metadata"]["nbgrader"]["points"]), True)
        for cell in notebook["cells"]
        if cell["cell_type"] == "markdown" and name_of(cell) and cell["metadata"]["nbgrader"].get("grade")
    )
    if sum(cell.points for cell in by_hand) != one.by_hand:
        there = sum(cell.points for cell in by_hand)
        raise ValueError(f"{path}: {there:g} points are given by hand; exercise {name} says {one.by_hand}")
    by_checks = one.possible - one.by_hand
    return Source(notebook, (*[Cell(name, float(by_checks), False)] * bool(by_checks), *by_hand))


def bare(one: Exercise) -> dict:
    """A notebook that only has a title, and a cell for the points given by hand."""
    cells = [markdown(f"# {one.title}")]
    if one.by_hand:
        told = metadata(Cell(f"{one.name}-by-hand", one.by_hand, True))
        cells.append(markdown("", told))
    return notebook_of(cells)


def handed_in(source: Source, score: Score, code: tuple[str, ...] = (), texts: tuple[str, ...] = ()) -> dict:
    """What formgrader shows of a submission. `texts` are those of its markdown that has no name: what is not the
    instructor's may be an answer that lost its name."""
    cells, ours, graded = [], set(), {cell.name: cell for cell in source.cells}
    done = False
    for cell in source.notebook["cells"]:
        name = name_of(cell)
        if cell["cell_type"] == "markdown":
            ours.add(text_of(cell).strip())
            if name in graded:
                words = count(score.answers.get(name, ""), exercise(score.exercise).written.get(name))
                cells.append(markdown(words + literal(score.answers.get(name, "")), metadata(graded[name])))
            else:
                cells.append(markdown(text_of(cell)))
        elif name in graded and not done:
            done = True
            cells += checked(graded[name], score, code)
    if not done:
        cells += checked(graded.get(score.exercise), score, code)
    others = [text for text in texts if text.strip() and text.strip() not in ours]
    if others:
        cells += [markdown("## Other texts of the submission"), *(markdown(literal(text)) for text in others)]
    return notebook_of(cells)


def count(text: str, most: int | None) -> str:
    """How many words an answer has, where there is a limit."""
    return f"{len(WORD.findall(text))} words; {most} are allowed\n\n" if most else ""


def checked(cell: Cell | None, score: Score, code: tuple[str, ...]) -> list[dict]:
    """The student's code, and what the checks said, in the cell that has their points."""
    said = {"output_type": "stream", "name": "stdout", "text": told(score)}
    run = {**code_cell(f'course.check("{score.exercise}")', [said]), "metadata": metadata(cell) if cell else {}}
    return [*map(code_cell, code), run]


def told(score: Score) -> str:
    """The results of the checks as text."""
    lines = [f"{score.status}: {'-' if score.points is None else f'{score.points:g}'} of {score.possible} points"]
    lines += [shown(score.note)] * bool(score.note)
    for mark in score.marks:
        lines.append(f"{mark.status:11} {mark.check} ({mark.points:g} of {mark.possible}){kept(mark)}")
        lines += [f"    {line}" for line in mark.message.splitlines()]
    return "\n".join(lines) + "\n"


def kept(mark: Mark) -> str:
    """That a check is unseen."""
    return " [unseen]" if mark.unseen else ""


def literal(text: str) -> str:
    """Markdown that shows a stranger's text letter by letter: no markup in it is obeyed."""
    text = "".join(sign if sign == "\n" or sign.isprintable() else " " for sign in text.replace("\r\n", "\n"))
    fence = "`" * max(4, 1 + max(map(len, re.findall("`+", text)), default=0))
    lines = [piece for line in text.strip().split("\n") for piece in wrap(line, WIDEST, **AS_IT_IS) or [""]]
    return f"{fence}text\n{chr(10).join(lines) or NOTHING}\n{fence}"


def markdown(text: str, about: dict | None = None) -> dict:
    """A markdown cell."""
    return {"cell_type": "markdown", "metadata": about or {}, "source": text}


def code_cell(text: str, outputs: list | None = None) -> dict:
    """A code cell."""
    return {
        "cell_type": "code", "metadata": {}, "source": text, "outputs": outputs or [], "execution_count": None,
    }  # fmt: skip


def metadata(cell: Cell) -> dict:
    """nbgrader's words for a cell with points."""
    told = {
        "grade": True, "grade_id": cell.name, "locked": not cell.by_hand, "points": cell.points, "schema_version": 3,
        "solution": cell.by_hand, "task": False, "cell_type": "markdown" if cell.by_hand else "code",
    }  # fmt: skip
    return {"nbgrader": told}


def notebook_of(cells: list[dict]) -> dict:
    """A notebook of these cells."""
    cells = [{"id": f"cell{number}", **cell} for number, cell in enumerate(cells)]
    return {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


def path_of(folder: Path, student: str, name: str) -> Path:
    """Where formgrader looks for a submission."""
    return folder / AUTOGRADED / plain(student) / name / f"{name}.ipynb"


def count_as_submitted(folder: Path, submissions: Iterable[tuple[str, str]]) -> None:
    """Make formgrader count these (student, exercise)."""
    for student, name in submissions:
        (folder / SUBMITTED / plain(student) / name).mkdir(parents=True, exist_ok=True)


def as_text(notebook: dict) -> str:
    """A notebook as the text of its file."""
    return json.dumps(notebook, indent=1, ensure_ascii=True) + "\n"


def answers_there(path: Path, cells: tuple[Cell, ...]) -> dict[str, str]:
    """The answers, by name, in a notebook that was made here before; none where there is no such notebook."""
    try:
        cells_there = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    names = {cell.name for cell in cells if cell.by_hand}
    return {name_of(cell): text_of(cell) for cell in cells_there if name_of(cell) in names}


def configure(folder: Path, url: str, sources: dict[str, Source]) -> None:
    """Write the configuration, and the instructor's notebooks. A configuration that somebody took over stays."""
    for name, source in sources.items():
        put(folder / SOLUTIONS / name / f"{name}.ipynb", as_text(source.notebook))
    path = folder / CONFIG
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(OURS):
        return
    database = f"c.CourseDirectory.db_url = {url!r}\n" if url else ""
    put(
        path,
        f"{OURS}\n"
        "# In this folder `jupyter lab` opens nbgrader's formgrader on its scores (menu: Nbgrader, Formgrader).\n"
        "from pathlib import Path\n\n"
        "c = get_config()  # noqa: F821\n"
        "c.CourseDirectory.root = str(Path(__file__).resolve().parent)\n"
        f'c.CourseDirectory.source_directory = "{SOLUTIONS}"\n'
        'c.CourseDirectory.release_directory = "exercises"\n'
        "# Only empty folders are there, so that Autograde finds no code to run: mmlab grade runs it, behind walls.\n"
        f'c.CourseDirectory.submitted_directory = "{SUBMITTED}"\n' + database,
        private=bool(url),
    )
