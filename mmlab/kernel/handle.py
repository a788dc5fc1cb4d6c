"""Handles and primitives: how code that does not touch the kernel's structs itself still runs unchanged.

The timed engine gives a design the structs. The explorer, and a worker process, give it handles: every look at a
struct, and every primitive of the kernel, becomes a question to whoever has the structs. A primitive is one step:
nobody comes between its beginning and its end, except where it sleeps.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps

STEPS: dict[str, Callable] = {}
"""every primitive that is a function, by its name"""


class Handle:
    """Stands for one struct of the kernel. `_asker` answers questions about it, `_kind` is the struct's class.

    Two handles are equal when they stand for the same struct. A handle has the attributes and methods of its struct, so
    far as code outside the kernel may use them.
    """

    __slots__ = ("_asker", "_kind", "_number")

    def __init__(self, asker, kind: type, number) -> None:
        put = object.__setattr__
        put(self, "_asker", asker)
        put(self, "_kind", kind)
        put(self, "_number", number)

    @property
    def __class__(self) -> type:
        return self._kind

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._asker.attribute(self, name)

    def __setattr__(self, name: str, value) -> None:
        self._asker.assign(self, name, value)

    def __eq__(self, other) -> bool:
        return isinstance(other, Handle) and other._number == self._number

    def __hash__(self) -> int:
        return hash(self._number)

    def __repr__(self) -> str:
        return f"<{self._kind.__name__} {self._number}>"


class CounterHandle(Handle):
    """A value of a sequence counter. It can be compared, have its parity looked at, and be counted up: nothing else.

    How large a counter is means nothing to those who use it well, so the explorer may forget it.
    """

    __slots__ = ()

    def __add__(self, step: int):
        return self._asker.compute(self, "+", step)

    def __mod__(self, modulus: int):
        return self._asker.compute(self, "%", modulus)

    def __and__(self, mask: int):
        return self._asker.compute(self, "&", mask)

    def __eq__(self, other) -> bool:
        if isinstance(other, int) and not isinstance(other, Handle):
            raise ValueError(f"a sequence counter is compared with {other!r}; compare it with what it was before")
        return isinstance(other, Handle) and other._number == self._number

    __hash__ = Handle.__hash__


def primitive(function: Callable) -> Callable:
    """Mark a function of the kernel as one step of whoever calls it.

    Given a struct it is the function itself; given a handle, its call is put as a question. The handle is the first
    argument, or the second one for what sends a signal.
    """
    STEPS[function.__name__] = function
    parameters = list(inspect.signature(function).parameters)
    kinds = {1: one, 2: two, 3: three, 4: four}
    put = signalled if parameters[0] == "sig" else kinds.get(len(parameters), many)
    call = put(function, function.__name__, ask_step if inspect.iscoroutinefunction(function) else ask_at_once)
    if put is not many:
        call.__defaults__ = function.__defaults__
    return wraps(function)(call)


# A page fault calls twenty primitives, and a call with *arguments costs five times as much as one with known ones.


def one(function: Callable, name: str, ask: Callable) -> Callable:
    """For a primitive with one parameter."""

    def call(a):
        return ask(a._asker, name, (a,)) if type(a) is Handle else function(a)

    return call


def two(function: Callable, name: str, ask: Callable) -> Callable:
    """For a primitive with two parameters."""

    def call(a, b):
        return ask(a._asker, name, (a, b)) if type(a) is Handle else function(a, b)

    return call


def three(function: Callable, name: str, ask: Callable) -> Callable:
    """For a primitive with three parameters."""

    def call(a, b, c):
        return ask(a._asker, name, (a, b, c)) if type(a) is Handle else function(a, b, c)

    return call


def four(function: Callable, name: str, ask: Callable) -> Callable:
    """For a primitive with four parameters."""

    def call(a, b, c, d):
        return ask(a._asker, name, (a, b, c, d)) if type(a) is Handle else function(a, b, c, d)

    return call


def many(function: Callable, name: str, ask: Callable) -> Callable:
    """For a primitive with more parameters."""
    signature = inspect.signature(function)

    def call(first, *rest, **named):
        if type(first) is Handle:
            return ask(first._asker, name, signature.bind(first, *rest, **named).args)
        return function(first, *rest, **named)

    return call


def signalled(function: Callable, name: str, ask: Callable) -> Callable:
    """For a primitive that is given a signal and a task."""

    def call(sig, task):
        return ask(task._asker, name, (sig, task)) if type(task) is Handle else function(sig, task)

    return call


def ask_step(asker, name: str, arguments: tuple):
    """Put a primitive that may sleep as a question; whoever drives the coroutine gives the answer.

    The coroutine has the primitive's name, so that Python's "never awaited" tells it.
    """
    question = asker.step(name, arguments)
    question.__qualname__ = name
    return question


def ask_at_once(asker, name: str, arguments: tuple):
    """Put a primitive that never sleeps as a question."""
    return asker.ask(name, arguments)
