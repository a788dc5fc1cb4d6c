"""Exercise 5: a bounded retry, with what is left on the stack and no flag in the task."""

from ..asking import given, never, passes
from ..check import Check, Exercise
from ..draw import Draw
from ..kinds import all_of, every_interleaving, number
from ...experiment import Result
from ...experiment.worlds import World
from ..outcome import Outcome
from ..work import Work

BASE = "retry_once"
OPTIONS = {"new_signatures": True}
DONTNEED = "a fault under DONTNEED"
THEN_GUP = World("a fault that is over, then get_user_pages", (), system_calls=("touch then gup",))


def flagged(k) -> bool:
    """Whether any task has a flag set."""
    return any(task.flags for task in k.tasks)


NO_FLAG = never(
    BASE, DONTNEED, flagged,
    "It works, and a bit of current->flags is set on the way.\n"
    "Whose is that bit when the next fault of this task, or a get_user_pages, finds it? How else could filemap_nopage "
    "know what it may do?",
    **OPTIONS,
)  # fmt: skip


def twice(work: Work, draw: Draw) -> Outcome:
    """Two retries, and never three."""
    return passes(work, BASE, DONTNEED, 2, **OPTIONS)


def bus_error(k) -> bool:
    """Whether a task is being told that there is no such page."""
    return any("SIGBUS" in task.pending or task.exit_code == "SIGBUS" for task in k.tasks)


NO_BUS_ERROR = never(
    BASE, DONTNEED, bus_error,
    "The disk can read this page, and the program gets a SIGBUS all the same.\n"
    "What does the last pass do when it finds the page locked?",
    **OPTIONS,
)  # fmt: skip


def minor_faults(result: Result) -> int:
    """Resolved faults that were counted as minor."""
    return result.metrics.minor


MAJOR = number(
    BASE, 0.015, {"disk": "2ms", "fault_threads": 1, "mmap_threads": 1}, minor_faults, most=0, unit="faults",
    ask="Every page of this run came from the disk. Which pass found it in the cache, and what was there before it?",
    **OPTIONS,
)  # fmt: skip

BOUNDED, UNFLAGGED = "two retries can happen, three never", "no flag of the task is used"
RIGHT = all_of(twice, NO_BUS_ERROR, NO_FLAG)

EXERCISE = Exercise(
    name="ex5",
    title="Exercise 5, a bounded retry",
    base=BASE,
    options=OPTIONS,
    functions=(
        "do_page_fault", "handle_mm_fault", "handle_pte_fault", "do_no_page", "filemap_nopage", "faultin_page",
    ),
    checks=(
        Check(
            "every fault ends, and ends right", 1,
            all_of(every_interleaving(BASE, "a fault and a remap", DONTNEED, **OPTIONS), NO_BUS_ERROR),
            belief="that the last pass may give up when the page is gone again; it has to wait for it, with the lock",
        ),
        Check(
            "a page from the disk is one major fault", 1, MAJOR,
            belief="that the last pass tells whether a fault was major; an earlier one may have waited for the disk",
        ),
        Check(
            "get_user_pages keeps its lock", 2, every_interleaving(BASE, THEN_GUP, **OPTIONS),
            belief="that whoever comes through the fault path may let go of the lock; its caller may rely on it",
        ),
        Check(
            BOUNDED, 2, all_of(twice, NO_BUS_ERROR),
            belief="that a loop which usually ends is bounded; what counts is the worst interleaving",
        ),
        Check(
            UNFLAGGED, 2, given(all_of(twice, NO_BUS_ERROR), BOUNDED, NO_FLAG),
            belief="that a fact about the fault may be kept in the task; the task outlives the fault",
        ),
    ),
    hints=(
        "Follow `retries_left` from above: who makes it up, who only hands it on, and who looks at it? There is one "
        "function of each kind that you write, and the three that are given only hand it on.",
        "do_page_fault is the loop of retry_once, with a local number in place of the flag. A local variable is gone "
        "on every exit, so there is nothing to clear. What must the number be in the last pass?",
        "filemap_nopage may drop the lock only while retries_left is above 0; with 0 it goes on to lock_page, as "
        "retry_once does without its flag. And what is left to somebody, in faultin_page, who may never let go?",
    ),
    kept=4,
    kept_points=12,
)  # fmt: skip
