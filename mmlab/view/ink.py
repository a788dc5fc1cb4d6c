"""How charts are drawn: ground, axes, lines, diamonds, labels. The only place that styles matplotlib."""

import math
from itertools import pairwise

_TEXT, _DIM, _GRID = "#1b1f24", "#5b636e", "#e3e6ea"

_DARK = "filter:invert(.93) hue-rotate(180deg)"
THEMED = (
    ".mmlab-chart{box-sizing:border-box;border:1px solid #d5d9de;border-radius:4px;background:#fff}"
    f'[data-jp-theme-light="false"] .mmlab-chart,.vscode-dark .mmlab-chart{{{_DARK}}}'
    f"@media (prefers-color-scheme:dark){{body:not([data-jp-theme-light]) .mmlab-chart{{{_DARK}}}}}"
    "@media print{.mmlab-chart.mmlab-chart.mmlab-chart{filter:none}}"
)
"""the style sheet of a chart in a page: on a dark ground light becomes dark, red stays red; on paper nothing changes"""


def blank(title):
    """(figure, axis): an empty chart on a light ground of its own."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.4), facecolor="white", layout="constrained")
    ax = figure.add_subplot()
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.08)
    ax.set_title(title, loc="left", fontsize=12, fontweight="bold", color=_TEXT, pad=22)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(_GRID)
    ax.grid(color=_GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(colors=_DIM, labelsize=10, length=0)
    return figure, ax


def scales(ax, xs, ys, xlog, ylog, xformat, yformat):
    """Linear or logarithmic axes with ticks in friendly units."""
    for axis, values, log, write in ((ax.xaxis, xs, xlog, xformat), (ax.yaxis, ys, ylog, yformat)):
        if log is None:
            log = min(values) > 0 and max(values) / min(values) > 30
        if log:
            _log(ax, axis, max(values) / min(v for v in values if v > 0))
        axis.set_major_formatter(lambda value, _, write=write: write(value))


def _log(ax, axis, ratio):
    from matplotlib.ticker import LogLocator, NullFormatter

    (ax.set_xscale if axis is ax.xaxis else ax.set_yscale)("log")
    axis.set_major_locator(LogLocator(subs=(1,) if ratio > 300 else (1, 3) if ratio > 30 else (1, 2, 5)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_tick_params(which="minor", length=0)


def curve(ax, law, low, high, colour, points=400):
    """A function of x as a line, sampled as the axis is scaled."""
    if ax.get_xscale() == "log":
        step = math.log(high / low) / points
        xs = [low * math.exp(step * i) for i in range(points)] + [high]
    else:
        xs = [low + (high - low) * i / points for i in range(points)] + [high]
    ax.plot(xs, [law(x) for x in xs], color=colour, linewidth=1.8, alpha=0.65, zorder=2)


def diamond(ax, x, y, label):
    """A published figure: an open diamond with its label."""
    ax.plot(
        [x],
        [y],
        "D",
        markersize=10,
        markerfacecolor="none",
        markeredgecolor=_TEXT,
        markeredgewidth=1.6,
        zorder=4,
    )
    ax.annotate(label, (x, y), xytext=(11, 9), textcoords="offset points", fontsize=10, color=_TEXT)


def finish(ax, xlabel, ylabel, ends, kind, with_theory, with_published):
    """Labels of the axes, a name at the end of each series, and one line that says what the marks mean."""
    ax.set_xlabel(xlabel, color=_TEXT, fontsize=11)
    ax.set_ylabel(ylabel, color=_TEXT, fontsize=11)
    ax.margins(x=0.03, y=0.12)
    if ax.get_yscale() == "linear" and ax.dataLim.y0 >= 0:
        ax.set_ylim(bottom=0)
    marks = {"dots": "dots: simulation", "steps": "steps: simulation", "bars": "bars: simulation"}[kind]
    key = [*(["line: theory"] if with_theory else []), marks, *(["◇: published"] if with_published else [])]
    if len(key) > 1:
        ax.text(0, 1.02, "   ".join(key), transform=ax.transAxes, fontsize=10, color=_DIM, va="bottom")
    for (name, _, _, colour), place in zip(ends, _apart(ax, ends), strict=True):
        ax.annotate(
            name,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(8, 0),
            textcoords="offset points",
            color=colour,
            fontsize=11,
            fontweight="bold",
            va="center",
            annotation_clip=False,
        )


def _apart(ax, ends, least=0.065):
    """Heights (axes fraction) for the labels at the ends, moved apart where they would overlap."""
    ax.figure.draw_without_rendering()
    at = [ax.transAxes.inverted().transform(ax.transData.transform((x, y)))[1] for _, x, y, _ in ends]
    order = sorted(range(len(at)), key=lambda i: at[i])
    for lower, upper in pairwise(order):
        at[upper] = max(at[upper], at[lower] + least)
    excess = max([0, *(value - 1 for value in at)])
    return [value - excess for value in at]
