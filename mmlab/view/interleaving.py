"""An interleaving as a picture: a column a task, time downwards, a box a step, and between its steps what a task is in.

Made for a counter-example: whoever reads it from top to bottom can tell a friend how the bug comes about.
"""

import hashlib

from . import folding, states, svg
from .interleaving_pen import Pen

_KEY = "\0"  # stands for the picture's own id while it is drawn
_LEAST = 560


class InterleavingPicture:
    """A finished picture: `svg` (one string), `caption` (the finding in a sentence), `alt` (for those who cannot see).

    Shows itself in a notebook.
    """

    def __init__(self, told, width):
        self.caption = f"{folding.title(told)}: {folding.headline(told)}"
        self.caption += "." if told.finding is None else f": {told.finding.detail}."
        rows = folding.fold(told)
        body, height = draw(told, rows, width, _KEY)
        steps = "; ".join(f"{row.numbers} {row.task}: {words_of(row)}" for row in rows)
        self.alt = (
            f"{self.caption} {folding.how(told)} A column for each of {', '.join(folding.lanes_of(told))}. {steps}."
        )
        key = "il" + hashlib.sha256(f"{body}{self.alt}{width}".encode()).hexdigest()[:10]
        height = svg.num(height)
        self.svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" role="img" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-label="{svg.escaped(self.alt)}" '
            f'font-family="{svg.FONT}" font-size="{svg.SIZE}" fill="{svg.INK}" color="{svg.INK}" '
            f'style="color:var(--ink)"><style>{svg.STYLE}</style>'
            f'{svg.patterns(key)}<rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>'
            f"{body.replace(_KEY, key)}</svg>"
        )

    def __repr__(self):
        return self.caption

    def _repr_html_(self):
        return (
            f'<figure class="mmlab-figure" style="margin:0">{self.svg}'
            f'<figcaption style="max-width:64em">{svg.escaped(self.caption)}</figcaption></figure>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.caption, "text/html": self._repr_html_(), "image/svg+xml": self.svg}


def picture(told, width=920):
    """The InterleavingPicture of an interleaving. width: pixels, 560 or more.

    Raises ValueError for another width, or an interleaving without steps.
    """
    if not isinstance(width, int) or width < _LEAST:
        raise ValueError(f"width is {width!r}; allowed: {_LEAST} pixels or more")
    if not told.steps:
        raise ValueError("this interleaving has no steps: there is nothing to draw")
    return InterleavingPicture(told, width)


def words_of(row):
    """All that a row says of what was done."""
    return "; ".join(did for _, dids in row.said for did in dids)


def draw(told, rows, width, key):
    """(svg body, height)."""
    pen = Pen(told, rows, width, key)
    pen.heads()
    for row in rows:
        pen.row(row)
    pen.bands()
    pen.loop()
    pen.finding()
    used = [name for name in states.STATES if name in pen.used]
    legend, height = svg.legend(used, 12, pen.y + 24, width - 12, key)
    return "".join(pen.under + pen.out) + legend, pen.y + 14 + height
