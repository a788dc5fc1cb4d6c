"""A check, and an exercise: what a learner writes, and what is said and earned for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .draw import Draw
from .outcome import Outcome
from .work import Work


@dataclass(frozen=True)
class Check:
    """`name` says what holds when it passes; `points` are whole. `run(work, draw)` gives an Outcome; what it draws by
    lot it draws from `draw`. `unseen`: it is kept for grading, and its code is in no notebook and no package.

    `needs` are the functions without which it says "not defined"; by default all of the exercise. `belief` is for the
    instructor's class report: what somebody probably takes for true whose work fails it.
    """

    name: str
    points: int
    run: Callable[[Work, Draw], Outcome]
    unseen: bool = False
    needs: tuple[str, ...] | None = None
    belief: str = ""


@dataclass(frozen=True)
class Exercise:
    """`name` as in "ex4"; `functions` are found by name in the learner's cells; `checks` are those of the notebook.

    `kept` further checks, worth `kept_points`, are kept for grading. `hints` are three, each says more than the one
    before. `by_hand` are the points that a person gives. `base` is the design that the functions are patched onto;
    `options` go to Design.patched. `written` are the cells that a person reads, by nbgrader's name, and how many words
    each may have.
    """

    name: str
    title: str
    functions: tuple[str, ...]
    checks: tuple[Check, ...]
    hints: tuple[str, str, str]
    kept: int
    kept_points: int
    base: str = "synchronous"
    by_hand: int = 0
    options: dict = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)

    @property
    def possible(self) -> int:
        """All points: of the checks in the notebook, of those kept for grading, and given by hand."""
        return sum(check.points for check in self.checks) + self.kept_points + self.by_hand
