"""What the step panel plays with, without a widget: moves, goal, hints, the way to the goal."""

from __future__ import annotations

from ..designs import Design, find
from ..engine.step import Goal, Stepper
from ..experiment.interleavings import Interleaving, tell
from ..experiment.solving import NoWay, Way, way_to_goal
from ..experiment.stepping import Place, begin, places
from ..experiment.worlds import World, world_of
from ..view import units


class NoSolution:
    """No interleaving reaches the goal, as far as was looked; `sentence` says so. It is false, as None is."""

    def __init__(self, sentence: str, complete: bool) -> None:
        self.sentence, self.complete = sentence, complete

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return self.sentence


class Game:
    """One game: `stepper` has where it stands, `moves` who moved. Raises ValueError for unknown names and for a move
    that cannot be made.
    """

    def __init__(self, design: str | Design, world: str | World, goal: str | Goal = "finding", moves=()) -> None:
        self.design, self.world = find(design), world_of(world)
        self.stepper = begin(self.design, self.world, goal)
        self.goal = self.stepper.goal
        self.ways: dict[tuple[int, ...], Way | NoWay] = {}
        for move in moves:
            self.stepper.move(move)

    def fresh(self) -> Stepper:
        """Another Stepper at the beginning of this game."""
        return begin(self.design, self.world, self.goal)

    @property
    def moves(self) -> list[str]:
        """Who moved, in order."""
        return self.stepper.history

    def places(self) -> list[Place]:
        """Where everybody is now."""
        return places(self.stepper)

    def told(self) -> Interleaving:
        """What was done so far."""
        told = self.stepper.interleaving()
        told.world = self.world.name
        told.note = "and the goal is reached" if self.stepper.reached() else "nothing wrong so far"
        return told

    # ------------------------------------------------------------------ help

    def way(self, path: list[int]) -> Way:
        """The way to the goal from the end of `path`; looked for once. Raises NoWay."""
        key = tuple(path)
        if key not in self.ways:
            for length in range(len(key)):  # what is left of a shortest way is a shortest way
                known = self.ways.get(key[:length])
                if isinstance(known, Way) and tuple(known.path[: len(key) - length]) == key[length:]:
                    return Way(known.path[len(key) - length :])
            at = self.fresh()
            at.walk(path)
            try:
                self.ways[key] = way_to_goal(at, self.fresh)
            except NoWay as no:
                self.ways[key] = no
        found = self.ways[key]
        if isinstance(found, NoWay):
            raise found
        return found

    def solution(self) -> Interleaving | NoSolution:
        """A shortest interleaving, from the beginning, that reaches the goal; else what is known about that."""
        try:
            way = self.way([])
        except NoWay as no:
            return NoSolution(self.none(no), no.complete)
        told = tell(lambda: self.fresh().stage, way.path, self.world.name, way.loop_from, way.bug)
        if told.finding is None:
            end = self.fresh()
            end.walk(way.path)
            told.note = end.reached()
        return told

    def none(self, no: NoWay) -> str:
        """That nothing reaches the goal, as a sentence with its bounds."""
        where = f"«{self.world.name}» under {self.design}"
        if no.complete:
            return (
                f"No interleaving of {where} reaches the goal to {self.goal.sentence}: all "
                f"{units.plural(no.states, 'state')} were looked at, within {self.world.bounds}."
            )
        return (
            f"It is not known whether one can {self.goal.sentence} in {where}: the first "
            f"{units.plural(no.states, 'state')} were looked at, and none does."
        )

    def hint(self, which: int) -> str:
        """Hint 0 says how far it is and who moves on the way, hint 1 who moves how far first, hint 2 what the next is.

        Where the goal cannot be reached from here, each says so.
        """
        if self.stepper.reached():
            return "The goal is reached."
        try:
            way = self.way(self.stepper.path)
        except NoWay as no:
            return self.no_way_from_here(no)
        names = self.stepper.names
        turns = [names[min(who, len(names) - 1)] for who in way.path]
        if which == 0:
            steps, who = units.plural(len(turns), "more step"), ", ".join(dict.fromkeys(turns))
            return f"It can be done in {steps}; those who move on the way: {who}. Press Hint again for more."
        if which == 1:
            first, number = runs_of(turns)[0]
            then = runs_of(turns)[1][0] if len(runs_of(turns)) > 1 else ""
            more = f", then {then} comes in" if then else ""
            return f"First {first} takes {units.plural(number, 'step')}{more}. Press Hint again for the very next move."
        words = next(place.words for place in self.places() if place.name == turns[0])
        return f"Next: {turns[0]} ({words})."

    def no_way_from_here(self, no: NoWay) -> str:
        """That the goal is out of reach, and what may help."""
        if not self.moves:
            return self.none(no)
        if self.stepper.finding is not None:
            return "This is another finding than the goal asks for, and nobody can move after one: undo some steps."
        if not no.complete:
            return (
                f"No way to the goal was found among the next {units.plural(no.states, 'state')}. Undo, and ask again."
            )
        return (
            f"From here the goal cannot be reached any more ({units.plural(no.states, 'state')} were looked at). "
            "Undo some steps and ask again."
        )


def runs_of(turns: list[str]) -> list[tuple[str, int]]:
    """Who moves how often in a row."""
    found: list[tuple[str, int]] = []
    for name in turns:
        if found and found[-1][0] == name:
            found[-1] = name, found[-1][1] + 1
        else:
            found.append((name, 1))
    return found
