"""Exercise 3, formulas for pencil and paper: ways out of arithmetic, and answers that are none; and exercise 8."""

from __future__ import annotations

from mmlab.grading.score import GRADED

from .entry import Entry

REFUSED = "These formulas are for pencil and paper"
RIGHT = "math.ceil(threads / channels) * disk"
RUN = "Scenario(design='synchronous', fault_threads=threads, channels=channels, disk=f'{disk}ms').run(1)"
TRUTH = f"{RUN}.mmap_wait.p50 / 1_000"


def paper(name: str, tries: str, before: str, value: str, reads: str = REFUSED, points: float = 0, **more) -> Entry:
    """Exercise 3 with writer_wait alone, which is worth WAIT points."""
    work = f"import math\n{before}\ndef writer_wait(threads, channels, disk):\n    return {value}\n"
    return Entry(name, tries, work, GRADED, points, reads, exercise="ex3", **more)


def runs(fields: str) -> str:
    """A run with these fields, and a predicate that accuses everybody."""
    return f"def runs(disk_us):\n    return [{fields}]\ndef accuses(run):\n    return True\n"


WAIT = 2
CAPTURE = """
import functools
class Capture:
    def __setattr__(self, name, value): kept.append(value)
kept = []
armed = functools.update_wrapper(Capture(), len, assigned=('__self__',), updated=())
"""
WRITTEN = """
import functools
@functools.singledispatch
def run(it): return 0
@run.register
def other(it: "eval('1')"): return 1
"""

FORMULAS = [
    paper("paper-right", "arithmetic alone, with names of its own that modules have too",
          "from statistics import mean\nimport itertools, collections.abc\nnumbers = [1]\n",
          f"({RIGHT}) * mean(numbers) + sum(itertools.repeat(0, 3)) + len(numbers.copy()) - 1", "", WAIT,
          innocent=True),
    paper("paper-imports-mmlab", "asks the simulation", "import mmlab", f"mmlab.{TRUTH}"),
    paper("paper-import-by-name", "asks the simulation by __import__", "", f"__import__('mmlab').{TRUTH}"),
    paper("paper-through-statistics", "asks the simulation through a module's modules", "import statistics",
          f"statistics.sys.modules['mmlab'].{TRUTH}"),
    paper("paper-from-statistics", "the same by from ... import", "from statistics import sys as paper",
          f"paper.modules['mmlab'].{TRUTH}"),
    paper("paper-attrgetter", "gets an attribute whose name is a text", "import operator, statistics",
          f"operator.attrgetter('sys')(statistics).modules['mmlab'].{TRUTH}"),
    paper("paper-match", "gets an attribute by a pattern", "import statistics\ndef found():\n    match statistics:\n"
          "        case object(sys=it): return it\n", f"found().modules['mmlab'].{TRUTH}"),
    paper("paper-frames", "walks up from a generator's frame", "",
          f"(0 for _ in ()).gi_frame.f_builtins['max'] and {RIGHT}"),
    paper("paper-wrapper", "lets functools carry an attribute out", CAPTURE, f"{RIGHT} + 0 * len(armed and kept)"),
    paper("paper-annotation", "lets functools run a text", WRITTEN, f"{RIGHT} + 0 * run(1)"),
    paper("paper-eval", "eval", "", f"eval({RIGHT!r})"),
    paper("paper-nan", "no number at all, which is unlike nothing", "", "float('nan')", "answers nan"),
    paper("paper-infinity", "infinity", "", "math.inf", "answers inf"),
    paper("paper-text", "a text", "", f"str({RIGHT})", "a number is wanted"),
    paper("paper-true", "True", "", "True", "a number is wanted"),
    paper("paper-huge", "10 ** 400", "", "10 ** 400", "more than 64 bits"),
    paper("paper-float-of-no-size", "10.0 ** 400", "", "10.0 ** 400", "OverflowError"),
    paper("paper-deep", "a formula 90 operators deep in brackets, for the parser", "",
          "(" * 90 + RIGHT + ")" * 90, "", WAIT),

    Entry("worlds-of-other-fields", "worlds with a field of Python's own",
          "def worlds():\n    return [{'__class__': 1}]\n", GRADED, 0, "which a World has not", exercise="ex8"),
    Entry("worlds-without-end", "a hundred thousand worlds", "def worlds():\n    return [{}] * 100_000\n", GRADED, 0,
          "has too many parts", exercise="ex8"),
    Entry("worlds-of-giants", "a world of a million pages",
          "def worlds():\n    return [{'pages': 1_000_000}]\n", GRADED, 0,
          "pages=1000000 is not allowed", exercise="ex8"),
    Entry("worlds-of-nothing", "worlds that are no worlds", "def worlds():\n    return {'faults': [0]}\n", GRADED, 0,
          "a list of dicts is wanted", exercise="ex8"),
    Entry("runs-never-killed", "a run in which everybody is killed at no time",
          runs("{'kill_at': float('nan')}"), GRADED, 0,
          "run 0", exercise="ex8"),
    Entry("runs-killed-at-infinity", "a run in which everybody is killed at the end of time",
          runs("{'kill_at': float('inf')}"), GRADED, 0,
          "run 0", exercise="ex8"),
    Entry("runs-with-lists", "runs whose numbers are lists and texts",
          runs("{'mmap_pause': [1, {}], 'kill_at': {}}"), GRADED, 0, "run 0", exercise="ex8"),
    Entry("runs-of-a-code", "a pause that is a text of code",
          runs("{'mmap_pause': 'os._exit(1)'}"), GRADED, 0, "run 0", exercise="ex8"),
]  # fmt: skip
