"""A call of a function that runs in the worker, under the timed engine: its questions are put to the real structs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from inspect import iscoroutine
from itertools import count
from typing import NamedTuple

from ..engine.explore.code import MOST_CHARGES, MOST_LOOKS, not_ours
from ..engine.explore.questions import kind_name
from ..engine.explore.wire import CONSTANTS, NAMES
from ..kernel.bug import STAND_INS
from ..kernel.handle import STEPS
from ..kernel.sleep import charge
from .rules import ALWAYS, stop_of
from .trouble import LIE, Untrue, WorkerBug

LONGEST_CHARGE = 1_000_000_000
"""ns of cpu time that code may use at once"""
NEXT = count(1)


class Call:
    """What one call knows: the structs that it was given, by number."""

    def __init__(self, k) -> None:
        self.named = {"k": k, "me": k.current, "mm": k.mm}
        self.known: dict = dict(ALWAYS)
        self.given: list = []
        self.history: list = []

    def tell(self, value):
        """The plain form of a value; a struct that is new to the call gets a number."""
        kind = type(value)
        if value is None or kind in (int, str, bool):
            return value
        if kind in (tuple, list):
            return ("t", *map(self.tell, value))
        if id(value) in NAMES:
            return ("c", NAMES[id(value)])
        for name, thing in self.named.items():
            if thing is value:
                return ("h", name, ALWAYS[name])
        name = kind_name(kind)
        for number, thing in enumerate(self.given):
            if thing is value:
                return ("h", number, name)
        self.given.append(value)
        self.known[len(self.given) - 1] = name
        return ("h", len(self.given) - 1, name)

    def resolve(self, wire):
        """The value of a plain form that has been checked."""
        if type(wire) is not tuple:
            return wire
        if wire[0] == "h":
            return self.given[wire[1]] if type(wire[1]) is int else self.named[wire[1]]
        if wire[0] == "t":
            return tuple(map(self.resolve, wire[1:]))
        return CONSTANTS[wire[1]]

    def perform(self, op: str, arguments: list):
        """Do what a question asks; a primitive that may sleep is returned as a coroutine."""
        values = [self.resolve(argument) for argument in arguments]
        if op == "get":
            return getattr(*values)
        if op == "set":
            return setattr(*values)
        if op in STEPS:
            return STEPS[op](*values)
        thing, *rest = values
        return getattr(thing, op)(*rest)


class Finished(NamedTuple):
    """A call that came to its return, in plain form: it can be run again as a pure function."""

    name: str
    arguments: tuple
    history: tuple
    answer: object


def stand_in(name: str, worker, over: list, finished: deque, first_line: tuple | None) -> Callable:
    """A coroutine function that stands in for the worker's function `name`.

    `over` collects the numbers of conversations that came to an end here and not there, `finished` the calls;
    `first_line` is where the function begins.
    """

    async def call_elsewhere(k, *arguments):
        place = first_line
        call = Call(k)
        session = next(NEXT)
        told = tuple(map(call.tell, arguments))
        request = {"start": [name, told], "session": session}
        if over:
            request["over"], over[:] = over[:], ()
        incarnation = None
        looks = charges = 0
        try:
            while True:
                reply = worker.ask(request)
                if incarnation not in (None, worker.incarnation):
                    raise Untrue("the process was started again in the middle of a call")
                incarnation = worker.incarnation
                if reply.get("stop") == "charge":
                    await charge(nanoseconds(reply.get("what")))
                    charges += 1
                    if charges > MOST_CHARGES:
                        raise not_ours(0, charges)
                    request = {"answer": None, "session": session}
                    continue
                stop = stop_of(reply, call.known, incarnation)
                place = stop.place or place
                if stop.kind == "return":
                    session = None
                    finished.append(Finished(name, told, tuple(call.history), stop.what))
                    return call.resolve(stop.what)
                if stop.kind == "raise":
                    session = None
                    raise stop.what
                op, *rest = stop.what
                looks, charges = 0 if stop.sleeps else looks + 1, 0
                if looks > MOST_LOOKS:
                    raise Untrue(f"it asked {looks:,} questions in one breath")
                try:
                    answer = call.perform(op, rest)
                except BaseException:
                    if not stop.sleeps:
                        worker.stop()  # it waits for this answer in the middle of a line
                    raise
                if iscoroutine(answer):
                    answer = await answer
                request = {"answer": call.tell(answer), "session": session}
                call.history.append((stop.what, request["answer"]))
        except Untrue as untrue:
            worker.stop()
            raise WorkerBug(LIE, str(untrue), place) from None
        finally:
            if session is not None:
                over.append(session)

    STAND_INS[call_elsewhere.__code__] = "place"
    call_elsewhere.__name__ = name
    call_elsewhere.place = first_line
    return call_elsewhere


def nanoseconds(value) -> int:
    """A charge that is allowed."""
    if type(value) is not int or not 0 <= value <= LONGEST_CHARGE:
        raise Untrue(f"it uses {value!r:.40} ns of cpu time; a whole number up to {LONGEST_CHARGE:,} is allowed")
    return value
