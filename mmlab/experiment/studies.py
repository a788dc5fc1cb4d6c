"""What the studies of the notebooks share: the costs as the theory asks for them, means with error bars."""

from __future__ import annotations

from collections.abc import Callable

from .. import theory
from ..kernel import costs
from .scenario import Scenario

HANDLER = {
    "entry": costs.EXCEPTION_ENTRY,
    "find_vma": costs.FIND_VMA,
    "lookup": costs.PAGE_CACHE_LOOKUP,
    "submit": costs.SUBMIT_READ,
    "install": costs.INSTALL_PTE,
}
"""the costs of a major fault beside its read, as mmlab.theory asks for them"""
WRITES = (
    theory.Section(costs.MMAP_OUTSIDE, costs.MMAP_HOLD),
    theory.Section(costs.MUNMAP_OUTSIDE, costs.MUNMAP_HOLD),
)
"""one round of the mmap looper"""
CONFIDENCE = 0.95
"""of the error bars; the tests of the project ask for 99.9 %"""


def over_seeds(measure: Callable, scenario: dict, seconds: float, seeds: int) -> theory.Estimate:
    """Mean and half-width of `measure(result)` over runs with the seeds 1 .. `seeds`; one seed has half-width 0."""
    scenarios = [Scenario(**scenario, seed=seed) for seed in range(1, seeds + 1)]
    samples = [measure(one.run(seconds, progress=False, keep=0)) for one in scenarios]
    if len(samples) == 1:
        return theory.Estimate(samples[0], 0.0)
    return theory.replications(samples, CONFIDENCE)
