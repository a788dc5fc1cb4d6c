"""Sequence counters without their size.

Whoever uses a counter well compares it with what it was before, or looks at its parity. So a key keeps which values are
equal, which are neighbours, and their parity; a value that the kernel no longer has anywhere can never come again, and
is just gone. Where the width of a counter is what is being tested, it is a plain number.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

OPAQUE_BITS = 8
"""counters at least that wide are compared, never measured"""
GONE = -10
"""an even value that no counter has; GONE - 1 is an odd one"""


class Count(NamedTuple):
    """One value of a counter: of mmap_seq ("mmap"), or of mm_lock_seq and vm_lock_seq ("lock")."""

    family: str
    value: int


class Counts:
    """Both counters of one mm: `current` is what they are, `shorter` what each value that the kernel has becomes."""

    def __init__(self, mm) -> None:
        self.mm = mm
        self.opaque = mm.seq_bits >= OPAQUE_BITS
        self.current: dict[str, int] = {}
        self.shorter: dict[str, dict[int, int]] = {}

    def begin(self, vmas: list) -> None:
        """Look at the values that the kernel has now."""
        if self.opaque:
            mm = self.mm
            self.current = {"mmap": mm.mmap_seq, "lock": mm.mm_lock_seq}
            locks = {mm.mm_lock_seq, *[vma.vm_lock_seq for vma in vmas]}
            self.shorter = {"mmap": {mm.mmap_seq: mm.mmap_seq % 2}, "lock": compact(sorted(locks))}

    def short(self, family: str, value: int) -> int:
        """What a value that the kernel has becomes; for what only tasks know, such as a removed vma, see `own`."""
        if not self.opaque:
            return value
        short = self.shorter[family].get(value)
        return self.own(Count(family, value)).value if short is None else short

    def own(self, count: Count) -> Count:
        """What a value that only a task has becomes: one that the kernel has, one that is still to come, or gone."""
        return apply(self.mapping(), count)

    def mapping(self) -> tuple:
        """What `own` does to values, as something that can be compared: (family, current, ((value, short), ...))."""
        if not self.opaque:
            return ()
        return tuple([(f, self.current[f], tuple(sorted(short.items()))) for f, short in self.shorter.items()])

    def settled(self) -> tuple:
        """What `mapping` will be for the state that is being frozen, if nothing happens to the counters."""
        if not self.opaque:
            return ()
        return tuple(
            [
                (f, short[self.current[f]], tuple(sorted({(v, v) for v in short.values()})))
                for f, short in self.shorter.items()
            ]
        )


def apply(mapping: tuple, count: Count) -> Count:
    """What a task's own value becomes under a mapping: see Counts.own."""
    for family, current, pairs in mapping:
        if family == count.family:
            short = dict(pairs)
            if count.value in short:
                return Count(family, short[count.value])
            ahead = count.value - current
            return Count(family, short[current] + ahead if ahead > 0 else GONE - count.value % 2)
    return count


def compact(values: list[int]) -> dict[int, int]:
    """Renumber ascending counter values: equality, parity and neighbourhood stay, distances above 2 become 2 or 3."""
    first = values[0]
    new = {first: first if first < 0 else first % 2}
    for before, value in pairwise(values):
        distance = value - before
        new[value] = new[before] + (distance if distance <= 2 else 2 + distance % 2)
    return new
