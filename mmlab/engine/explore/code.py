"""Code as a pure function: given what it has been answered so far, what does it ask next?

A coroutine is run from its beginning with the answers that it had, and stopped at the first question that has none. A
question that may sleep stops it at an await; a look at a struct stops it in the middle of a line, by an exception that
it never gets to see.
"""

from __future__ import annotations

import difflib
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from inspect import isawaitable
from typing import NamedTuple

from ...kernel.bug import KernelBug, calling_place, place_in
from ...kernel.handle import CounterHandle, Handle, ask_step
from ...kernel.machine import Machine
from .patience import PATIENCE
from .shape import Opaque, shape_of
from .wire import KINDS, METHODS, READABLE, WRITABLE, decode, encode

CALLED_BY_THE_KERNEL = ("do_page_fault", "faultin_page", "mmap_write_lock", "mmap_write_unlock", "vma_start_write")
MOST_CHARGES = 10_000
"""awaits in a row that ask nothing"""
MOST_LOOKS = 500
"""looks at structs between two awaits"""


class Suspend(BaseException):
    """Stops code in the middle of a line. Not an Exception, so that a learner's handlers leave it alone."""


class Diverged(Exception):
    """Asked again with the same answers, the code asked something else."""


@types.coroutine
def pause():
    """Stop a coroutine at an await."""
    return (yield pause)


class Stop(NamedTuple):
    """Where code stopped: kind is "ask", "return" or "raise"; `what` the question, the value, or the exception."""

    kind: str
    what: object
    sleeps: bool = False
    """whether the question is a primitive that may sleep"""
    shape: tuple | None = None
    handles: list | None = None
    place: tuple | None = None
    """(function, line number, source line) of the reader's code"""


