"""The bits of one word as a picture: a row a bit, who sets it, and what it says."""

import hashlib

from . import boxes, svg
from .table import Table

_CELL, _GAP, _LINE = 26, 4, 17
_COLOURS = ("#0072B2", "#D55E00")
"""one for what the first party says, one for what the second answers; the arrow says it too"""


class Bits:
    """A finished picture of bits: `svg`, `caption`, `alt`, and `table()`, the same in words.

    `rows` are (name, value, who to whom, meaning) with a value of one bit. Shows itself in a notebook.
    """

    def __init__(self, rows, caption, title, width=920):
        for name, value, _, _ in rows:
            if not isinstance(value, int) or value <= 0 or value & (value - 1):
                raise ValueError(f"{name} = {value!r} is not one bit; give a power of two")
        self.rows, self.caption = list(rows), caption
        said = "; ".join(f"{name} {value:#x}, {way}: {meaning}" for name, value, way, meaning in self.rows)
        self.alt = f"{title}. {said}."
        body, height = _draw(self.rows, title, width)
        height, key = svg.num(height), "bt" + hashlib.sha256(self.alt.encode()).hexdigest()[:8]
        self.svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" id="{key}" role="img" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-label="{svg.escaped(self.alt)}" '
            f'font-family="{svg.FONT}" font-size="{svg.SIZE}" fill="{svg.INK}"><style>{svg.STYLE}</style>'
            f'<rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>{body}</svg>'
        )

    def table(self):
        """Name, value in hexadecimal and binary, direction, meaning."""
        top = max(value for _, value, _, _ in self.rows).bit_length()
        rows = [[name, f"{value:#x}", f"{value:0{top}b}", way, meaning] for name, value, way, meaning in self.rows]
        return Table(["name", "value", "bits", "who says it", "meaning"], rows)

    def __repr__(self):
        return self.caption

    def _repr_mimebundle_(self, include=None, exclude=None):
        html = (
            f'<figure class="mmlab-figure" style="margin:0">{self.svg}'
            f'<figcaption style="max-width:64em">{svg.escaped(self.caption)}</figcaption></figure>'
        )
        return {"text/plain": self.caption, "text/html": html, "image/svg+xml": self.svg}


def _draw(rows, title, width):
    """(svg body, height)."""
    wide = max(value for _, value, _, _ in rows).bit_length()
    ways = list(dict.fromkeys(way for _, _, way, _ in rows))
    left = 14 + wide * (_CELL + _GAP) + 14
    out, y = [svg.text(14, 24, title, bold=True)], 44
    for bit in range(wide):
        out.append(
            svg.text(14 + (wide - 1 - bit) * (_CELL + _GAP) + _CELL / 2, y + 8, str(bit), svg.SMALL, "middle", True)
        )
    y += 18
    for name, value, way, meaning in rows:
        colour = _COLOURS[ways.index(way) % len(_COLOURS)]
        lines = boxes.wrap_words(meaning, width - left - 14)
        for bit in range(wide):
            x, on = 14 + (wide - 1 - bit) * (_CELL + _GAP), value >> bit & 1
            fill = f'fill="{colour}"' if on else f'class="ground" fill="{svg.GROUND}"'
            out.append(
                f'<rect {fill} stroke="{colour if on else svg.DIM}" x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" '
                'rx="3"/>'
            )
            digit = svg.text(x + _CELL / 2, y + 18, str(on), svg.SMALL, "middle", dim=not on, bold=bool(on))
            out.append(digit.replace("<text ", '<text style="fill:#fff" ') if on else digit)
        out.append(boxes.code(left, y + 10, f"{name} = {value:#x}"))
        out.append(svg.text(left, y + 10 + _LINE, way, svg.SMALL, bold=True))
        for number, line in enumerate(lines, 2):
            out.append(svg.text(left, y + 10 + number * _LINE, line, svg.SMALL))
        y += max(_CELL, (len(lines) + 2) * _LINE) + 12
    return "".join(out), y
