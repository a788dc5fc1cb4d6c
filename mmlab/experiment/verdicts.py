"""verdicts(): several designs in several small worlds, as one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..designs import Design, find, series
from ..view.table import Table
from .exploration import MOST_STATES, Verdict, explore
from .progress import bar
from .verdict_views import COLUMNS
from .worlds import World, world_of

DEFAULT = ("two faults and a remap", "a fault under DONTNEED")


class Verdicts:
    """Verdicts in order; `verdicts["final", "two faults"]` is one of them. Shows itself as a table, with the bounds."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        self.verdicts = verdicts

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    def __len__(self) -> int:
        return len(self.verdicts)

    def __getitem__(self, key: tuple[str, str]) -> Verdict:
        for verdict in self.verdicts:
            if (verdict.design, verdict.scenario) == tuple(map(str, key)):
                return verdict
        known = "; ".join(f"{v.design}, {v.scenario}" for v in self.verdicts)
        raise KeyError(f"there is no verdict on {key!r}; there are: {known}")

    @property
    def holds(self) -> bool:
        """Whether every one of them holds."""
        return all(verdict.holds for verdict in self.verdicts)

    @property
    def bounds(self) -> str:
        """How much "safe" and "live" cover: what is the same in all worlds once, and what each of them has besides."""
        worlds = {verdict.scenario: verdict.bounds.split("; ") for verdict in self.verdicts}
        everywhere = [part for part in next(iter(worlds.values())) if all(part in parts for parts in worlds.values())]
        if len(worlds) == 1:
            everywhere = []
        told = [f"In each world: {'; '.join(everywhere)}."] if everywhere else []
        own = {name: [part for part in parts if part not in everywhere] for name, parts in worlds.items()}
        return " ".join([*told, *(f"«{name}»: {'; '.join(parts)}." for name, parts in own.items() if parts)])

    def table(self) -> Table:
        """A row for each verdict; the caption has the bounds within which "safe" and "live" are meant."""
        grains = ", ".join(dict.fromkeys(verdict.grain for verdict in self.verdicts))
        steps = "" if grains == "access" else f" (grain {grains})"
        caption = f"Safe and live mean: in every interleaving{steps} within these bounds. {self.bounds}"
        return Table(COLUMNS, [verdict.row() for verdict in self.verdicts], caption)

    def __str__(self) -> str:
        return str(self.table())

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return self.table()._repr_mimebundle_()


def verdicts(
    designs: Iterable[str | Design] | str | None = None, scenarios: Iterable[str | World] | str | None = None, *,
    grain: str = "access", most: int = MOST_STATES, progress: bool | None = None,
) -> Verdicts:  # fmt: skip
    """Explore each design in each small world. By default the series, in a world of two faults and a remap and in one
    of a fault under DONTNEED.

    grain, most: as for `explore`. progress: a progress bar; by default when it takes longer than a moment.
    Raises ValueError for unknown names, before anything is explored.
    """
    chosen = [find(one) for one in listed(designs, series)]
    worlds = [world_of(one) for one in listed(scenarios, DEFAULT)]
    if not chosen or not worlds:
        raise ValueError(f"{'designs' if not chosen else 'scenarios'} is empty; at least one is needed")
    found = []
    with bar("verdicts", progress) as tell:
        for design in chosen:
            for world in worlds:
                found.append(explore(design, world, grain=grain, most=most, progress=False))
                if tell is not None:
                    tell(len(found) / (len(chosen) * len(worlds)))
    return Verdicts(found)


def listed(given, default: Iterable) -> list:
    """What was given, as a list: nothing is the default, one name is a list of one."""
    if given is None:
        return list(default)
    return [given] if isinstance(given, str | Design | World) else list(given)
