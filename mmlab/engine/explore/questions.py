"""Questions done on the real structs, and answers told in plain form.

A primitive is driven to its end or to its sleep. Asleep in the queue of a lock, a task has its place there and goes on
when the lock is handed to it; asleep for anything else, it will simply try the primitive again: of its side effects
only joining a wait queue comes before the sleep.
"""

from __future__ import annotations

from contextlib import suppress
from inspect import iscoroutine

from ...kernel.bug import KernelBug
from ...kernel.handle import STEPS
from ...kernel.mm import freed_vma
from ...kernel.page import freed_page
from ...kernel.pagetable import freed_pte_table
from .counts import Count
from .movers import COUNTERS, Unprotected
from .wire import CONSTANTS, KINDS, METHODS, NAMES

KIND_NAMES = {freed_page: "page", freed_vma: "vm_area_struct", freed_pte_table: "pte_table", Count: "counter"}
NOT_YET = object()
"""in place of the answer to a question that found a bug, or that made its task sleep"""
MOST_FAULTS = 3
"""a fault counter stands still there: more than one for one fault is all that anybody looks for"""


class Asleep(Exception):
    """The step cannot be completed now."""


class Questions:
    """The part of the stage that answers; `k`, `names_of`, `things_by_name` and `freezer` are the stage's."""

    def perform(self, task, op: str, arguments: list, refs: list):
        """Do what the question asks, on the real structs. Returns the answer. Raises Asleep, KernelBug."""
        if op == "call":
            return None
        values = [self.resolve(argument, refs, task) for argument in arguments]
        k = self.k
        if op == "get":
            return self.look(*values)
        if op == "set":
            thing, name, value = values
            if name in COUNTERS and self.movers.counters_are_protected and k.mm.mmap_sem.writer is not task:
                raise Unprotected
            return self.assign(thing, name, value)
        if op == "count":
            return self.compute(*values)
        if task.waits_for is not None:
            return self.woken(task, op)
        if op in STEPS:
            step = STEPS[op](*values)
        else:
            thing, *rest = values
            if thing is not k and op not in METHODS[type(thing)]:
                raise KernelBug("nonsense", f"{thing!r} has no {op}")
            step = getattr(thing, op)(*rest)
            if op == "leave_fault":
                task.min_flt = task.maj_flt = 0  # each fault was counted once; how many there were does not matter
        return self.drive(task, step) if iscoroutine(step) else step

    def drive(self, task, step):
        """Run a primitive to its end, or to its sleep."""
        try:
            while True:
                if step.send(None) is None:
                    break
        except StopIteration as done:
            return done.value
        finally:
            step.close()
        queue, task.waits_for = task.waits_for, None
        task.state = "running"
        if isinstance(queue, list):
            with suppress(ValueError):
                queue.remove(task)
            raise Asleep
        task.waits_for = queue  # in the queue of a lock, where its place counts
        raise Asleep(queue)

    def woken(self, task, op: str):
        """A task in the queue of a lock: its answer, if it has the lock or a signal ends its wait."""
        lock = task.waits_for
        if lock not in task.held and not (op.endswith("_killable") and "SIGKILL" in task.pending):
            raise Asleep
        result = lock.woken(task)
        return result if op.endswith("_killable") else None

    def assign(self, thing, name: str, value) -> None:
        """Write a field."""
        if name in ("min_flt", "maj_flt"):
            value = min(value, MOST_FAULTS)
        setattr(thing, name, value.value if type(value) is Count else value)

    def look(self, thing, name: str):
        """One field of a struct."""
        value = getattr(thing, name)
        if name in COUNTERS and self.freezer.counts.opaque:
            return Count(COUNTERS[name], value)
        return tuple(value) if type(value) is list else value

    def compute(self, count: Count, operator: str, number: int):
        """Arithmetic on a counter's value: its parity, or another value of the same counter."""
        value = {"+": count.value + number, "%": count.value % number if number else 0, "&": count.value & number}[
            operator
        ]
        is_parity = (operator, number) in (("%", 2), ("&", 1))
        return value if is_parity else Count(count.family, value)

    def resolve(self, wire, refs: list, task):
        """The value of a plain form; structs are looked up among those that the code knows."""
        if type(wire) is not tuple:
            return wire
        if wire[0] == "h":
            number = wire[1]
            if type(number) is int:
                return refs[number]
            return task if number == "me" else self.things_by_name[number]
        if wire[0] == "t":
            return tuple(self.resolve(part, refs, task) for part in wire[1:])
        return CONSTANTS[wire[1]]

    def tell(self, value, known: list, task):
        """The plain form of a value; a struct is the one that the code knows, or a new one, added to `known`."""
        kind = type(value)
        if value is None or kind in (int, str, bool):
            return value
        if kind in (tuple, list):
            return ("t", *(self.tell(part, known, task) for part in value))
        if id(value) in NAMES:
            return ("c", NAMES[id(value)])
        name = "me" if value is task else self.names_of.get(id(value))
        if name is not None:
            return ("h", name, kind_name(kind))
        for number, thing in enumerate(known):
            if thing is value or (kind is Count and thing == value):
                return ("h", number, kind_name(kind))
        known.append(value)
        return ("h", len(known) - 1, kind_name(kind))


def kind_name(kind: type) -> str:
    """What a struct's kind is called in a plain form; what is freed keeps the name that it had."""
    return KIND_NAMES.get(kind) or next(base.__name__ for base in kind.__mro__ if base in KINDS.values())
