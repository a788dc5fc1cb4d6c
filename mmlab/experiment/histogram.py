"""A histogram of durations with logarithmic buckets 1 % wide: constant memory, percentiles within 1 %."""

from __future__ import annotations

import math

SCALE = 1 / math.log(1.01)


class Durations:
    """Durations in ns, and what people ask about them, in us.

    `p50`, `p99`, `max` and `mean` are in us; each bucket remembers its own mean, so a duration that is always the same
    is reported exactly. `count` is how many there were; with none, every figure is 0.
    """

    __slots__ = ("_buckets", "_max", "_sum", "count")

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0
        self._max = 0
        self._buckets: dict[int, list[int]] = {}

    def add(self, ns: int) -> None:
        """Count one duration of `ns` nanoseconds."""
        self.count += 1
        self._sum += ns
        if ns > self._max:
            self._max = ns
        bucket = int(math.log(ns) * SCALE) if ns else -1
        entry = self._buckets.get(bucket)
        if entry is None:
            self._buckets[bucket] = [1, ns]
        else:
            entry[0] += 1
            entry[1] += ns

    def percentile(self, percent: float) -> float:
        """The duration in us that `percent` % of all do not exceed (to within 1 %).

        Raises ValueError unless 0 <= percent <= 100.
        """
        if not 0 <= percent <= 100:
            raise ValueError(f"percentile({percent!r}): give a number from 0 to 100")
        wanted = max(1, math.ceil(self.count * percent / 100))
        seen = 0
        for bucket in sorted(self._buckets):
            number, total = self._buckets[bucket]
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
        return self._max / 1000

    @property
    def mean(self) -> float:
        """us"""
        return self._sum / self.count / 1000 if self.count else 0.0

    @property
    def total(self) -> float:
        """us"""
        return self._sum / 1000

    def rows(self) -> list[tuple[float, int]]:
        """(us, count) for each bucket, shortest first: the material of a histogram."""
        return [(total / number / 1000, number) for _, (number, total) in sorted(self._buckets.items())]

    def __repr__(self) -> str:
        if not self.count:
            return "<durations: none>"
        return f"<{self.count:,} durations: p50 {self.p50:,.2f} us, p99 {self.p99:,.2f} us, max {self.max:,.2f} us>"
