"""The static twin of a panel, for places where no widget lives: GitHub, PDF, nbviewer, print."""

from __future__ import annotations

from ..experiment import Comparison, Scenario
from ..view.svg import escaped
from . import output, quick


class Static:
    """Picture, sentences and table of the run that the panel makes; shows itself in a notebook.

    `comparison` has its Results. They are measured over the same time as the panel's, so the numbers are the same.
    """

    def __init__(self, scenarios: list[Scenario]) -> None:
        self.comparison = Comparison(quick.share(scenarios, full=True))
        results = self.comparison.results
        self.picture = output.picture(results)
        self.caption = output.sentence(results)
        self.table = output.table(results)
        self.note = output.measured(results, self.picture.stop)

    def __repr__(self) -> str:
        return f"{self.caption}\n\n{self.table}\n\n{self.note}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        below = f'<p class="mmlab-note">{escaped(self.note)}</p>'
        return {
            "text/plain": repr(self),
            "text/html": self.picture._repr_html_() + self.table._repr_html_() + below,
            "image/svg+xml": self.picture.svg,
        }
