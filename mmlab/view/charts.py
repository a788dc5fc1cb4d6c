"""Static charts with matplotlib: theory is a line, simulation is dots, published figures are open diamonds.

Drawn as PNG on a light ground of their own, which GitHub, nbviewer and PDF show alike; a dark theme of JupyterLab turns
light and dark round and keeps the hues (ink.THEMED). The caption carries the numbers, so that a notebook test which
cannot compare pixels still compares the finding.
Only `Figure` is used, never pyplot: nothing global, nothing to close, nothing that leaks. matplotlib is
imported when a chart is made.
"""

import base64
import io

from . import ink, units
from .states import MARKERS, PALETTE
from .svg import escaped
from .table import Table

_FORMATS = {
    "ns": units.duration,
    "/s": units.rate,
    "%": lambda share: f"{units.number(share * 100)} %",
    "": units.number,
}
_MARKS = ("dots", "steps", "bars")


class Chart:
    """A finished chart: `figure` (matplotlib), `caption`, `alt`, and `rows`, the data behind it.

    Shows itself in a notebook as a figure with alt text; as text it is its caption.
    """

    def __init__(self, figure, caption, alt, rows=()):
        self.figure, self.caption, self.alt, self.rows = figure, caption, alt, list(rows)
        figure.alt = alt

    def png(self):
        """The picture, as bytes; the same bytes for the same data and the same matplotlib."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
        return out.getvalue()

    def table(self):
        """The numbers of the chart as a Table."""
        columns = list(dict.fromkeys(key for row in self.rows for key in row))
        return Table(columns, self.rows, self.caption)

    def __repr__(self):
        return self.caption

    def _repr_mimebundle_(self, include=None, exclude=None):
        png = base64.b64encode(self.png()).decode()
        html = (
            f'<figure class="mmlab-figure" style="margin:0"><style>{ink.THEMED}</style><img class="mmlab-chart" '
            f'style="max-width:100%" alt="{escaped(self.alt)}" src="data:image/png;base64,{png}">'
            f'<figcaption style="max-width:64em">{escaped(self.caption)}</figcaption></figure>'
        )
        bundle = {"text/plain": self.caption, "text/html": html, "image/png": png}
        return bundle, {"image/png": {"alt": self.alt}}


def sweep_chart(
    rows,
    x,
    y,
    by=None,
    theory=None,
    published=(),
    xlabel=None,
    ylabel=None,
    title="",
    xunit="",
    yunit="",
    xlog=None,
    ylog=None,
    kind="dots",
    caption=None,
):
    """A Chart of `rows` (dicts): column `y` over column `x`, one series for each value of column `by`.

    A row may carry `<y>_err`: a half-width, or (below, above), drawn as an error bar. kind: "dots"
    (simulation), "steps" (a staircase: the value holds until the next x) or "bars" (a histogram: `x` is the
    left edge of a bin, the row's `width` its width). theory: a function of x, or {series: function}, drawn as
    a line over the range of x. published: dicts with x, y and a label. xunit, yunit: "ns", "/s", "%" (of a
    share) or "" say how numbers are written. xlog, ylog: True, False, or None for logarithmic when the
    values span more than a factor of 30.

    Raises ValueError for no rows, a missing column, an unknown kind or unit.
    """
    series = _series(rows, x, y, by)
    for name, value, allowed in (
        ("kind", kind, _MARKS),
        ("xunit", xunit, _FORMATS),
        ("yunit", yunit, _FORMATS),
    ):
        if value not in allowed:
            raise ValueError(f"{name} is {value!r}; allowed: {', '.join(map(repr, allowed))}")
    published = list(published)
    lines = _lines(theory, series)
    figure, ax = ink.blank(title)
    xs = [row[x] for row in rows] + [point["x"] for point in published]
    ys = [row[y] for row in rows] + [point["y"] for point in published]
    if kind == "bars":
        ylog = bool(ylog)  # a bar has no foot on a logarithmic axis: only on demand
    ink.scales(ax, xs, ys, xlog, ylog, _FORMATS[xunit], _FORMATS[yunit])
    ends = []
    for number, (name, points) in enumerate(series.items()):
        colour, marker = PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]
        line_and_dots(ax, points, x, y, lines.get(name), colour, marker, kind)
        ends.append((name, points[-1][x], points[-1][y], colour))
    if "theory" in lines and "theory" not in series:
        ink.curve(ax, lines["theory"], min(xs), max(xs), PALETTE[4])
    for point in published:
        ink.diamond(ax, point["x"], point["y"], point.get("label", "published"))
    ink.finish(ax, xlabel or x, ylabel or y, ends if by else [], kind, bool(lines), bool(published))
    words = caption or _caption(series, lines, x, y, ylabel or y, _FORMATS[xunit], _FORMATS[yunit], kind)
    alt = f"Chart of {ylabel or y} over {xlabel or x}. {words}"
    return Chart(figure, words, alt, rows)


def line_and_dots(ax, points, x, y, theory=None, colour=PALETTE[0], marker="o", kind="dots"):
    """One series on a matplotlib axis: theory as a line, rows as dots with error bars, steps, or bars."""
    xs, ys = [row[x] for row in points], [row[y] for row in points]
    if theory:
        ink.curve(ax, theory, min(xs), max(xs), colour)
    errors = [row.get(f"{y}_err") or 0 for row in points]
    if kind == "bars":
        widths = [row.get("width", 1) for row in points]
        ax.bar(xs, ys, widths, align="edge", color=colour, alpha=0.75, edgecolor="white", linewidth=0.6)
    elif kind == "steps":
        ax.step(xs, ys, where="post", color=colour, linewidth=2)
    else:
        if any(errors):
            below, above = zip(*(error if isinstance(error, (tuple, list)) else (error, error) for error in errors))
            ax.errorbar(xs, ys, yerr=(below, above), fmt="none", ecolor=colour, elinewidth=1.3, capsize=3)
        ax.plot(xs, ys, marker, color=colour, markersize=7, markeredgecolor="white", markeredgewidth=0.9, zorder=3)


def histogram_rows(values, bins=30, log=False):
    """Rows for a histogram of `values`: x (left edge), width, count and share of each of `bins` equal bins.

    With `log` the bins have equal ratios. Raises ValueError for no values, or values <= 0 on a log scale.
    """
    values = sorted(values)
    if not values or (log and values[0] <= 0):
        raise ValueError(f"{len(values)} values to count; allowed: at least one{', all above zero' if log else ''}")
    low, high = values[0], values[-1]
    if low == high:
        high = low * 1.1 if low > 0 else low + 1
    step = (high / low) ** (1 / bins) if log else (high - low) / bins
    edges = [low * step**i if log else low + step * i for i in range(bins)] + [high]
    counts, bin_ = [0] * bins, 0
    for value in values:
        while bin_ < bins - 1 and value >= edges[bin_ + 1]:
            bin_ += 1
        counts[bin_] += 1
    return [
        {"x": left, "width": right - left, "count": count, "share": count / len(values)}
        for left, right, count in zip(edges, edges[1:], counts)
    ]


def _series(rows, x, y, by):
    rows = list(rows)
    if not rows:
        raise ValueError("no rows were given; a chart needs at least one")
    series = {}
    for number, row in enumerate(rows):
        missing = [column for column in (x, y, by) if column is not None and column not in row]
        if missing:
            raise ValueError(f"row {number} has no {missing[0]!r}; it has {', '.join(map(str, row))}")
        series.setdefault(str(row[by]) if by else y, []).append(row)
    return {name: sorted(points, key=lambda row: row[x]) for name, points in series.items()}


def _lines(theory, series):
    """{series: function}; one function for several series goes by the name of "theory"."""
    if theory is None or isinstance(theory, dict):
        return theory or {}
    return {next(iter(series)) if len(series) == 1 else "theory": theory}


def _caption(series, lines, x, y, what, fx, fy, kind):
    """Where each series begins and ends, or peaks, and how far the dots are from the line."""
    parts = []
    for name, points in series.items():
        first, last = points[0], points[-1]
        if kind == "bars":
            top = max(points, key=lambda row: row[y])
            words = f"highest, {fy(top[y])}, from {fx(top[x])} to {fx(top[x] + top.get('width', 1))}"
            words += f"; the values lie between {fx(first[x])} and {fx(last[x] + last.get('width', 1))}"
        else:
            words = f"{fy(first[y])} at {fx(first[x])}"
            if len(points) > 1:
                words += f", {fy(last[y])} at {fx(last[x])}"
        law = lines.get(name) or lines.get("theory")
        if law:
            gap = max((abs(row[y] / law(row[x]) - 1) for row in points if law(row[x])), default=0)
            words += f" (within {units.number(max(gap * 100, 0.1), 2)} % of the theory)"
        parts.append(f"{what if name == y else f'{what}, {name}'}: {words}")
    return "; ".join(parts) + "."
