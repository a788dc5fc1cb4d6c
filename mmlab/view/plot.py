"""A chart as one SVG string, for what must be drawn again while somebody waits: axes, lines, dots, diamonds.

The same language as charts.py: theory is a line, simulation dots with error bars, published figures open diamonds.
"""

from __future__ import annotations

import hashlib
import itertools
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
HEIGHT, TOP, BOTTOM, LEFT = 380, 66, 62, 78


class Series(NamedTuple):
    """`name`; `dots` as (x, y, half-width); `line` as (x, y), the theory."""

    name: str
    dots: list[tuple[float, float, float]]
    line: list[tuple[float, float]]


class Axis(NamedTuple):
    """`label`, `unit` (a key of WRITE), whether it is logarithmic, and from where to where it goes."""

    label: str
    unit: str
    log: bool
    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value stands, 0 at the beginning of the axis and 1 at its end."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int = 8) -> list[float]:
        """Round values on the axis."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for leads in ((1, 2, 5), (1, 3), (1,)):
                found = [lead * 10.0**decade for decade in decades for lead in leads]
                found = [value for value in found if self.low * 0.999 <= value <= self.high * 1.001]
                if len(found) <= most:
                    return found
            return found[:: -(-len(found) // most)]
        step = 10 ** math.floor(math.log10((self.high - self.low) / 2))
        step = next(step * lead for lead in (0.5, 1, 2, 5, 10, 20) if (self.high - self.low) / (step * lead) <= most)
        first = math.ceil(self.low / step - 1e-9)
        return [step * n for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def axis(label: str, unit: str, values: list[float], log: bool | None = None, floor: bool = False) -> Axis:
    """An Axis for these values, logarithmic if they span more than a factor of 30; floor: begins at 0 if linear."""
    values = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(values), max(values)
    if log is None:
        log = low > 0 and high / low > 30
    if log and low <= 0:
        low = min((value for value in values if value > 0), default=1)
        high = max(high, low)
    if log:
        spare = max((high / low) ** 0.05, 1.1)
        return Axis(label, unit, True, low / spare, high * spare)
    if floor and low >= 0:
        low = 0
    spare = (high - low) * 0.06 or abs(high) * 0.1 or 1
    return Axis(label, unit, False, low if low == 0 else low - spare, high + spare)


def plot(title, series, x, y, *, width=920, published=(), alt=""):
    """SVG of `series` over the Axes x and y. published: (x, y, label) of open diamonds."""
    right = width - 16 - max((svg.width_of(one.name, svg.SMALL, True) for one in series), default=0) - 8
    right = max(right, width * 0.6)
    left, bottom = LEFT, HEIGHT - BOTTOM

    def px(value):
        return left + x.share(value) * (right - left)

    def py(value):
        return bottom - y.share(value) * (bottom - TOP)

    def on(value, ax):
        return math.isfinite(value) and (value > 0 or not ax.log) and -0.001 <= ax.share(value) <= 1.001

    out = [svg.text(12, 22, svg.fit(title, width - 24, 15, True), 15, bold=True)]
    key = "dots: simulation"
    key += "   line: theory" if any(one.line for one in series) else ""
    key += "   ◇: published" if published else ""
    out.append(svg.text(12, 42, key, svg.SMALL, dim=True))
    for value in x.ticks(max(3, int((right - left) / 90))):
        out.append(svg.line(px(value), TOP, px(value), bottom))
        out.append(svg.text(px(value), bottom + 18, WRITE[x.unit](value), svg.SMALL, "middle", dim=True))
    for value in y.ticks(7):
        out.append(svg.line(left, py(value), right, py(value)))
        out.append(svg.text(left - 8, py(value) + 4.5, WRITE[y.unit](value), svg.SMALL, "end", dim=True))
    out.append(svg.text((left + right) / 2, HEIGHT - 22, x.label, svg.SIZE, "middle"))
    out.append(svg.text(12, TOP - 8, y.label, svg.SMALL))
    ends = []
    for number, one in enumerate(series):
        colour = PALETTE[number % len(PALETTE)]
        points = [(px(a), py(b)) for a, b in one.line if on(a, x) and on(b, y)]
        if len(points) > 1:
            path = " ".join(f"{svg.num(a)},{svg.num(b)}" for a, b in points)
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8" opacity=".75"/>')
        for a, b, half in one.dots:
            if not (on(a, x) and on(b, y)):
                continue
            if half:
                top, low = py(min(b + half, y.high)), py(max(b - half, y.low))
                out.append(
                    f'<path d="M{svg.num(px(a))} {svg.num(top)}V{svg.num(low)}" stroke="{colour}" stroke-width="1.4"/>'
                )
            words = svg.escaped(f"{one.name}: {WRITE[y.unit](b)} at {WRITE[x.unit](a)}")
            out.append(mark(number, px(a), py(b), colour, words))
        last = [(px(a), py(b)) for a, b, _ in one.dots if on(a, x) and on(b, y)] or points
        if last:
            ends.append([last[-1][1], one.name, colour, number])
    for a, b, label in published:
        if on(a, x) and on(b, y):
            h, v = svg.num(px(a)), py(b)
            out.append(
                f'<path d="M{h} {svg.num(v - 7)}l7 7l-7 7l-7 -7z" fill="none" stroke="currentColor" '
                'stroke-width="1.6"/>'
            )
            out.append(svg.plate(px(a) + 12, v - 10, label))
    ends.sort()
    for before, after in itertools.pairwise(ends):
        after[0] = max(after[0], before[0] + 17)
    over = max([0, *(end[0] - bottom for end in ends)])
    for v, name, colour, number in ends:
        out.append(mark(number, right + 12, v - over, colour, ""))
        out.append(
            svg.text(right + 22, v - over + 4.5, svg.fit(name, width - right - 24, svg.SMALL), svg.SMALL, bold=True)
        )
    body = "".join(out)
    name = "pl" + hashlib.sha256(body.encode()).hexdigest()[:8]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" id="{name}" role="img" '
        f'viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" aria-label="{svg.escaped(alt)}" font-family="{svg.FONT}" '
        f'font-size="{svg.SIZE}" fill="{svg.INK}" color="{svg.INK}" style="color:var(--ink)"><style>{svg.STYLE}</style>'
        f'<rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>{body}</svg>'
    )


def mark(number, x, y, colour, words):
    """A dot of series `number`: each has a shape of its own."""
    shapes = ("M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", "M-4.6 -4.6h9.2v9.2h-9.2z", "M0 -6l5.6 10h-11.2z",
              "M0 6l5.6 -10h-11.2z", "M-2 -5.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5v-4h3.5z",
              "M-5 -3l2 -2l3 3l3 -3l2 2l-3 3l3 3l-2 2l-3 -3l-3 3l-2 -2l3 -3z")  # fmt: skip
    title = f"<title>{words}</title>" if words else ""
    return (
        f'<path transform="translate({svg.num(x)} {svg.num(y)})" d="{shapes[number % len(shapes)]}" fill="{colour}" '
        f'class="plate" stroke="{svg.GROUND}" stroke-width="1">{title}</path>'
    )
