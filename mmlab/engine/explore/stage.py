"""The stage: one real kernel, on which any state can be put and any task be moved by one step.

The structs and the primitives are those of mmlab.kernel; nothing of the kernel is written twice. A task is a stack of
pieces of code (places in the tree); a step performs the question at which the innermost one stands, and follows the
answer to the next question.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from inspect import iscoroutine
from typing import NamedTuple

from ...kernel.block import block_device
from ...kernel.bug import KernelBug
from ...kernel.handle import STEPS
from ...kernel.mm import freed_vma
from ...kernel.page import freed_page
from ...kernel.pagetable import freed_pte_table
from ...kernel.task import task_struct
from .movers import BOTH, LEFT, RIGHT, Movers
from .snapshot import Count, Freezer
from .tree import Tree
from .wire import CONSTANTS, KINDS, METHODS, NAMES

COUNTERS = {"mmap_seq": "mmap", "mm_lock_seq": "lock", "vm_lock_seq": "lock"}
KIND_NAMES = {freed_page: "page", freed_vma: "vm_area_struct", freed_pte_table: "pte_table", Count: "counter"}
MOST_LOCAL_STEPS = 5_000
BLOCKED = "blocked"
RESOLVING = ("set_pte_at", "follow_page", "force_sig")


class Asleep(Exception):
    """The step cannot be completed now."""


class Move(NamedTuple):
    """What a step did: whether the task `moved`, and whether its fault was `resolved` by it."""

    moved: bool
    resolved: bool = False


class ExplorerTask(task_struct):
    """A task that notes at which line of the reader's code it took what."""

    __slots__ = ("line",)

    def remember_place(self, thing) -> None:
        if self.pins.count(thing) <= 1:
            self.held_at[id(thing)] = self.line
            self.let_go_at.pop(id(thing), None)

    def remember_letting_go(self, thing) -> None:
        self.let_go_at[id(thing)] = self.line


