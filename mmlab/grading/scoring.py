"""One submission, scored in a subprocess of its own, which is watched from here and ended when it uses too much.

Nothing of a submission runs in this process, and no score depends on wall time: what did not come back in time, or
whose worker crashed, is looked at once more, alone.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from math import inf
from threading import Event

from ..checks.exercises import exercise
from ..worker.process import ROOTS
from . import cgroup
from .score import CRASHED, GRADED, NOT_RUN, PARTLY, TIMEOUT, TROUBLE, Mark, Score
from .unseen import checks_of
from .versions import checks_version
from .watching import Family, Used

CHECK, SUBMISSION = 20.0, 60.0
"""seconds of processor time of a check and of a submission; a usual check takes less than two"""
MEMORY = 900 << 20
"""bytes of all workers of a submission together"""
PROCESSES = 64
"""of a submission: the workers of its checks, with the walls around them, are some twenty at most"""
ANSWER, HURRIED, START = 8.0, 2.0, 20.0
"""seconds of wall time that a worker may take to answer, to answer after one did not, and to begin; who takes longer is
looked at again, alone: no score depends on these"""
PATIENCE, IMPATIENCE = 120.0, 20.0
"""seconds of wall time without a word from the subprocess, after which a check is looked at again, alone; and after one
that was ended so: who sleeps a little in each of a thousand answers must not keep the others waiting for an hour"""
TICK = 0.25
"""seconds between two looks at what is used"""
WAITS = "This check has not come to an end in all the time that there is: what does your code wait for?"
LOST = (TIMEOUT, CRASHED, NOT_RUN)
"""marks of checks that were not judged"""
MOST_NOTES = 5
"""cells that are not Python of which a note tells"""


class Stopped(Exception):
    """The batch is stopped: nothing is known of this submission."""


@dataclass(frozen=True)
class Job:
    """All that scoring needs, as plain data: it may go to another machine. `unseen` is the text of the unseen checks;
    `checks` their version, with that of mmlab, unless it is ""; `unsafe` scores without a sandbox."""

    student: str
    exercise: str
    cells: tuple[str, ...]
    key: str
    content: str = ""
    note: str = ""
    unseen: str | None = None
    unsafe: bool = False
    answers: dict = field(default_factory=dict)
    checks: str = ""


@dataclass
class Examined:
    """`marks` by the number of the check; `again` are the checks to look at once more, alone; `trouble` is the
    traceback of what was not the student's fault, or ""; `cells` tells of cells that are not Python."""

    marks: dict[int, Mark] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)
    trouble: str = ""
    cells: tuple[str, ...] = ()
    cpu: float = 0.0


def score(job: Job, before: Examined | None = None, stop: Event | None = None) -> tuple[Score, Examined]:
    """Score a job. Where the Examined says that something is to be looked at `again`, or has `trouble`, call this once
    more, with it and with nothing else at work, and take what comes then. Raises Stopped after `stop` is set."""
    done = Examined(dict(before.marks), cells=before.cells) if before else Examined()
    try:
        if job.checks and job.checks != checks_version(job.unseen):
            raise ValueError("this machine has another version of mmlab: install the same on all")
        checks = checks_in(job)
        wanted = sorted(before.again) if before and not before.trouble else list(range(len(checks)))
        examine(job, done, wanted, stop)
    except (OSError, ValueError) as error:
        done.trouble = f"{type(error).__name__}: {error}"
    return score_of(job, done), done


def checks_in(job: Job) -> tuple:
    """The checks of a job, in order."""
    return (*exercise(job.exercise).checks, *(checks_of(job.exercise, job.unseen) if job.unseen is not None else ()))


def score_of(job: Job, done: Examined) -> Score:
    """The score that marks make."""
    one = exercise(job.exercise)
    possible = one.possible - one.by_hand - (one.kept_points if job.unseen is None else 0)
    marks = tuple(done.marks[number] for number in sorted(done.marks))
    lost = [mark.status for mark in marks if mark.status in LOST]
    if done.trouble:
        status = TROUBLE
    elif not lost:
        status = GRADED
    elif len(lost) < len(marks):
        status = PARTLY
    else:
        status = TIMEOUT if TIMEOUT in lost else CRASHED
    cells = "; ".join(done.cells[:MOST_NOTES])
    if len(done.cells) > MOST_NOTES:
        cells += f"; and {len(done.cells) - MOST_NOTES} more"
    return Score(
        job.student,
        job.exercise,
        status,
        None if done.trouble else float(sum(mark.points for mark in marks)),
        possible,
        one.by_hand,
        job.content,
        ". ".join(filter(None, (job.note, cells))),
        marks,
        job.answers,
    )


def examine(job: Job, done: Examined, wanted: list[int], stop: Event | None) -> None:
    """Run checks until each has its mark, or there is trouble."""
    checks = checks_in(job)
    for number in wanted:
        done.marks.pop(number, None)
    while wanted and not done.trouble:
        left = SUBMISSION - done.cpu
        if left <= 0:
            for number in wanted:
                said = f"Not run: your code had used the {SUBMISSION:g} s of processor time of a submission by then."
                done.marks[number] = lost(checks[number], NOT_RUN, said)
            return
        with Subprocess({**asdict(job), "checks": wanted, "seconds": (ANSWER, HURRIED, START)}) as there:
            follow(there, done, checks, wanted, stop)
        wanted = [number for number in wanted if number not in done.marks]


