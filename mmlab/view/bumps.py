"""Reads of the disk, and the write sections that fall into them: what the counter of write sections sees of a sleep.

Made from the trace alone: each time that somebody gets mmap_sem for writing is one bump. All reads begin at the left
edge, at the moment when mmap_sem is let go.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from . import axis, marks, states, svg, units
from .segments import Segment
from .table import Table

READ, WRITE = "mmap_sem/read", "mmap_sem/write"
LANE, TOP, LEAST, TICK = 38, 44, 560, 3
_KEY = "\0"  # stands for the picture's own id while it is drawn


class Read(NamedTuple):
    """One sleep of `task` without mmap_sem, from `start` to `stop` (ns): it lets go, and it has the lock again.

    `woken` is when the page was there. `before` and `after` are the counter's values then, counted from the begin of
    the trace; `sections` the write sections (begin, end) that begin meanwhile. `went_on`: the next thing that the task
    does under the lock is to go on where it was, not to start over.
    """

    task: str
    start: int
    woken: int
    stop: int
    before: int
    after: int
    sections: list
    went_on: bool


def reads_of(events):
    """[Read, ...] in the order of their ends, from a trace that has its beginning.

    Only sleeps without mmap_sem, and only those that end within the trace, what comes of them included.
    """
    done, writes, let_go, asleep, woken, back = [], [], {}, {}, {}, {}
    for time, task, what, obj, _, _, _ in events:
        if obj == WRITE and what == "acquire":
            writes.append([time, time])
        elif obj == WRITE and what == "release":
            writes[-1][1] = time
        elif obj == READ and what == "release":
            if task in back:
                done.append(_read(task, back.pop(task), writes, went_on=False))
            let_go[task] = time, len(writes)
        elif obj == READ and what == "acquire":
            begun = let_go.pop(task, None)
            if task in woken:
                back[task] = (*asleep.pop(task), woken.pop(task), time, len(writes))
            elif begun is None and task in asleep:
                del asleep[task]
        elif what == "page_wait" and task in let_go:
            asleep[task] = let_go[task]
        elif what == "page_woken" and task in asleep:
            woken[task] = time
        elif what in ("walk", "pte") and task in back:
            done.append(_read(task, back.pop(task), writes, went_on=what == "pte"))
    return done


def _read(task, known, writes, went_on):
    start, before, woken, stop, after = known
    return Read(task, start, woken, stop, before, after, [tuple(one) for one in writes[before:after]], went_on)


def bumps(events, reads=6, width=920):
    """The picture of the first `reads` reads in a trace (Result.opening) and the write sections that fall into them.

    width: pixels, 560 or more. Raises ValueError for no such read in the trace, a number below 1, another width.
    """
    if not isinstance(reads, int) or isinstance(reads, bool) or reads < 1:
        raise ValueError(f"reads={reads!r} is not allowed; it is how many reads to draw, a whole number from 1")
    if not isinstance(width, int) or width < LEAST:
        raise ValueError(f"width is {width!r}; allowed: {LEAST} pixels or more")
    found = reads_of(events)[:reads]
    if not found:
        raise ValueError(
            f"no read in these {len(events)} events sleeps without mmap_sem; give the opening of a longer run of a "
            "design that lets go of it"
        )
    return Bumps(found, width)


class Bumps:
    """A finished picture: `svg` (one string), `caption` (what it shows, with numbers), `alt`; `reads`, its data.

    Shows itself in a notebook.
    """

    def __init__(self, reads, width):
        self.reads = reads
        self.caption = _caption(reads)
        rows = "; ".join(f"read {n}: {_counter(read)}, {_then(read)}" for n, read in enumerate(reads, 1))
        self.alt = f"Reads of the disk, and the write sections that fall into them. {self.caption} {rows}."
        body, height, dense = _draw(reads, width)
        if dense:
            self.caption += " Where sections would be too narrow, height is the share of time that they take."
        key = "bp" + hashlib.sha256(f"{body}{self.alt}{width}".encode()).hexdigest()[:10]
        self.svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" role="img" '
            f'viewBox="0 0 {width} {svg.num(height)}" width="{width}" height="{svg.num(height)}" '
            f'aria-label="{svg.escaped(self.alt)}" font-family="{svg.FONT}" font-size="{svg.SIZE}" '
            f'fill="{svg.INK}"><style>{svg.STYLE}</style>{svg.patterns(key)}'
            f'<rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>'
            f"{body.replace(_KEY, key)}</svg>"
        )

    def table(self):
        """A row for each read."""
        columns = ["read", "asleep without mmap_sem (us)", "counter before", "write sections", "counter after", "then"]
        rows = [
            [n, (read.stop - read.start) / 1000, read.before, len(read.sections), read.after, _then(read)]
            for n, read in enumerate(self.reads, 1)
        ]
        return Table(columns, rows)

    def __repr__(self):
        return self.caption

    def _repr_html_(self):
        return (
            f'<figure class="mmlab-figure" style="margin:0">{self.svg}'
            f'<figcaption style="max-width:64em">{svg.escaped(self.caption)}</figcaption></figure>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.caption, "text/html": self._repr_html_(), "image/svg+xml": self.svg}


def _then(read):
    return "goes on" if read.went_on else "starts over"


def _counter(read):
    return f"counter {read.before} → {read.after}"


def _caption(reads):
    numbers = sorted(len(read.sections) for read in reads)
    spread = f"{numbers[0]:,}" if numbers[0] == numbers[-1] else f"{numbers[0]:,} to {numbers[-1]:,}"
    on = sum(read.went_on for read in reads)
    long = units.duration(max(read.stop - read.start for read in reads))
    if len(reads) == 1:
        return f"{spread} write sections fall into one read of {long}; the fault {_then(reads[0])}."
    words = f"{spread} write sections fall into each of {len(reads)} reads of up to {long}"
    if on in (0, len(reads)):
        return f"{words}, and after every one of them the fault {_then(reads[0])}."
    return f"{words}: after {on} of them the fault goes on, after {len(reads) - on} it starts over."


def _row(read):
    """The read as touching segments, from the moment when mmap_sem is let go: asleep, or a writer is inside."""
    row, at = [], read.start

    def asleep_until(time):
        nonlocal at
        for state, end in ((states.WAIT_PAGE, min(time, read.woken)), (states.WAIT_LOCK, time)):
            if end > at:
                row.append(Segment(at - read.start, end - read.start, state))
                at = end

    for begin, end in read.sections:
        asleep_until(begin)
        end = min(max(end, begin + 1), read.stop)
        if end > at:
            row.append(Segment(at - read.start, end - read.start, states.HOLD_WRITE))
            at = end
    asleep_until(read.stop)
    return row


def _tick(section, middle, scale):
    """A write section, never narrower than the eye needs."""
    look = states.STATES[states.HOLD_WRITE]
    wide = max(scale.x(section.end) - scale.x(section.start), TICK)
    x, y = min(scale.x(section.start), scale.right - wide), middle - look.height / 2 - 1
    return (
        f'<rect x="{svg.num(x)}" y="{svg.num(y)}" width="{svg.num(wide)}" height="{svg.num(look.height + 2)}" '
        f"{svg.paint(states.HOLD_WRITE, _KEY)}/>"
    )


def _draw(reads, width):
    """(svg body, height, whether a stretch is drawn as density)."""
    names = [f"read {n}" for n in range(1, len(reads) + 1)]
    values = [f"{read.before:,}" for read in reads]
    ends = [f"{read.after:,}: {_then(read)}" for read in reads]
    wide = [max(svg.width_of(words, svg.SIZE, bold=True) for words in some) for some in (names, values, ends)]
    left, right = 8 + wide[0] + 14 + max(wide[1], 58) + 12, width - 12 - max(wide[2], 58) - 10
    scale = marks.Scale(0, max(read.stop - read.start for read in reads), left, right, 4)
    ticks = axis.ticks(0, scale.stop, right - left)
    bottom = TOP + LANE * len(reads)
    out = [svg.line(scale.x(time), TOP - 6, scale.x(time), bottom) for time, _ in ticks]
    out.append(svg.text(left - 12, 22, "counter", svg.SMALL, "end", dim=True))
    out.append(svg.text(left, 22, "mmap_sem let go", svg.SMALL, dim=True))
    out.append(svg.text(right, 22, "taken again", svg.SMALL, "end", dim=True))
    out.append(svg.text(right + 10, 22, "counter", svg.SMALL, dim=True))
    used, dense = set(), False
    for n, read in enumerate(reads):
        middle = TOP + LANE * (n + 0.5)
        row = _row(read)
        used.update(segment.state for segment in row)
        drawn, _, stretches = marks.bars(row, middle, scale, _KEY, names[n])
        dense = dense or stretches > 0
        sections = [] if stretches else [_tick(one, middle, scale) for one in row if one.state == states.HOLD_WRITE]
        out += [drawn, *sections, svg.text(8, middle + 5, names[n], bold=True)]
        out.append(svg.text(left - 12, middle + 5, values[n], anchor="end"))
        out.append(svg.text(right + 10, middle + 5, ends[n], bold=not read.went_on))
    out += [svg.text(scale.x(time), bottom + 16, label, svg.SMALL, "middle", dim=True) for time, label in ticks]
    legend, height = svg.legend([name for name in states.STATES if name in used], left, bottom + 44, right, _KEY)
    return "".join(out) + legend, bottom + 32 + height, dense
