"""One design on the board, and when one beats another."""

from __future__ import annotations

from dataclasses import dataclass

from .. import theory
from .design_measures import CRITERIA, beats

TIERS = ("safe and live", "not known", "broken")


@dataclass
class Entry:
    """A design on the board: what the explorer says, and its figures by the key of the criterion.

    `finding` is what broke it, or "". `mine` marks the learner's own, `note` is a word to stand beside its name.
    """

    name: str
    safe: bool | None
    live: bool | None
    values: dict[str, theory.Estimate | None]
    finding: str = ""
    mine: bool = False
    note: str = ""

    @property
    def tier(self) -> int:
        """Its place among TIERS. Who is not live was asked no further, so it is not said to be safe."""
        if self.safe is False or self.live is False:
            return 2
        return 0 if self.safe and self.live else 1

    @property
    def verdict(self) -> str:
        """In a word or two."""
        return f"broken: {self.finding}" if self.tier == 2 and self.finding else TIERS[self.tier]


def better_at(one: Entry, other: Entry) -> list[str]:
    """The keys of the criteria at which `one` beats `other`."""
    return [c.key for c in CRITERIA if beats(c.key, one.values.get(c.key), other.values.get(c.key))]


def dominates(one: Entry, other: Entry) -> bool:
    """Better somewhere, and worse nowhere."""
    return bool(better_at(one, other)) and not better_at(other, one)


def layers(entries: list[Entry]) -> list[list[Entry]]:
    """The Pareto layers: first those that nobody dominates, then those that only the first dominate, and so on."""
    left, found = list(entries), []
    while left:
        front = [one for one in left if not any(dominates(other, one) for other in left)]
        front = front or left  # "about equal" is not transitive, so a ring of three is thinkable
        found.append(front)
        left = [one for one in left if one not in front]
    return found
