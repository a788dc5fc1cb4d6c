"""Scores in nbgrader's gradebook, where formgrader shows them and where answers are graded by hand.

One process writes, and what it writes is there as a whole or not at all. What a person has given stays: points, points
instead of those of the checks, extra credit and comments.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .formgrade import Cell
from .plain import plain, shown
from .score import GRADED, MISSING, PARTLY, Score

FILE = "gradebook.db"
EXAMPLE = "postgresql://NAME:PASSWORD@HOST/DATABASE or sqlite:////FOLDER/FILE.db"
HARMLESS = str.maketrans({"<": "‹", ">": "›", "&": "+", '"': "”", "'": "’", "`": "’", "\\": "/"})
"""formgrader puts names into its pages as they come"""


class NoGradebook(ValueError):
    """The gradebook cannot be opened or written; the message is one line, without a password."""


class Given(NamedTuple):
    """What a person gave for a cell: `points`, or None; `of` so many; a comment, or ""."""

    cell: Cell
    points: float | None
    comment: str = ""
    extra: float = 0.0


def default_url(folder: Path) -> str:
    """The gradebook in a folder of grades."""
    return f"sqlite:///{(folder / FILE).resolve()}"


def absolute(url: str) -> str:
    """The same address from whatever folder: an SQLite file by its whole path. What is no address stays as it is."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        made = make_url(url)
    except (SQLAlchemyError, ValueError):
        return url
    if not made.drivername.startswith("sqlite") or not made.database:
        return url
    return made.set(database=str(Path(made.database).resolve())).render_as_string(hide_password=False)


def write(
    url: str, scores: list[Score], cells: dict[str, tuple[Cell, ...]], penalties: dict[tuple[str, str], float],
    altered: set[tuple[str, str, str]],
) -> dict[tuple[str, str], tuple[Given, ...]]:  # fmt: skip
    """Write scores, and return what persons have given, by (student, exercise).

    cells: of each exercise. penalties: points taken off for being late, by (student, exercise). altered: (student,
    exercise, cell) of answers that are not what they were: who has graded them is asked to look again.
    """
    with opened(url) as book:
        found: dict[tuple[str, str], tuple[Given, ...]] = {}
        course(book)
        students(book, {score.student for score in scores})
        for name in sorted({score.exercise for score in scores}):
            ones = [score for score in scores if score.exercise == name and score.status != MISSING]
            found |= write_exercise(book, name, ones, cells[name], penalties, altered)
        book.db.commit()
    return found


@contextmanager
def opened(url: str) -> Iterator:
    """A gradebook, made when it is not there. Raises NoGradebook for all that a database may say."""
    import nbgrader.api as api
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    try:
        shown_url = make_url(url).render_as_string(hide_password=True)
    except (SQLAlchemyError, ValueError):  # what it says may have a password in it
        raise NoGradebook(f"the URL that --gradebook names is none: it looks like {EXAMPLE}") from None
    api.app_log.disabled = True  # what it says of an error is in the error
    try:
        with tools_by_path():
            book = api.Gradebook(url, "")  # formgrader's course has no name
        try:
            yield book
        except BaseException:
            book.db.rollback()
            raise
        finally:
            book.close()
            book.engine.dispose()
    except (SQLAlchemyError, ImportError, OSError, subprocess.SubprocessError, api.InvalidEntry) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        if isinstance(error, ImportError):
            reason += ": install the driver of this database in .venv"
        elif isinstance(error, NoSuchModuleError):
            reason += f": a URL looks like {EXAMPLE}"
        raise NoGradebook(f"the gradebook {shown_url} cannot be written ({reason})") from None
    finally:
        api.app_log.disabled = False


@contextmanager
def tools_by_path() -> Iterator[None]:
    """nbgrader calls `alembic` by PATH: the one beside this interpreter comes first."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def course(book) -> None:
    """Enter the course without a name, to which nbgrader's assignments belong. nbgrader itself does not, and a database
    that checks its keys, as PostgreSQL does and SQLite does not, then refuses the assignments."""
    from nbgrader.api import Course

    if book.db.get(Course, "") is None:
        book.db.add(Course(id=""))
        book.db.flush()


def students(book, names: set[str]) -> None:
    """Enter students under their plain names; the name as it is, without markup, is the last name."""
    from nbgrader.api import Student

    there = {one for (one,) in book.db.query(Student.id)}
    for name in sorted(names):
        if (key := plain(name)) not in there:
            more = key if key != name else ""  # formgrader shows "last, first"
            book.db.add(Student(id=key, last_name=shown(name).translate(HARMLESS)[:128], first_name=more))
    book.db.flush()


def structure(book, name: str, cells: tuple[Cell, ...]) -> tuple:
    """(assignment, notebook, graded cells by name, cells with comments by name), made when they are not there."""
    assignment = book.update_or_create_assignment(name)
    notebook = book.update_or_create_notebook(name, name)
    graded, solutions = {}, {}
    for cell in cells:
        kind = "markdown" if cell.by_hand else "code"
        graded[cell.name] = book.update_or_create_grade_cell(
            cell.name, name, name, max_score=cell.points, cell_type=kind
        )
        if cell.by_hand:
            solutions[cell.name] = book.update_or_create_solution_cell(cell.name, name, name)
    return assignment, notebook, graded, solutions


def write_exercise(book, name: str, scores: list[Score], cells, penalties, altered) -> dict:
    """The scores of one exercise. Returns what persons have given."""
    from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook

    assignment, notebook, graded, solutions = structure(book, name, cells)
    db = book.db
    rows = db.query(SubmittedAssignment.student_id, SubmittedNotebook).join(
        SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id
    )
    there = dict(rows.filter(SubmittedNotebook.notebook_id == notebook.id).all())
    ids = [cell.id for cell in (*graded.values(), *solutions.values())]
    grades = {(one.notebook_id, one.cell_id): one for one in db.query(Grade).filter(Grade.cell_id.in_(ids))}
    comments = {(one.notebook_id, one.cell_id): one for one in db.query(Comment).filter(Comment.cell_id.in_(ids))}
    found = {}
    for score in scores:
        submission = there.get(plain(score.student))
        if submission is None:
            whole = SubmittedAssignment(assignment=assignment, student=db.get(Student, plain(score.student)))
            submission = SubmittedNotebook(notebook=notebook, assignment=whole)
            db.add(whole)
            db.flush()
        submission.late_submission_penalty = penalties.get((score.student, name)) or None
        earned = score.points if score.status in (GRADED, PARTLY) else None
        if earned is None:
            submission.flagged = True
        given = []
        for cell in cells:
            grade = grades.get((submission.id, graded[cell.name].id))
            if grade is None:
                grade = Grade(cell_id=graded[cell.name].id, notebook=submission)
                db.add(grade)
            comment = None
            if cell.by_hand:
                comment = comments.get((submission.id, solutions[cell.name].id))
                if comment is None:
                    db.add(Comment(cell_id=solutions[cell.name].id, notebook=submission))
                if grade.manual_score is None or (score.student, name, cell.name) in altered:
                    grade.needs_manual_grade = True
            else:
                grade.auto_score = earned
                grade.needs_manual_grade = earned is None and grade.manual_score is None
            given.append(
                Given(cell, grade.manual_score, (comment and comment.manual_comment) or "", grade.extra_credit or 0.0)
            )
        found[score.student, name] = tuple(given)
    return found
