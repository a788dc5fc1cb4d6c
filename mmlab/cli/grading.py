"""mmlab grade and mmlab regrade: for instructors."""

from __future__ import annotations

import sys
from pathlib import Path

from . import publishing
from .authoring import needed
from .commands import print_json
from .options import number

TROUBLE = 1
MOST = 20
"""lines of one kind that are shown"""
UNSAFE = (
    "--unsafe-local: students' code runs WITHOUT walls. It can read the class key, the unseen checks and other "
    "students' work, change files and scores, use the network, and leave processes behind. Only for code "
    "that you trust."
)


def grade(args) -> int:
    """mmlab grade, and mmlab regrade"""
    needed()
    from ..grading import batch, publish

    chosen = publishing.options(args)
    published = publish.Published()

    def after(scores, out, found) -> None:
        nonlocal published
        published = publish.after(scores, out, chosen, found)

    if args.unsafe_local:
        print(f"mmlab {args.command}: {UNSAFE}", file=sys.stderr)
    try:
        summary = batch.grade(
            args.submissions, args.out, exercises=args.exercise, unseen=args.unseen, key=args.key, workers=args.workers,
            dask=args.dask, unsafe=args.unsafe_local, students=args.students, only=args.student,
            again=args.command == "regrade", progress=args.progress, after=after,
        )  # fmt: skip
    except batch.Interrupted as stop:
        print(f"mmlab {args.command}: {stop}", file=sys.stderr)
        return 130
    if args.json:
        print_json({**summary.as_dict(), "published": vars(published)})
    else:
        print("\n".join([*told(summary), *published.notes, *where(published, args.out)]))
    return publishing.complain(args, published.trouble) or (TROUBLE if summary.troubles else 0)


def where(published, out: Path) -> list[str]:
    """What else was written."""
    names = ", ".join(str(out / name) for name in published.written)
    return [f"with points by hand and days late, the class report, feedback for students: {names}"] if names else []


def told(summary) -> list[str]:
    """A summary in lines."""
    lines = []
    if summary.new_key:
        lines.append(f"made a new class key, {summary.new_key}: keep it, and keep it secret")
    if summary.only_watched:
        lines.append("no control groups here: the memory of all processes of a submission is watched, not limited")
    if summary.other_key:
        lines.append(f"{summary.other_key} scores were made with another class key: they are graded anew")
    counts = [f"{number} {status}" for status, number in summary.as_dict()["graded"].items()]
    lines.append(", ".join(counts) if counts else "nothing new to grade")
    if summary.kept:
        lines.append(f"{summary.kept} graded before, and nothing has changed")
    some(lines, "changed", [f"{s!r} {e}: {points(a)} -> {points(b)}" for s, e, a, b in summary.changed])
    some(lines, "rejected, with a reason for the student", summary.refused)
    some(lines, "not on the list of students", [repr(student) for student in summary.unlisted])
    some(lines, "on the list, and of whom nothing is there", [repr(student) for student in summary.absent])
    some(lines, "not taken", summary.stray)
    if summary.troubles:
        lines.append(f"what went wrong is in {summary.folder / 'log.txt'}; mmlab grade tries those again")
    names = summary.folder / "grades.csv", summary.folder / "details.csv"
    lines.append(f"points of the checks alone, and what each check said: {names[0]}, {names[1]}")
    return lines


def some(lines: list[str], what: str, ones: list[str]) -> None:
    """Add the first of some lines under a heading."""
    if ones:
        lines.append(f"{what}:")
        lines += [f"  {one}" for one in ones[:MOST]]
        lines += [f"  and {len(ones) - MOST} more"] if len(ones) > MOST else []


def points(value: float | None) -> str:
    """A number of points; none is a dash."""
    return "-" if value is None else f"{value:g}"


def add_options(sub) -> None:
    """What both commands take."""
    sub.add_argument("submissions", metavar="SUBMISSIONS", type=Path, help="what was handed in: a folder, or a zip")
    sub.add_argument(
        "--out", metavar="GRADES", type=Path, required=True, help="the folder for all that is made; it stays"
    )
    sub.add_argument("--exercise", metavar="exN", action="append", help="only this one; may be given again (all)")
    sub.add_argument("--student", metavar="NAME", action="append", help="only this one; may be given again (all)")
    checks = Path("solutions") / "checks"
    sub.add_argument(
        "--unseen", metavar="FOLDER", type=Path, default=checks, help=f"where the unseen checks are ({checks})"
    )
    sub.add_argument(
        "--key", metavar="FILE", type=Path, help="the class key; made when it is not there (~/.config/mmlab/class.key)"
    )
    sub.add_argument(
        "--students",
        metavar="FILE",
        type=Path,
        help="a list, one name a line, spelt as in SUBMISSIONS: who is missing is told",
    )
    sub.add_argument("--workers", metavar="N", type=number, help="submissions at once (as many as processors)")
    sub.add_argument(
        "--dask", metavar="ADDRESS", help="grade on the workers of this Dask scheduler, such as tcp://10.0.0.1:8786"
    )
    publishing.add_options(sub)
    sub.add_argument("--unsafe-local", action="store_true", help="no sandbox: only for code that you trust")
