"""What the step panel plays with, without a widget: moves, goal, hints, the way to the goal, and what is shown."""

from __future__ import annotations

from ..designs import Design, find
from ..engine.step import Goal, Stepper
from ..experiment.exploration import livelock
from ..experiment.interleavings import Interleaving, tell
from ..experiment.solving import NoWay, way_to_goal
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
    """One game: `stepper` has where it stands; `moves` who moved. A move that cannot be made raises ValueError."""

    def __init__(self, design: str | Design, world: str | World, goal: str | Goal = "finding", moves=()) -> None:
        self.design, self.world = find(design), world_of(world)
        self.stepper = begin(self.design, self.world, goal)
        self.goal = self.stepper.goal
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
        steps = self.stepper.interleaving()
        reached = self.stepper.reached()
        steps.world = self.world.name
        steps.note = "the goal is reached" if reached else "nothing wrong so far"
        return steps

    # ------------------------------------------------------------------ help

    def solution(self) -> Interleaving | NoSolution:
        """A shortest interleaving, from the beginning, that reaches the goal; else what is known about that."""
        other = self.fresh()
        try:
            path, loop_from = way_to_goal(other, self.fresh)
        except NoWay as no:
            return self.none(no)
        other.walk(path)
        bug = None
        if loop_from is not None:
            bug = livelock(next(task.comm for task in other.stage.k.tasks if task.role == "fault"))
        shown = tell(lambda: self.fresh().stage, path, self.world.name, loop_from, bug)
        shown.note = f"the goal is reached: {other.reached()}"
        return shown

    def none(self, no: NoWay) -> NoSolution:
        """Nothing reaches the goal from there, in words."""
        what = f"{self.design}: no interleaving of «{self.world.name}» reaches the goal ({self.goal.sentence})"
        if no.complete:
            return NoSolution(f"{what}, within {self.world.bounds}.", True)
        return NoSolution(
            f"Not known: none of the first {units.count(no.states)} states of {what[:1]}{what[1:]}.", False
        )

    def hint(self, which: int) -> str:
        """The first hint (0) says who must move some time; the next (1) who moves now, and what for."""
        if self.stepper.reached():
            return "The goal is reached."
        try:
            path, _ = way_to_goal(self.stepper, self.fresh)
        except NoWay as no:
            if self.stepper.finding is not None or self.moves:
                back = " Undo some steps and ask again: from the beginning it may be possible."
            else:
                back = ""
            if no.complete:
                return f"From here the goal cannot be reached: all {units.plural(no.states, 'state')} were tried.{back}"
            return f"No way was found in the {units.plural(no.states, 'state')} that were tried.{back}"
        names = self.stepper.names
        turns = [names[min(who, len(names) - 1)] for who in path]
        if which == 0:
            others = list(dict.fromkeys(turns))
            return f"It takes {units.plural(len(turns), 'more step')}. Who moves on the way: {', then '.join(others)}."
        words = next(place.words for place in self.places() if place.name == turns[0])
        return f"Next, on a shortest way: {turns[0]} ({words})."
