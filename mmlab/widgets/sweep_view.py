"""A sweep's dots as a chart, a caption, a table and a line of code; and the sweep without widgets."""

from __future__ import annotations

from html import escape

from ..designs import Design
from ..experiment.published import COMMIT, PAIRS_AFTER, PAIRS_BEFORE, is_headline
from ..experiment.studies import CONFIDENCE
from ..experiment.sweeping import FIELDS, MEASURES, scenario_at, written
from ..view import plot, units
from ..view.table import Table
from .sweep_data import Dots
from .sweep_runs import EVENTS

MS = 1_000_000
HEADLINE = 18 * MS


def say_x(dots: Dots, value: float) -> str:
    """A value of x as people read it."""
    return written(value, FIELDS[dots.x].unit)


def say_y(dots: Dots, value: float) -> str:
    """A value of y as people read it."""
    return written(value, MEASURES[dots.y].unit)


def chart(dots: Dots) -> str:
    """The SVG of what is there so far."""
    series = [plot.Series(name, dots.dots(name), dots.line(name)) for name in dots.bases]
    diamonds = published(dots)
    ys = [end for one in series for _, value, half in one.dots for end in (value, max(value - half, 0), value + half)]
    ys += [value for one in series for piece in one.line for _, value in piece] + [value for _, value, _ in diamonds]
    x = plot.axis(FIELDS[dots.x].label, FIELDS[dots.x].unit, dots.values, dots.xlog, zero=False)
    y = plot.axis(MEASURES[dots.y].label, MEASURES[dots.y].unit, ys, dots.ylog, zero=True)
    title = f"{y.label}, over: {x.label}"
    return plot.plot(title, series, x, y, published=diamonds, alt=f"Chart. {caption(dots)}")


def published(dots: Dots) -> list[tuple[float, float, str]]:
    """The commit's figures, where its workload is swept over the disk: (x, y, label)."""
    if dots.x != "disk" or dots.y != "mmaps_per_second" or not dots.values[0] <= HEADLINE <= dots.values[-1]:
        return []
    found = []
    for name, base in dots.bases.items():
        if is_headline(scenario_at(base, "disk", HEADLINE, 1)):
            if name == "synchronous":
                found.append((HEADLINE, PAIRS_BEFORE, f"published {PAIRS_BEFORE}/s"))
            if name == "nopage_retry":
                found.append((HEADLINE, PAIRS_AFTER, f"published {units.count(PAIRS_AFTER)}/s"))
    return found


def caption(dots: Dots) -> str:
    """What the dots say, and how far they are from the theory, or that there is none."""
    parts = [f"{MEASURES[dots.y].label}, over: {FIELDS[dots.x].label}."]
    for name in dots.bases:
        found = dots.dots(name)
        if not found:
            parts.append(f"{name}: nothing to show.")
            continue
        words = f"{name}: {say_y(dots, found[0][1])} at {say_x(dots, found[0][0])}"
        words += f", {say_y(dots, found[-1][1])} at {say_x(dots, found[-1][0])}" if len(found) > 1 else ""
        parts.append(f"{words}; {beside_theory(dots, name, found)}.")
    if published(dots):
        parts.append(f"Published: commit {COMMIT}.")
    return " ".join(parts)


def beside_theory(dots: Dots, name: str, found: list) -> str:
    """How far the dots of a design are from its theory."""
    laws = [(value, dots.law(name, at)) for at, value, _ in found]
    laws = [(value, here) for value, here in laws if here is not None]
    if not laws:
        return "no closed form is known for these"
    formulas = ", ".join(dict.fromkeys(here.formula for _, here in laws))
    some = "" if len(laws) == len(found) else f", known for {len(laws)} of {units.plural(len(found), 'dot')}"
    gaps = [abs(value / here.value - 1) for value, here in laws if here.value]
    near = f"within {units.number(max(100 * max(gaps), 0.1), 2)} % of" if gaps else "beside"
    return f"{near} the theory ({formulas}){some}"


def table(dots: Dots) -> Table:
    """A row for each value of x: what each design did, and what the theory says, where it says something."""
    rows = []
    with_law = [name for name in dots.bases if any(dots.law(name, value) for value in dots.values)]
    for value in dots.values:
        row = {FIELDS[dots.x].label: say_x(dots, value)}
        for name in dots.bases:
            dot = dots.dot(name, value)
            row[name] = (say_y(dots, dot[0]) + (f" ± {say_y(dots, dot[1])}" if dot[1] else "")) if dot else "-"
            if name in with_law:
                here = dots.law(name, value)
                row[f"{name}, theory"] = say_y(dots, here.value) if here else "-"
        rows.append(row)
    return Table(list(rows[0]), rows)


def note(dots: Dots) -> str:
    """What the dots are made of."""
    words = f"Each run has at most {units.count(EVENTS)} events."
    if any(half for name in dots.bases for _, _, half in dots.dots(name)):
        words += f" A dot is the mean of {dots.seeds} seeds, ± is its {units.percent(CONFIDENCE)} confidence interval."
    return words


def code(dots: Dots) -> str:
    """A line that makes this panel again; a learner's own design goes by its name."""
    names = ", ".join(one.name if isinstance(one, Design) else repr(one) for one in dots.designs)
    values = [FIELDS[dots.x].written(value) for value in dots.values]
    more = {"seeds": dots.seeds} if dots.seeds > 1 else {}
    more |= {name: getattr(dots, name) for name in ("xlog", "ylog") if getattr(dots, name) is not None}
    rest = "".join(f", {name}={value!r}" for name, value in {**more, **dots.fields}.items())
    return f"mmlab.sweep_panel([{names}], x={dots.x!r}, y={dots.y!r}, values={values!r}{rest})"


def html(dots: Dots, words: str = "") -> str:
    """Chart, caption, table and a note as one piece of HTML: set at once, it never shows half an answer."""
    return (
        f'<div class="mmlab-screen">{chart(dots)}'
        f'<div class="mmlab-sentence"><p>{escape(caption(dots))}</p></div>{table(dots)._repr_html_()}'
        f'<p class="mmlab-note">{escape(words or note(dots))}</p></div>'
    )


class SweepStatic:
    """A whole sweep without widgets: `svg`, `caption`, `table`, and `dots`, what was measured."""

    def __init__(self, dots: Dots) -> None:
        self.dots = dots
        for run in dots.missing():
            dots.measure(run)
        self.svg, self.caption, self.table = chart(dots), caption(dots), table(dots)

    def __repr__(self) -> str:
        return f"{self.caption}\n\n{self.table}\n\n{note(self.dots)}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/plain": repr(self), "text/html": html(self.dots), "image/svg+xml": self.svg}