class Stage:
    """A kernel for `design`, its tasks, and the disk.

    `tasks` are added by `spawn` with the code that they run; `frames` has for each its stack of (place, structs that it
    knows); `reads` are the reads under way; `movers` knows where others may come between. With a list in `log`, each
    question is noted there: (words, line of the reader's code, whether others could tell its place).
    """

    def __init__(self, design, run: Callable, *, seq_bits: int = 32, channels: int = 1, queue_depth: int = 8) -> None:
        self.design = design
        self.k = k = design.machine(cache_pages=1 << 20, seq_bits=seq_bits)
        self.frames: list[list] = []
        self.reads: list = []
        self.contexts: list = []
        self.log: list | None = None
        k.disk = block_device(k, lambda: 0, channels, queue_depth)
        k.start_io = lambda page, service: self.reads.append(page)
        self.tree = Tree(run)
        self.names_of: dict[int, str] = {}
        self.things_by_name: dict[str, object] = {}
        mm = k.mm
        for name, thing in (("k", k), ("mm", mm), ("mmap_sem", mm.mmap_sem), ("rcu", mm.rcu), ("disk", k.disk),
                            ("page_table_lock", mm.page_table_lock)):  # fmt: skip
            self.always(name, thing)
        self.movers = Movers(self)
        self.freezer = Freezer(self)

    def always(self, name: str, thing) -> None:
        """From now on `thing` is there all the time, and is called `name`."""
        self.names_of[id(thing)] = name
        self.things_by_name[name] = thing

    def spawn(self, comm: str, role: str, code: str, arguments: tuple, *, outside: bool = False) -> task_struct:
        """A task that runs the piece of code called `code`; arguments are plain values, or what is always there."""
        k = self.k
        task = ExplorerTask(k, comm, role, None if outside else k.mm)
        task.line = None
        k.mm.mm_users += not outside
        k.tasks.append(task)
        self.always(comm, task)
        place, _ = self.tree.root(code, tuple(self.tell(argument, [], task) for argument in arguments), True)
        self.frames.append([(place, [])])
        return task

    # ------------------------------------------------------------------ steps

    def disk_moves(self) -> int:
        """How many different reads could be completed next."""
        return len(self.reads)

    def complete(self, number: int = 0) -> None:
        """The disk completes a read."""
        k = self.k
        k.current = None
        k.disk.complete(self.reads.pop(number), 0)
        k.ready.clear()

    def is_alive(self, number: int) -> bool:
        """Whether that task has still something to do."""
        return bool(self.frames[number])

    def move(self, number: int) -> Move:
        """Let a task take its next step: as far as nobody else could tell the difference.

        Raises KernelBug for whatever the debugging aids or the code itself found.
        """
        k = self.k
        task = k.current = k.tasks[number]
        frames = self.frames[number]
        committed = moved = resolved = False
        steps = 0
        while frames:
            place, refs = frames[-1]
            task.line = place.line
            if place.kind == "raise":
                raise place.what
            op, *arguments = place.what
            mover = self.movers.kind_of(task, place, refs)
            if moved and committed and mover not in (BOTH, LEFT):
                break
            if self.log is not None:
                self.log.append((self.words(task, op, arguments, refs), place.line, mover not in (BOTH, LEFT)))
            try:
                answer = self.perform(task, op, arguments, refs)
            except Asleep as sleep:
                if not moved and not sleep.args:
                    return Move(False)
                break  # in a queue, or asleep behind steps that nobody saw
            finally:
                k.ready.clear()
            committed = committed or mover not in (RIGHT, BOTH)
            moved = True
            resolved = resolved or op in RESOLVING or (op == "pte_none" and answer is False)
            if op == "call":
                self.call(task, frames, arguments, refs)
            else:
                self.answer(task, frames, answer)
            steps += 1
            if steps > MOST_LOCAL_STEPS:
                raise KernelBug(
                    "soft lockup",
                    f"{MOST_LOCAL_STEPS:,} steps that change nothing",
                    "what should end the loop",
                    where=place.line,
                )
        if not frames:
            k.mm.mm_users -= task.mm is not None
            resolved = True
        return Move(True, resolved)

    def call(self, task, frames: list, arguments: list, refs: list) -> None:
        """Enter a function of the design: a piece of code of its own on top of the stack."""
        name, *rest = (self.resolve(argument, refs, task) for argument in arguments)
        known: list = []
        place, picks = self.tree.root(name, tuple(self.tell(argument, known, task) for argument in rest), False)
        refs = [known[n] for n in picks]
        if place.kind == "return":  # it asked nothing
            self.answer(task, frames, self.resolve(place.what, refs, task))
        else:
            frames.append((place, refs))

    def answer(self, task, frames: list, value) -> None:
        """Give the innermost code its answer; if that ends it, its value is the answer to the code below."""
        while True:
            place, refs = frames.pop()
            known = list(refs)
            place, picks = self.tree.go_on(place, self.tell(value, known, task))
            refs = [known[n] for n in picks]
            if place.kind != "return":
                frames.append((place, refs))
                return
            if not frames:
                return
            value = self.resolve(place.what, refs, task)

    # ------------------------------------------------------------------ questions

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
            setattr(thing, name, value.value if type(value) is Count else value)
            return None
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

    def words(self, task, op: str, arguments: list, refs: list) -> str:
        """A question as a person would put it."""
        if op == "call":
            return f"calls {arguments[0]}"
        first, *rest = (self.resolve(argument, refs, task) for argument in arguments)
        if op == "get":
            return f"looks at {first!r}: {rest[0]}"
        if op == "set":
            return f"sets {rest[0]} of {first!r}"
        if op == "count":
            return "computes with a counter"
        shown = [repr(first)] * (first is not self.k) + [
            hex(v) if type(v) is int and v > 1 << 20 else repr(v) for v in rest
        ]
        return f"{op}({', '.join(shown)})"

    def look(self, thing, name: str):
        """One field of a struct."""
        value = getattr(thing, name)
        if name in COUNTERS and self.freezer.opaque:
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
