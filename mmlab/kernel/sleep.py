"""The two things that a driver of the kernel must understand: time passes, and a task sleeps.

A coroutine of the kernel yields an integer when the running task uses that many ns of cpu time, and None
when it sleeps until somebody calls `wake_up_process`. Everything else is ordinary Python.

Where it is hot, code moves the clock itself, as long as nothing else is due before `k.horizon`, instead of asking the
driver to wait:

    then = k.now + costs.FIND_VMA
    if then < k.horizon:
        k.now = then
    else:
        await charge(costs.FIND_VMA)
"""

from __future__ import annotations

import types

TASK_RUNNING = "running"
TASK_UNINTERRUPTIBLE = "uninterruptible"
TASK_KILLABLE = "killable"
TASK_INTERRUPTIBLE = "interruptible"

EINTR = 4
"""a killable or interruptible sleep was ended by a signal; primitives return -EINTR as Linux does"""


@types.coroutine
def charge(ns: int):
    """Use `ns` nanoseconds of cpu time. May be interleaved; never ended by a signal."""
    yield ns


class off_cpu(int):
    """ns that pass while a task sleeps by a timer rather than works; a driver that counts cpus tells them apart."""


@types.coroutine
def schedule_timeout(ns: int):
    """Sleep for `ns` nanoseconds; needs no cpu meanwhile, is never ended by a signal."""
    yield off_cpu(ns)


@types.coroutine
def schedule():
    """Sleep until `wake_up_process(current)`. The caller has queued itself somewhere and set its state."""
    yield None


def wake_up_process(task) -> None:
    """Make a sleeping task runnable; a task that is not asleep is left alone. Order of waking is order of running."""
    if task.state is not TASK_RUNNING:
        task.state = TASK_RUNNING
        k = task.k
        k.ready.append(task)
        k.horizon = 0  # the running task gives way at its next charge


def sleep_is_over(task) -> bool:
    """Whether a signal ends the sleep that `task` is in, or is about to enter."""
    if task.state is TASK_INTERRUPTIBLE:
        return bool(task.pending)
    return task.state is TASK_KILLABLE and "SIGKILL" in task.pending


@types.coroutine
def sleep_on(task, queue: list, state: str = TASK_UNINTERRUPTIBLE):
    """Put `task` (the running one) on a wait queue and sleep in `state`. Returns 0, or -EINTR when a signal ended it.

    The waker empties the queue (`wake_up`); a task that a signal woke takes itself off.
    """
    task.state = state
    if task.pending and sleep_is_over(task):
        task.state = TASK_RUNNING
        return -EINTR
    queue.append(task)
    task.waits_for = queue
    yield None
    task.waits_for = None
    if task in queue:
        queue.remove(task)
        return -EINTR
    return 0


def wake_up(queue: list) -> None:
    """Wake every task on a wait queue, oldest first."""
    for task in queue:
        wake_up_process(task)
    queue.clear()
