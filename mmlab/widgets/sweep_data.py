"""The dots of a sweep: which runs there are, what was measured, and what the theory says of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import theory
from ..designs import find
from ..experiment.laws import Law, law
from ..experiment.scenario import Scenario, is_whole
from ..experiment.studies import CONFIDENCE
from ..experiment.sweeping import FIELDS, MEASURES, WIDE, known, scenario_at
from .sweep_runs import figures

MOST_RUNS = 400
LINE = 160
"""points of a theory's line"""
AXES = (None, True, False)


@dataclass
class Dots:
    """What is swept: `designs`, the field `x` over `values`, the figure `y`, `seeds` runs a dot; `fields` are the
    other fields of the Scenario; `xlog`, `ylog` are True, False, or None for whatever fits.

    `done` has what was measured: {(design, x, seed): every figure of that run}. Raises ValueError for whatever makes
    no sense, before anything is run.
    """

    designs: list
    x: str
    y: str
    values: list[float]
    seeds: int = 1
    fields: dict = field(default_factory=dict)
    xlog: bool | None = None
    ylog: bool | None = None
    done: dict = field(default_factory=dict)
    laws: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.x, self.y = known(self.x, FIELDS, "x"), known(self.y, MEASURES, "y")
        if not self.designs:
            raise ValueError("no design was chosen; a sweep needs at least one")
        if not is_whole(self.seeds) or not 1 <= self.seeds <= 20:
            raise ValueError(f"seeds={self.seeds!r} is not allowed; it is how many runs a dot, from 1 to 20")
        for name in ("xlog", "ylog"):
            if getattr(self, name) not in AXES:
                raise ValueError(f"{name}={getattr(self, name)!r}; allowed: True, False, or None for whatever fits")
        if self.x in self.fields:
            given = self.fields[self.x]
            raise ValueError(f"{self.x} is what is swept: give values=[...] instead of {self.x}={given!r}")
        self.values = sorted(dict.fromkeys(FIELDS[self.x].read(value, self.x) for value in self.values))
        if not self.values:
            raise ValueError(f"values=[] has no value of {self.x} to try; give at least one")
        first = FIELDS[self.x].written(self.values[0])
        self.bases = {
            str(find(design)): Scenario(design=design, **{**self.fields, self.x: first}) for design in self.designs
        }
        for base in self.bases.values():
            for value in self.values:
                scenario_at(base, self.x, value, base.seed)
        if len(self.runs()) > MOST_RUNS:
            raise ValueError(f"these are {len(self.runs())} runs; a panel takes {MOST_RUNS} (mmlab.sweep takes more)")

    # ------------------------------------------------------------------ the runs

    def runs(self) -> list[tuple[str, float, int]]:
        """(design, x, seed) of every run, in the order in which they are made."""
        seeds = [next(iter(self.bases.values())).seed + n for n in range(self.seeds)]
        return [(name, value, seed) for seed in seeds for value in self.values for name in self.bases]

    def missing(self) -> list[tuple[str, float, int]]:
        """The runs that are still to be made."""
        return [run for run in self.runs() if run not in self.done]

    def measure(self, run: tuple[str, float, int]) -> None:
        """Make one run. Raises what a run raises."""
        name, value, seed = run
        self.done[run] = figures(scenario_at(self.bases[name], self.x, value, seed))

    # ------------------------------------------------------------------ what they show

    def dot(self, name: str, value: float) -> tuple[float, float] | None:
        """(mean, half-width) of the runs that are done; None where there is nothing to show."""
        runs = [self.done[run][self.y] for run in self.runs() if run[:2] == (name, value) and run in self.done]
        found = [one for one in runs if one is not None]
        if not found:
            return None
        return tuple(theory.replications(found, CONFIDENCE)) if len(found) > 1 else (found[0], 0.0)

    def dots(self, name: str) -> list[tuple[float, float, float]]:
        """(x, mean, half-width) of a design, where there is something to show."""
        return [(value, *dot) for value in self.values if (dot := self.dot(name, value)) is not None]

    def law(self, name: str, value: float) -> Law | None:
        """What the theory says of a design at a value of x, in the unit of the measure."""
        if (name, value) not in self.laws:
            base = self.bases[name]
            found = law(scenario_at(base, self.x, value, base.seed), self.y)
            if found is not None and MEASURES[self.y].unit == "ns":
                found = found._replace(value=found.value * 1000)
            self.laws[name, value] = found
        return self.laws[name, value]

    def line(self, name: str) -> list[list[tuple[float, float]]]:
        """The theory of a design over the range of x, as pieces of (x, y): there may be gaps without a law."""
        low, high = self.values[0], self.values[-1]
        whole = FIELDS[self.x].unit != "/s"
        if FIELDS[self.x].unit == "" and high - low <= LINE:
            steps = list(range(low, high + 1))
        elif low > 0 and high / low > WIDE:
            steps = [low * (high / low) ** (n / LINE) for n in range(LINE + 1)]
        else:
            steps = [low + (high - low) * n / LINE for n in range(LINE + 1)]
        pieces: list[list[tuple[float, float]]] = [[]]
        for value in sorted({round(step) if whole else step for step in [*steps, *self.values]}):
            here = self.law(name, value)
            if here is not None:
                pieces[-1].append((value, here.value))
            elif pieces[-1]:
                pieces.append([])
        return [piece for piece in pieces if piece]
