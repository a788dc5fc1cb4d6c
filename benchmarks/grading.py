"""What grading costs: each check of the solutions, a folder of submissions, and from that a large class.

    python benchmarks/grading.py checks [ex4 ...]     # cpu seconds of each check
    python benchmarks/grading.py batch                # 100 submissions with 2 workers, and a projection
    python benchmarks/grading.py repeats              # 20 submissions 20 times: are the CSV files the same?

Seconds are cpu time of everything that was started, the walls around students' code included. Bars: a check 2 s, the
checks of a notebook 3 s together, a submission 10 s, 100 submissions with 2 workers 5 minutes on an idle machine (300 s
are 600 s of cpu), 300 MB for one submission. Needs bubblewrap.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from subprocess import Popen

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))  # the source tree, not an installed copy
sys.path.insert(2, str(Path(__file__).resolve().parent.parent / "tests"))

from grading_helpers import UNSEEN
from mixed_submissions import cells, mixed
from spent import account, memory

from mmlab.checks import PRACTICE, Work, gather
from mmlab.checks.exercises import exercise, names
from mmlab.checks.running import outcome_of
from mmlab.grading import results, sandbox, store
from mmlab.grading.batch import DETAILS, GRADES, grade
from mmlab.grading.layouts import harvest
from mmlab.grading.publish import Options, after
from mmlab.grading.store import Basis
from mmlab.grading.unseen import unseen_checks

KEY = "a class key for benchmarks"
BARS = {"check": 2.0, "seen": 3.0, "submission": 10.0}
MACHINES = (2, 16, 64)
"""cores to project on"""
LOOK = 0.2
"""seconds between two looks at the memory"""


def checks(cpu: Callable, chosen: list[str]) -> None:
    """Print what each check of a solution costs, as in the notebook and as graded."""
    print(f"{'':>5} {'cpu s':>6}  {'bar':<7}  what")
    for name in chosen or names():
        one = exercise(name)
        seen = measured(cpu, name, one.checks, PRACTICE, (), False)
        graded = measured(cpu, name, (*one.checks, *unseen_checks(name, UNSEEN)), KEY, sandbox.command(), True)
        row(name, sum(seen), BARS["seen"], "the checks that a student sees, in the notebook")
        row(name, sum(graded), BARS["submission"], "all checks, graded")
        if graded:
            row(name, max(graded), BARS["check"], "the dearest check of these")


def row(name: str, seconds: float, bar: float, what: str) -> None:
    """One line of the table."""
    print(f"{name:>5} {seconds:>6.2f}  {'inside' if seconds <= bar else 'outside'}  {what}", flush=True)


def measured(cpu: Callable, name: str, some, key: str, command: tuple, again: bool) -> list[float]:
    """Cpu seconds of each of these checks of the solution. Raises AssertionError for one that it fails."""
    one, spent = exercise(name), []
    found = gather(cells("solutions", name), one.functions)
    with Work(found.source, command=command) as work:
        for check in some:
            begin = cpu()
            outcome = outcome_of(check, one, found, work, key, again)
            spent.append(cpu() - begin)
            assert outcome.share == 1, f"{name}, {check.name}: {outcome.message}"
    return spent


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for submissions and grades, with a class key, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="mmlab-benchmark-") as place:
        (Path(place) / "key").write_text(KEY)
        yield Path(place)


def graded(place: Path, out: str, **options) -> None:
    """Grade what lies in place/in."""
    grade(place / "in", place / out, unseen=UNSEEN, key=place / "key", progress=False, **options)


def batch(cpu: Callable, submissions: int, workers: int, students: int) -> None:
    """Grade a folder, print what it cost, and project that on a class."""
    with folder() as place:
        mixed(place / "in", submissions, names())
        begin, spent, peak = time.perf_counter(), cpu(), 0
        code = f"from grading import *; graded(Path({str(place)!r}), 'out', workers={workers})"
        path = [str(Path(__file__).parent), *sys.path[1:3]]
        with Popen([sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; {code}"]) as grader:
            while grader.poll() is None:
                peak = max(peak, memory(grader.pid))
                time.sleep(LOOK)
        assert grader.returncode == 0, "the grader failed"
        seconds, spent = time.perf_counter() - begin, cpu() - spent
        counts = defaultdict(int)
        for score in results(place / "out"):
            counts[score.status] += 1
        print(f"{submissions} submissions with {workers} workers: " + ", ".join(f"{n} {s}" for s, n in counts.items()))
        print(f"  seconds on the clock        {seconds:8.1f}   of this machine, whatever else it did")
        print(f"  cpu seconds                 {spent:8.1f}   {spent / submissions:.2f} a submission")
        print(f"  at {workers} cpus                   {spent / workers:8.1f}   seconds, if nobody else uses them")
        print(f"  memory of one submission    {peak / 1e6:8.0f}   MB at most, all its processes together")
        project(cpu, place, spent / submissions, students)


def project(cpu: Callable, place: Path, each: float, students: int) -> None:
    """Print what a class would cost: scoring from what a submission cost, the rest by doing it for all of them."""
    there = defaultdict(list)
    with harvest(place / "in", names()) as found:
        files = {(one.student, one.exercise): one for one in found.found}
        for score in results(place / "out"):
            there[score.exercise].append(score)
        scores, handed_in = [], []
        for name, ones in there.items():
            for number, score in zip(range(students), cycle(ones), strict=False):
                student = f"student{number:05}"
                scores.append(replace(score, student=student))
                handed_in.append(files[score.student, name]._replace(student=student))
                store.write(place / "class", scores[-1], Basis(score.content, "", ""))
        scoring = size(place / "class")
        begin = cpu()
        done = after(scores, place / "class", Options(UNSEEN), handed_in)
        publishing = cpu() - begin
        assert not done.trouble, done.trouble
    hours = each * len(scores) / 3600
    print(f"\nprojected from these, for {students:,} students x {len(there)} exercises:\n")
    print(f"| | {' | '.join(f'{cores} cores' for cores in MACHINES)} |")
    print(f"|---|{'---|' * len(MACHINES)}")
    print(f"| scoring: {hours:.1f} cpu hours | {' | '.join(duration(hours / cores) for cores in MACHINES)} |")
    print(f"| publishing, in one process | {' | '.join([duration(publishing / 3600)] * len(MACHINES))} |")
    print(f"\nresults {scoring / 1e6:,.0f} MB, with all that is published {size(place / 'class') / 1e6:,.0f} MB")


def duration(hours: float) -> str:
    """Hours, minutes or seconds, whichever is easy to read."""
    seconds = hours * 3600
    return f"{hours:.1f} h" if hours >= 2 else f"{seconds / 60:.0f} min" if seconds >= 300 else f"{seconds:.0f} s"


def size(top: Path) -> int:
    """Bytes on the disk of all files below a folder."""
    return sum(path.stat().st_blocks * 512 for path in top.rglob("*") if path.is_file())


def repeats(submissions: int, times: int, chosen: list[str]) -> None:
    """Grade the same folder again and again, with one worker, two, and a Dask cluster; are the CSV files the same?"""
    from distributed import LocalCluster

    digests = defaultdict(list)
    with folder() as place, LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        mixed(place / "in", submissions, chosen)
        engines = {"1 worker": {"workers": 1}, "2 workers": {"workers": 2}, "Dask": {"dask": cluster.scheduler_address}}
        for number, (name, options) in zip(range(times), cycle(engines.items()), strict=False):
            out = f"out{number}"
            graded(place, out, **options)
            text = b"".join((place / out / file).read_bytes() for file in (GRADES, DETAILS))
            digests[sha256(text).hexdigest()[:16]].append(name)
            print(f"{number + 1:>3}  {name:<10} {sha256(text).hexdigest()[:16]}", flush=True)
    print(f"{submissions} submissions, graded {times} times: {len(digests)} different pair(s) of CSV files")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("checks")
    one.add_argument("exercises", nargs="*", metavar="EXERCISE")
    one = kinds.add_parser("batch")
    one.add_argument("--submissions", type=int, default=100)
    one.add_argument("--workers", type=int, default=2)
    one.add_argument("--students", type=int, default=1_000, help="of the class to project on")
    one = kinds.add_parser("repeats")
    one.add_argument("exercises", nargs="*", metavar="EXERCISE", help="default: all")
    one.add_argument("--submissions", type=int, default=20)
    one.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    with account() as cpu:
        if given.kind == "checks":
            checks(cpu, given.exercises)
        elif given.kind == "batch":
            batch(cpu, given.submissions, given.workers, given.students)
        else:
            repeats(given.submissions, given.times, given.exercises or names())


if __name__ == "__main__":
    main()
