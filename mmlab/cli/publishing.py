"""mmlab publish and mmlab similar: for instructors."""

from __future__ import annotations

import sys
from pathlib import Path

from .authoring import needed
from .commands import print_json

TROUBLE = 1
CHECKS = Path("solutions") / "checks"


def publish(args) -> int:
    """mmlab publish"""
    needed()
    from ..grading import publish, store

    scores = store.results(args.grades)
    with store.held(args.grades):
        done = publish.after(scores, args.grades, options(args))
    if args.json:
        print_json(vars(done))
    else:
        print("\n".join([*done.notes, f"written in {args.grades}: {', '.join(done.written)}"]))
    return complain(args, done.trouble)


def similar(args) -> int:
    """mmlab similar"""
    needed()
    from ..grading import similar

    found = similar.similar(
        args.submissions, exercises=args.exercise, solutions=args.folder / "solutions",
        released=args.folder / "exercises", least=args.least,
    )  # fmt: skip
    if args.out is not None:
        similar.report(found, args.out)
    if args.json:
        print_json(found.as_dict())
    else:
        print(found)
        print("\n".join(f"  not compared: {one}" for one in found.left_out[:20]), end="\n" * bool(found.left_out))
        if args.out is not None:
            print(f"both texts side by side: {args.out}")
    return 0


def complain(args, trouble: str) -> int:
    """Tell of a trouble on stderr; the exit status."""
    if trouble:
        print(f"mmlab {args.command}: {trouble}", file=sys.stderr)
    return TROUBLE if trouble else 0


def options(args):
    """The Options of a command line. Raises ValueError for a late policy that is none, before anything is done."""
    from ..grading import late, publish

    policy = late.read(args.late) if args.late is not None else None
    return publish.Options(args.unseen, args.gradebook, policy)


def add_options(sub) -> None:
    """What mmlab grade, regrade and publish take."""
    sub.add_argument(
        "--gradebook", metavar="URL", help="another database for nbgrader's gradebook, such as "
        "postgresql://NAME:PASSWORD@HOST/DATABASE (that of last time, or gradebook.db in GRADES)",
    )  # fmt: skip
    sub.add_argument(
        "--late", metavar="FILE", type=Path,
        help="a CSV file of who was how many days late: student,exercise,days (that of last time, or nobody)",
    )  # fmt: skip


def add_commands(command) -> None:
    """The commands of this file."""
    sub = command(
        "publish",
        publish,
        "Make gradebook, feedback, tables of points and class report again, without scoring",
        "grades",
        "grades --late late.csv",
        "grades --gradebook postgresql://grader@db.example.edu/os",
    )
    sub.add_argument("grades", metavar="GRADES", type=Path, help="the folder that mmlab grade --out made")
    sub.add_argument(
        "--unseen", metavar="FOLDER", type=Path, default=CHECKS, help=f"where the unseen checks are ({CHECKS})"
    )
    add_options(sub)

    sub = command(
        "similar",
        similar,
        "Find submissions that are more alike than the exercise makes them",
        "submitted --out similar.html",
        "moodle.zip --exercise ex4 --least 0.7",
    )
    sub.add_argument("submissions", metavar="SUBMISSIONS", type=Path, help="what was handed in: a folder, or a zip")
    sub.add_argument("--exercise", metavar="exN", action="append", help="only this one; may be given again (all)")
    sub.add_argument(
        "--least", metavar="SHARE", type=float, default=0.5, help="show pairs that share at least so much, of 1 (0.5)"
    )
    sub.add_argument("--out", metavar="FILE", type=Path, help="write a page with both texts side by side there")
    sub.add_argument("--folder", metavar="FOLDER", type=Path, default=Path("."), help="the folder of the course (.)")
