"""The validation: every quantitative claim of the project as simulated / by formula / published, with errors.

Rows are oracles (oracles.py): the same scenarios, the same rule. A line gathers the rows of one claim. A row that is
not what a formula or a publication says has its reason beside it; a test sees to both directions.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from .. import theory
from ..view.table import Table
from . import oracle_rows, validation_rows
from .oracles import Oracle
from .progress import bar
from .scenario import is_whole

PUBLISHED_TOLERANCE = 0.02
"""share: published figures are rounded to two or three digits"""


@dataclass(frozen=True)
class Line:
    """One claim: its number, what it says, what to know about it, and the functions that yield its rows."""

    number: str
    title: str
    about: str
    groups: tuple

    @cached_property
    def rows(self) -> tuple[Oracle, ...]:
        """Its oracles."""
        return tuple(row for group in self.groups for row in group())


R, V = oracle_rows, validation_rows
LINES = (
    Line("6.1", "The headline: one faulting thread, one mmap+munmap looper, 18 ms a read",
         "18 ms and 66.66 us a free pair are calibration to the commit's 55/s and 15,000/s; what lies between is "
         "prediction. Random disk times do not smooth the staircase (B waits at the end of each read, however long it "
         "was); only random pauses make a ramp of it.",
         (R.headline, V.dropping_headline, R.staircase)),
    Line("6.2", "A writer waits for the whole disk queue",
         "64 faulting threads on one disk: 1.15 s for each write section, 0.43 pairs/s.", (R.convoy, V.series_waits)),
    Line("6.3", "The counter of write sections: unchanged with probability exp(-L D)",
         "For single write sections that arrive as an open Poisson stream, L x hold far below 1. In the headline 540 "
         "bumps fall into each read, and the counter never helps.", (V.counter,)),
    Line("6.4", "Livelock: retries a fault are 1 / E[exp(-W / T)], and who gets on",
         "W is the time from the unlocked page to its next lookup, T the mean time between two FADV_DONTNEED. Three "
         "rules: the counter is speed, the bound on retries is liveness, the page kept across the retry is progress; "
         "the third is ours, not the mail's.", (V.livelock_retries, V.livelock)),
    Line("6.5", "A flag in the task leaks into the signal handler [ours]",
         "The posted patch's wrapper prevents it; a field of pagefault_args cannot leak.", (V.leak,)),
    Line("6.6", "Killing 64 threads that wait for one disk", "", (V.killed,)),
    Line("6.7", "What the counter gains",
         "16 faulting threads, 16 channels, 100 us a read, find_vma 10 us, exception entry 2 us, one writer that "
         "pauses for 1 ms. Almost nothing on one channel.", (V.counter_gain,)),
    Line("6.8", "The simple way: nobody shares the address space, so wait with the lock held", "", (V.simple_way,)),
    Line("6.9", "Where the story does not hold",
         "A 100 us disk and 8 loopers: the retry queues twice and loses. A 20 us disk and one looper: it wins again.",
         (V.fast_disks,)),
    Line("6.10", "Textbook results",
         "Each row: |error| <= tolerance and the 99.9 % half-width <= tolerance / 2, so that neither a wide interval "
         "nor luck decides.", (R.loopers, R.random_writer, R.queues)),
)  # fmt: skip
NOT_A_NUMBER = (
    '6.11 is no number: "possible" is said by exploring all interleavings, within stated bounds, "likely" by '
    "simulating; "
    "this page is about the second."
)


@dataclass(frozen=True)
class Checked:
    """A row and what came of it."""

    row: Oracle
    found: theory.Agreement

    @property
    def published_error(self) -> float | None:
        """simulated - published, in the row's unit."""
        return None if self.row.published is None else self.found.mean - self.row.published

    @property
    def differs_from_published(self) -> bool:
        """Whether the published figure is further away than its rounding and the error bar allow."""
        if self.row.published is None:
            return False
        if self.row.expected is None:
            return not self.found.agrees
        allowed = max(PUBLISHED_TOLERANCE * abs(self.row.published), self.found.half_width, self.found.tolerance)
        return abs(self.published_error) > allowed

    @property
    def differs(self) -> bool:
        """Whether it needs an explanation."""
        return not self.found.agrees or self.differs_from_published

    @property
    def verdict(self) -> str:
        """In a word or two."""
        if self.row.expected is not None and not self.found.agrees:
            return "OUTSIDE" if not self.row.why else "deviates"
        if self.differs_from_published:
            return "differs" if self.row.why else "DIFFERS"
        return "agrees"

    @property
    def is_explained(self) -> bool:
        """Whether it agrees, or says why not."""
        return not self.differs or bool(self.row.why)

    def cells(self) -> list:
        """What the tables show, exactly the same on every machine."""
        row, found = self.row, self.found
        by_formula = row.expected is not None
        return [
            row.name, figure(found.mean), figure(found.half_width), row.unit, row.formula,
            figure(row.expected) if by_formula else "", percent(found.error, row.expected) if by_formula else "",
            f"{figure(row.published)} ({row.source})" if row.published is not None else "",
            percent(self.published_error, row.published) if row.published is not None else "", self.verdict,
        ]  # fmt: skip

    def as_dict(self) -> dict:
        """For JSON."""
        row = self.row
        told = {key: getattr(row, key) for key in ("name", "unit", "formula", "published", "source", "why", "seconds")}
        found = {**self.found._asdict(), "expected": row.expected}
        return {**told, "seeds": row.seeds, "scenario": row.scenario, **found, "verdict": self.verdict}


