"""Making an allocation fail on purpose (mm/failslab.c, fault injection)."""

from __future__ import annotations

from .handle import primitive


class FailOnce:
    """A `fail_alloc` for a machine: the next allocation finds no memory, and no other."""

    def __init__(self, k) -> None:
        self.k = k

    def __call__(self) -> bool:
        self.k.fail_alloc = None
        return True


@primitive
def fail_next_allocation(k) -> None:
    """The next allocation, whoever makes it, finds no memory."""
    k.fail_alloc = FailOnce(k)
