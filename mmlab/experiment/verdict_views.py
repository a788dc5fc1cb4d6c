"""How a verdict is shown, and the interleavings that it can tell of."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ..view.table import Table
from .interleavings import Interleaving, passing_paths, tell

if TYPE_CHECKING:
    from ..designs import Design

COLUMNS = ["design", "scenario", "safe", "live", "killable", "finding", "steps", "states", "transitions"]


class VerdictViews:
    """The part of a Verdict that is for people."""

    of: Design

    def told(self, path: list[int], loop_from: int | None = None, finding=None) -> Interleaving:
        """The interleaving of a path through this verdict's world."""
        return tell(self.fresh, path, self.world.name, loop_from, finding)

    def fresh(self):
        """A stage with this verdict's world on it."""
        from .exploration import prepare

        stage = prepare(self.of, self.world, self.grain)[0]
        stage.movers.counters_are_protected = self.search.stage.movers.counters_are_protected  # or steps would differ
        return stage

    def passing(self, n: int = 10) -> list[Interleaving]:
        """Up to `n` interleavings in which every task that ends at all comes to its end and nothing is wrong.

        The shortest first; of the same length, in the order of the tasks. They are made when they are asked for. Where
        the search stopped early (a finding, too many states) they are those that it had seen until then.
        """
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise ValueError(f"n={n!r} is not allowed; it is how many interleavings, a whole number from 1")
        return [self.told(path) for path in islice(passing_paths(self.search), n)]

    def row(self) -> list:
        """The cells under COLUMNS."""
        steps = len(self.counterexample) if self.counterexample else None
        kind = self.finding.kind if self.finding else None if self.complete else "cut off"
        killable = known(self.killable) if self.world.kill else None
        return [
            self.design, self.scenario, known(self.safe), known(self.live), killable, kind, steps, self.states,
            self.transitions,
        ]  # fmt: skip

    def table(self) -> Table:
        """The verdict as a row, under its sentence, which has the bounds."""
        return Table(COLUMNS, [self.row()], self.sentence)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        shown = self.counterexample or self.witness
        html = self.table()._repr_html_() + (shown.picture()._repr_html_() if shown else "")
        return {"text/plain": str(self), "text/html": html}


def known(answer: bool | None) -> str:
    """True, False or None in a table."""
    return "not known" if answer is None else "yes" if answer else "no"
