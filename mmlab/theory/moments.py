"""The first two moments of a random time: all that the formulas of residual.py and queues.py ask for.

Source for all: any textbook of probability, e.g. S. Ross, Introduction to Probability Models, ch. 2.
"""

from typing import NamedTuple

from mmlab.theory._arguments import not_negative, probability


class Moments(NamedTuple):
    """E[H] in ns and E[H^2] in ns^2 of a time H."""

    mean: float
    square: float


def constant(time):
    """A time that is always the same: E[H] = t, E[H^2] = t^2. ns. ValueError if negative or not finite."""
    not_negative("time", time)
    return Moments(time, time * time)


def exponential(mean):
    """An exponential time: E[H] = m, E[H^2] = 2 m^2. ns. ValueError if negative or not finite."""
    not_negative("mean", mean)
    return Moments(mean, 2 * mean * mean)


def uniform(low, high):
    """A time spread evenly from low to high: E[H^2] = (low^2 + low high + high^2) / 3. ns.

    Raises ValueError unless 0 <= low <= high.
    """
    not_negative("low", low)
    not_negative("high", high)
    if low > high:
        raise ValueError(f"low={low!r}, high={high!r}: give low <= high")
    return Moments((low + high) / 2, (low * low + low * high + high * high) / 3)


def mixture(*parts):
    """One of several kinds of time, say hits and misses: mixture((0.9, constant(1)), (0.1,
    exponential(500))).

    Each moment is the weighted sum of the parts'. A mixture of exponentials is called hyperexponential. ns.
    Raises ValueError: no parts, a weight outside 0..1, weights that do not add up to 1.
    """
    weights = [probability("weight", weight) for weight, _ in parts]
    if abs(sum(weights) - 1) > 1e-9:
        raise ValueError(f"weights {weights}: give weights that add up to 1")
    mean = sum(weight * check("part", part).mean for weight, part in parts)
    square = sum(weight * part.square for weight, part in parts)
    return Moments(mean, square)


def plus(a, b):
    """The sum of two independent times: E[(A+B)^2] = E[A^2] + 2 E[A] E[B] + E[B^2]. ns.

    plus(constant(1_300), exponential(18_000_000)) is a fault with an exponential disk. ValueError: as check.
    """
    check("a", a)
    check("b", b)
    return Moments(a.mean + b.mean, a.square + 2 * a.mean * b.mean + b.square)


def check(name, moments):
    """The moments themselves. Raises ValueError if no time can have them: negative, or E[H^2] < E[H]^2."""
    if not isinstance(moments, Moments):
        raise ValueError(f"{name}={moments!r}: give Moments(mean, square), e.g. constant(18_000_000)")
    not_negative(f"{name}.mean", moments.mean)
    not_negative(f"{name}.square", moments.square)
    if moments.square < moments.mean**2 * (1 - 1e-9):  # less than rounding can explain
        raise ValueError(f"{name}={moments!r}: give a square that is at least mean * mean")
    return moments
