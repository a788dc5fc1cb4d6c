"""An interleaving for a terminal, and as a table: the same rows as the picture."""

import textwrap

from . import folding, states
from .table import Table

SIGNS = {
    states.HOLD_READ: "R",
    states.HOLD_READ_DISK: "D",
    states.HOLD_WRITE: "W",
    states.WAIT_LOCK: "q",
    states.WAIT_PAGE: "p",
    states.RUNNING: "|",
    states.USER: ".",
    None: " ",
}
"""one letter a state: a lane in a terminal has no colour"""
WIDTH = 100


def text(told, width=WIDTH):
    """The interleaving as lines of at most `width` characters: a lane a task, then who did what, at which line.

    What somebody did stands in brackets in its lane; the letters are explained at the end.
    """
    names = folding.lanes_of(told)
    lanes = [max(3, len(name)) for name in names]
    left = 6 + sum(lane + 1 for lane in lanes)
    lines = [*textwrap.wrap(f"{folding.title(told)}: {folding.headline(told)}", width), ""]
    lines.append(f"{'step':>5} {' '.join(name.center(lane) for name, lane in zip(names, lanes))}".rstrip())
    used = set()
    for row in folding.fold(told):
        if told.loop_from is not None and row.first == told.loop_from + 1:
            lines.append("  .-> again and again")
        strip, own = [], None
        for name, lane in zip(names, lanes):
            state = folding.SEEN.get(row.state.get(name)) if name != "disk" else None
            sign = SIGNS[state]
            used.add(state)
            own = f"[{sign.strip() or '*'}]" if name == row.task else sign
            strip.append(own.center(lane))
        head = f"{row.numbers:>5} {' '.join(strip)}"
        body = [
            part for piece in said(row) for part in textwrap.wrap(piece, width - left - 2, subsequent_indent="    ")
        ]
        rest = " " * 6 + " ".join(idle(row, name).center(lane) for name, lane in zip(names, lanes))
        for number, part in enumerate(body):
            lines.append(f"{(rest if number else head).ljust(left)}  {part}".rstrip())
    if told.loop_from is not None:
        lines.append(f"  '-- back to step {told.loop_from + 1}")
    if told.finding is not None:
        lines += ["", *textwrap.wrap(f"{told.finding.kind.upper()}: {told.finding.detail}", width)]
        lines += textwrap.wrap(folding.how(told), width, initial_indent="  ", subsequent_indent="  ")
        lines += textwrap.wrap(f"look at {told.finding.advice}", width, initial_indent="  ", subsequent_indent="  ")
    key = "; ".join(f"{SIGNS[state]} {states.STATES[state].label}" for state in SIGNS if state in used and state)
    return "\n".join([*lines, "", *textwrap.wrap(f"after each step: {key}", width)])


def idle(row, name):
    """The lane of a task beside a further line of a box."""
    return SIGNS[folding.SEEN.get(row.state.get(name)) if name != "disk" else None]


def said(row):
    """The lines of a box: words first, then where and the code."""
    lead = f"{row.task}: " if not row.breaks else f"{row.task} !! "
    for line, did in row.said:
        yield lead + "; ".join(did)
        lead = " " * len(lead)
        if line:
            function, number, source = line
            yield (
                f"  {function}, line {number}: {source}".rstrip(": ")
                if not source
                else f"  {function}:{number}  {source}"
            )


def table(told):
    """One row a step: who, what, where, the state of the locks after it."""
    rows = [
        [
            step.number,
            step.task,
            "; ".join(step.did),
            f"{step.line[0]}, line {step.line[1]}" if step.line else None,
            step.line[2] if step.line else None,
            step.locks,
        ]
        for step in told.steps
    ]
    return Table(["step", "task", "did", "where", "source line", "locks after it"], rows, caption(told))


def caption(told):
    """The finding in a sentence."""
    words = f"{folding.title(told)}: {folding.headline(told)}"
    return f"{words}." if told.finding is None else f"{words}: {told.finding.detail}. {folding.how(told)}".strip()
