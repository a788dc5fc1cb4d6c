"""A bounded retry among a crowd of writers: how often its last pass reads with the lock held, and what that costs."""

import math

from mmlab.theory._arguments import count, not_negative, positive, probability
from mmlab.theory.roundrobin import Rates


def window_in_a_crowd(loopers, pair_held, walk):
    """The mean time, in ns, from an unlocked page to its next lookup among `loopers` mmap+munmap loopers.

    The fault queues behind all of them; the one in front has on average half of its section left. So W is
    (n - 1/2) * S / 2 + walk, with S what a pair holds.
    Units    pair_held, walk (find_vma and the lookup): ns.
    Assumes  the loopers fill the lock (somebody always waits); half of the sections are mmap's.
    Source   [ours]: first come, first served.
    Raises   ValueError: a time that is not > 0, loopers not a whole number >= 1.
    """
    in_front = count("loopers", loopers) - 0.5
    return in_front * positive("pair_held", pair_held) / 2 + not_negative("walk", walk)


def page_lost(window, gap):
    """P(the page is thrown away before the retry has looked it up): 1 - exp(-W / T), a fraction.

    Units    window W and the mean gap T in the same unit.
    Assumes  exponential gaps between two throwings away, one constant W.
    Source   Poisson process: P(an arrival in W).
    Raises   ValueError: a negative window, a gap that is not > 0.
    """
    return -math.expm1(-not_negative("window", window) / positive("gap", gap))


def bounded_retry(disk, first, window, lost, retries, pair_held):
    """One faulting thread with at most `retries` retries among loopers that fill the lock: Rates.

    The first pass queues for `first`: a whole round, because the fault before has just let go. The i-th retry is needed
    with probability p^(i-1); for each the lock is dropped for a read, and the queue W comes again. The last pass reads
    with the lock held, with probability p^n. A fault takes first + (D + W)(1 + p + ... + p^(n-1)) + p^n D, of which
    p^n D with the lock held: then the loopers, who else fill it, stand still. No retry (n = 0) is `synchronous`.
    Units    disk, first, window, pair_held: ns; lost: p, a fraction; the answer in events per second.
    Assumes  a page that is lost is read again by the pass that misses it; no pause between faults.
    Source   [ours]: a renewal argument. Without a bound (n to infinity) and p = 1 a fault never ends.
    Raises   ValueError: a negative time, a fraction outside 0 .. 1, retries not a whole number >= 0.
    """
    disk, window = not_negative("disk", disk), not_negative("window", window)
    lost = probability("lost", lost)
    tries = count("retries", retries, least=0)
    held = lost**tries * disk
    dropped = sum(lost**i for i in range(tries)) * (disk + window)
    cycle = positive("cycle", not_negative("first", first) + dropped + held)
    return Rates(1e9 / cycle, 1e9 / positive("pair_held", pair_held) * (1 - held / cycle))