def follow(there: Subprocess, done: Examined, checks: tuple, wanted: list[int], stop: Event | None) -> None:
    """Take the marks of a subprocess as they come; return when it ends or is ended."""
    current, began, heard, before = None, inf, time.monotonic(), done.cpu
    patience = IMPATIENCE if any(mark.message == WAITS for mark in done.marks.values()) else PATIENCE
    reading = False
    for message in there.messages():
        if stop is not None and stop.is_set():
            raise Stopped
        used = there.family.used()
        done.cpu = before + used.cpu
        if message is None:
            silent = time.monotonic() - heard > (PATIENCE if current is None else patience)
            fault = excess(used, used.cpu - began, silent)
            if fault and reading:
                unreadable(done, checks, wanted)
                return
            if fault and current is None:
                done.trouble = f"the subprocess of the checks did not begin: {fault[1]}\n{there.complaints()}"
                return
            if fault:
                done.marks[current] = lost(checks[current], *fault)
                if used.cpu - began <= CHECK:  # processor time is the same alone
                    done.again.add(current)
                return
            continue
        heard = time.monotonic()
        reading = "reading" in message
        if reading:
            began = used.cpu
        if "begin" in message:
            current, began = message["begin"], used.cpu
        elif "end" in message:
            mark = Mark(**message["mark"])
            done.marks[message["end"]] = mark
            done.again |= {message["end"]} if mark.status in LOST else set()
        elif "trouble_of_cells" in message:
            done.cells = tuple(message["trouble_of_cells"])
        elif "trouble" in message:
            done.trouble = message["trouble"]
        elif "done" in message:
            return
    if reading:
        unreadable(done, checks, wanted)
    elif not done.trouble:
        done.trouble = f"the subprocess of the checks ended with status {there.process.wait()}\n{there.complaints()}"


def unreadable(done: Examined, checks: tuple, wanted: list[int]) -> None:
    """The marks of cells that cannot even be read as Python."""
    for number in wanted:
        done.marks[number] = lost(
            checks[number], CRASHED, "Your cells cannot be read as Python: what is so large in them?"
        )


def excess(used: Used, cpu: float, silent: bool) -> tuple[str, str] | None:
    """The status and the message of a check that uses too much, or was silent for too long; else None."""
    if cpu > CHECK:
        return TIMEOUT, f"Your code has used {CHECK:g} s of processor time in this check: what does it repeat?"
    if used.memory > MEMORY:
        return CRASHED, f"Your code has used more than {MEMORY >> 20} MB of memory: what does it keep?"
    if used.processes > PROCESSES:
        return CRASHED, f"Your code has started more than {PROCESSES} processes: a fault handler has no reason for any."
    return (TIMEOUT, WAITS) if silent else None


def lost(check, status: str, message: str) -> Mark:
    """The mark of a check that was not judged."""
    return Mark(check.name, 0.0, check.points, status, message, unseen=check.unseen)


class Subprocess:
    """`python -m mmlab.grading.one` at work on a job. A context manager: it and all that it started end with it."""

    def __init__(self, job: dict) -> None:
        self.job = job

    def __enter__(self) -> Subprocess:
        self.group = cgroup.made(MEMORY, PROCESSES)
        self.job["parent"] = os.getpid()
        self.job["group"] = self.group and str(self.group)
        self.errors = tempfile.TemporaryFile()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS), "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mmlab.grading.one"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, cwd="/", env=environment,
            start_new_session=True,
        )  # fmt: skip
        self.family = Family(self.process.pid)
        return self

    def __exit__(self, *_) -> None:
        self.family.kill()
        self.process.wait()
        if self.group is not None:
            cgroup.removed(self.group)
        for file in (self.process.stdin, self.process.stdout, self.errors):
            with suppress(OSError):  # what could not be written to a process that is dead
                file.close()

    def messages(self) -> Iterator[dict | None]:
        """What it tells, and None after each moment in which it told nothing; ends when it does."""
        data = json.dumps(self.job).encode()
        source, out = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(source, False)
        poll = select.poll()
        poll.register(out, select.POLLIN)
        poll.register(source, select.POLLOUT)
        buffer, looked = b"", time.monotonic()
        while True:
            ready = dict(poll.poll(TICK * 1000))
            if source in ready:
                try:
                    data = data[os.write(source, data[: 1 << 16]) :]
                except OSError:
                    data = b""
                if not data:
                    poll.unregister(source)
                    self.process.stdin.close()
            if out in ready:
                some = os.read(out, 1 << 16)
                if not some:
                    return
                buffer += some
                *lines, buffer = buffer.split(b"\n")
                for line in lines:
                    yield json.loads(line)
            if time.monotonic() - looked >= TICK:
                looked = time.monotonic()
                yield None

    def complaints(self) -> str:
        """The end of what it wrote to stderr."""
        size = self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, size - 8_000))
        return self.errors.read().decode("utf-8", "replace")
