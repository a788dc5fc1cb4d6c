"""What a learner, or an instructor, reads after the checks of an exercise have run."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from .check import Check, Exercise
from .outcome import ALMOST, CORRECT, NOT_DEFINED, NOT_YET, Outcome

SIGNS = {CORRECT: "✓", ALMOST: "~", NOT_YET: "✗", NOT_DEFINED: "○"}
COLOURS = {CORRECT: "#009E73", ALMOST: "#E69F00", NOT_YET: "#D55E00", NOT_DEFINED: "#767d88"}


class Line(NamedTuple):
    """One check and what it said."""

    check: Check
    outcome: Outcome

    @property
    def points(self) -> float:
        """What it earned."""
        return self.check.points * self.outcome.share


class Report:
    """`lines` in order; `earned` of `possible` points; `trouble` are cells that could not be read; `notes` are lines on
    what a person will read.

    Shows itself as text, and as HTML with the pictures of the interleavings that break something.
    """

    def __init__(self, exercise: Exercise, lines: list[Line], trouble: tuple[str, ...] = (), notes=()) -> None:
        self.exercise, self.lines, self.trouble, self.notes = exercise, lines, trouble, tuple(notes)

    @property
    def earned(self) -> float:
        """Points of the checks that ran."""
        return sum(line.points for line in self.lines)

    @property
    def possible(self) -> int:
        """Points of the checks that ran, if all were correct."""
        return sum(line.check.points for line in self.lines)

    @property
    def holds(self) -> bool:
        """Whether each check that ran says "correct"."""
        return all(line.outcome.status == CORRECT for line in self.lines)

    @property
    def sentence(self) -> str:
        """How it stands; never that everything holds while checks are kept for grading."""
        done = sum(line.outcome.status == CORRECT for line in self.lines)
        text = f"{self.exercise.title}:"
        if self.lines:
            text += f" {done} of {len(self.lines)} checks hold, {points(self.earned, self.possible)}."
        kept = 0 if any(line.check.unseen for line in self.lines) else self.exercise.kept
        if kept:
            text += (
                f" {kept} further check{'s' * (kept != 1)} ({self.exercise.kept_points} points) "
                f"{'are' if kept != 1 else 'is'} kept for grading."
            )
        if self.exercise.by_hand:
            text += f" {self.exercise.by_hand} points are given by hand."
        return text

    def __str__(self) -> str:
        out = [self.sentence, ""]
        for line in self.lines:
            what = line.outcome
            out.append(
                f"{SIGNS[what.status]} {what.status:11} {line.check.name} ({points(line.points, line.check.points)})"
            )
            out += [f"    {one}" for one in what.message.splitlines()]
            out += [f"    see it again: {what.replay}"] if what.replay else []
        out += [f"! {one}" for one in self.trouble]
        out += self.notes
        return "\n".join(out)

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/plain": str(self), "text/html": self.html()}

    def html(self) -> str:
        """The same for a notebook or a page: each check with its mark, message, picture and line to see it again."""
        body = "".join(map(row, self.lines))
        trouble = "".join(f"<p>{escape(one)}</p>" for one in (*self.trouble, *self.notes))
        return (
            '<section style="max-width:62em;line-height:1.45" aria-label="Feedback">'
            f'<p style="margin:.2em 0"><strong>{escape(self.sentence)}</strong></p>{trouble}'
            f'<ul style="list-style:none;margin:0;padding:0">{body}</ul></section>'
        )


def row(line: Line) -> str:
    """One check as an item of a list. The mark is told by sign, word and colour."""
    what = line.outcome
    colour = COLOURS[what.status]
    said = "".join(f'<div style="white-space:pre-wrap">{escape(one)}</div>' for one in what.message.split("\n\n"))
    again = (
        f'<div>See it again: <code style="user-select:all">{escape(what.replay)}</code></div>' if what.replay else ""
    )
    picture = what.shown.picture()._repr_html_() if what.shown is not None else ""
    if picture:
        picture = f"<details open><summary>The interleaving</summary>{picture}</details>"
    return (
        f'<li style="border-left:5px solid {colour};padding:.25em .8em;margin:.4em 0">'
        f'<div><span aria-hidden="true">{SIGNS[what.status]}</span> <strong>{what.status}</strong>: '
        f"{escape(line.check.name)} ({points(line.points, line.check.points)})</div>{said}{again}{picture}</li>"
    )


def points(earned: float, possible: int) -> str:
    """3.0, 5 -> "3 of 5 points"."""
    return f"{earned:g} of {possible} point{'s' * (possible != 1)}"
