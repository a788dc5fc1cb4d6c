"""The sweep panel: one field of a Scenario goes through a range, and the dots appear as the runs are done."""

from __future__ import annotations

from ..designs import Design
from ..experiment.sweeping import FIELDS, known
from .sweep_data import Dots, SweepStatic


def sweep_panel(
    designs=("synchronous", "nopage_retry"), x="disk", y="mmaps_per_second", *, values=None, seeds=1, **scenario
) -> SweepPanel:
    """A panel that draws figure `y` over field `x` of a Scenario, for each design, with the theory through the dots.

    x: one of sweeping.FIELDS; y: one of sweeping.MEASURES; values: of x, times as ns or "18ms"; seeds: runs a dot,
    several give error bars; `scenario`: the other fields of a Scenario. Raises ValueError for whatever makes no sense.
    """
    return SweepPanel(designs, x, y, values=values, seeds=seeds, **scenario)


class SweepPanel:
    """The panel; `static` is the whole sweep without widgets. `close()` takes everything away."""

    def __init__(
        self, designs=("synchronous", "nopage_retry"), x="disk", y="mmaps_per_second", *, values=None, seeds=1,
        **scenario,
    ) -> None:  # fmt: skip
        designs = [designs] if isinstance(designs, str | Design) else list(designs)
        known(x, FIELDS, "x")
        self._begin = (designs, x, y, numbers(x, values), seeds, scenario)
        self.dots = Dots(*self._begin)
        self._make()

    def _make(self) -> None:
        import ipywidgets as w

        self.screen = w.HTML()
        self.widget = w.VBox([self.screen])
        for run in self.dots.missing():
            self.dots.measure(run)
        self.screen.value = self.dots.html()

    @property
    def static(self) -> SweepStatic:
        """The sweep that the panel was made with, all of it, without widgets."""
        return SweepStatic(Dots(*self._begin))

    def close(self) -> None:
        """Take the panel and its widgets away."""
        from . import output

        output.close(self.widget)

    def __repr__(self) -> str:
        return self.dots.code()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {**self.widget._repr_mimebundle_(), "text/plain": repr(self)}


def numbers(x: str, values) -> list[float]:
    """The values of field x as numbers (times in ns). Raises ValueError."""
    from ..experiment.durations import parse_time

    if values is None:
        return list(FIELDS[x].values)
    if FIELDS[x].unit == "ns":
        values = [parse_time(value, x) if isinstance(value, str) else value for value in values]
    found = sorted(dict.fromkeys(values))
    if not found:
        raise ValueError(f"values=[] has no value of {x} to try; give at least one")
    return found
