"""Exercise 3: predictions for the convoy, as formulas, and an answer in words."""

from functools import lru_cache

from ...experiment import Scenario
from ..check import Check, Exercise
from ..kinds import all_of
from ..predictions import pencil_and_paper, predicted
from ..work import Work

ROUNDS = 8
"""times that a looping writer comes round in a run"""


@lru_cache(50)
def run(seconds: float, **scenario):
    """A run of `synchronous`. Remembered: who mends one formula asks again for the numbers of all."""
    return Scenario(design="synchronous", **scenario).run(seconds=seconds, progress=False, keep=0)


def waited(work: Work, case: tuple) -> float:
    """The typical wait of one looping writer, in ms."""
    threads, channels, disk = case
    seconds = ROUNDS * threads * disk / 1_000
    return run(seconds, fault_threads=threads, channels=channels, disk=f"{disk}ms").mmap_wait.p50 / 1_000


def rate(work: Work, case: tuple) -> float:
    """Calls of mprotect a second, over a hundred reads."""
    pause, disk = case
    fields = {"pause": f"{pause}us", "disk": f"{disk}ms", "mmap_threads": 0, "mprotect_threads": 1}
    return run(0.1 * disk, **fields).writes_per_second


def ps_waited(work: Work, case: tuple) -> float:
    """The typical wait of a ps reader, in ms."""
    threads, channels, disk, pause = case
    fields = {"fault_threads": threads, "channels": channels, "disk": f"{disk}ms"}
    seconds = 9 * (threads * disk + pause) / 1_000
    return run(seconds, ps_readers=1, ps_pause=f"{pause}ms", **fields).ps_wait.p50 / 1_000


def convoys(draw) -> list[tuple]:
    """(threads, channels, disk)"""
    return [(1, 1, 18), (16, 1, 18), (8, 4, 5), (7, 2, 10)]


def pauses(draw) -> list[tuple]:
    """(pause, disk)"""
    return [(0, 18), (20, 18), (20, 5), (45, 18), (100, 10), (170, 4)]


PAIRS = [
    (([(18.0, 0.0)], 0.0), 9.0),
    (([(18.0, 18.0)], 0.0), 4.5),
    (([(2.0, 0.0), (34.0, 0.0)], 0.0), 16.111),
    (([(10.0, 1.0), (10.0, 1.0), (40.0, 5.0)], 4.0), 15.433),
]
"""(stretches, section), and the wait in ms: only the result stands here, since whoever has the checks could copy how
it is computed"""


def traces(draw) -> list[tuple]:
    """(stretches, section)"""
    return [case for case, _ in PAIRS]


def pair_waited(work: Work, case: tuple) -> float:
    """The average wait of a writer of a pair, in ms, in one of PAIRS."""
    return next(wait for one, wait in PAIRS if one == case)


def readers(draw) -> list[tuple]:
    """(threads, channels, disk, pause)"""
    return [(1, 1, 18, 1), (16, 1, 18, 1), (6, 2, 10, 4), (4, 1, 10, 65), (3, 1, 15, 100)]


def formula(function, cases, truth, **more):
    """A formula against runs."""
    return all_of(pencil_and_paper, predicted(function, cases, truth, **more))


def wait_of_a_writer(cases):
    """Within 2 %."""
    ask = "In which order does the disk serve these reads, how many at a time, and when does the last reader let go?"
    return formula("writer_wait", cases, waited, plus=0.1, unit="ms", ask=ask)


def rate_of_mprotect(cases):
    """Within 4 %: a run ends in the middle of something."""
    ask = (
        "Start the clock when A lets go. When does each section of B begin, when does A ask, and which sections began "
        "before that? How long does one such round last?"
    )
    return formula("mprotect_rate", cases, rate, within=0.04, unit="calls/s", ask=ask)


def wait_of_a_pair(cases, truth):
    """Within 1 %. `truth(work, case)` is what a pair waits."""
    ask = (
        "In which stretches do most moments lie? What is left of the stretch, on average, for a moment in it, and what "
        "for a moment when nobody holds the lock? What is different for the second writer?"
    )
    return formula(
        "pair_wait", cases, truth, within=0.01, plus=1e-3, unit="ms", ask=ask, who="the average over all moments is",
    )  # fmt: skip


def wait_of_ps(cases):
    """Within 2 %."""
    ask = (
        "Whom does ps queue behind, and with whom is it let in? Draw the batches of reads on a line, let ps finish with "
        "the beginning of one, and pause. In the middle of which batch does it come again?"
    )
    return formula("ps_wait", cases, ps_waited, plus=0.2, unit="ms", ask=ask)


EXERCISE = Exercise(
    name="ex3",
    title="Exercise 3, the convoy on paper",
    functions=("writer_wait", "mprotect_rate", "pair_wait", "ps_wait"),
    checks=(
        Check(
            "what one looping writer waits", 1, wait_of_a_writer(convoys), needs=("writer_wait",),
            belief="that a writer waits for one read; it waits until the last reader in front of it has its page",
        ),
        Check(
            "the stairs of an mprotect loop", 3, rate_of_mprotect(pauses), needs=("mprotect_rate",),
            belief="that the rate grows evenly with the pause; it grows in stairs, a whole section at a time",
        ),
        Check(
            "a pair of writers that comes at random", 2, wait_of_a_pair(traces, pair_waited), needs=("pair_wait",),
            belief="that a random moment falls into each stretch with the same chance; it falls into long ones more often",
        ),
        Check(
            "how long ps hangs", 2, wait_of_ps(readers), needs=("ps_wait",),
            belief="that who only reads never waits for readers; behind a writer that waits every newcomer queues",
        ),
    ),
    hints=(
        "Draw each of them as a time line before you write it down: one lane for each thread, and the moments when the "
        "lock changes hands. In all four the reads of the disk are the long bars, and everything else is short.",
        "mprotect_rate: the sections of B begin at 0, 30, 60, ... us after A has let go, and last 28 us each. A asks "
        "0.5 us after its pause, and gets the lock when the section that runs is over, or at once between two. "
        "pair_wait: a moment falls into a stretch with a probability that grows with its length.",
        "ps_wait: while the lock is held in batches, one after the other, ps is let in at the beginning of a batch, and "
        "asks again `pause` later. So only the place within a batch counts: pause modulo the length of a batch. "
        "pair_wait: a held stretch of h contributes h * h / 2 to the sum of all waits, its free time nothing.",
    ),
    kept=4,
    kept_points=8,
    by_hand=4,
)  # fmt: skip
