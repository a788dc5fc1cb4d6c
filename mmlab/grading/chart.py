"""Two charts of the class report as SVG: how points are spread, and how each check went. Shapes tell it, not colour."""

from __future__ import annotations

from typing import NamedTuple

from ..checks.outcome import ALMOST, CORRECT, NOT_YET
from ..checks.report import COLOURS
from ..view.svg import escaped, fit, num

LOST = "not judged"
SHADES = {CORRECT: COLOURS[CORRECT], ALMOST: COLOURS[ALMOST], NOT_YET: COLOURS[NOT_YET], LOST: "#8a919c"}
WIDTH, BINS = 720, 10


class Bar(NamedTuple):
    """A check, and how many got which result."""

    name: str
    counts: dict[str, int]


def spread(points: list[float], possible: int) -> list[tuple[str, int]]:
    """(range, how many) for ranges of equal width; the last one has all who earned everything."""
    bins = min(BINS, max(1, possible))
    counts = [0] * bins
    for one in points:
        counts[max(0, min(bins - 1, int(one * bins / possible)))] += 1
    edges = [possible * number / bins for number in range(bins + 1)]
    return [
        (f"{low:g} to {high:g}" if number == bins - 1 else f"{low:g} to under {high:g}", count)
        for number, (low, high, count) in enumerate(zip(edges, edges[1:], counts))
    ]


def histogram(rows: list[tuple[str, int]], label: str) -> str:
    """Columns, each with its number on top; the same numbers belong in a table beside it."""
    most = max([count for _, count in rows], default=0) or 1
    step, height, base = WIDTH / len(rows), 130, 160
    out = []
    for number, (name, count) in enumerate(rows):
        x, tall = number * step + 6, height * count / most
        edge = name.split(" ")[0]
        out.append(
            f'<rect x="{num(x)}" y="{num(base - tall)}" width="{num(step - 12)}" height="{num(tall)}" rx="2" '
            'fill="#0072B2"/>'
        )
        out.append(words(x + (step - 12) / 2, base - tall - 6, str(count), "middle") if count else "")
        out.append(words(number * step, base + 18, edge, "middle" if number else "start"))
    end = rows[-1][0].split(" ")[-1]
    out.append(words(WIDTH, base + 18, end, "end"))
    out.append(f'<line class="axis" stroke="#c9ced6" x1="0" y1="{base}" x2="{WIDTH}" y2="{base}"/>')
    out.append(words(WIDTH / 2, base + 38, "points", "middle"))
    return drawing(out, base + 46, label)


def bars(rows: list[Bar], label: str) -> str:
    """A bar for each check: what holds, what nearly holds, what does not, what could not be judged, in this order."""
    out, step, left = [], 44, 0
    for number, bar in enumerate(rows):
        y, total, at = number * step, sum(bar.counts.values()) or 1, float(left)
        out.append(words(0, y + 14, fit(bar.name, WIDTH, 13)))
        for what, colour in SHADES.items():
            count = bar.counts.get(what, 0)
            if not count:
                continue
            width = (WIDTH - left) * count / total
            pattern = f"url(#mmlab-class-{what.replace(' ', '-')})" if what != CORRECT else colour
            out.append(
                f'<rect x="{num(at)}" y="{y + 20}" width="{num(max(1, width - 2))}" height="16" rx="2" '
                f'fill="{pattern}" stroke="{colour}"><title>{escaped(f"{bar.name}: {what} {count}")}</title></rect>'
            )
            if width > 34:
                out.append(plate(at + 6, y + 21, str(count)))
            at += width
    return drawing([patterns(), *out], len(rows) * step, label)


def legend() -> str:
    """The results in words, with their bars."""
    out, at = [], 0.0
    for what, colour in SHADES.items():
        pattern = f"url(#mmlab-class-{what.replace(' ', '-')})" if what != CORRECT else colour
        out.append(f'<rect x="{num(at)}" y="4" width="26" height="14" rx="2" fill="{pattern}" stroke="{colour}"/>')
        out.append(words(at + 34, 16, what))
        at += 150
    return drawing([patterns(), *out], 24, f"Legend: {', '.join(SHADES)}")


def patterns() -> str:
    """Dots, stripes and an empty bar for what does not hold."""
    ground = '<rect width="8" height="8" fill="#ffffff"/>'
    shapes = {
        ALMOST: f'<circle cx="4" cy="4" r="2" fill="{SHADES[ALMOST]}"/>',
        NOT_YET: f'<path d="M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4" stroke="{SHADES[NOT_YET]}" stroke-width="2.6"/>',
        LOST: "",
    }
    made = "".join(
        f'<pattern id="mmlab-class-{what.replace(" ", "-")}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f"{ground}{shape}</pattern>"
        for what, shape in shapes.items()
    )
    return f"<defs>{made}</defs>"


def plate(x: float, y: float, said: str) -> str:
    """A number on a white plate."""
    width = 8 * len(said) + 6
    return (
        f'<rect x="{num(x - 3)}" y="{num(y + 0.5)}" width="{width}" height="13" rx="2" fill="#ffffff"/>'
        f'<text x="{num(x)}" y="{num(y + 11.5)}" style="fill:#1b1f24" fill="#1b1f24" font-size="12">{said}</text>'
    )


def words(x: float, y: float, said: str, anchor: str = "start") -> str:
    """A line of text."""
    return (
        f'<text x="{num(x)}" y="{num(y)}" font-size="13" fill="#5b636e" text-anchor="{anchor}">{escaped(said)}</text>'
    )


def drawing(parts: list[str], height: float, label: str) -> str:
    """A picture of these parts."""
    return (
        f'<svg class="chart" role="img" aria-label="{escaped(label)}" viewBox="0 0 {WIDTH} {num(height)}" '
        f'width="{WIDTH}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
