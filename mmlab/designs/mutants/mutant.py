"""What is known of one wrong design."""

from __future__ import annotations

from typing import NamedTuple

from ..design import Design


class Mutant(NamedTuple):
    """A design with one plausible mistake, and where that mistake shows.

    `design` is a patch of a shipped design, `mistake` what went wrong, in its author's own words. `world` is the small
    world in which some interleaving exposes it, `finding` the kind of bug that is then reported, `schedule` such an
    interleaving in words. `source` says where the mistake comes from. `at_once` says why an ordinary run shows it;
    it is empty for a mistake that an ordinary run survives. `steps` is the length of the explorer's counter-example:
    the shortest one of a broken rule, a short one of a livelock.
    """

    design: Design
    mistake: str
    world: str
    finding: str
    source: str
    schedule: str
    at_once: str = ""
    steps: int = 0

    @property
    def name(self) -> str:
        """The name of the design."""
        return self.design.name
