"""A chart as one SVG string, for what must be drawn again while somebody waits: axes, lines, dots, diamonds.

The same language as charts.py: theory is a line, simulation dots with error bars, published figures open diamonds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from . import svg, units
from .states import PALETTE

WRITE = {
    "ns": units.duration,
    "/s": units.rate,
    "%": lambda share: f"{units.number(share * 100)} %",
    "": units.number,
}
"""how a number of each unit is written"""
HEIGHT, TOP, BOTTOM, LEFT = 384, 62, 62, 74
WIDE = 30
"""values that span more than this factor get a logarithmic axis"""
GAP = 17
"""pixels between two names"""
RING = 0.3
"""how much larger the dots of a series are than those of the next: where they coincide, the lower ones show as rings"""
SHAPES = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "M-4.6 -4.6h9.2v9.2h-9.2z",
    "M0 -6l5.6 10h-11.2z",
    "M0 6l5.6 -10h-11.2z",
    "M-2 -5.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5v-4h3.5z",
    "M-5 -3l2 -2l3 3l3 -3l2 2l-3 3l3 3l-2 2l-3 -3l-3 3l-2 -2l3 -3z",
)
"""circle, square, triangles, plus, cross: what states.MARKERS calls o s ^ v P X"""


class Series(NamedTuple):
    """`name`; `dots` as (x, y, half-width of the error bar); `line`, the theory, as pieces of (x, y)."""

    name: str
    dots: list[tuple[float, float, float]]
    line: list[list[tuple[float, float]]]


class Axis(NamedTuple):
    """`label`, `unit` (a key of WRITE), whether it is logarithmic, from where to where it goes, and whether there is a
    place for 0 below its beginning.
    """

    label: str
    unit: str
    log: bool
    low: float
    high: float
    zero: bool = False

    def share(self, value: float) -> float:
        """Where a value stands: 0 at the beginning of the axis, 1 at its end."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return 0.0
        room = 0.07 if self.zero else 0.0
        return room + (1 - room) * math.log(value / self.low) / math.log(self.high / self.low)

    def shows(self, value: float) -> bool:
        """Whether there is a place for a value."""
        if not math.isfinite(value) or (self.log and value <= 0 and not self.zero):
            return False
        return -1e-6 <= self.share(value) <= 1 + 1e-6

    def ticks(self, most: int) -> list[float]:
        """Round values on the axis, about `most` or fewer."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found: list[float] = []
            for leads in ((1, 2, 5), (1, 3), (1,)):
                found = [lead * 10.0**decade for decade in decades for lead in leads]
                found = [value for value in found if self.low * 0.999 <= value <= self.high * 1.001]
                if len(found) <= most:
                    break
            return [0.0] * self.zero + found[:: max(1, -(-len(found) // most))]
        span = self.high - self.low
        size = 10.0 ** math.floor(math.log10(span / most))
        step = next(size * lead for lead in (1, 2, 5, 10, 20) if span / (size * lead) <= most)
        return [step * n for n in range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)]


def axis(label: str, unit: str, values: list[float], log: bool | None = None, zero: bool = False) -> Axis:
    """An Axis for these values, with log=None logarithmic if they span more than a factor of 30.

    zero: a linear axis begins at 0, and a logarithmic one has a place for it below, if there is a 0 among the values.
    """
    values = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    positive = [value for value in values if value > 0]
    if log is None:
        log = bool(positive) and max(positive) / min(positive) > WIDE and (zero or len(positive) == len(values))
    if log and positive:
        low, high = min(positive), max(positive)
        spare = max((high / low) ** 0.05, 1.1)
        return Axis(label, unit, True, low / spare, high * spare, len(positive) < len(values))
    low, high = min(values), max(values)
    spare = (high - low) * 0.05 or abs(high) * 0.1 or 1
    return Axis(label, unit, False, 0 if low >= 0 and (zero or low < spare) else low - spare, high + spare)


DARK = (
    '[data-jp-theme-light="false"] .mmlab-tl .series{filter:brightness(1.5)}'
    "@media (prefers-color-scheme:dark){body:not([data-jp-theme-light]) .mmlab-tl .series{filter:brightness(1.5)}}"
)
"""lines and dots on a dark ground: their colours are made for a white one"""


def plot(title, series, x, y, *, width=920, published=(), alt=""):
    """SVG of `series` over the Axes `x` and `y`; published: (x, y, label) of the open diamonds."""
    pen = _Pen(series, x, y, width)
    pen.frame(title, bool(published))
    for number, one in enumerate(series):
        pen.theory(number, one)
    for number, one in enumerate(series):
        pen.simulation(number, one)
    for point in published:
        pen.diamond(*point)
    pen.names()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" role="img" viewBox="0 0 {width} {HEIGHT}" '
        f'width="{width}" height="{HEIGHT}" aria-label="{svg.escaped(alt or title)}" font-family="{svg.FONT}" '
        f'font-size="{svg.SIZE}" fill="{svg.INK}" color="{svg.INK}" style="color:var(--ink)">'
        f"<style>{svg.STYLE}{DARK}</style>"
        f'<rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>{"".join(pen.out)}</svg>'
    )


class _Pen:
    """Draws a chart piece by piece into `out`."""

    def __init__(self, series, x, y, width):
        self.series, self.x, self.y, self.width = series, x, y, width
        wide = max((svg.width_of(one.name, svg.SMALL, True) for one in series), default=0)
        self.left, self.right = LEFT, max(width * 0.6, width - wide - 44)
        self.top, self.bottom = TOP, HEIGHT - BOTTOM
        self.out, self.ends = [], []

    def at(self, a, b):
        """Pixels of a point."""
        return (
            self.left + self.x.share(a) * (self.right - self.left),
            self.bottom - self.y.share(b) * (self.bottom - self.top),
        )

    def frame(self, title, with_published):
        """Title, what the marks mean, grid, labels of the axes."""
        out, x, y = self.out, self.x, self.y
        out.append(svg.text(12, 22, svg.fit(title, self.width - 24, 15, True), 15, bold=True))
        bars = any(half for one in self.series for _, _, half in one.dots)
        lines = [one.name for one in self.series if one.line]
        key = ["dots: simulation" + (" with error bars" if bars else "")]
        some = f" ({', '.join(lines)} only)" if 0 < len(lines) < len(self.series) else ""
        key.append(f"line: theory{some}" if lines else "no line: no theory is known for this")
        key += ["◇ published"] * with_published
        out.append(svg.text(12, 43, svg.fit(" · ".join(key), self.width - 24, svg.SMALL), svg.SMALL, dim=True))
        for value in x.ticks(max(3, int((self.right - self.left) / 90))):
            across = self.at(value, y.low)[0]
            out.append(svg.line(across, self.top, across, self.bottom))
            out.append(svg.text(across, self.bottom + 18, WRITE[x.unit](value), svg.SMALL, "middle", dim=True))
        for value in y.ticks(7):
            up = self.at(x.low, value)[1]
            out.append(svg.line(self.left, up, self.right, up))
            out.append(svg.text(self.left - 8, up + 4.5, WRITE[y.unit](value), svg.SMALL, "end", dim=True))
        out.append(svg.text((self.left + self.right) / 2, HEIGHT - 20, x.label, svg.SIZE, "middle"))

    def theory(self, number, one):
        """The line of a series."""
        colour = PALETTE[number % len(PALETTE)]
        for piece in one.line:
            points = [self.at(a, b) for a, b in piece if self.x.shows(a) and self.y.shows(b)]
            if len(points) > 1:
                path = " ".join(f"{svg.num(a)},{svg.num(b)}" for a, b in points)
                self.out.append(
                    f'<polyline points="{path}" class="series" fill="none" stroke="{colour}" stroke-width="2" '
                    'opacity=".65"/>'
                )

    def simulation(self, number, one):
        """The dots of a series, with error bars."""
        colour = PALETTE[number % len(PALETTE)]
        last = None
        for a, b, half in one.dots:
            if not (self.x.shows(a) and self.y.shows(b)):
                continue
            across, up = last = self.at(a, b)
            if half:
                top = self.at(a, min(b + half, self.y.high))[1]
                foot = self.at(a, max(b - half, 0 if self.y.zero or not self.y.log else self.y.low))[1]
                across_, bar = svg.num(across), f"h8m-4 0V{svg.num(foot)}m-4 0h8"
                self.out.append(
                    f'<path d="M{across_} {svg.num(top)}m-4 0{bar}" class="series" stroke="{colour}" '
                    'stroke-width="1.4" fill="none"/>'
                )
            told = f"{one.name}: {WRITE[self.y.unit](b)} at {WRITE[self.x.unit](a)}"
            self.out.append(mark(number, across, up, colour, told, 1 + RING * (len(self.series) - 1 - number)))
        if last is None and one.line:
            last = self.at(*one.line[-1][-1])
        if last is not None:
            self.ends.append((last[1], number, one.name, colour))

    def diamond(self, a, b, label):
        """A published figure: an open diamond with its label, to its left where there is no room at its right."""
        if not (self.x.shows(a) and self.y.shows(b)):
            return
        across, up = self.at(a, b)
        wide = svg.width_of(label, svg.SMALL)
        self.out.append(
            f'<path d="M{svg.num(across)} {svg.num(up - 8)}l8 8l-8 8l-8 -8z" fill="none" stroke="currentColor" '
            'stroke-width="1.7"/>'
        )
        self.out.append(svg.plate(across - wide - 14, up - 15 if up > self.top + 24 else up + 16, label))

    def names(self):
        """The name of each series at the right end of its dots, moved apart where they would overlap."""
        ends = sorted(self.ends)
        heights = []
        for up, *_ in ends:
            heights.append(max(up, heights[-1] + GAP) if heights else up)
        limit = self.bottom
        for n in reversed(range(len(heights))):
            heights[n] = min(heights[n], limit)
            limit = heights[n] - GAP
        for height, (_, number, name, colour) in zip(heights, ends):
            room = self.width - self.right - 26
            self.out.append(mark(number, self.right + 14, height, colour))
            words = svg.fit(name, room, svg.SMALL, True)
            self.out.append(svg.text(self.right + 24, height + 4.5, words, svg.SMALL, bold=True))


def mark(number, x, y, colour, told="", scale=1):
    """A dot of series `number`: each has a shape of its own."""
    larger = f" scale({scale:g})" if scale != 1 else ""
    title = f"<title>{svg.escaped(told)}</title>" if told else ""
    return (
        f'<path transform="translate({svg.num(x)} {svg.num(y)}){larger}" fill="{colour}" '
        f'd="{SHAPES[number % len(SHAPES)]}" class="plate series" stroke="{svg.GROUND}" stroke-width="1">{title}</path>'
    )
