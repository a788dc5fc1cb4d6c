"""The unseen checks of exercise 5, and typical wrong answers with the points that they earn."""

from dataclasses import replace

from mmlab.checks import Check
from mmlab.checks.asking import given, passes
from mmlab.checks.exercises.ex5 import BASE, DONTNEED, OPTIONS, RIGHT, UNFLAGGED
from mmlab.checks.kinds import every_interleaving, number
from mmlab.experiment.worlds import World

UNREADABLE = World("a page that cannot be read, under DONTNEED", bad_page=True, dontneed=True)
SHORTER = World("a truncate under DONTNEED", truncate=True, dontneed=True)


def other_bound(work, draw):
    """The bound is the learner's MOST_RETRIES, whatever it is."""
    most = draw.choice((0, 1, 3, 4))
    outcome = passes(work.also(f"MOST_RETRIES = {most}"), BASE, DONTNEED, most, **OPTIONS)
    return replace(outcome, message=f"With MOST_RETRIES = {most}: {outcome.message}")


def crowd(draw):
    return {
        "disk": f"{draw.randint(3, 5)}ms", "mmap_threads": 8, "dontneed": "20us", "cache_pages": 16,
        "seed": draw.randint(1, 999),
    }  # fmt: skip


CHECKS = (
    Check(
        "another bound is kept as well", 4, given(RIGHT, UNFLAGGED, other_bound), unseen=True,
        belief="that two is part of the design, not a choice",
    ),
    Check(
        "the last pass tells of an error and of a file cut short", 3,
        given(RIGHT, UNFLAGGED, every_interleaving(BASE, UNREADABLE, SHORTER, **OPTIONS)), unseen=True,
        belief="that a page for which one waits will come; the disk may fail, and the file may be shorter",
    ),
    Check(
        "two threads, one bound for each", 2,
        given(RIGHT, UNFLAGGED, every_interleaving(BASE, "two faults", **OPTIONS)), unseen=True,
        belief="that the number may be kept where all threads see it; it belongs to one fault",
    ),
    Check(
        "in the crowd the loopers keep two thirds", 3,
        given(RIGHT, UNFLAGGED, number(
            BASE, 0.06, crowd, "mmaps_per_second", least=9_600, most=12_000, unit="pairs/s",
            ask="How many of a fault's reads hold mmap_sem, and how many do not?", **OPTIONS,
        )), unseen=True,
        belief="that a bound costs nothing; in a crowd each fault uses it up, and its last read holds the lock",
    ),
)  # fmt: skip

LOCKS = "await lock_page(page)"
GIVES_UP = """if PageLocked(page):
            await put_page(page)
            return NOPAGE_SIGBUS, fault
        """

WRONG = {
    "starts again once too often": ([("retries_left > 0:", "retries_left >= 0:")], 2),
    "a number written into the code": (
        [("retries_left = MOST_RETRIES  #", "retries_left = 2  #"), ("left < MOST_RETRIES", "left < 2")], 16,
    ),
    "only one retry": ([("MOST_RETRIES = 2", "MOST_RETRIES = 1")], 4),
    "get_user_pages may drop the lock": ([("write_access, 0)", "write_access, MOST_RETRIES)")], 18),
    "nothing is taken off": ([("retries_left -= 1", "pass")], 2),
    "the last pass gives up": ([(LOCKS, GIVES_UP + LOCKS)], 3),
    "the earlier passes are forgotten": ([(", retries_left < MOST_RETRIES)", ")")], 19),
}  # fmt: skip
"""name -> (what is changed in the solution, points of all checks together)"""
