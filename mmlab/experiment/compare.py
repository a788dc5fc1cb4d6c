"""compare: several designs under the same workload, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..designs import Design
from ..view.table import Table
from .result import Result
from .scenario import Scenario

if TYPE_CHECKING:
    from ..view.timeline import Timeline


class Comparison:
    """Results of several designs; `comparison["synchronous"]` is one of them."""

    def __init__(self, results: list[Result]) -> None:
        self.results = results

    def __getitem__(self, name: str) -> Result:
        for result in self.results:
            if result.design == str(name):
                return result
        raise KeyError(f"{str(name)!r} was not compared; there are {', '.join(r.design for r in self.results)}")

    def __iter__(self):
        return iter(self.results)

    @property
    def caption(self) -> str:
        """One sentence for each design."""
        return " ".join(result.caption for result in self.results)

    def table(self) -> Table:
        """A row for each design."""
        rows = [result.row() for result in self.results]
        return Table(list(dict.fromkeys(name for row in rows for name in row)), rows)

    def timeline(self, start=None, stop=None, *, width: int = 920, ghost=None, lock=None) -> Timeline:
        """The designs' lock timelines, stacked on one time axis."""
        from ..view.timeline import timeline

        stop = self.results[0]._within(start, stop)
        runs = [
            (r.design, r.headline, r.metrics.opening if start is None else r._events_from(start)) for r in self.results
        ]
        return timeline(runs, start, stop, width=width, ghost=ghost, lock=lock)

    def as_dict(self) -> list[dict]:
        """Everything measured, for JSON."""
        return [result.as_dict() for result in self.results]

    def __repr__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def compare(
    designs: Iterable[str | Design], *, seconds: float = 5, progress: bool | None = None, **scenario
) -> Comparison:
    """Run each of `designs` for `seconds` under the same Scenario (its fields are given by name).

    Raises ValueError for an empty list, an unknown design, and whatever a Scenario refuses.
    """
    if "design" in scenario:
        raise ValueError(
            "compare takes the designs as its first argument, a list such as ['synchronous', 'nopage_retry']"
        )
    if not isinstance(designs, str | Design | Iterable):
        raise ValueError(
            f"designs={designs!r} is not a list of designs; give one such as ['synchronous', 'nopage_retry']"
        )
    designs = [designs] if isinstance(designs, str | Design) else list(designs)
    if not designs:
        raise ValueError("compare needs at least one design, such as ['synchronous', 'nopage_retry']")
    scenarios = [Scenario(design=design, **scenario) for design in designs]
    return Comparison([scenario.run(seconds, progress=progress) for scenario in scenarios])
