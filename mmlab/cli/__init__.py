"""The `mmlab` command: run a scenario, compare designs, read them as patches, try all interleavings."""

from __future__ import annotations

import difflib
import errno
import os
import sys

from .. import __version__
from ..engine.explore import GRAINS
from ..experiment.exploration import MOST_STATES
from ..kernel.bug import KernelBug
from . import authoring, commands, exploring, glossary, grading, publishing, stepping, validation
from .options import Parser, add_workload, as_option, number

TIMED = {"run", "compare", "explore", "oracles", "validate"}
"""commands whose JSON has durations in it"""


def make_parser() -> tuple[Parser, dict[str, Parser]]:
    """The whole command line, and its commands by name."""
    top = Parser(
        prog="mmlab",
        description="A small simulated kernel, in which a page-fault design is a patch.",
        epilog="mmlab COMMAND --help says more, with examples; in () is what is taken without an option.\n"
        "For instructors: release, bundle, grade, regrade, publish, similar. INSTRUCTORS.md has them in order.",
    )
    top.add_argument("--version", action="version", version=f"mmlab {__version__}")
    group = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, function, about: str, *examples: str) -> Parser:
        lines = "\n".join(f"  mmlab {name} {example}".rstrip() for example in examples)
        whole = about if about.endswith("?") else f"{about}."
        sub = group.add_parser(name, help=about, description=whole, epilog=f"examples:\n{lines}")
        units = "; durations are in us" if name in TIMED else ""
        sub.add_argument("--json", action="store_true", help=f"print JSON{units}")
        sub.set_defaults(function=function, command=name)
        return sub

    sub = command(
        "run",
        commands.run_one,
        "Run one design under a workload",
        "nopage_retry --disk 5ms --faults 4",
        "synchronous --seconds 1 --trace run.jsonl --svg run.svg",
    )
    sub.add_argument("design", nargs="?", default="synchronous", help="a name from `mmlab designs` (synchronous)")
    add_workload(sub)
    sub.add_argument("--trace", metavar="FILE", help="write the whole trace there, one JSON array a line")
    sub.add_argument("--svg", metavar="FILE", help="write the lock timeline there")
    add_quiet(sub)

    sub = command(
        "compare",
        commands.compare_designs,
        "Run several designs under the same workload",
        "synchronous nopage_refault nopage_retry --disk 18ms --faults 1 --mmaps 1 --seconds 20",
        "synchronous nopage_retry --disk ssd --faults 8 --pause 'exponential(50us)' --json",
    )
    sub.add_argument("designs", nargs="+", metavar="DESIGN", help="names from `mmlab designs`")
    add_workload(sub)
    sub.add_argument("--svg", metavar="FILE", help="write the lock timelines there, on one time axis")
    add_quiet(sub)

    sub = command(
        "explore",
        exploring.explore,
        "Try every interleaving of a small world; status 0 if all is safe and live, 1 if not, 2 if cut off",
        "nopage_retry --scenario 'a fault under DONTNEED'",
        "retry_once final --scenario 'two faults' --scenario 'a fault and an unmap' --json",
        "nopage_retry --scenario 'a fault under DONTNEED' --svg livelock.svg",
        "--list",
    )
    sub.epilog += (
        "\n\nexit status:\n  0  safe and live in every interleaving (and killable, where somebody is killed)\n"
        "  1  a finding: the shortest interleaving that leads to it is shown\n"
        "  2  cut off before everything was seen, which proves nothing; also bad input, with one line that says so"
    )
    sub.add_argument("designs", nargs="*", metavar="DESIGN", help="names from `mmlab designs`")
    add_world(sub, "append", "a small world, see --list; may be given again (two faults and a remap)")
    sub.add_argument("--most", metavar="N", type=number, default=MOST_STATES, help=f"states at most ({MOST_STATES})")
    sub.add_argument("--svg", metavar="FILE", help="write the picture of the counter-example there, if there is one")
    sub.add_argument("--list", action="store_true", help="list the small worlds")
    add_quiet(sub)

    sub = command(
        "step",
        stepping.step,
        "Move the tasks of a small world by hand",
        "nopage_retry --scenario 'a fault under DONTNEED' --goal livelock",
        "synchronous --scenario 'two faults and a remap' --goal starvation",
        "--list",
    )
    sub.add_argument("design", nargs="?", default="nopage_retry", help="a name from `mmlab designs` (nopage_retry)")
    add_world(sub, "store", "a small world, see `mmlab explore --list` (two faults and a remap)")
    sub.set_defaults(scenario="two faults and a remap")
    sub.add_argument("--goal", default="finding", help="what to reach, see --list (finding)")
    sub.add_argument("--list", action="store_true", help="list the goals")

    command(
        "designs",
        commands.list_designs,
        "List the designs; each is a patch to the one that it hangs from",
        "",
        "--json",
    )

    sub = command(
        "diff",
        commands.show_diff,
        "Show what one design changes in another",
        "synchronous nopage_retry",
        "synchronous nopage_retry --stat",
    )
    sub.add_argument("a", metavar="A", help="a name from `mmlab designs`")
    sub.add_argument("b", metavar="B", help="another one: what has to be changed in A to get it")
    sub.add_argument("--stat", action="store_true", help="only how many lines of code each function gains and loses")
    sub.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="auto: on a terminal")

    sub = command(
        "oracles",
        commands.check_oracles,
        "Hold the simulation against formulas; status 1 if one is outside its tolerance",
        "",
        "convoy M/D/1",
        "--slow --json",
    )
    sub.add_argument("words", nargs="*", metavar="WORD", help="only oracles with one of these in name or formula")
    sub.add_argument("--slow", action="store_true", help="also those that take minutes")
    add_quiet(sub)

    sub = command(
        "validate",
        validation.validate,
        "Hold every quantitative claim against formulas and publications; status 1 if one deviates unexplained",
        "--quick",
        "--only 6.4 --json",
        "--jobs 2 --markdown docs/validation.md",
    )
    sub.add_argument("--quick", action="store_true", help="only the rows that take a second or so")
    sub.add_argument("--only", metavar="LINE", help="one line, such as 6.4")
    sub.add_argument("--markdown", metavar="FILE", help="write the page there")
    sub.add_argument("--jobs", metavar="N", type=number, default=1, help="processes that work at once (1)")
    add_quiet(sub)

    command(
        "row10",
        validation.row10,
        "Count arguments, lines and stack of the patches: is it less code, faster code, less stack?",
        "",
        "--json",
    )

    sub = command("glossary", glossary.show, "Say what a word of the course means, or all of them", "convoy", "--json")
    sub.add_argument("term", nargs="?", metavar="WORD", help="one word (all of them)")
    sub.add_argument("--markdown", metavar="FILE", help="write the page there")

    sub = command("release", authoring.release, "Make exercises/, which students get, from solutions/", "", "--check")
    sub.add_argument("--check", action="store_true", help="change nothing, status 1 if one would change")
    authoring.add_folder(sub)

    sub = command("bundle", authoring.bundle, "Make the zip that a student gets", "", "--to course.zip")
    sub.add_argument("--to", metavar="FILE", help="where to write it (mmlab-VERSION.zip in the folder of the course)")
    authoring.add_folder(sub)

    sub = command(
        "grade",
        grading.grade,
        "Grade what students handed in; what is graded already, and has not changed, stays",
        "submitted --out grades",
        "moodle.zip --out grades --exercise ex4 --students students.txt",
        "submitted --out grades --dask tcp://10.0.0.1:8786",
    )
    grading.add_options(sub)
    sub.epilog += (
        "\n\nlayouts: STUDENT/exN/exN.ipynb (nbgrader), STUDENT_exN.ipynb, or a zip of Moodle or Canvas\n\n"
        "to see what it wrote: totals.csv, class.html and feedback/ in GRADES\n\n"
        "exit status:\n  0  each submission has its score, or was refused with a reason\n"
        "  1  some could not be graded for no fault of theirs (see log.txt), or the gradebook could not be written: "
        "give the same command again\n"
        "  2  bad input, with one line that says so\n  130  Ctrl-C: the same command goes on"
    )
    add_quiet(sub)

    sub = command(
        "regrade",
        grading.grade,
        "Grade again what is graded already, also with another class key, and say which scores change",
        "submitted --out grades --exercise ex4",
        "submitted --out grades --student ann --student 'Bob Lee'",
    )
    grading.add_options(sub)
    sub.epilog += "\n\nlayouts and exit status are those of mmlab grade"
    add_quiet(sub)

    publishing.add_commands(command)
    return top, group.choices


