"""`python -m mmlab.grading.one`: the checks of one submission, in a process that ends with it.

A job comes in on stdin as JSON, see scoring.Job; one line of JSON goes out as each check begins, and one as it ends.
The learner's code is not here either: it runs in workers, inside the sandbox.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import replace

from ..checks import NOT_YET, Outcome, Work, gather, not_yet
from ..checks.exercises import exercise
from ..checks.running import outcome_of
from ..checks.work import LIMITS
from ..worker.trouble import CRASH, HANG
from . import sandbox
from .cgroup import joining
from .score import CRASHED, TIMEOUT, Mark
from .unseen import checks_of

LONGEST = 4_000
"""characters of a message"""
LARGEST = 600_000
"""characters of a picture"""
MEMORY = 2 << 30
"""bytes of address space of this process"""
LOST = {HANG: TIMEOUT, CRASH: CRASHED}
"""what a check becomes that could not be judged, by the cause"""


def main() -> None:
    """Read a job, run its checks, tell each mark."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a check prints is no mark

    def tell(**message) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    limit_memory()
    die_with(signal.SIGKILL)
    job = json.load(sys.stdin)
    if os.getppid() != job["parent"]:
        return  # it has died before we could ask to be told
    try:
        run(job, tell)
        tell(done=True)
    except Exception:  # of mmlab or of a check: not the student's fault
        tell(trouble=traceback.format_exc()[-20_000:])


def run(job: dict, tell) -> None:
    """Run the checks of a job that are asked for."""
    one = exercise(job["exercise"])
    command = joining(job["group"]) + (() if job["unsafe"] else sandbox.command())
    checks = (*one.checks, *(checks_of(one.name, job["unseen"]) if job["unseen"] is not None else ()))
    tell(reading=True)
    found = gather(job["cells"], one.functions)
    tell(trouble_of_cells=[readable(line) for line in found.trouble])
    answer, hurried, start = job["seconds"]
    limits = replace(LIMITS, answer=answer, start=start)
    with Work(found.source, limits, command) as work:
        for number in job["checks"]:
            check = checks[number]
            tell(begin=number)
            try:
                outcome = outcome_of(check, one, found, work, job["key"], again=True)
            except MemoryError:
                outcome = not_yet("Cut off: with your code the check needs more memory than it may have.")
            if outcome.cause == HANG:
                work.hurry(answer=hurried)
            tell(end=number, mark=vars(mark_of(check, outcome)))


def mark_of(check, outcome: Outcome) -> Mark:
    """A Mark of an Outcome: text without control characters, nothing longer than is sensible."""
    picture = ""
    if outcome.shown is not None:
        picture = outcome.shown.picture()._repr_html_()
    return Mark(
        check=check.name,
        points=min(max(check.points * outcome.share, 0), check.points),
        possible=check.points,
        status=LOST.get(outcome.cause, outcome.status) if outcome.status == NOT_YET else outcome.status,
        message=readable(outcome.message),
        replay=readable(outcome.replay),
        picture=picture if len(picture) <= LARGEST else "",
        unseen=check.unseen,
    )


def readable(text: str) -> str:
    """A text that comes from a stranger: capped, what cannot be printed told by its code."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} ... ({len(text) - LONGEST:,} characters more)"
    return "".join(sign if sign == "\n" or sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def die_with(number: int) -> None:
    """Ask Linux for this signal when the grader dies, however it does."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, number)


def limit_memory() -> None:
    """Keep this process from filling the machine, whatever its checks build."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


if __name__ == "__main__":
    main()
