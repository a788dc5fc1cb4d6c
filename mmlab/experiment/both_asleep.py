"""Two threads fault on the same page: how does each of them sleep while the disk reads it?"""

from __future__ import annotations

from collections.abc import Iterable

from ..designs import Design
from ..view.table import Table
from .stepping import begin, places


def both_asleep(designs: Iterable[str | Design]) -> Table:
    """A row for each design and thread: the first comes until it sleeps, then the second, in the world "two faults".

    Raises ValueError for an unknown design.
    """
    rows = []
    for design in designs:
        game = begin(design, "two faults")
        for name in ("fault0", "fault1"):
            while place(game, name).can:
                game.move(name)
        for number, name in (("first", "fault0"), ("second", "fault1")):
            at = place(game, name)
            rows.append([str(design), number, at.seen, at.words])
    return Table(["design", "who comes", "how it sleeps", "for what"], rows)


def place(game, name: str):
    """Where the task of that name is."""
    return next(one for one in places(game) if one.name == name)
