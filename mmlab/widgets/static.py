"""The static twin of a panel, for places where no widget lives: GitHub, PDF, nbviewer, print."""

from __future__ import annotations

from ..experiment import Scenario, compare
from . import quick


class Static:
    """Picture, sentence and table of the same scenario, from `mmlab.compare`; shows itself in a notebook."""

    def __init__(self, scenarios: list[Scenario]) -> None:
        fields = {name: value for name, value in scenarios[0].as_dict().items() if name != "design"}
        seconds = quick.picture_ns(scenarios[0]) * quick.WINDOWS / 1e9
        designs = [scenario.design for scenario in scenarios]
        self.comparison = compare(designs, seconds=min(seconds, 5), progress=False, **fields)
        self.picture = self.comparison.timeline()
        self.caption = "\n".join(result.caption for result in self.comparison)
        self.table = self.comparison.table()

    def __repr__(self) -> str:
        return f"{self.caption}\n\n{self.table}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/plain": repr(self),
            "text/html": self.picture._repr_html_() + self.table._repr_html_(),
            "image/svg+xml": self.picture.svg,
        }