class Recall:
    """Answers from a history; what handles and primitives turn to with their questions.

    `functions` are the design's; at the kernel's level a call of one is a question, so that it becomes a piece of code
    of its own.
    """

    def __init__(self, functions: dict[str, Callable], is_kernel: bool, history) -> None:
        self.functions = functions
        self.is_kernel = is_kernel
        self.history = history
        self.at = self.looks = 0
        self.question = None
        self.place = None
        self.sleeps = False
        self.handles: dict = {}

    def handle(self, number, kind: str) -> Handle:
        """The handle of that number, each made once."""
        if number not in self.handles:
            self.handles[number] = (CounterHandle if kind == "counter" else Handle)(self, KINDS[kind], number)
        return self.handles[number]

    def answered(self, op: str, arguments) -> bool:
        """Whether the history has an answer to this question; if not, the code stops here."""
        if self.question is not None:
            raise Suspend  # it went on after it was stopped
        question = (op, *map(encode, arguments))
        if self.at == len(self.history):
            self.question = question
            self.place = calling_place(sys._getframe(2))
            return False
        if self.history[self.at][0] != question:
            raise Diverged(self.history[self.at][0], question, calling_place(sys._getframe(2)))
        self.at += 1
        return True

    def ask(self, op: str, arguments):
        """A question that never sleeps."""
        self.looks += 1
        if self.looks > MOST_LOOKS:
            raise KernelBug(
                "soft lockup",
                f"{MOST_LOOKS:,} looks at the kernel's structs without an await between them",
                "what should end the loop: nobody else can do anything before the next await",
                where=calling_place(sys._getframe(1)),
            )
        if not self.answered(op, arguments):
            raise Suspend
        return decode(self.history[self.at - 1][1], self.handle)

    async def step(self, op: str, arguments):
        """A question that may sleep."""
        if not self.answered(op, arguments):
            self.sleeps = True
            await pause()
            raise Suspend  # closed on the way out
        self.looks = 0
        return decode(self.history[self.at - 1][1], self.handle)

    def attribute(self, handle: Handle, name: str):
        """What `handle.name` means to code."""
        kind = handle._kind
        if kind is Machine:
            return self.machine_attribute(handle, name)
        if name in METHODS.get(kind, ()):
            return lambda *arguments: ask_step(self, name, (handle, *arguments))
        if name in READABLE.get(kind, ()):
            return self.ask("get", (handle, name))
        known = [*METHODS.get(kind, ()), *READABLE.get(kind, ())]
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise AttributeError(
            f"code outside the kernel cannot use {kind.__name__}.{name}; {hint}It has: {', '.join(known) or 'nothing'}"
        )

    def machine_attribute(self, k: Handle, name: str):
        """What `k.name` means to code: a function of the design, the running task, something that the kernel does."""
        if name in self.functions:
            if self.is_kernel and name in CALLED_BY_THE_KERNEL:
                return lambda *arguments: ask_step(self, "call", (name, *arguments))
            return partial(self.functions[name], k)
        if name == "nopage":
            return partial(Machine.nopage, k)
        if name in ("current", "mm"):
            return self.handle("me" if name == "current" else "mm", "task_struct" if name == "current" else "mm_struct")
        if self.is_kernel and name in ("now", "horizon"):
            return 0  # no time passes here: only the order of things counts
        if name in ("now", "horizon"):
            raise AttributeError(
                f"k.{name}: no time passes here, only the order of things counts; a handler has no clock"
            )
        if name == "tracing":
            return True
        if name in ("enter", "leave", "leave_fault") or name.startswith("bug"):
            return lambda *arguments: self.ask(name, (k, *arguments))
        near = difflib.get_close_matches(name, self.functions, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise AttributeError(f"the design has no function {name!r}; {hint}It has: {', '.join(self.functions)}")

    def assign(self, handle: Handle, name: str, value) -> None:
        """`handle.name = value`."""
        allowed = WRITABLE.get(handle._kind, ())
        if not self.is_kernel:  # who could say of itself that it has come to its end would be safe and live at once
            allowed = tuple(field for field in allowed if field != "exit_code")
        if name not in allowed:
            raise AttributeError(
                f"code outside the kernel cannot write {handle._kind.__name__}.{name}; "
                f"it may write: {', '.join(allowed) or 'nothing there'}"
            )
        self.ask("set", (handle, name, value))

    def compute(self, handle: CounterHandle, operator: str, number: int):
        """Arithmetic on a counter."""
        return self.ask("count", (handle, operator, number))


def run_code(
    function: Callable, arguments: tuple, functions: dict, is_kernel: bool, history, shapes: bool = True
) -> Stop:  # fmt: skip
    """Run `function(k, *arguments)`, a coroutine, with the answers of `history`; return where it stops.

    `arguments` are in plain form; `history` has (question, answer) pairs. shapes: whether to tell the
    coroutine's shape, which is half the work.
    """
    with PATIENCE:
        return drive(function, arguments, functions, is_kernel, history, shapes)


def drive(function: Callable, arguments: tuple, functions: dict, is_kernel: bool, history, shapes: bool) -> Stop:
    """run_code, but for the patience with loops that never await."""
    asker = Recall(functions, is_kernel, history)
    k = asker.handle("k", "Machine")
    coroutine = None
    charges = 0
    try:
        coroutine = function(k, *(decode(argument, asker.handle) for argument in arguments))
        while True:
            yielded = coroutine.send(None)
            if yielded is pause:
                return stopped(asker, coroutine if shapes else None)
            charges += 1
            if type(yielded) is not int or charges > MOST_CHARGES:
                return Stop("raise", not_ours(yielded, charges), place=asker.place)
    except StopIteration as done:
        if asker.question is None:
            return Stop("return", encode(done.value))
        return stopped(asker)
    except Suspend:
        return stopped(asker)
    except Diverged as error:
        before, now, place = error.args
        return Stop("raise", differs(f"asked {said(before)}", f"asked {said(now)}", place), place=place)
    except Exception as error:
        if asker.question is not None:
            return stopped(asker)
        return Stop("raise", error, place=place_in(error.__traceback__))
    finally:
        with suppress(Exception, Suspend):
            if coroutine is not None:
                coroutine.close()


def stopped(asker: Recall, coroutine=None) -> Stop:
    """Stopped at a question; with the coroutine's shape if it stands at an await."""
    shape = handles = None
    if coroutine is not None:
        with suppress(Opaque):
            shape, handles = shape_of(coroutine, asker)
    return Stop("ask", asker.question, asker.sleeps, shape, handles, asker.place)


def not_ours(yielded, charges: int) -> KernelBug:
    """What to say of a coroutine that gives its driver something else than a question."""
    if type(yielded) is int:
        return KernelBug(
            "soft lockup", f"{charges:,} awaits in a row that ask nothing of the kernel", "what should end the loop"
        )
    return KernelBug(
        "foreign awaitable",
        f"the code awaits something that is not the kernel's: it gave {yielded!r} to the scheduler"
        + (" (an awaitable)" if isawaitable(yielded) else ""),
        "await only primitives of mmlab.kernel, methods of locks, and functions of the design; asyncio and trio have "
        "no part in this kernel",
    )


def differs(before: str, now: str, where) -> KernelBug:
    """What to say of code that keeps state elsewhere; `before` and `now` say what it did."""
    return KernelBug(
        "answers differently when asked again",
        f"with the same answers from the kernel the code once {before}, and then {now}",
        "state that outlives a call: a global, a default argument, an attribute of a function; keep it in task_struct, "
        "in the arguments, or in a variable of the function",
        where=where,
    )


def said(question: tuple) -> str:
    """A question in a few words."""
    op, *arguments = question
    words = [str(argument[1]) if type(argument) is tuple else repr(argument) for argument in arguments]
    return f"{op}({', '.join(words)})"
