"""What one can try to reach in step mode: each goal is a sentence, and a predicate of a Stepper."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

PASSED = 2
"""so many must have let go of mmap_sem while a writer stood in its queue"""


class Goal(NamedTuple):
    """`sentence` says what to reach; `reached(stepper)` is a sentence about how it was, or "" while it is not.

    `words` is for a goal that is a finding: its kind has one of them in it, or is any at all if there are none; None
    for other goals. `memory(stepper)` is what the goal knows of the past, beside the state: for who looks for a way.
    """

    name: str
    sentence: str
    reached: Callable[[object], str]
    words: tuple[str, ...] | None = None
    memory: Callable[[object], object] = lambda stepper: None

    def wants(self, bug) -> bool:
        """Whether a KernelBug is what the goal asks for."""
        return self.words is not None and (not self.words or any(word in bug.kind for word in self.words))


def finding(name: str, sentence: str, *words: str) -> Goal:
    """The goal to find something whose kind has one of the words in it; anything without words."""

    def reached(stepper) -> str:
        bug = stepper.finding or stepper.deadlock()
        return f"{bug.kind}: {bug.detail}" if bug is not None and goal.wants(bug) else ""

    goal = Goal(name, sentence, reached, words)
    return goal


def livelock(stepper) -> str:
    """The state is one that was there before, a faulting task moved since, and its fault was never resolved, though
    everybody moved or could not move at some moment since then.
    """
    keys = stepper.keys
    for before in range(len(keys) - 1):
        if keys[before] is None or keys[before] != keys[-1]:
            continue
        loop = stepper.steps[before:]
        stuck = [task.comm for task in stepper.stage.k.tasks if task.role == "fault" and gets_nowhere(loop, task.comm)]
        if stuck and all(had_a_turn(stepper, name, before) for name in stepper.names):
            return (
                f"after step {len(stepper.steps)} everything is as it was after step {before}, everybody had a turn, "
                f"and the fault of {stuck[0]} is not resolved: this can go on for ever"
            )
    return ""


def gets_nowhere(loop: list, name: str) -> bool:
    """Whether a task moves in these steps without resolving its fault."""
    own = [step for step in loop if step.task == name]
    return bool(own) and not any(step.resolved for step in own)


def had_a_turn(stepper, name: str, before: int) -> bool:
    """Whether somebody moved after step `before`, or could not move at some moment since then."""
    if any(step.task == name for step in stepper.steps[before:]):
        return True
    path = list(stepper.path)
    try:
        for length in range(before, len(path)):
            stepper.walk(path[:length])
            if name not in stepper.movable():
                return True
        return False
    finally:
        stepper.walk(path)


def starvation(stepper) -> str:
    """A writer waits for mmap_sem, and others let go of it meanwhile, one after the other."""
    for writer, others in passed_by(stepper).items():
        if len(others) == PASSED:
            return f"{writer} stood in the queue of mmap_sem while {' and '.join(others)} passed"
    return ""


def passed_by(stepper) -> dict[str, tuple[str, ...]]:
    """For each writer in the queue of mmap_sem, who has let go of it since; one that PASSED have passed stays so."""
    passed: dict[str, tuple[str, ...]] = {}
    for step in stepper.steps:
        for event in step.events:
            if not event.object.startswith("mmap_sem/"):
                continue
            if event.what == "wait" and event.object == "mmap_sem/write":
                passed.setdefault(event.task, ())
            elif event.what in ("acquire", "gave_up") and len(passed.get(event.task, ())) < PASSED:
                passed.pop(event.task, None)
            elif event.what == "release":
                passed = {writer: (*others, event.task)[:PASSED] for writer, others in passed.items()}
    return passed


def convoy(stepper) -> str:
    """A writer stands in the queue of mmap_sem while a holder of it sleeps for the disk."""
    if not stepper.steps:
        return ""
    now = stepper.steps[-1]
    asleep = [name for name in now.sem.holders if now.state[name] == "holds read, waits for page"]
    writers = {
        event.task
        for step in stepper.steps
        for event in step.events
        if event.what == "wait" and event.object == "mmap_sem/write"
    }
    stuck = [name for name in now.sem.queue if name in writers]
    if not asleep or not stuck:
        return ""
    return f"{stuck[0]} stands in the queue of mmap_sem, and {asleep[0]}, which holds it, sleeps for the disk"


GOALS = {
    goal.name: goal
    for goal in (
        finding("finding", "break any rule of the kernel"),
        Goal(
            "livelock", "come back to a state that was there before, the fault unresolved, everybody in turn", livelock
        ),
        finding("stale pte", "use or map what is not there any more", "stale", "unmapped", "use after free"),
        Goal(
            "starvation",
            f"let {PASSED} others pass while a writer waits for mmap_sem",
            starvation,
            memory=lambda stepper: tuple(sorted(passed_by(stepper).items())),
        ),
        Goal("convoy", "let a writer queue for mmap_sem while its holder sleeps for the disk", convoy),
    )
}
