"""The one-page map: who holds which lock at each line from do_page_fault down, drawn from the design's own source."""

import hashlib
from itertools import groupby

from . import states, svg, units
from .lockwalk import lock_walk
from .table import Table

_ROW, _CODE, _HEAD = 15, 11.5, 27  # pixels: a line, its letters, a function's name
_COLUMNS = (("mmap_sem", 12, 74), ("page lock", 98, 66), ("pte lock", 176, 58))  # name, left, width
_LEFT = 250
_KEY = "\0"

#: lines with these words are worth a note in the margin
_NOTES = {"mmap_sem": "may wait in mmap_sem's queue", "the disk": "sleeps until the read is done"}
_NOTES["room in the disk's queue"] = "sleeps only if the disk's queue is full"


class LockMap:
    """A finished map: `svg`, `caption`, `alt`, `lines` (lockwalk.Line), and `table()`, the lines that may sleep.

    Shows itself in a notebook; as text it is every line with its locks.
    """

    def __init__(self, name, lines, width=920):
        self.name, self.lines = name, lines
        asleep = [line for line in lines if line.sleeps == "the disk"]
        held = [line for line in asleep if _all(line.asleep, "mmap_sem")]
        functions = len({line.function for line in lines})
        under = sum(_all(line.locks, "mmap_sem") for line in lines)
        self.caption = (
            f"{name}: {under} of {units.plural(len(lines), 'line')} in {units.plural(functions, 'function')} run with "
            f"mmap_sem held; {len(asleep)} sleep until the disk is done, {len(held)} of them with mmap_sem held."
        )
        places = "; ".join(f"{line.function}: {_bare(line.text)}" for line in held)
        self.alt = f"Map of the locks at each line. {self.caption}{f' They are: {places}.' if places else ''}"
        body, height = _draw(lines, width, _KEY)
        height = svg.num(height)
        key = "lm" + hashlib.sha256(f"{body}{self.alt}".encode()).hexdigest()[:10]
        self.svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" role="img" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-label="{svg.escaped(self.alt)}" '
            f'font-family="{svg.FONT}" font-size="{svg.SIZE}" fill="{svg.INK}"><style>{svg.STYLE}</style>'
            f'{svg.patterns(key)}<rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>'
            f"{body.replace(_KEY, key)}</svg>"
        )

    def table(self):
        """The lines that may sleep, with the locks that are held meanwhile."""
        columns = ["function", "line", "sleeps for", "mmap_sem meanwhile", "page lock meanwhile"]
        rows = [
            [line.function, _bare(line.text), line.sleeps, _word(line.asleep, "mmap_sem"), _word(line.asleep, "page")]
            for line in self.lines
            if line.sleeps
        ]
        return Table(columns, rows)

    def full_table(self):
        """Every line with the three locks."""
        columns = ["function", "line", "code", "mmap_sem", "page lock", "pte lock", "may sleep for"]
        names = ("mmap_sem", "page", "pte")
        rows = [
            [line.function, line.number, _bare(line.text), *(_word(line.locks, n) for n in names), line.sleeps or "-"]
            for line in self.lines
        ]
        return Table(columns, rows, self.caption)

    def functions_with(self, name):
        """The functions whose code (not their comments) has `name` in it: functions_with("mmap_sem")."""
        return list(dict.fromkeys(line.function for line in self.lines if name in line.text))

    def __repr__(self):
        return str(self.full_table())

    def _repr_mimebundle_(self, include=None, exclude=None):
        html = (
            f'<figure class="mmlab-figure" style="margin:0">{self.svg}'
            f'<figcaption style="max-width:64em">{svg.escaped(self.caption)}</figcaption></figure>'
        )
        return {"text/plain": repr(self), "text/html": html, "image/svg+xml": self.svg}


def lock_map(design, width=920):
    """The LockMap of a Design (anything with a `name` and `functions`, {name: async function}).

    Raises ValueError when it has no do_page_fault, or a function's source text is not available.
    """
    return LockMap(design.name, lock_walk(design.functions), width)


def _bare(text):
    return text.strip()


def _all(locks, name):
    """Whether the lock is held in every situation."""
    return bool(locks) and all(getattr(one, name) for one in locks)


def _word(locks, name):
    """ "read", "-", or "read or -" when it depends on the path."""
    held = sorted({getattr(one, name) for one in locks}, reverse=True)
    return " or ".join(word or "-" for word in held) or "-"


