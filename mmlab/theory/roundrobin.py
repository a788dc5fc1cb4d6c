"""One faulting thread behind a crowd of loopers that fill the write lock, when the fault keeps the lock."""

from typing import NamedTuple

from mmlab.theory._arguments import count, positive


class Rates(NamedTuple):
    """What each side gets done."""

    faults_per_second: float
    pairs_per_second: float


def behind_a_crowd(fault_held, loopers, pair_held):
    """One faulting thread among `loopers` mmap+munmap loopers under `synchronous`: Rates.

    First come, first served, and everybody is back before his turn comes again: one fault, then one write section of
    each looper, in turn. A cycle is H + n * S / 2, with H the fault's hold and S what a pair holds.
    Units    fault_held, pair_held: ns with the lock held; the answer in events per second.
    Assumes  what each does without the lock takes less than a round; half of the sections are mmap's.
    Holds    for two loopers and more, without a pause. With one looper there is no crowd: see alternation.py.
    Source   [ours].
    Raises   ValueError: a time that is not > 0, loopers not a whole number >= 2.
    """
    sections = count("loopers", loopers, least=2)
    cycle = positive("fault_held", fault_held) + sections * positive("pair_held", pair_held) / 2
    return Rates(1e9 / cycle, 1e9 * sections / 2 / cycle)
