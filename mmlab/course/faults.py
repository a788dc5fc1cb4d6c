"""Tables of single faults."""

from __future__ import annotations

from ..experiment.anatomy import KINDS, OneFault, one_fault, side_by_side
from ..view.table import Table


def compare_faults(*faults: OneFault) -> Table:
    """A row for each of these faults: what was touched, how it ended, and where the time went, in us."""
    return side_by_side(list(faults))


def every_kind(design: str = "synchronous", disk: str = "18ms") -> Table:
    """One fault of every kind, side by side."""
    return side_by_side([one_fault(kind, design, disk) for kind in KINDS])
