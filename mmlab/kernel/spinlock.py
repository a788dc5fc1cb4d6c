"""spinlock_t: the page-table lock. Held for a few instructions; sleeping under it is a bug."""

from __future__ import annotations

from . import costs
from .sleep import TASK_UNINTERRUPTIBLE, charge, sleep_on, wake_up_process


class spinlock_t:
    """A lock for critical sections that never sleep. `owner` is the task inside, or None.

    A task that finds it taken spins; here it queues, because a spin that changes nothing need not be simulated.
    """

    __slots__ = ("k", "name", "owner", "spinners")
    rank = 3

    def __init__(self, k, name: str) -> None:
        self.k = k
        self.name = name
        self.owner = None
        self.spinners: list = []

    def __repr__(self) -> str:
        return self.name

    async def spin_lock(self) -> None:
        """Enter the critical section. Lock state: not held by the caller; held on return."""
        k = self.k
        task = k.current
        if self.owner is task:  # no other lock ranks as high
            k.lockdep(task, self)
        then = k.now + costs.INSTALL_PTE  # charged here, so that the critical section itself takes no time
        if then < k.horizon:
            k.now = then
        else:
            await charge(costs.INSTALL_PTE)
        while self.owner is not None:
            await sleep_on(task, self.spinners, TASK_UNINTERRUPTIBLE)
        self.owner = task
        task.held.append(self)
        if k.debug:
            task.remember_place(self)

    async def spin_unlock_wait(self) -> None:
        """Spin until nobody is in the critical section; costs nothing. Lock state: any but held, unchanged."""
        while self.owner is not None:
            await sleep_on(self.k.current, self.spinners, TASK_UNINTERRUPTIBLE)

    async def spin_unlock(self) -> None:
        """Leave the critical section. Lock state: held by the caller; not held on return."""
        task = self.k.current
        if self.owner is not task:
            self.k.bug_release(task, self, "spin")
        self.owner = None
        task.held.remove(self)
        if self.spinners:
            wake_up_process(self.spinners.pop(0))
