"""The timed driver: the kernel under SimPy's clock.

One event per task, armed again each time, instead of a new Process or Timeout per step; wake-ups go through a
queue of ready tasks and cost no event at all. Time is integer nanoseconds.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Coroutine
from contextlib import contextmanager, suppress
from heapq import heappush

import simpy

from ..kernel.bug import KernelBug
from ..kernel.machine import Machine
from ..kernel.task import task_struct
from .report import LAST_EVENTS, blame, explain
from .watchdog import Watchdog

NORMAL = simpy.events.NORMAL
STUCK = 50_000_000
"""ns of cpu time in one stay in the kernel, without sleep, that no fault needs: a learner's loop"""
BATCH = 8_000
"""events of the trace that are folded at once, about"""
BATCHES_A_COLLECTION = 8
"""batches between two garbage collections: most events are gone by then and need not be looked at"""


class Clock(simpy.Environment):
    """SimPy's environment; an alarm is put at a time rather than after a delay: the kernel's clock may be ahead.

    `queue` is the heap of what is due: (time, priority, number, event).
    """

    def __init__(self) -> None:
        super().__init__(initial_time=0)
        self.queue = self._queue

    def put(self, alarm: Alarm, time: int) -> None:
        """Let `alarm` go off at `time` (ns since the start)."""
        alarm.time = time
        alarm.callbacks = alarm.again
        heappush(self.queue, (time, NORMAL, next(self._eid), alarm))


class Alarm(simpy.Event):
    """A SimPy event that is used again and again: `callback` is called each time it goes off."""

    def __init__(self, env: Clock, callback: Callable) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        self.again = [callback]
        self.time = 0


class TaskAlarm(Alarm):
    """The alarm that lets a task go on; `send` resumes its coroutine."""

    def __init__(self, env, callback, task: task_struct, coroutine: Coroutine) -> None:
        super().__init__(env, callback)
        self.task = task
        self.coroutine = coroutine
        self.send = coroutine.send


class DiskAlarm(Alarm):
    """The alarm that ends a read; used again for later reads."""

    page = None
    service = 0


