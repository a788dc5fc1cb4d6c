"""A schedule under SimPy's clock: each task's code runs again, and takes its next step when the schedule says so.

What the explorer makes its speed and its states from (the tree of places, keys, put-back states, movers) has no part
here. The code is asked for its next question with all answers that it had; the question is put to the kernel's own
primitives, which sleep in their own queues and are woken by others; the time is Timed's. Step n is at n microseconds,
and the kernel's costs count nothing.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from inspect import iscoroutine

from ..kernel.bug import KernelBug
from ..kernel.handle import STEPS
from ..kernel.page import PG_locked, page
from ..kernel.sleep import charge
from .timed import Timed

STEP = 1_000
"""ns from one step to the next"""
PAGE_WAITS = ("wait_on_page_locked", "lock_page")


class ReplayedDisk(Timed):
    """Timed, with a disk whose reads end when the schedule says so. `ends` are those times, ns; later: never."""

    def __init__(self, k, consume: Callable, ends: list[int], never: int) -> None:
        self.ends = iter(ends)
        self.never = never
        super().__init__(k, consume)

    def start_io(self, page, service: int) -> None:
        """The device begins to work on a read."""
        super().start_io(page, next(self.ends, self.never) - self.k.now)


class Replayed:
    """One task of a replay. `turns` has for each of its steps (time, how many questions, whether it queues at the end).

    `stage` has the task, the structs, the code, and the answers to what never sleeps. After its last turn the task
    sleeps for ever, or goes on if it `goes_on`.
    """

    def __init__(self, stage, number: int, turns: list[tuple[int, int, bool]], never: int, goes_on: bool = False):
        self.stage, self.task = stage, stage.k.tasks[number]
        self.program = stage.frames[number][0][0].function
        self.turns = iter(turns)
        self.never, self.goes_on = never, goes_on
        self.left = 0
        self.queues = False

    async def run(self) -> None:
        """The whole life of the task."""
        try:
            await self.code(*self.program)
        except KernelBug as bug:
            bug.where = bug.where or self.task.line
            raise

    async def code(self, name: str, arguments: tuple, is_kernel: bool, known: tuple = ()):
        """One piece of code, question by question; returns its value. `known` are the structs in its arguments."""
        stage, task, known = self.stage, self.task, list(known)
        history: tuple = ()
        while True:
            stop = stage.tree.run(name, arguments, is_kernel, history)
            task.line = stop.place
            if stop.kind == "return":
                return stage.resolve(stop.what, known, task)
            if stop.kind == "raise":
                raise stop.what
            op, *wires = stop.what
            values = [stage.resolve(wire, known, task) for wire in wires]
            if op == "call":
                fresh: list = []
                passed = tuple(stage.tell(value, fresh, task) for value in values[1:])
                answer = await self.code(values[0], passed, False, tuple(fresh))
            else:
                if not self.left and not self.begins_now(op, values):
                    await self.turn()
                answer = await self.perform(op, values)
                self.left -= 1
            history = (*history, (stop.what, stage.tell(answer, known, task)))

    def begins_now(self, op: str, values: list) -> bool:
        """Whether a question begins before its step: it only joins a queue, and its end is the step."""
        if self.queues:
            self.queues = False
            return True
        if op not in PAGE_WAITS or type(values[0]) is not page or self.task.pending:
            return False
        return values[0].flags & PG_locked != 0

    @types.coroutine
    def turn(self):
        """Sleep until the task's next step."""
        k = self.stage.k
        time, self.left, self.queues = next(self.turns, (self.never, 1 << 30, False))
        if time == self.never and self.goes_on:
            time = k.now + STEP
        if time > k.now:
            yield from charge(time - k.now)
        k.horizon = 0  # no short cuts: the kernel's costs are left out one by one

    async def perform(self, op: str, values: list):
        """Put a question to the real kernel."""
        stage, k = self.stage, self.stage.k
        if op == "get":
            return stage.look(*values)
        if op == "set":
            return stage.assign(*values)
        if op == "count":
            return stage.compute(*values)
        if op in STEPS:
            step = STEPS[op](*values)
        else:
            thing, *rest = values
            step = getattr(thing, op)(*rest)
            if op == "leave_fault":
                self.task.min_flt = self.task.maj_flt = 0
        k.horizon = 0
        return await self.paced(step) if iscoroutine(step) else step

    @types.coroutine
    def paced(self, step):
        """Run a primitive: its costs are left out, its sleeps are real, and whoever is woken waits for its turn."""
        try:
            while True:
                if step.send(None) is None:
                    yield None
                    yield from self.turn()
        except StopIteration as done:
            return done.value
        finally:
            step.close()
