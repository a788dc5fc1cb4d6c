"""What one can try to reach in step mode: each goal is a sentence, and a predicate of a Stepper."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

PASSED = 2
"""so many must have let go of mmap_sem while a writer stood in its queue"""


class Goal(NamedTuple):
    """`sentence` says what to reach; `reached(stepper)` is a sentence about how it was, or "" while it is not."""

    name: str
    sentence: str
    reached: Callable[[object], str]


def found(*words: str) -> Callable[[object], str]:
    """A finding whose kind has one of the words in it; any finding without words."""

    def reached(stepper) -> str:
        bug = stepper.finding
        if bug is None or (words and not any(word in bug.kind for word in words)):
            return ""
        return f"{bug.kind}: {bug.detail}"

    return reached


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
    passed: dict[str, list[str]] = {}
    for step in stepper.steps:
        for event in step.events:
            if not event.object.startswith("mmap_sem/"):
                continue
            if event.what == "wait" and event.object == "mmap_sem/write":
                passed[event.task] = []
            elif event.what == "acquire" or event.what == "gave_up":
                passed.pop(event.task, None)
            elif event.what == "release":
                for writer, others in passed.items():
                    others.append(event.task)
                    if len(others) >= PASSED:
                        return f"{writer} stood in the queue of mmap_sem while {' and '.join(others)} passed"
    return ""


GOALS = {
    goal.name: goal
    for goal in (
        Goal("finding", "break any rule of the kernel", found()),
        Goal(
            "livelock", "come back to a state that was there before, the fault unresolved, everybody in turn", livelock
        ),
        Goal("stale pte", "use or map what is not there any more", found("stale", "unmapped", "use after free")),
        Goal("starvation", f"let {PASSED} others pass while a writer waits for mmap_sem", starvation),
    )
}
