"""The board: designs beside each other, without a single score.

What breaks is below what does not. Among the rest nobody can add up a wait, a rate and a kill, so the places are Pareto
layers: a design is beaten only by one that is better somewhere and worse nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log

from .. import theory
from ..view.table import Table
from ..view.units import number
from .design_entry import TIERS, Entry, better_at, dominates, layers
from .design_measures import CRITERIA, MORE, beats


@dataclass(repr=False)
class Board:
    """The entries with their places: `ranked` has (place, entry); those with the same place do not beat each other."""

    entries: list[Entry]
    ranked: list[tuple[int, Entry]] = field(init=False)

    def __post_init__(self) -> None:
        self.ranked = []
        place = 1
        for tier in range(len(TIERS)):
            for layer in layers([entry for entry in self.entries if entry.tier == tier]):
                self.ranked += [(place, entry) for entry in layer]
                place += 1

    def __getitem__(self, name: str) -> Entry:
        """The entry of that name. Raises KeyError with the names that are there."""
        for entry in self.entries:
            if entry.name == str(name):
                return entry
        raise KeyError(f"{str(name)!r} is not on the board; there are {', '.join(e.name for e in self.entries)}")

    def place(self, name: str) -> int:
        """Its place, from 1."""
        entry = self[name]
        return next(place for place, other in self.ranked if other is entry)

    @property
    def standing(self) -> list[Entry]:
        """The designs that are safe and live: only they can be the measure of others."""
        return [entry for entry in self.entries if entry.tier == 0]

    def best(self, key: str) -> list[Entry]:
        """The safe and live designs that nobody of them beats at a criterion; none where all are equal."""
        standing = self.standing
        best = [
            one for one in standing if not any(beats(key, o.values.get(key), one.values.get(key)) for o in standing)
        ]
        return best if len(best) < len(standing) else []

    def best_at(self, name: str) -> list[str]:
        """The criteria at which no safe and live design beats this one, though it beats some."""
        entry = self[name]
        return [c.name for c in CRITERIA if entry in self.best(c.key)]

    def beaten_by(self, name: str) -> list[str]:
        """The safe and live designs that are better somewhere and worse nowhere."""
        entry = self[name]
        return [other.name for other in self.standing if other is not entry and dominates(other, entry)]

    def ahead(self, name: str, other: str) -> list[str]:
        """The names of the criteria at which one design is ahead of another."""
        keys = better_at(self[name], self[other])
        return [c.name for c in CRITERIA if c.key in keys]

    def compared(self, name: str, other: str, key: str) -> str:
        """Whether the figure of `name` is "more", "fewer" or "as many", beside that of `other`."""
        one, two = self[name].values.get(key), self[other].values.get(key)
        if beats(key, one, two) or beats(key, two, one):
            return "more" if one.mean > two.mean else "fewer"
        return "as many"

    def sentence(self, name: str) -> str:
        """What a design is best at, what it pays, and whom it beats."""
        entry = self[name]
        others = [other for other in self.standing if other is not entry]
        if entry.tier:
            return f"{entry.name} is {entry.verdict}. However fast, it stands below all that are safe and live."
        parts = []
        above = self.beaten_by(name)
        below = [other.name for other in others if dominates(entry, other)]
        best = self.best_at(name)
        if above:
            parts.append(f"better somewhere and worse nowhere: {some(above)}")
        else:
            parts.append("nobody is better somewhere and worse nowhere")
        parts.append(f"it beats {some(below)} in that sense" if below else "it beats nobody in that sense")
        if best:
            parts.append(f"none is ahead of it at {some(best, ';')}")
        pays = self.pays(name)
        if pays:
            parts.append(f"it pays with {some(pays, ';')}")
        return f"{entry.name}: {'. '.join(part[0].upper() + part[1:] for part in parts)}."

    def about(self, name: str) -> Table:
        """What is to be said of a design: who beats it, whom it beats, where none is ahead, what it pays."""
        entry = self[name]
        below = [other.name for other in self.standing if other is not entry and dominates(entry, other)]
        rows = [
            ["the explorer says", entry.verdict],
            ["better somewhere, worse nowhere", "; ".join(self.beaten_by(name)) or "nobody"],
            ["it is so against", ("" if entry.tier else "; ".join(below)) or "nobody"],
            ["none is ahead of it at", "; ".join(self.best_at(name)) or "nothing"],
            ["it pays with", "; ".join(self.pays(name)) or "nothing"],
        ]
        return Table([entry.name, "among the safe and live designs"], rows)

    def pays(self, name: str) -> list[str]:
        """Where others are ahead: the figure, and the best one with whose it is."""
        entry, found = self[name], []
        for c in CRITERIA:
            mine = entry.values.get(c.key)
            ahead = [o for o in self.best(c.key) if beats(c.key, o.values.get(c.key), mine)]
            if ahead and ahead[0] is not entry:
                top = (max if c.better is MORE else min)(ahead, key=lambda o, c=c: o.values[c.key].mean)
                found.append(f"{c.name} {said(mine)} ({top.name} {said(top.values[c.key])})")
        return found

    def against(self, name: str) -> Table:
        """A row for each other design: where this one is better, where it is worse, at how many they are equal."""
        entry, rows = self[name], []
        for _, other in self.ranked:
            if other is not entry:
                better, worse = better_at(entry, other), better_at(other, entry)
                equal = len(CRITERIA) - len(better) - len(worse)
                names = {c.key: c.name for c in CRITERIA}
                rows.append([
                    other.name, "; ".join(names[k] for k in better) or "nothing",
                    "; ".join(names[k] for k in worse) or "nothing", equal,
                ])  # fmt: skip
        return Table([f"{entry.name} against", "is better at", "is worse at", "about equal at"], rows)

    def table(self) -> Table:
        """A row for each design, in order of place; a star marks the best among the safe and live ones."""
        best = {c.key: self.best(c.key) for c in CRITERIA}
        rows = []
        for place, entry in self.ranked:
            cells = [said(entry.values.get(c.key)) + " *" * (entry in best[c.key]) for c in CRITERIA]
            rows.append([place, label(entry), entry.verdict, *cells])
        return Table(["place", "design", "explorer", *(c.name for c in CRITERIA)], rows)

    @property
    def caption(self) -> str:
        """The finding in a sentence."""
        first = [entry for place, entry in self.ranked if place == 1 and entry.tier == 0]
        if not first:
            return "No design on this board is safe and live."
        below = len(self.entries) - len(self.standing)
        rest = f" {below} that {'is' if below == 1 else 'are'} not stand{'s' * (below == 1)} below." if below else ""
        return (
            f"Of {len(self.entries)} designs {len(self.standing)} are safe and live; {len(first)} of them "
            f"{'is' if len(first) == 1 else 'are'} not beaten by anybody: {some([e.name for e in first])}.{rest}"
        )

    def picture(self, width: int = 960):
        """The board as an SVG picture."""
        from ..view.board import BoardPicture

        best = {c.key: self.best(c.key) for c in CRITERIA}
        rows = [
            {
                "place": place, "name": entry.name, "note": entry.note or entry.finding, "mine": entry.mine,
                "tier": TIERS[entry.tier],
                "cells": [
                    (short(entry.values.get(c.key)), self.share(c, entry), entry in best[c.key]) for c in CRITERIA
                ],
            }
            for place, entry in self.ranked
        ]  # fmt: skip
        return BoardPicture([(c.title, c.better) for c in CRITERIA], rows, self.caption, width)

    def share(self, criterion, entry: Entry) -> float | None:
        """How near a figure is to the best of the column, 0 to 1; ratios count, not differences."""
        value = entry.values.get(criterion.key)
        if value is None:
            return None
        means = [other.values[criterion.key].mean for other in self.entries if other.values.get(criterion.key)]
        floor = max(criterion.same, max(means) * 1e-4, 1e-9)
        logs = [log(max(mean, floor)) for mean in means]
        at, best = log(max(value.mean, floor)), max(logs) if criterion.better is MORE else min(logs)
        span = max(max(logs) - min(logs), log(2))  # so that a small difference does not look like a large one
        return 1 - abs(best - at) / span

    def __repr__(self) -> str:
        return f"{self.caption}\n\n{self.table()}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/plain": self.caption, "text/html": self.picture()._repr_html_()}


def said(value: theory.Estimate | None) -> str:
    """A figure in a sentence."""
    return "none" if value is None else number(value.mean)


def short(value: theory.Estimate | None) -> str:
    """A figure in a narrow cell."""
    if value is None:
        return "-"
    return number(value.mean) if value.mean < 1e5 else f"{number(value.mean / 1000)}k"


def label(entry: Entry) -> str:
    """Its name, and what is to be said of it."""
    words = ["yours"] * entry.mine + [entry.note] * bool(entry.note)
    return f"{entry.name} ({', '.join(words)})" if words else entry.name


def some(words: Iterable[str], comma: str = ",") -> str:
    """ "a, b and c"."""
    words = list(words)
    if len(words) < 2:
        return "".join(words)
    return f"{f'{comma} '.join(words[:-1])} and {words[-1]}"
