"""Residual life: what a writer that comes at a random moment waits for the reader that it finds.

It finds long holds more often than short ones, so half the mean hold is too small a guess (the inspection
paradox).
"""

from mmlab.theory._arguments import not_negative, positive, probability
from mmlab.theory.moments import check


def residual_life(hold):
    """Mean time that is left of a hold found at a random moment: E[H^2] / (2 E[H]), in ns.

    Constant holds: E[H] / 2. Exponential holds: E[H], the whole of it, for they have no memory.
    Units    hold: Moments in ns and ns^2; the answer in ns.
    Source   renewal theory: L. Kleinrock, Queueing Systems 1 (1975), ch. 5.
    Raises   ValueError: moments that no time can have, mean zero.
    """
    check("hold", hold)
    return hold.square / (2 * positive("hold.mean", hold.mean))


def random_writer_wait(busy, hold):
    """Mean wait for mmap_sem of a writer at a random moment: P(busy) * E[H^2] / (2 E[H]), in ns.

    Units    busy: fraction of the time that readers hold the lock, 0..1; hold: Moments of such a stretch; the
             answer in ns.
    Assumes  writers come as a Poisson stream (then they see time averages: PASTA), so rarely that one never
             meets another or the crowd that it left behind; a stretch that begins before the writer came runs
             on as if it had not come.
    Holds    under `synchronous` with one faulting thread: H is the whole fault with the lock held, about the
             disk time. With several, H is the stretch until no reader is left, if the readers pause; a
             looping writer never comes at random (see alternation.py).
    Source   Kleinrock, ch. 5; PASTA: R. Wolff, Poisson Arrivals See Time Averages, Operations Research 30
             (1982).
    Raises   ValueError: busy outside 0..1, moments that no time can have.
    """
    return probability("busy", busy) * residual_life(hold)


def reader_busy(hold_mean, gap_mean):
    """P(busy) of one reader that holds for `hold_mean` and is away for `gap_mean`, again and again: H / (H +
    gap).

    Units    both in the same unit, e.g. ns; the answer is a fraction.
    Source   alternating renewal process: S. Ross, Introduction to Probability Models, ch. 7.
    Raises   ValueError: a negative time, or both zero.
    """
    not_negative("hold_mean", hold_mean)
    not_negative("gap_mean", gap_mean)
    return hold_mean / positive("hold_mean + gap_mean", hold_mean + gap_mean)
