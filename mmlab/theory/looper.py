"""The two ceilings of every pairs/s figure: one mmap+munmap looper alone, and many of them together."""

from mmlab.theory._arguments import count, not_negative, positive


def free_pairs_per_second(outside, held):
    """Pairs/s of one looper that never waits: 1e9 / (outside + held).

    Units    outside: ns of a pair spent without the lock; held: ns of a pair spent with it; the answer is
             pairs per second. 2 + 3 us outside, 28 + 33.66 us held: 15,000/s.
    Assumes  nobody else asks for the lock, a cpu is free.
    Source   arithmetic: one pair after the other.
    Raises   ValueError: a negative time, or both zero.
    """
    return 1e9 / positive("outside + held", not_negative("outside", outside) + not_negative("held", held))


def saturated_pairs_per_second(held):
    """Pairs/s of many loopers together when the write lock is never free: 1e9 / held.

    Units    held: ns of a pair spent with the lock (both sections); the answer is pairs per second, all
             loopers together. 28 + 33.66 us: 16,218/s.
    Assumes  somebody always waits (so what is done outside overlaps another's section), hand-off costs no
             time, no readers.
    Source   utilisation law at utilisation 1: Denning and Buzen, The Operational Analysis of Queueing Network
             Models (1978).
    Raises   ValueError: held not > 0.
    """
    return 1e9 / positive("held", held)


def pairs_per_second_bound(loopers, outside, held):
    """The ceiling for `loopers` loopers, readers or not: min(loopers * free, saturated), in pairs per second.

    Units    times in ns, the answer in pairs per second.
    Holds    always (it is an upper bound); it is reached exactly with one looper, and with so many that the
             lock saturates.
    Source   asymptotic bounds: Lazowska et al., Quantitative System Performance (1984), ch. 5.
    Raises   ValueError: loopers not a whole number >= 1, outside negative, held not > 0.
    """
    alone = free_pairs_per_second(outside, positive("held", held))
    return min(count("loopers", loopers) * alone, saturated_pairs_per_second(held))
