"""The published figures that the headline run stands beside, and which of our numbers were fitted to them."""

from __future__ import annotations

from collections.abc import Iterable

from ..designs import find
from ..kernel import costs
from ..view.table import Table
from .result import Result
from .scenario import Scenario

COMMIT = "d065bd810b6d"
KERNEL = "Linux 2.6.37"
READS_PER_SECOND = 55
"""thread A: random reads of a mapped file"""
PAIRS_BEFORE = 55
"""thread B: mmap+munmap pairs a second, before that commit"""
PAIRS_AFTER = 15_000

PAIR_US = (costs.MMAP_OUTSIDE + costs.MMAP_HOLD + costs.MUNMAP_OUTSIDE + costs.MUNMAP_HOLD) / 1000
NOTE = (
    f"Calibration: 18 ms per read and {PAIR_US:.2f} us per undisturbed mmap+munmap pair were chosen so that A reads\n"
    "55/s and a free B manages 15,000/s; that these come out proves nothing. Prediction: all that lies between,\n"
    "which is how often the two meet, the waits, the retries, the cpu time, and B under synchronous. There B gets\n"
    "27.7/s, not 55: the first-come-first-served lock makes it wait for the disk twice in each pair. If A pauses\n"
    "31 to 64 us between faults, B waits once a pair and gets 55.35/s. The commit does not say which applies."
)


def is_headline(scenario: Scenario) -> bool:
    """Whether a scenario is the commit's workload: one faulting thread, one mmap+munmap looper, 18 ms a read.

    Design, seed and the faulting thread's pause may be any.
    """
    return scenario.replace(seed=1, pause="0") == Scenario(design=scenario.design)


def beside_published(results: Iterable[Result]) -> Table | None:
    """The published figures beside the simulated ones, each called calibration or prediction.

    None if this is no headline run. "Before" is `synchronous`; "after" is `nopage_retry` and what builds on it.
    """
    rows = []
    for result in results:
        if not is_headline(result.scenario):
            return None
        lineage = find(result.scenario.design).lineage
        if result.design == "synchronous":
            when, pairs, kind = "before", PAIRS_BEFORE, "prediction"
        elif "nopage_retry" in lineage:
            when, pairs, kind = "after", PAIRS_AFTER, f"calibration ({PAIR_US:.2f} us per free pair)"
        else:
            continue
        reads = [READS_PER_SECOND, result.faults_per_second, "calibration (18 ms per read)"]
        rows.append([f"A reads/s, {when}", result.design, *reads])
        rows.append([f"B pairs/s, {when}", result.design, pairs, result.mmaps_per_second, kind])
    if not rows:
        return None
    columns = ["figure", "design", "published", "simulated", "the simulated figure is"]
    return Table(columns, rows, f"Published figures: commit {COMMIT}, {KERNEL}.")
