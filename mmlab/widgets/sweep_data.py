"""The dots of a sweep panel without a widget: which there are, how each is measured, chart, table, caption."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

from .. import theory
from ..designs import Design, find
from ..experiment.laws import law
from ..experiment.scenario import Scenario
from ..experiment.studies import CONFIDENCE
from ..experiment.sweeping import FIELDS, MEASURES, known, scenario_at, written
from ..view import plot, units
from ..view.table import Table
from . import quick

EVENTS = 16_000
"""of the trace in one run: about a tenth of a second"""
MOST_DOTS = 400
LINE = 60
"""points of a theory's line"""


@lru_cache(maxsize=2_000)
def measured(scenario: Scenario, y: str) -> float | None:
    """Figure `y` of a run of bounded length; the same number every time."""
    return MEASURES[y].of(quick.run(scenario, EVENTS))


@dataclass
class Dots:
    """What is swept: `designs`, the field `x` over `values`, the figure `y`, `seeds` runs a dot; `fields` are the
    others of the Scenario. `done` has what was measured.
    """

    designs: list
    x: str
    y: str
    values: list[float]
    seeds: int
    fields: dict
    xlog: bool | None = None
    ylog: bool | None = None
    done: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        known(self.x, FIELDS, "x")
        known(self.y, MEASURES, "y")
        if not self.designs:
            raise ValueError("a sweep needs at least one design")
        if self.x in self.fields:
            raise ValueError(f"{self.x} is swept: give it in values=[...], not as {self.x}={self.fields[self.x]!r}")
        self.bases = {str(find(design)): Scenario(design=design, **self.fields) for design in self.designs}
        for base in self.bases.values():
            for value in self.values:
                scenario_at(base, self.x, value, 1)
        if len(self.runs()) > MOST_DOTS:
            raise ValueError(f"{len(self.runs())} runs are too many for a panel, which takes {MOST_DOTS}")

    def runs(self) -> list[tuple[str, float, int]]:
        """(design, x, seed) of every run, those that show most first."""
        return [
            (name, value, seed) for seed in range(1, self.seeds + 1) for value in self.values for name in self.bases
        ]

    def missing(self) -> list[tuple[str, float, int]]:
        """The runs that are still to be made."""
        return [run for run in self.runs() if run not in self.done]

    def measure(self, run: tuple[str, float, int]) -> None:
        """Make one run."""
        name, value, seed = run
        self.done[run] = measured(scenario_at(self.bases[name], self.x, value, seed), self.y)

    # ------------------------------------------------------------------ what is shown

    def law_at(self, name: str, value: float):
        """What the theory says of a design at a value of x."""
        return law(scenario_at(self.bases[name], self.x, value, 1), self.y)

    def dot(self, name: str, value: float) -> tuple[float, float] | None:
        """(mean, half-width) over the seeds that are done; None where there is nothing."""
        found = [self.done.get((name, value, seed)) for seed in range(1, self.seeds + 1)]
        found = [one for one in found if one is not None]
        if not found:
            return None
        if len(found) == 1:
            return found[0], 0.0
        return tuple(theory.replications(found, CONFIDENCE))

    def unit_of_law(self, value: float) -> float:
        """A law's value in the measure's unit: times are in us there."""
        return value * 1000 if MEASURES[self.y].unit == "ns" else value

    def line(self, name: str) -> list[tuple[float, float]]:
        """The theory of a design over the range of x."""
        low, high = min(self.values), max(self.values)
        if FIELDS[self.x].unit == "" or high == low:
            steps = list(self.values) if high - low > LINE else list(range(int(low), int(high) + 1))
        elif low > 0 and high / low > 30:
            steps = [low * (high / low) ** (n / LINE) for n in range(LINE + 1)]
        else:
            steps = [low + (high - low) * n / LINE for n in range(LINE + 1)]
        found = []
        for value in steps:
            here = self.law_at(name, round(value) if FIELDS[self.x].unit in ("ns", "") else value)
            if here is not None:
                found.append((value, self.unit_of_law(here.value)))
        return found

    def series(self) -> list[plot.Series]:
        """Dots and line of each design."""
        found = []
        for name in self.bases:
            dots = [(value, *dot) for value in self.values if (dot := self.dot(name, value)) is not None]
            found.append(plot.Series(name, dots, self.line(name)))
        return found

    def svg(self) -> str:
        """The chart."""
        series = self.series()
        ys = [value for one in series for _, value, _ in one.dots] + [v for one in series for _, v in one.line]
        x = plot.axis(FIELDS[self.x].label, FIELDS[self.x].unit, self.values, self.xlog)
        y = plot.axis(MEASURES[self.y].label, MEASURES[self.y].unit, ys, self.ylog, floor=True)
        return plot.plot(f"{y.label} over {x.label}", series, x, y, alt=f"Chart: {self.caption}")

    @property
    def caption(self) -> str:
        """What the dots say, and how far they are from the theory."""
        parts = []
        for name in self.bases:
            dots = [(value, dot[0]) for value in self.values if (dot := self.dot(name, value)) is not None]
            if not dots:
                parts.append(f"{name}: nothing yet")
                continue
            (x0, y0), (x1, y1) = dots[0], dots[-1]
            words = f"{name}: {self.say_y(y0)} at {self.say_x(x0)}"
            words += f", {self.say_y(y1)} at {self.say_x(x1)}" if len(dots) > 1 else ""
            parts.append(f"{words} ({self.beside_theory(name, dots)})")
        return f"{MEASURES[self.y].label} over {FIELDS[self.x].label}. {'; '.join(parts)}."

    def beside_theory(self, name: str, dots: list) -> str:
        """How far the dots of a design are from its theory."""
        gaps, formulas = [], []
        for value, found in dots:
            here = self.law_at(name, value)
            if here is not None and here.value:
                gaps.append(abs(found / self.unit_of_law(here.value) - 1))
                formulas.append(here.formula)
        if not gaps:
            return "no closed form"
        some = "" if len(gaps) == len(dots) else f" where there is one, at {len(gaps)} of {len(dots)} dots"
        gap = max(100 * max(gaps), 0.1)
        return f"within {units.number(gap, 2)} % of theory, {', '.join(dict.fromkeys(formulas))}{some}"

    def say_x(self, value: float) -> str:
        return written(value, FIELDS[self.x].unit)

    def say_y(self, value: float | None) -> str:
        return written(value, MEASURES[self.y].unit)

    def table(self) -> Table:
        """A row for each value of x: each design's figure, and the theory where there is one."""
        rows, laws = [], {name: bool(self.line(name)) for name in self.bases}
        for value in self.values:
            row = {FIELDS[self.x].label: self.say_x(value)}
            for name in self.bases:
                dot = self.dot(name, value)
                text = self.say_y(dot[0]) if dot else "-"
                row[name] = text + (f" ± {self.say_y(dot[1])}" if dot and dot[1] else "")
                if laws[name]:
                    here = self.law_at(name, value)
                    row[f"{name}, theory"] = self.say_y(self.unit_of_law(here.value)) if here else "-"
            rows.append(row)
        return Table(list(rows[0]), rows)

    def code(self) -> str:
        """A line that makes this panel again."""
        names = [find(design).name if isinstance(design, Design) else repr(design) for design in self.designs]
        values = ", ".join(f"{value:g}" if value < 1e6 or value % 1 else str(int(value)) for value in self.values)
        rest = "".join(f", {name}={value!r}" for name, value in self.fields.items())
        seeds = f", seeds={self.seeds}" if self.seeds > 1 else ""
        return f"mmlab.sweep_panel([{', '.join(names)}], x={self.x!r}, y={self.y!r}, values=[{values}]{seeds}{rest})"

    def html(self, note: str = "") -> str:
        """Chart, caption, table and a note as one piece."""
        return (
            f'<div class="mmlab-screen">{self.svg()}<div class="mmlab-sentence"><p>{escape(self.caption)}</p></div>'
            f"{self.table()._repr_html_()}" + (f'<p class="mmlab-note">{escape(note)}</p>' if note else "") + "</div>"
        )


class SweepStatic:
    """The same sweep without widgets, all of it: chart, caption and table."""

    def __init__(self, dots: Dots) -> None:
        self.dots = dots
        for run in dots.missing():
            dots.measure(run)
        self.caption, self.table = dots.caption, dots.table()
        self.svg = dots.svg()

    def __repr__(self) -> str:
        return f"{self.caption}\n\n{self.table}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/plain": repr(self), "text/html": self.dots.html(), "image/svg+xml": self.svg}
