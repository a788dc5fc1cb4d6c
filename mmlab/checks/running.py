"""Running the checks of an exercise on a learner's work: nothing that the work does stops them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..experiment.progress import bar
from ..kernel.bug import KernelBug
from ..worker import Limits, Theirs
from .check import Check, Exercise
from .draw import PRACTICE, Draw
from .findings import found, pasted, raised, told_once
from .gather import Gathered, gather
from .outcome import NOT_DEFINED, NOT_YET, Outcome, not_yet
from .report import Line, Report
from .work import LIMITS, Unusable, Work


def run_checks(
    exercise: Exercise, cells: Iterable[str], *, key: str = PRACTICE, more: Sequence[Check] = (),
    limits: Limits = LIMITS, command: Sequence[str] = (), again: bool = False,
    progress: bool | None = None,
) -> Report:  # fmt: skip
    """Find the learner's functions in `cells` and run every check of the exercise on them, and the unseen ones `more`.

    key: what the checks draw by lot follows from it. limits, command: of the worker processes, see mmlab.worker. again:
    see outcome_of.
    Raises nothing for what the work does: that is in the report. What is raised is an error of mmlab or of a check.
    """
    gathered = gather(cells, exercise.functions)
    lines = []
    checks = (*exercise.checks, *more)
    with Work(gathered.source, limits, command) as work, bar(exercise.name, progress) as tell:
        for number, check in enumerate(checks, 1):
            outcome = outcome_of(check, exercise, gathered, work, key, again)
            lines.append(Line(check, told_once(outcome, [(line.check.name, line.outcome) for line in lines])))
            if tell is not None:
                tell(number / len(checks))
    return Report(exercise, lines, gathered.trouble)


def outcome_of(
    check: Check, exercise: Exercise, gathered: Gathered, work: Work, key: str, again: bool = False
) -> Outcome:  # fmt: skip
    """What one check says.

    again: put what was asked of the work once more to a fresh process; who answers differently keeps state elsewhere,
    and earns nothing. (The explorer always does; this is for timed runs and calls.)
    """
    needs = exercise.functions if check.needs is None else check.needs
    missing = [name for name in needs if name in gathered.missing]
    if missing:
        names = " and ".join(missing)
        return Outcome(NOT_DEFINED, f"No cell defines {names}: run the cell that does, and mind the spelling.")
    try:
        outcome = check.run(work, Draw(key, exercise.name, check.name))
        if again and outcome.status != NOT_YET:
            work.ask_again()
        return replace(outcome, replay=pasted(outcome.replay, exercise.name))
    except Unusable as error:
        return not_yet(str(error))
    except KernelBug as bug:
        return found(bug, work.source)
    except Theirs as error:
        return raised(error)
