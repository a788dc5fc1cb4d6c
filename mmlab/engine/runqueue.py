"""The timed driver with a limited number of cpus: a task that wants to work waits for a free one.

[ours]: one run queue, round robin with a slice of SLICE ns. A task that wakes goes to the end of the queue and pushes
nobody aside; one whose slice is over does so too, if anybody waits, in the kernel as in user mode, whatever it holds
(only not a spinlock: then it gets one slice more). Linux's schedulers are cleverer. Disturbances from outside (signals,
DONTNEED, truncation, arrivals) need no cpu; `ps` does.
"""

from __future__ import annotations

from math import inf

from ..kernel.machine import Machine
from ..kernel.sleep import off_cpu
from ..kernel.spinlock import spinlock_t
from ..kernel.task import task_struct
from .timed import TaskAlarm, Timed

SLICE = 1_000_000
"""ns that a task may work while others wait for its cpu"""


class RunQueue(Timed):
    """As Timed, with `cpus` processors. The queue is k.ready: who waits to run, woken or pushed aside."""

    def __init__(self, k: Machine, consume, cpus: int) -> None:
        super().__init__(k, consume)
        self.free = cpus
        self.slice_end: dict[task_struct, int] = {}
        """of each task that has a cpu, the time when its slice is over"""
        self.owed: dict[task_struct, int] = {}
        """ns of work that a task asked for and has not done, because it was pushed aside or its slice was over"""
        self.since: dict[task_struct, int] = {}
        """when each task in the queue came there"""

    def _go_on(self, alarm: TaskAlarm) -> None:
        """An alarm went off: a task has done its work, or its slice is over, or it has slept long enough."""
        k, task = self.k, alarm.task
        k.now = alarm.time
        if task not in self.slice_end:
            k.ready.append(task)
        elif self.slice_end[task] <= k.now and self._somebody_waits() and not spins(task):
            del self.slice_end[task]
            self.free += 1
            k.ready.append(task)
        else:
            self._work(alarm)
        self._dispatch()

    def _run_ready(self, alarm: TaskAlarm) -> None:
        """The disk woke the task of `alarm`, and perhaps others."""
        self.k.ready.appendleft(alarm.task)
        self._dispatch()

    def _dispatch(self) -> None:
        """Let tasks of the queue run, first come first served, as long as there are cpus."""
        k = self.k
        while k.ready:
            for task in reversed(k.ready):
                if task in self.since:
                    break
                self.since[task] = k.now
            task = next((task for task in k.ready if self.free or not needs_cpu(task)), None)
            if task is None:
                return
            k.ready.remove(task)
            waited = k.now - self.since.pop(task)
            if waited:
                self.k.emit_for(task, "run", "cpu", waited)
            if needs_cpu(task):
                self.free -= 1
                self.slice_end[task] = k.now + SLICE
            self._work(self.alarms[task])

    def _somebody_waits(self) -> bool:
        return not self.free and any(map(needs_cpu, self.k.ready))

    def _work(self, alarm: TaskAlarm) -> None:
        """Let a task go on: with the work that it owes, or else with its code, until it asks for more or sleeps."""
        k, task = self.k, alarm.task
        ns = self.owed.pop(task, 0)
        if not ns:
            k.horizon = self._horizon(task)
            k.resumed = k.now
            k.current = task
            try:
                ns = alarm.send(None)
            except StopIteration:
                self._leave_cpu(task)
                self._exit(task)
                return
            task.utime += k.now - k.resumed + (ns or 0)
            if ns is None:
                task.slept = task.utime
        if ns is None or isinstance(ns, off_cpu):
            self._leave_cpu(task)
        elif task in self.slice_end:
            over = self.slice_end[task]
            if over <= k.now:  # nobody waited when it was over
                over = self.slice_end[task] = over + ((k.now - over) // SLICE + 1) * SLICE
            if k.now + ns > over:
                self.owed[task] = k.now + ns - over
                ns = over - k.now
        if ns is not None:
            self.env.put(alarm, k.now + ns)

    def _horizon(self, task: task_struct) -> int:
        """Until when nothing but this task can happen."""
        if any(self.free or not needs_cpu(other) for other in self.k.ready):
            return 0
        over = self.slice_end.get(task, inf) if self.k.ready else inf
        return min(self.env.queue[0][0], over)

    def _leave_cpu(self, task: task_struct) -> None:
        if self.slice_end.pop(task, None) is not None:
            self.free += 1


def needs_cpu(task: task_struct) -> bool:
    """Whether it works on this computer: a thread of the process, or ps; not what comes from outside."""
    return task.mm is not None or task.role == "ps"


def spins(task: task_struct) -> bool:
    """Whether it is inside a spinlock, where it cannot be pushed aside."""
    return any(isinstance(lock, spinlock_t) for lock in task.held)