def _draw(lines, width, key):
    """(svg body, height)."""
    out, bars, y = [], [], 8
    for name, left, wide in _COLUMNS:
        out.append(svg.text(left + wide / 2, y + 12, name, svg.SMALL, "middle", bold=True))
    out.append(svg.text(_LEFT, y + 12, "what the faulting thread, A, executes", svg.SMALL, bold=True))
    y += 20
    used = set()
    for function, group in groupby(lines, key=lambda line: line.function):
        out.append(svg.line(8, y + 5, width - 8, y + 5))
        out.append(svg.text(_LEFT, y + 20, function, 13, bold=True))
        group = list(group)
        top = y + _HEAD
        for row, line in enumerate(group):
            at = top + row * _ROW
            out.append(_code(_LEFT, at + 11, line.text))
            if line.sleeps:
                out.append(_note(line, width - 12, at + 11))
        bars += _bars(group, top, key, used)
        y = top + len(group) * _ROW
    legend, height = _legend(used, 12, y + 28, width - 12, key)
    return "".join(out + bars) + legend, y + 20 + height


def _code(x, y, text):
    indent = len(text) - len(text.lstrip())
    return (
        f'<text x="{svg.num(x + (indent - 4) * _CODE * 0.6)}" y="{svg.num(y)}" font-size="{_CODE}" '
        f'font-family="var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)">{svg.escaped(text.strip())}</text>'
    )


def _note(line, right, y):
    words = _NOTES[line.sleeps]
    if line.sleeps == "the disk":
        words += ", mmap_sem held" if _all(line.asleep, "mmap_sem") else ", mmap_sem free"
    return svg.text(right, y, words, svg.SMALL, "end", dim=line.sleeps != "the disk", bold=line.sleeps == "the disk")


def _look(line, column):
    """(state or mark, word) of one lock at one line; None when it is free."""
    name = ("mmap_sem", "page", "pte")[column]
    held = {getattr(one, name) for one in line.locks}
    if column == 0:
        if line.sleeps == "mmap_sem":
            return states.WAIT_LOCK, ""
        if line.sleeps and any(one.mmap_sem for one in line.asleep):
            return states.HOLD_READ_DISK, ""
        if line.sleeps:
            return states.WAIT_PAGE, ""
        if held == {""} or not held:
            return None
        if "" in held:
            return "perhaps", "or free"
        return (states.HOLD_WRITE, "write") if "write" in held else (states.HOLD_READ, "read")
    if held == {""} or not held:
        return None
    return "perhaps" if "" in held else "held", "disk" if "disk" in held else "A"


def _bars(group, top, key, used):
    """The bars of one function: each run of lines that look the same is one bar."""
    out = []
    for column, (_, left, wide) in enumerate(_COLUMNS):
        row = 0
        for look, run in groupby(group, key=lambda line: _look(line, column)):
            length = len(list(run))
            if look:
                used.add(look[0])
                out.append(_bar(left, top + row * _ROW, wide, length * _ROW, *look, key))
            row += length
    return out


def _bar(x, y, width, height, mark, word, key):
    box = f'x="{svg.num(x)}" y="{svg.num(y + 0.7)}" width="{svg.num(width)}" height="{svg.num(height - 1.4)}" rx="2"'
    words = svg.text(x + width / 2, y + 11.5, word, 11, "middle") if word else ""
    if mark in states.STATES:  # white on a solid bar, in both themes
        return f"<rect {box} {svg.paint(mark, key)}/>" + words.replace("<text ", '<text style="fill:#fff" ')
    colour = states.STATES[states.HOLD_READ if word == "or free" else states.USER].colour
    fill = 'fill-opacity=".06" stroke-dasharray="4 3"' if mark == "perhaps" else 'fill-opacity=".28"'
    return f'<rect {box} fill="{colour}" {fill} stroke="{colour}" stroke-width="1.3"/>' + words


def _legend(used, x, y, right, key):
    shown = [name for name in states.STATES if name in used]
    drawn, height = svg.legend(shown, x, y, right, key)
    words = "page lock, pte lock: A holds it, or the disk does while it reads; a dashed frame: on some paths only"
    return drawn + svg.text(x, y + height + 4, words, svg.SMALL, dim=True), height + 24
