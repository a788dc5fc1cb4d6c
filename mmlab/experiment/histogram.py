"""A histogram of durations with logarithmic buckets 1 % wide: constant memory, percentiles within 1 %."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

SCALE = 1 / math.log(1.01)
DISTINCT = 500
"""how many different durations are counted one by one before they go into buckets: adding must be cheap"""


class Durations:
    """Durations in ns, and what people ask about them, in us.

    `p50`, `p99`, `max` and `mean` are in us; each bucket remembers its own mean, so a duration that is always the same
    is reported exactly. `count` is how many there were; with none, every figure is 0.
    """

    __slots__ = ("_buckets", "_exact")

    def __init__(self) -> None:
        self._exact: dict[int, int] = {}
        self._buckets: dict[int, list[int]] = {}

    def add(self, ns: int) -> None:
        """Count one duration of `ns` nanoseconds."""
        exact = self._exact
        exact[ns] = exact.get(ns, 0) + 1
        if len(exact) > DISTINCT:
            self._settle()

    def add_all(self, durations: Iterable[int]) -> None:
        """Count many durations (ns) at once, which is cheaper than one by one."""
        exact = self._exact
        for ns, number in Counter(durations).items():
            exact[ns] = exact.get(ns, 0) + number
            if len(exact) > DISTINCT:
                self._settle()

    def _settle(self) -> dict[int, list[int]]:
        """Sort what was counted exactly into the buckets: {bucket: [count, sum, longest]}."""
        for ns, number in self._exact.items():
            bucket = int(math.log(ns) * SCALE) if ns else -1
            entry = self._buckets.setdefault(bucket, [0, 0, 0])
            entry[0] += number
            entry[1] += number * ns
            entry[2] = max(entry[2], ns)
        self._exact.clear()
        return self._buckets

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(entry[0] for entry in self._settle().values())

    def percentile(self, percent: float) -> float:
        """The duration in us that `percent` % of all do not exceed (to within 1 %).

        Raises ValueError unless 0 <= percent <= 100.
        """
        if not 0 <= percent <= 100:
            raise ValueError(f"percentile({percent!r}): give a number from 0 to 100")
        wanted = max(1, math.ceil(self.count * percent / 100))
        seen = 0
        for _, (number, total, _) in sorted(self._settle().items()):
            seen += number
            if seen >= wanted:
                return total / number / 1000
        return 0.0

    @property
    def p50(self) -> float:
        """us; half of all are not longer"""
        return self.percentile(50)

    @property
    def p99(self) -> float:
        """us; 99 of 100 are not longer"""
        return self.percentile(99)

    @property
    def max(self) -> float:
        """us"""
        return max((entry[2] for entry in self._settle().values()), default=0) / 1000

    @property
    def mean(self) -> float:
        """us"""
        return self.total / self.count if self.count else 0.0

    @property
    def total(self) -> float:
        """us"""
        return sum(entry[1] for entry in self._settle().values()) / 1000

    def rows(self) -> list[tuple[float, int]]:
        """(us, count) for each bucket, shortest first: the material of a histogram."""
        return [(total / number / 1000, number) for _, (number, total, _) in sorted(self._settle().items())]

    def __repr__(self) -> str:
        if not self.count:
            return "<durations: none>"
        return f"<{self.count:,} durations: p50 {self.p50:,.2f} us, p99 {self.p99:,.2f} us, max {self.max:,.2f} us>"