def add_quiet(sub: Parser) -> None:
    """--no-progress"""
    sub.add_argument("--no-progress", dest="progress", action="store_const", const=False, help="no progress bar")


def add_world(sub: Parser, action: str, about: str) -> None:
    """--scenario and --grain"""
    sub.add_argument("--scenario", metavar="NAME", action=action, help=about)
    grains = "access: each look is a step; await: coarser, faster, may miss bugs; all: no reduction (access)"
    sub.add_argument("--grain", choices=GRAINS, default="access", help=grains)


def parse(argv: list[str]):
    """The arguments; exits with status 2 and one line, with the nearest right spelling, for unknown ones."""
    top, subs = make_parser()
    if argv and not argv[0].startswith("-") and argv[0] not in subs:
        top.error(f"there is no command {argv[0]!r}{nearest(argv[0], subs)} The commands are: {', '.join(subs)}.")
    args, unknown = top.parse_known_args(argv)
    if unknown:
        sub = subs[args.command]
        what = "option" if unknown[0].startswith("-") else "argument"
        sub.error(f"unknown {what} {unknown[0]!r}{nearest(unknown[0], sub._option_string_actions)}")
    return args


def nearest(word: str, known) -> str:
    """ "; did you mean 'x'?", or just "."."""
    near = difflib.get_close_matches(word.partition("=")[0], known, 1)
    return f"; did you mean {near[0]!r}?" if near else "."


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit status: 0, 1 after a KernelBug, 2 for bad input, 130 after Ctrl-C.

    Bad options, --help and --version raise SystemExit, as argparse does.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without a micro sign still gets its table
    args = parse(sys.argv[1:] if argv is None else argv)
    name = f"mmlab {args.command}"
    try:
        status = args.function(args)
        sys.stdout.flush()
        return status or 0
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does. Python would complain once more while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except ValueError as error:
        print(f"{name}: {as_option(str(error))}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        room = (
            "; make room there or in TMPDIR, and give the command again"
            if error.errno in (errno.ENOSPC, errno.EDQUOT)
            else ""
        )
        print(f"{name}: {where}{error.strerror or error}{room}", file=sys.stderr)
        return 2
    except KernelBug as bug:
        print(bug.report(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
