"""Step mode: a person, or a test, chooses who moves next; with undo, and with goals to reach.

On top of the explorer's stage: the same kernel, the same designs, the same steps. To undo is to walk the shorter path
again from the beginning, so that nothing of what was undone is left.
"""

from __future__ import annotations

import difflib
from typing import NamedTuple

from ..kernel.bug import KernelBug
from .explore.path import Interleaving, Step, Teller, doing
from .explore.search import deadlock
from .goals import GOALS, Goal


class Choice(NamedTuple):
    """What one task (or the disk) could do now: whether it `can` move, what it would do or sleeps for (`next`), at
    which line of the reader's code, and its `state`, a word of STATES. A task that is done has no `next`.
    """

    name: str
    can: bool
    state: str
    next: str
    line: tuple[str, int, str] | None = None


class Stepper:
    """Moves the tasks of `stage` by hand, from the state that is on it now.

    `names` are the tasks and "disk", `steps` what was done, `finding` the KernelBug of the last step or None; after a
    finding only `undo` is possible. goal: a Goal, or the name of one of GOALS.
    """

    def __init__(self, stage, goal: str | Goal = "finding") -> None:
        self.stage = stage
        self.goal = goal_of(goal)
        self.root = stage.freezer.freeze()
        self.names = (*(task.comm for task in stage.k.tasks), "disk")
        self.path: list[int] = []
        self.undone: list[int] = []
        self.choices: list[Choice] | None = None
        self.walk([])

    # ------------------------------------------------------------------ where we are

    @property
    def steps(self) -> list[Step]:
        """What was done so far."""
        return self.teller.steps

    @property
    def finding(self) -> KernelBug | None:
        """What the last step found."""
        return self.teller.finding

    @property
    def history(self) -> list[str]:
        """Who moved, in order."""
        return [self.names[who] for who in self.path]

    def interleaving(self) -> Interleaving:
        """What was done so far, to be shown."""
        return Interleaving(
            self.stage.design.name, "step by step", self.teller.tasks, tuple(self.history), self.steps,
            finding=self.finding, path=tuple(self.path), begin=self.teller.begin,
        )  # fmt: skip

    def reached(self) -> str:
        """How the goal was reached, as a sentence; "" while it is not."""
        return self.goal.reached(self)

    # ------------------------------------------------------------------ what is possible

    def possible(self) -> list[Choice]:
        """What each task and the disk could do now."""
        if self.choices is None:
            self.choices = [self.choice(who) for who in range(len(self.names))]
        return self.choices

    def movable(self) -> list[str]:
        """The names of those who can move now."""
        return [choice.name for choice in self.possible() if choice.can]

    def choice(self, who: int) -> Choice:
        """Try what one would do, and take it back."""
        stage, name = self.stage, self.names[who]
        if name == "disk":
            reads = ", ".join(page.name for page in stage.reads)
            can = bool(reads) and self.finding is None
            return Choice(name, can, "", f"finishes the read of {reads}" if reads else "has nothing to read")
        state = doing(stage, stage.k.tasks[who])
        if not stage.is_alive(who) or self.finding is not None:
            return Choice(name, False, state, "")
        trial = self.teller.step(who)
        self.walk(self.path)
        return Choice(name, trial.moved, state, "; ".join(trial.did), trial.line)

    def deadlock(self) -> KernelBug | None:
        """The finding that nobody can move though somebody has still something to do; None if that is not so."""
        alive = [number for number in range(len(self.stage.frames)) if self.stage.is_alive(number)]
        if not alive or self.finding is not None or self.movable():
            return None
        return deadlock(self.stage, alive)

    # ------------------------------------------------------------------ moving

    def move(self, name: str) -> Step:
        """Let a task (or "disk") take its next step, and tell it. The finding, if there is one, is `finding`.

        Raises ValueError for an unknown name, one that cannot move now, and after a finding.
        """
        if name not in self.names:
            near = difflib.get_close_matches(str(name), self.names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ValueError(f"there is nobody called {name!r}{hint} There are: {', '.join(self.names)}")
        if self.finding is not None:
            raise ValueError(f"nobody can move after a finding ({self.finding.kind}): undo the last step first")
        who = self.names.index(name)
        choice = next(choice for choice in self.possible() if choice.name == name)
        if not choice.can:
            able = ", ".join(self.movable()) or "nobody"
            raise ValueError(f"{name} cannot move now: {choice.next or 'it is done'}. Who can: {able}")
        self.undone.clear()
        return self.take(who)

    def undo(self) -> bool:
        """Take the last step back. Returns whether there was one."""
        if not self.path:
            return False
        self.undone.append(self.path[-1])
        self.walk(self.path[:-1])
        return True

    def restart(self) -> None:
        """Take every step back; `redo` does them again, one by one."""
        self.undone += reversed(self.path)
        self.walk([])

    def redo(self) -> bool:
        """Take the step again that was undone last. Returns whether there was one."""
        if not self.undone:
            return False
        self.take(self.undone.pop())
        return True

    def take(self, who: int) -> Step:
        """One step; then `keys` has the state after it."""
        step = self.teller.step(who)
        self.path.append(who)
        self.keys.append(self.stage.freezer.freeze() if self.finding is None else None)
        self.choices = None
        return step

    def walk(self, path: list[int]) -> None:
        """Go to the end of another path."""
        self.stage.freezer.thaw(self.root)
        self.teller = Teller(self.stage)
        self.path, self.keys, self.choices = [], [self.root], None
        for who in path:
            self.take(who)


def goal_of(goal: str | Goal) -> Goal:
    """The goal of that name; a Goal is given back as it is. Raises ValueError with the nearest right spelling."""
    if isinstance(goal, Goal):
        return goal
    if goal in GOALS:
        return GOALS[goal]
    near = difflib.get_close_matches(str(goal), GOALS, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"there is no goal {goal!r}{hint} They are: {', '.join(GOALS)}")


__all__ = ["GOALS", "Choice", "Goal", "Stepper", "goal_of"]
