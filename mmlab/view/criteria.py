"""A matrix: designs down, criteria across; in each cell a mark (shape and colour) and the number.

Three marks, told apart by shape alone: a full disc is as good as the best of its column (within a tenth), a half disc
is less than that, a cross is "no" or ten times worse. Sizes have a bar and no mark: more is neither good nor bad.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from . import svg, units
from .boxes import wrap_words
from .table import Table

YES, HIGH, LOW, SIZE = "yes", "high", "low", "size"
GOOD, LESS, BAD, UNKNOWN = "good", "less", "bad", "not known"
NEAR, FAR = 1.1, 10
_COLOURS = {GOOD: "#009E73", LESS: "#E69F00", BAD: "#D55E00", UNKNOWN: "#7d838d"}
_WORDS = {GOOD: "yes, or within a tenth of the best", LESS: "in between", BAD: "no, or ten times worse than the best"}
_ROW, _NAME, _LINE = 34, 158, 15


class Criterion(NamedTuple):
    """A column. `kind`: YES (true is good), HIGH or LOW (what is good), SIZE; `floor`: what is below it is as good."""

    key: str
    label: str
    where: str
    kind: str
    floor: float = 0


class Cell(NamedTuple):
    """A value (None: not known) and, where something is wrong, what."""

    value: bool | float | None
    note: str = ""


class Matrix:
    """`rows`: {design: {criterion's key: Cell}}; `caption`, `alt`, `svg`, `table()`, `matrix[design]`.

    `mark(design, key)` is GOOD, LESS, BAD, UNKNOWN, or "" for a size.
    """

    def __init__(self, criteria, rows, note="", width=920):
        self.criteria, self.rows, self.note = tuple(criteria), dict(rows), note
        self._marks = {
            one.key: _marks(one, {name: row[one.key] for name, row in self.rows.items()}) for one in criteria
        }
        self.notes = _footnotes(self.criteria, self.rows)
        crossed = {name: self.crosses(name) for name in self.rows}
        clean = [name for name, crosses in crossed.items() if not crosses]
        most = max(map(len, crossed.values()))
        worst = [name for name, crosses in crossed.items() if crosses and len(crosses) == most]
        graded = units.plural(sum(one.kind != SIZE for one in self.criteria), "graded criterion", "graded criteria")
        self.caption = (
            f"{units.plural(len(self.rows), 'design')} by {graded}: "
            f"without a cross: {', '.join(clean) or 'none'}"
            + (f"; most crosses, {most}: {', '.join(worst)}" if worst else "")
            + f". {note}"
        ).strip()
        told = [f"{name}: {', '.join(crosses)}" for name, crosses in crossed.items() if crosses]
        self.alt = f"Matrix. {self.caption} Crosses: {'; '.join(told) or 'none'}."
        body, height = _draw(self, width)
        key = "cr" + hashlib.sha256(f"{body}{self.alt}".encode()).hexdigest()[:10]
        self.svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" role="img" id="{key}" '
            f'viewBox="0 0 {width} {svg.num(height)}" width="{width}" height="{svg.num(height)}" '
            f'aria-label="{svg.escaped(self.alt)}" font-family="{svg.FONT}" font-size="{svg.SIZE}" fill="{svg.INK}">'
            f'<style>{svg.STYLE}</style><rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>'
            f"{body}</svg>"
        )

    def mark(self, name, key):
        """How good `name` is by criterion `key`."""
        return self._marks[key][name]

    def crosses(self, name):
        """The labels of the criteria by which a design is BAD."""
        return [one.label for one in self.criteria if self.mark(name, one.key) == BAD]

    def __getitem__(self, name):
        name = str(name)
        if name not in self.rows:
            raise KeyError(f"{name!r} is not in the matrix; there are {', '.join(self.rows)}")
        return self.rows[name]

    def table(self):
        """The numbers, a row for each design; a cell that is a plain "no" says what broke it."""
        columns = ["design", *(one.label for one in self.criteria)]
        lines = [[name, *(_plain(row[one.key]) for one in self.criteria)] for name, row in self.rows.items()]
        return Table(columns, lines)

    def __repr__(self):
        return f"{self.caption}\n\n{self.table()}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        html = (
            f'<figure class="mmlab-figure" style="margin:0">{self.svg}'
            f'<figcaption style="max-width:64em">{svg.escaped(self.caption)}</figcaption></figure>'
        )
        return {"text/plain": self.caption, "text/html": html, "image/svg+xml": self.svg}


def _plain(cell):
    return f"no: {cell.note}" if cell.value is False else cell.note if cell.value is None and cell.note else cell.value


def _marks(criterion, cells):
    """{design: mark} of one column."""
    values = {name: cell.value for name, cell in cells.items()}
    if criterion.kind == SIZE:
        return dict.fromkeys(values, "")
    if criterion.kind == YES:
        return {name: {True: GOOD, False: BAD}.get(value, UNKNOWN) for name, value in values.items()}
    numbers = [value for value in values.values() if value is not None]
    best = (max if criterion.kind == HIGH else min)(numbers, default=0)

    def mark(cell):
        if cell.value is None:
            return BAD if cell.note else UNKNOWN  # a bug is not a measurement
        good, poor = (cell.value, best) if criterion.kind == HIGH else (max(best, criterion.floor), cell.value)
        return GOOD if poor <= good * NEAR else LESS if poor < good * FAR else BAD

    return {name: mark(cell) for name, cell in cells.items()}


def _footnotes(criteria, rows):
    """[(design, criterion, words)] of the yes-or-no cells that are not yes."""
    return [
        (name, one.key, f"{name} is not {one.label}: {row[one.key].note}" if row[one.key].value is False
         else f"{name}, {one.label}: not known ({row[one.key].note})")
        for name, row in rows.items() for one in criteria
        if one.kind == YES and row[one.key].value is not True
    ]  # fmt: skip


# ---------------------------------------------------------------------- drawing


def _draw(matrix, width):
    """(svg body, height)."""
    step = (width - _NAME - 8) / len(matrix.criteria)
    lefts = [_NAME + step * number for number in range(len(matrix.criteria))]
    out, y = _heads(matrix.criteria, lefts, step)
    for name, row in matrix.rows.items():
        out.append(svg.line(8, y, width - 8, y))
        middle = y + _ROW / 2
        clean = not matrix.crosses(name)
        out.append(svg.text(10, middle + 5, svg.fit(name, _NAME - 18, 13.5, clean), 13.5, bold=clean))
        for one, left in zip(matrix.criteria, lefts):
            out.append(_cell(matrix, name, one, row[one.key], left, middle, step))
        y += _ROW
    out.append(svg.line(8, y, width - 8, y))
    y += 20
    x = 10
    for mark, words in _WORDS.items():
        out += [_shape(mark, x + 7, y), svg.text(x + 20, y + 4.5, words, svg.SMALL, dim=True)]
        x += 40 + svg.width_of(words, svg.SMALL) * 0.92
    out += [_bar(x, y, 14, 8), svg.text(x + 20, y + 4.5, "size", svg.SMALL, dim=True)]
    y += 24
    for number, (_, _, words) in enumerate(matrix.notes, 1):
        for line in wrap_words(f"{number}) {words}", width - 24):
            out.append(svg.text(10, y + 4.5, line, svg.SMALL, dim=True))
            y += 18
    return "".join(out), y + 4


def _heads(criteria, lefts, step):
    labels = [wrap_words(one.label, step - 8, svg.SMALL, True) for one in criteria]
    wheres = [wrap_words(one.where, step - 8, 11) for one in criteria]
    tall, low = max(map(len, labels)), max(map(len, wheres))
    out = []
    for label, where, left in zip(labels, wheres, lefts):
        for number, words in enumerate(label):
            out.append(svg.text(left + 2, 18 + number * _LINE, words, svg.SMALL, bold=True))
        for number, words in enumerate(where):
            out.append(svg.text(left + 2, 22 + (tall + number) * _LINE - 1, words, 11, dim=True))
    return out, 18 + (tall + low) * _LINE + 2


def _cell(matrix, name, one, cell, left, middle, step):
    if one.kind == SIZE:
        most = max((row[one.key].value or 0 for row in matrix.rows.values()), default=0)
        room = step - 44
        bar = _bar(left + 2, middle, max(cell.value / most * room, 1) if most else 1, 8)
        return bar + svg.text(left + 6 + room, middle + 4.5, units.count(cell.value), 12.5)
    words = {True: "yes", False: "no", None: "?"}.get(cell.value) if cell.value is None or one.kind == YES else None
    if words is None:
        words = units.number(cell.value)
    elif cell.value is None and cell.note:
        words = "bug"
    number = next((n for n, (who, key, _) in enumerate(matrix.notes, 1) if (who, key) == (name, one.key)), None)
    words += f" {number})" if number else ""
    title = f"<title>{svg.escaped(cell.note)}</title>" if cell.note else ""
    mark = _shape(matrix.mark(name, one.key), left + 9, middle)
    return f"<g>{title}{mark}{svg.text(left + 22, middle + 4.5, words, 12.5)}</g>"


def _bar(x, middle, width, height):
    return (
        f'<rect x="{svg.num(x)}" y="{svg.num(middle - height / 2)}" width="{svg.num(width)}" height="{height}" '
        f'fill="{_COLOURS[UNKNOWN]}"/>'
    )


def _shape(mark, x, y):
    """Full disc, half disc, cross, or a ring for what is not known; 14 px."""
    colour = _COLOURS[mark]
    place = f'cx="{svg.num(x)}" cy="{svg.num(y)}" r="6.5"'
    if mark == GOOD:
        return f'<circle {place} fill="{colour}"/>'
    if mark == LESS:
        half = f'<path d="M{svg.num(x)} {svg.num(y - 6.5)}a6.5 6.5 0 0 0 0 13z" fill="{colour}"/>'
        return f'{half}<circle {place} fill="none" stroke="{colour}" stroke-width="1.6"/>'
    if mark == BAD:
        a, b, c, d = (svg.num(value) for value in (x - 5.5, y - 5.5, x + 5.5, y + 5.5))
        return f'<path d="M{a} {b}L{c} {d}M{c} {b}L{a} {d}" stroke="{colour}" stroke-width="3.4" fill="none"/>'
    return f'<circle {place} fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="3 2"/>'
