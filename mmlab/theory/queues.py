"""Waiting for a device that serves one request after the other, and Little's law."""

from mmlab.theory._arguments import not_negative
from mmlab.theory.moments import check, constant, exponential


def mg1_wait(rate, service):
    """Mean ns in the queue before service: rate * E[S^2] / (2 (1 - rate E[S])), by Pollaczek and Khinchine.

    Units    rate: arrivals per second; service: Moments in ns and ns^2; the answer in ns.
    Assumes  Poisson arrivals (an open stream, not a few closed loops: for those see repairman.py),
             independent service times, one channel, FCFS, a queue without end.
    Holds    in the long run and only while utilisation rate * E[S] < 1; near 1 the average settles very
             slowly.
    Source   L. Kleinrock, Queueing Systems 1 (1975), ch. 5.
    Raises   ValueError: rate negative, moments that no time can have, utilisation >= 1.
    """
    check("service", service)
    per_ns = not_negative("rate", rate) / 1e9
    busy = per_ns * service.mean
    if busy >= 1:
        limit = 1e9 / service.mean
        raise ValueError(f"rate={rate!r}: the queue grows for ever; give less than {limit:.6g} per second")
    return per_ns * service.square / (2 * (1 - busy))


def mm1_wait(rate, mean_service):
    """Mean ns in the queue before an exponential service: rho / (1 - rho) * E[S], rho = rate * E[S].

    Units, assumptions, source, errors: as mg1_wait.
    """
    return mg1_wait(rate, exponential(mean_service))


def md1_wait(rate, service):
    """Mean ns in the queue before a constant service: rho / (2 (1 - rho)) * S, half of mm1_wait.

    Units, assumptions, source, errors: as mg1_wait.
    """
    return mg1_wait(rate, constant(service))


def littles_law(rate, time):
    """Mean number inside = arrivals per second * mean ns inside / 1e9.

    Units    rate per second, time in ns; the answer is a number of tasks (requests, readers, ...).
    Holds    for anything in the long run: a queue, the lock, the whole kernel; no assumption about chance.
    Source   J. Little, A Proof for the Queuing Formula L = lambda W, Operations Research 9 (1961).
    Raises   ValueError: a negative rate or time.
    """
    return not_negative("rate", rate) * not_negative("time", time) / 1e9
