"""A table that reads well in a terminal, in a notebook and in a spreadsheet."""

import csv
import io
from html import escape
from numbers import Integral, Real

from . import units

CHARACTER, PADDING = 8, 16
"""px: the width of a character, about, and what a cell has around its text"""
ROOM = 460
"""px that an output has at least, in a window of 640 px; a wider table scrolls"""
MANY = 11
"""columns that a laptop has room for; a table with more is set smaller"""


class Table:
    """Rows under headers, with a caption.

    `columns` are the headers, with the unit where there is one ("mmap wait p99 (us)"). `rows` are sequences
    as long as `columns`, or dicts keyed by header. Numbers are shown with three significant digits, whole
    numbers below a million exactly; `to_csv()` keeps them as they are. Raises ValueError when a row does not
    fit the columns.
    """

    def __init__(self, columns, rows, caption=""):
        self.columns = [str(column) for column in columns]
        self.caption = caption or ""
        self.rows = [self._row(row, number) for number, row in enumerate(rows)]

    def _row(self, row, number):
        if isinstance(row, dict):
            unknown = [key for key in row if key not in self.columns]
            if unknown:
                raise ValueError(f"row {number} has {unknown[0]!r}; the columns are {', '.join(self.columns)}")
            return [row.get(column) for column in self.columns]
        row = list(row)
        if len(row) != len(self.columns):
            raise ValueError(f"row {number} has {len(row)} cells; the table has {len(self.columns)} columns")
        return row

    def to_csv(self):
        """Header and raw values, comma separated, one line a row."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([["" if cell is None else cell for cell in row] for row in self.rows])
        return out.getvalue()

    def __str__(self):
        cells = [[" ".join(_text(cell).split()) for cell in row] for row in self.rows]
        right = self._numeric()
        widths = [max(map(len, column)) for column in zip(self.columns, *cells)]

        def line(texts):
            padded = (t.rjust(w) if r else t.ljust(w) for t, w, r in zip(texts, widths, right))
            return "  ".join(padded).rstrip()

        lines = [line(self.columns), "  ".join("-" * width for width in widths), *map(line, cells)]
        return "\n".join(([self.caption, ""] if self.caption else []) + lines)

    __repr__ = __str__

    def _numeric(self):
        """Which columns hold numbers (and so are set flush right)."""
        return [
            any(map(_is_number, column)) and all(cell is None or _is_number(cell) for cell in column)
            for column in ([row[i] for row in self.rows] for i in range(len(self.columns)))
        ]

    def _repr_html_(self):
        right = self._numeric()

        def style(i):
            return f' style="text-align:{"right" if right[i] else "left"}"'

        head = "".join(f'<th scope="col"{style(i)}>{escape(column)}</th>' for i, column in enumerate(self.columns))
        body = []
        for row in self.rows:
            cells = [f"<td{style(i)}>{escape(_text(cell))}</td>" for i, cell in enumerate(row)]
            if cells:
                cells[0] = f'<th scope="row"{style(0)}>{escape(_text(row[0]))}</th>'
            body.append(f"<tr>{''.join(cells)}</tr>")
        caption = f'<caption style="text-align:left">{escape(self.caption)}</caption>' if self.caption else ""
        small = ' style="font-size:11px"' if len(self.columns) > MANY else ""
        head = f"<thead><tr>{head}</tr></thead>"
        table = f'<table class="mmlab-table"{small}>{caption}{head}<tbody>{"".join(body)}</tbody></table>'
        return _scrolling(table, self.columns) if self._narrowest() > ROOM else table

    def _narrowest(self):
        """How many pixels the table needs at least, about: the longest word of each column."""
        cells = [[_text(cell) for cell in row] for row in self.rows]
        words = [" ".join(column).split() for column in zip(self.columns, *cells)]
        return sum(CHARACTER * max(map(len, column), default=0) + PADDING for column in words)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def folded(self):
        """The same table, shut in a notebook until somebody opens it: for what a picture has told already."""
        return Folded(self)


class Folded:
    """A table behind one line that opens and shuts it; as text it is the table."""

    def __init__(self, table):
        self.table = table

    def __repr__(self):
        return str(self.table)

    def _repr_mimebundle_(self, include=None, exclude=None):
        words = f"The same as a table, {units.count(len(self.table.rows))} rows"
        html = f"<details><summary>{words}</summary>{self.table._repr_html_()}</details>"
        return {"text/plain": str(self.table), "text/html": html}


def _scrolling(table, columns):
    """A table that scrolls by itself where the window is narrow, also by keyboard."""
    name = escape(f"Table: {', '.join(columns)}")
    return f'<div role="region" aria-label="{name}" tabindex="0" style="overflow-x:auto">{table}</div>'


def _is_number(cell):
    return isinstance(cell, Real) and not isinstance(cell, bool)


def _text(cell):
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Integral) and abs(cell) < 1_000_000:
        return units.count(cell)
    return units.number(cell) if _is_number(cell) else str(cell)
