"""What becomes of scores: gradebook, formgrader's notebooks, feedback, tables of points and the class report.

All of it follows from the results, the gradebook and the late policy, so that it can be made again without scoring.

    GRADES/gradebook.db, nbgrader_config.py                              for formgrader
    GRADES/solutions/, autograded/, run_by_mmlab_grade_only/             for formgrader
    GRADES/feedback/STUDENT/exN.html                                     for students
    GRADES/final.csv, totals.csv, class.html, class.txt                  for the instructor
    GRADES/late.json, gradebook.url                                      what --late and --gradebook said last
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import class_report, feedback, formgrade, gradebook, late
from .final import Final, as_csv, as_totals, final
from .intake import Accepted, take
from .layouts import Found
from .plain import put
from .score import MISSING, Score
from .unseen import CHECKS, unseen_checks

FINAL, TOTALS, CLASS_HTML, CLASS_TEXT = "final.csv", "totals.csv", "class.html", "class.txt"
LATE, URL = "late.json", "gradebook.url"


@dataclass(frozen=True)
class Options:
    """`unseen`: the folder of the unseen checks; the solutions lie beside it. `gradebook`: the address of a database,
    `late`: the file of a policy; None for what was said last, or the gradebook in the folder and nobody late."""

    unseen: Path = CHECKS
    gradebook: str | None = None
    late: late.Late | None = None


@dataclass
class Published:
    """`written` names what is there now; `trouble` is a line for what could not be written, or ""; `notes` are lines
    for the instructor."""

    written: list[str] = field(default_factory=list)
    trouble: str = ""
    notes: list[str] = field(default_factory=list)


def after(scores: list[Score], out: Path, options: Options, found: Iterable[Found] = ()) -> Published:
    """Make it all from scores. `found` are the files that were handed in, as far as they are at hand.

    A gradebook that cannot be written is told in `trouble`, and stops nothing else. Raises OSError, and ValueError
    where a solution says another number of points than its exercise.
    """
    done = Published()
    if not scores:
        return done
    out.mkdir(parents=True, exist_ok=True)
    names = {score.exercise for score in scores}
    sources = {name: formgrade.source_of(name, options.unseen.parent) for name in names}
    policy = remembered_policy(out, options.late)
    url = remembered_url(out, options.gradebook)
    if url != remembered_url(out, None) and (out / FINAL).exists():
        done.notes.append("another gradebook than last time: points given by hand in the former one are not in it")
    present = {(score.student, score.exercise): score for score in scores if score.status != MISSING}
    absent = sorted(set(policy.days) - set(present))
    done.notes += [f"the list of who was late names {student!r}, who handed in no {name}" for student, name in absent]
    penalties = {
        one: policy.penalty(*one, score.possible + score.by_hand) for one, score in present.items()
    }  # fmt: skip
    given: dict = {}
    try:
        given = gradebook.write(
            url or gradebook.default_url(out), scores, {name: source.cells for name, source in sources.items()},
            penalties, altered(out, present.values(), sources),
        )  # fmt: skip
    except gradebook.NoGradebook as error:
        done.trouble = str(error)
    else:
        formgrade.configure(out, url, sources)
        if url:
            put(out / URL, url + "\n", private=True)
        else:
            (out / URL).unlink(missing_ok=True)
        notebooks(out, found, present, sources)  # after the gradebook has been told which answers are new
        formgrade.count_as_submitted(out, present)
    finals = [final(score, given.get((score.student, score.exercise), ()), policy) for score in scores]
    if waiting := [one.waiting for one in finals if one.waiting]:
        done.notes.append(f"{sum(waiting)} answers of {len(waiting)} submissions wait for points by hand (formgrader)")
    report(out, finals, options.unseen)
    stays = bool(done.trouble) and (out / FINAL).exists()
    if done.trouble:
        stay = (
            f"; {FINAL}, {TOTALS} and the feedback stay as they are, for points given by hand are in them"
            if stays
            else ""
        )
        done.trouble += f"{stay}; when it can be written, give the command again"
    if not stays:
        put(out / FINAL, as_csv(finals))
        put(out / TOTALS, as_totals(finals))
        for one in finals:
            put(feedback.path_of(out, one.score.student, one.score.exercise), feedback.feedback(one))
    done.written = [CLASS_HTML] if stays else [FINAL, TOTALS, CLASS_HTML, feedback.FOLDER]
    return done


def altered(out: Path, scores: Iterable[Score], sources: dict) -> set[tuple[str, str, str]]:
    """(student, exercise, cell) of the answers that are not what formgrader's notebooks have."""
    found = set()
    for score in scores:
        cells = sources[score.exercise].cells
        there = formgrade.answers_there(formgrade.path_of(out, score.student, score.exercise), cells)
        for name, before in there.items():
            if not before.endswith(formgrade.literal(score.answers.get(name, ""))):
                found.add((score.student, score.exercise, name))
    return found


def notebooks(out: Path, found: Iterable[Found], scores: dict, sources: dict) -> None:
    """Write formgrader's notebooks of what was handed in."""
    for one in found:
        score = scores.get((one.student, one.exercise))
        if score is None:
            continue
        try:
            taken = None if one.refused else take(one.path)
        except OSError:
            taken = None
        same = isinstance(taken, Accepted) and taken.content == score.content
        notebook = formgrade.handed_in(sources[one.exercise], score, *((taken.cells, taken.texts) if same else ()))
        put(formgrade.path_of(out, one.student, one.exercise), formgrade.as_text(notebook))


def report(out: Path, finals: list[Final], unseen: Path) -> None:
    """Write the class report."""
    known = {}
    for name in {one.score.exercise for one in finals}:
        try:
            known[name] = unseen_checks(name, unseen)
        except (ValueError, OSError):
            continue  # they were not needed to read scores; the report knows less of what may be believed
    rows = class_report.class_rows(finals, known)
    put(out / CLASS_HTML, class_report.as_html(rows))
    put(out / CLASS_TEXT, class_report.as_text(rows))


def remembered_policy(out: Path, given: late.Late | None) -> late.Late:
    """The policy that is given now, or was given last."""
    path = out / LATE
    if given is not None:
        put(path, given.as_json())
        return given
    return late.read(path) if path.exists() else late.Late()


def remembered_url(out: Path, given: str | None) -> str:
    """The address that is given now, or was given last; "" for the gradebook in the folder. A file that is given by a
    path from here is found by formgrader too, which works in the folder of grades."""
    path = out / URL
    if given is not None:
        return gradebook.absolute(given)
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""
