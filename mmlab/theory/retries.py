"""Retries: was a write section counted while the disk worked, and was the page still there after it?

Both ask for a gap in a Poisson stream. The stream is open: nobody in it waits for the faulting thread.
"""

import math

from mmlab.theory._arguments import not_negative, positive, probability


def counter_unchanged(rate, sleep):
    """P(no write section began during a sleep without the lock): exp(-L * D), a fraction.

    Units    rate: write sections a second; sleep: ns.
    Assumes  single write sections that come as a Poisson stream, so short that rate * hold is far below 1: then nobody
             in front of the lock is carried from one fault into the next. A looper is no such stream: it is there again
             as soon as it is let go.
    Source   Poisson process: P(no arrival in D).
    Raises   ValueError: a negative rate or time.
    """
    return math.exp(-not_negative("rate", rate) * not_negative("sleep", sleep) / 1e9)


def counter_unchanged_in_a_crowd(rate, sleep, hold, first):
    """The same for a fault that comes at a random moment, whatever rho = rate * hold is.

    The answer is (1 - rho) * exp(rho - L * (first + D)).

    The fault queues behind the writers that it finds (work V), holds the lock for `first` before the disk is asked, and
    sleeps D. Whoever comes in V or `first` queues behind it and is counted as soon as it lets go. With V the work in an
    M/D/1 queue, E[exp(-L V)] = (1 - rho) / exp(-rho), by the Pollaczek-Khinchine transform at s = L.
    Units    rate: write sections a second; sleep, hold, first: ns; the answer is a fraction.
    Assumes  Poisson writers, each holding the lock for the constant `hold`; first come, first served; pauses between
             faults are long against a busy period. A thread that faults again at once finds an emptier queue than that.
    Source   [ours]; the transform: L. Kleinrock, Queueing Systems 1 (1975), ch. 5.
    Raises   ValueError: a negative rate or time, a lock that is never free (rho >= 1).
    """
    load = not_negative("rate", rate) * not_negative("hold", hold) / 1e9
    if load >= 1:
        raise ValueError(f"rate * hold is {load:g}: the writers alone fill the lock; give less than 1")
    window = not_negative("first", first) + not_negative("sleep", sleep)
    return (1 - load) * math.exp(load) * counter_unchanged(rate, window)


def retries_under_livelock(windows, gap):
    """Retries a fault when somebody throws the page away at random moments: 1 / E[exp(-W / T)].

    W is the time from the unlocked page to its next lookup; the retry ends the fault if no throwing away falls into it.
    Units    windows: one W, or a list of equally likely ones; gap: the mean T; all in the same unit.
    Assumes  exponential gaps (regular ones that are shorter than W never let it through), each W drawn anew, a fault
             that begins with a miss and may retry for ever. For one constant W: exp(W / T).
    Source   [ours]: geometric trials with success exp(-W / T).
    Raises   ValueError: no window, a negative window, a gap that is not > 0.
    """
    windows = list(windows) if isinstance(windows, list | tuple) else [windows]
    if not windows:
        raise ValueError("windows=[]: give at least one")
    gap = positive("gap", gap)
    success = math.fsum(math.exp(-not_negative("window", window) / gap) for window in windows) / len(windows)
    return 1 / positive("E[exp(-W / T)]", probability("success", success))