HEADERS = [
    "row",
    "simulated",
    "+- (99.9 %)",
    "unit",
    "formula",
    "by formula",
    "error %",
    "published",
    "error %",
    "verdict",
]


def figure(value: float) -> str:
    """Four significant digits."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def percent(error: float, of: float) -> str:
    """An error as a share of what it is an error of."""
    return f"{round(100 * error / of, 2) + 0.0:+.2f}" if of else ("0" if not error else "")  # + 0.0: no -0.00


def chosen(only: str | None = None, quick: bool = False) -> list[tuple[Line, list[Oracle]]]:
    """The lines with the rows that were asked for. Raises ValueError for a line that does not exist."""
    numbers = [line.number for line in LINES]
    if only is not None and only not in numbers:
        raise ValueError(f"only={only!r} is no line of the validation; the lines are {', '.join(numbers)}")
    lines = [(line, [r for r in line.rows if r.quick or not quick]) for line in LINES if only in (None, line.number)]
    return [(line, rows) for line, rows in lines if rows]


def validate(
    only: str | None = None, quick: bool = False, progress: bool | None = None, jobs: int = 1
) -> list[tuple[Line, list[Checked]]]:
    """Run them all, in `jobs` processes at once; the figures are the same for any number of them.

    Raises ValueError for a line that does not exist or a number of jobs below 1, KernelBug when a debugging aid finds
    something.
    """
    if not is_whole(jobs) or jobs < 1:
        raise ValueError(f"jobs={jobs!r} is not allowed; it is a whole number from 1")
    lines = chosen(only, quick)
    rows = [row for _, some in lines for row in some]
    # rows of one scenario share its run, so they stay together
    shares = [list(some) for _, some in groupby(rows, key=lambda row: str(row.scenario))]
    checked: list[Checked] = []
    with bar("validate", progress) as tell, processes(jobs) as run_each:
        for share, found in zip(shares, run_each(agreements, shares)):
            checked += map(Checked, share, found)
            if tell:
                tell(len(checked) / len(rows))
    left = iter(checked)
    return [(line, [next(left) for _ in some]) for line, some in lines]


def agreements(rows: list[Oracle]) -> list[theory.Agreement]:
    """Run some rows."""
    return [row.check() for row in rows]


@contextmanager
def processes(number: int) -> Iterator[Callable]:
    """A `map` that works in that many processes at once; for 1 in this one."""
    if number == 1:
        yield map
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(number) as executor:
        yield executor.map


def text(outcome: Iterable[tuple[Line, list[Checked]]], width: int = 110) -> str:
    """For a terminal."""
    parts = []
    for line, checked in outcome:
        parts.append(f"{line.number}  {line.title}")
        parts += [textwrap.fill(line.about, width), ""] if line.about else [""]
        names = [*HEADERS[:8], "error %, published", HEADERS[9]]
        parts += [str(Table(names, [one.cells() for one in checked])), ""]
        for why, rows in reasons(checked).items():
            parts += [textwrap.fill(f"{', '.join(rows)}: {why}", width), ""]
    return "\n".join(parts).rstrip()


def reasons(checked: Iterable[Checked]) -> dict[str, list[str]]:
    """why -> the names of the rows that need it."""
    found: dict[str, list[str]] = {}
    for one in checked:
        if one.differs and one.row.why:
            found.setdefault(one.row.why, []).append(one.row.name)
    return found


def row_markdown(one: Checked) -> str:
    """One row of the page."""
    return f"| {' | '.join(one.cells())} |"


def markdown(outcome: Iterable[tuple[Line, list[Checked]]]) -> str:
    """The page docs/validation.md."""
    outcome = list(outcome)
    rows = [one for _, checked in outcome for one in checked]
    agree = sum(not one.differs for one in rows)
    parts = [
        "# Validation",
        "Made by `mmlab validate --markdown docs/validation.md`; do not edit. Every figure is simulated anew by that "
        "command, "
        f"the same on every machine. {len(rows)} rows: {agree} agree, {len(rows) - agree} deviate and say why.",
        "A row agrees when the error against its formula is within the row's tolerance, the half-width of the 99.9 % "
        f"confidence interval within half of that, and a published figure within {PUBLISHED_TOLERANCE:.0%} (they are "
        "rounded), the tolerance, or the half-width. Half-width 0: nothing in the scenario is random. *Prototype* is "
        "a first model "
        "of the same kernel in another program. Nothing is tuned to agree.",
    ]
    for line, checked in outcome:
        parts.append(f"## {line.number} {line.title}")
        if line.about:
            parts.append(line.about)
        head = f"| {' | '.join(HEADERS)} |\n|{'---|' * len(HEADERS)}"
        parts.append("\n".join([head, *map(row_markdown, checked)]))
        parts += [f"- **{', '.join(names)}**: {why}" for why, names in reasons(checked).items()]
    return "\n\n".join([*parts, NOT_A_NUMBER]) + "\n"