@contextmanager
def collector_paused():
    """No automatic garbage collection: events are not garbage. Now and then a batch ends with a collection by hand."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Timed:
    """Runs a machine's tasks under SimPy. `consume(events)` gets the trace in batches; without it there is no trace.

    The kernel's clock `k.now` may run ahead of SimPy's while a task works and no event is due meanwhile
    (kernel/sleep.py): the order of everything is the same as if each step had gone through SimPy's queue.
    """

    def __init__(self, k: Machine, consume: Callable[[list[tuple]], None] | None = None) -> None:
        self.k = k
        self.env = Clock()
        self.alarms: dict[task_struct, TaskAlarm] = {}
        self.idle_disk_alarms: list[DiskAlarm] = []
        if consume is None and k.debug:
            consume = len  # nobody asked for the trace, but a report shows its end
        self.consume = consume
        self.folded: list[tuple] = []
        self.events: list[tuple] = []
        self.batches = 0
        k.start_io = self.start_io
        if consume is not None:
            k.tracing = True
            k.record = self.events.append

    def spawn(self, task: task_struct, coroutine: Coroutine, at: int = 0) -> None:
        """Let `task` run `coroutine` from time `at` (ns) on."""
        k = self.k
        alarm = self.alarms[task] = TaskAlarm(self.env, self._go_on, task, coroutine)
        at = max(at, k.now)
        self.env.put(alarm, at)
        k.horizon = min(k.horizon, at)

    def start_io(self, page, service: int) -> None:
        """The device begins to work on a read."""
        alarm = self.idle_disk_alarms.pop() if self.idle_disk_alarms else DiskAlarm(self.env, self._io_done)
        alarm.page = page
        alarm.service = service
        k = self.k
        end = k.now + service
        self.env.put(alarm, end)
        if end < k.horizon:
            k.horizon = end

    def run(self, until: int, progress: Callable[[float], None] | None = None) -> None:
        """Run to time `until` (ns). Calls `progress` with the share done now and then.

        Raises KernelBug when a debugging aid finds something, when a coroutine is never awaited, or when every task
        sleeps for ever.
        """
        self.until = until
        self.progress = progress
        self.period = 1_000_000
        self.clock = time.perf_counter()
        self.batch_alarm = Alarm(self.env, self._batch)
        self.env.put(self.batch_alarm, min(self.period, until))
        with Watchdog(self) as self.watchdog, collector_paused():
            try:
                self.env.run(until=until)
                self.k.now = until
                self.watchdog.check_unawaited()
                self._check_stuck()
                self._check_asleep()
            except Exception as error:
                self.watchdog.check_unawaited(error)
                raise explain(self, error) from error.__cause__
            finally:
                self._fold()
                self.close()

    def _go_on(self, alarm: TaskAlarm) -> None:
        """An alarm went off: its task runs."""
        k = self.k
        k.now = alarm.time
        self._run_ready(alarm)

    def _run_ready(self, alarm: TaskAlarm) -> None:
        """Run the task of `alarm`, and then every task that is woken meanwhile."""
        k = self.k
        ready = k.ready
        due = self.env.queue
        while True:
            k.horizon = 0 if ready else due[0][0]
            k.resumed = k.now
            task = k.current = alarm.task
            try:
                ns = alarm.send(None)
            except StopIteration:
                self._exit(task)
            else:
                task.utime += k.now - k.resumed
                if ns is not None:
                    task.utime += ns
                    self.env.put(alarm, k.now + ns)
                else:
                    task.slept = task.utime
            if not ready:
                return
            alarm = self.alarms[ready.popleft()]

    def _io_done(self, alarm: DiskAlarm) -> None:
        """A read is done: whoever waited for it runs."""
        k = self.k
        k.now = alarm.time
        self.idle_disk_alarms.append(alarm)
        k.disk.complete(alarm.page, alarm.service)
        if k.ready:
            self._run_ready(self.alarms[k.ready.popleft()])

    def _exit(self, task: task_struct) -> None:
        """The task's coroutine came to its end."""
        task.utime = self.k.cpu_time()
        if task.mm is not None:
            task.mm.mm_users -= 1
        task.exit_code = task.exit_code or "done"
        self.k.emit_for(task, "exit", task.exit_code)
        del self.alarms[task]

    def _batch(self, alarm: Alarm) -> None:
        """Fold what the trace has gathered; aim at BATCH events, and at most 0.2 s, between two calls."""
        self.batches += 1
        now, gathered = alarm.time, len(self.events)
        self._fold()
        if self.batches % BATCHES_A_COLLECTION == 0:
            gc.collect(1)
        self.watchdog.check_unawaited()
        self._check_stuck()
        elapsed, self.clock = time.perf_counter() - self.clock, time.perf_counter()
        if gathered > BATCH * 2 or elapsed > 0.2:
            self.period = max(1, self.period // 2)
        elif gathered < BATCH // 2 and elapsed < 0.05:
            self.period *= 2
        if self.progress is not None:
            self.progress(now / self.until)
        if now + self.period < self.until:
            self.env.put(alarm, now + self.period)

    def _fold(self) -> None:
        if self.consume is not None and self.events:
            self.consume(self.events)
            self.folded = self.events[-LAST_EVENTS:]
            self.events.clear()

    def _check_stuck(self) -> None:
        """With debugging on: a task that works and works in the kernel, without ever sleeping or leaving it."""
        if not self.k.debug:
            return
        for task, alarm in self.alarms.items():
            if task.utime - max(task.entered, task.slept) > STUCK:
                raise KernelBug(
                    "soft lockup",
                    f"{task.comm} has worked for {STUCK // 1_000_000} ms in the kernel without sleeping or leaving it",
                    "what should end the loop, and whether anything inside it can make that happen",
                    where=blame(alarm.coroutine),
                    task=task.comm,
                )

    def _check_asleep(self) -> None:
        """A task that nobody can wake: all sleep and no read is under way, or it stands in no queue at all."""
        k = self.k
        asleep = [task for task, alarm in self.alarms.items() if alarm.callbacks is None and task not in k.ready]
        reading = k.disk is not None and k.disk.inside
        if asleep and len(asleep) == len(self.alarms) and not reading:
            self._hung(asleep[0], "every task sleeps and nothing is left that could wake one")
        for task in asleep:
            if task.waits_for is None:
                self._hung(task, f"{task.comm} sleeps on no queue: nobody will ever wake it")

    def _hung(self, task: task_struct, detail: str) -> None:
        raise KernelBug(
            "hung task",
            detail,
            "who holds what the others wait for, and the line where it sleeps",
            where=blame(self.alarms[task].coroutine),
            task=task.comm,
        )

    def close(self) -> None:
        """Close the coroutines of tasks that are still in the middle of something."""
        for alarm in self.alarms.values():
            # a learner's handler may await in `finally`, or touch what is freed: the run is over
            with suppress(RuntimeError, KernelBug):
                alarm.coroutine.close()
