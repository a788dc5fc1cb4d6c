"""How sure is a simulated mean, and does it agree with a formula?

The rule of this project: a mean agrees with its formula if the error is within the tolerance AND the 99.9 %
confidence half-width is within half the tolerance. So a wide interval cannot excuse an error, and bad luck
cannot condemn a good run.
"""

import math
from numbers import Real
from typing import NamedTuple

from mmlab.theory._arguments import count, positive
from mmlab.theory.student import t_quantile


class Estimate(NamedTuple):
    """A mean, and how far the truth may lie from it; both in the unit of the samples."""

    mean: float
    half_width: float


class Agreement(NamedTuple):
    """One row of a table of formula against simulation; every number in the unit of the samples."""

    expected: float
    mean: float
    error: float  # mean - expected
    half_width: float
    tolerance: float
    agrees: bool


def replications(samples, confidence=0.999):
    """Mean and half-width of independent samples, one from each run with its own seed: t * s / sqrt(n).

    Units    those of the samples.
    Assumes  samples independent, each an average of many things (so about normal). One run's successive waits
             are neither: give those to batch_means.
    Source   A. Law, Simulation Modeling and Analysis, ch. 9 (replication / deletion); t: student.py.
    Raises   ValueError: fewer than 2 samples, a sample that is not finite, confidence not between 0 and 1.
    """
    samples = _finite(samples)
    n = len(samples)
    mean = math.fsum(samples) / n
    variance = math.fsum((x - mean) ** 2 for x in samples) / (n - 1)
    return Estimate(mean, t_quantile(confidence, n - 1) * math.sqrt(variance / n))


def batch_means(series, batches=20, warmup=0, confidence=0.999):
    """Mean and half-width from ONE long run: cut it into equal batches, compare their means.

    Dropped before: the first `warmup` values. Dropped behind: the few that do not fill a batch.
    Units    those of the series.
    Assumes  the run is in its steady state after the warm-up, and batches are so long that their means hardly
             know of each other (many times longer than a queue takes to forget); too short batches make the
             half-width too small.
    Source   A. Law, Simulation Modeling and Analysis, ch. 9 (batch means).
    Raises   ValueError: fewer than 2 batches, fewer values than batches, a value that is not finite.
    """
    count("batches", batches, least=2)
    count("warmup", warmup, least=0)
    series = list(series)[warmup:]
    size = len(series) // batches
    if size == 0:
        raise ValueError(f"{len(series)} values after the warm-up: give {batches} or more, or fewer batches")
    means = [math.fsum(series[i * size : (i + 1) * size]) / size for i in range(batches)]
    return replications(means, confidence)


def agreement(samples, expected, tolerance, confidence=0.999):
    """Compare independent samples with a formula's value: an Agreement, with all that a table wants to show.

    Units    samples and expected in one unit; tolerance is a fraction of expected (0.02: two per cent).
    Assumes  as replications.
    Raises   ValueError: as replications; expected zero or not finite (there is no fraction of it), tolerance
             not > 0.
    """
    positive("tolerance", tolerance)
    positive("abs(expected)", abs(expected))
    mean, half_width = replications(samples, confidence)
    allowed = tolerance * abs(expected)
    error = mean - expected
    agrees_ = abs(error) <= allowed and half_width <= allowed / 2
    return Agreement(expected, mean, error, half_width, allowed, agrees_)


def agrees(samples, expected, tolerance, confidence=0.999):
    """True if |mean - expected| <= tolerance * |expected| AND half-width <= half of that.

    Units, assumptions, errors: as agreement.
    """
    return agreement(samples, expected, tolerance, confidence).agrees


def _finite(samples):
    samples = list(samples)
    if len(samples) < 2:
        raise ValueError(f"{len(samples)} samples: give at least 2, from runs with different seeds")
    for sample in samples:
        if not isinstance(sample, Real) or not math.isfinite(sample):
            raise ValueError(f"sample {sample!r}: give finite numbers only")
    return samples
