"""The unseen checks of exercise 3, and typical wrong answers with the points that they earn."""

import inspect
import math

from mmlab.checks import Check
from mmlab.checks.exercises import ex3
from mmlab.checks.exercises.ex3 import rate_of_mprotect, wait_of_a_pair, wait_of_a_writer, wait_of_ps


def convoys(draw):
    return [(draw.randint(2, 40), draw.randint(1, 6), draw.randint(3, 20)) for _ in range(4)]


def pauses(draw):
    """Each step of the stairs once, not at its edges."""
    return [(30 * step + draw.randint(4, 26), draw.randint(3, 20)) for step in range(6)]


def traces(draw):
    found = []
    for _ in range(4):
        some = [(draw.randint(1, 400) / 10, draw.randint(0, 100) / 10) for _ in range(draw.randint(2, 6))]
        found.append((some, draw.randint(0, 50) / 10))
    return found


def readers(draw):
    """Pauses that end within a batch, in the first one and in later ones."""
    found = []
    for later in (0, 0, 1, draw.randint(2, 5)):
        threads, channels, disk = draw.randint(1, 12), draw.randint(1, 3), draw.randint(8, 20)
        batch = math.ceil(threads / channels) * disk
        found.append((threads, channels, disk, later * batch + round(batch * draw.uniform(0.15, 0.85))))
    return found


MOMENTS = 5_000


def pair_waited(work, case):
    """Two writers come together, at each of many moments evenly spread over the trace: what do they wait on average?"""
    stretches, section = case
    whole = sum(held + free for held, free in stretches)
    total, number, begin = 0.0, 0, 0.0
    for moment in range(MOMENTS):
        at = (moment + 0.5) * whole / MOMENTS
        while at >= begin + sum(stretches[number]):
            begin += sum(stretches[number])
            number += 1
        first = max(0.0, begin + stretches[number][0] - at)
        second = first + section
        total += (first + second) / 2
    return total / MOMENTS


CHECKS = (
    Check(
        "the wait on other disks", 1, wait_of_a_writer(convoys), unseen=True, needs=("writer_wait",),
        belief="that the reads can be divided evenly; a last round with few of them takes as long as a full one",
    ),
    Check(
        "other steps of the stairs", 2, rate_of_mprotect(pauses), unseen=True, needs=("mprotect_rate",),
        belief="that who asks in the middle of a section gets the lock at once; it waits for the end of that section",
    ),
    Check(
        "pairs in other traces", 2, wait_of_a_pair(traces, pair_waited), unseen=True, needs=("pair_wait",),
        belief="that both writers of a pair wait for the same time; the second waits for the first as well",
    ),
    Check(
        "ps with other pauses", 3, wait_of_ps(readers), unseen=True, needs=("ps_wait",),
        belief="that a longer pause makes a shorter wait; only the place within a batch where it ends counts",
    ),
)  # fmt: skip

TEXT = """
import math

def writer_wait(threads, channels, disk):
    return {wait}

def mprotect_rate(pause, disk):
    asks = pause + 0.5
    sections = {sections}
    granted = max(asks, 30 * (sections - 1) + 28)
    return 1e6 * sections / (1000 * disk + granted){pairs}

def pair_wait(stretches, section):
    whole = sum(held + free for held, free in stretches)
    return {pair}

def ps_wait(threads, channels, disk, pause):
    batch = math.ceil(threads / channels) * disk
    return {ps}
"""


def answer(
    wait="math.ceil(threads / channels) * disk", sections="math.ceil(asks / 30)", pairs="",
    pair="sum(held**2 / 2 for held, _ in stretches) / whole + section / 2", ps="batch - pause % batch",
):  # fmt: skip
    """A whole answer, with these parts."""
    return TEXT.format(wait=wait, sections=sections, pairs=pairs, pair=pair, ps=ps)


THEORY = """
from mmlab import theory

def writer_wait(threads, channels, disk):
    return theory.convoy_wait(threads, disk, channels)

def mprotect_rate(pause, disk):
    fault = theory.Section(round(1000 * pause + 500), round(1e6 * disk) + 1_000)
    return 2 * theory.alternate(fault, [theory.Section(2_000, 28_000)]).pairs_per_second

def pair_wait(stretches, section):
    return 0

def ps_wait(threads, channels, disk, pause):
    return theory.convoy_wait(threads, disk, channels) - pause
"""

COPIED = f"PAIRS = {ex3.PAIRS!r}\n\n{inspect.getsource(ex3.pair_waited)}".replace(": Work", "")

WRONG = {
    "the last round is not filled up": (answer(wait="threads / channels * disk"), 14),
    "one section for each read": (answer(sections="1"), 11),
    "pairs, as in the notebook": (answer(pairs=" / 2"), 11),
    "half of the mean hold": (answer(pair="sum(held for held, _ in stretches) / len(stretches) / 2 + section / 2"), 12),
    "the lock is always busy": (
        answer(pair="sum(held**2 / 2 for held, _ in stretches) / sum(held for held, _ in stretches) + section / 2"), 12,
    ),
    "the second writer waits for the first, and so does the first": (
        answer(pair="sum(held**2 / 2 for held, _ in stretches) / whole + section"), 12,
    ),
    "the waits of pairs as the checks know them": (
        answer(pair="pair_waited(None, (stretches, section))") + COPIED, 14,
    ),
    "ps waits for a whole batch": (answer(ps="batch"), 11),
    "ps sleeps through one batch at most": (answer(ps="max(0, batch - pause)"), 11),
    "somebody else's theory": (THEORY, 0),
}  # fmt: skip
"""name -> (source, points of all checks together)"""
