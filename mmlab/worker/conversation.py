"""Inside the worker: a call under the timed engine, which lives as long as the fault does."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from contextlib import suppress

from ..engine.explore.code import MOST_LOOKS, Recall, Suspend, not_ours
from ..engine.explore.wire import decode, encode
from ..engine.watchdog import forgotten_in
from ..kernel.bug import KernelBug, calling_place, place_in


class Question:
    """What a coroutine yields at a primitive."""

    __slots__ = ("place", "what")

    def __init__(self, what: tuple, place) -> None:
        self.what = what
        self.place = place


@types.coroutine
def put(question: Question):
    """Stop at an await with a question; the answer comes from who sends it in."""
    return (yield question)


class Asker(Recall):
    """Puts questions to the kernel and waits for their answers, instead of recalling them."""

    def __init__(self, functions: dict[str, Callable], look: Callable) -> None:
        super().__init__(functions, False, ())
        self.look = look
        self.closing = False

    def ask(self, op: str, arguments):
        """A question that never sleeps: answered through the pipe in the middle of the line."""
        if self.closing:
            raise Suspend
        place = calling_place(sys._getframe(1))
        self.looks += 1
        if self.looks > MOST_LOOKS:
            raise KernelBug(
                "soft lockup",
                f"{MOST_LOOKS:,} looks at the kernel's structs without an await between them",
                "what should end the loop: nobody else can do anything before the next await",
                where=place,
            )
        return decode(self.look({"stop": "ask", "what": (op, *map(encode, arguments)), "place": place}), self.handle)

    async def step(self, op: str, arguments):
        """A question that may sleep."""
        if self.closing:
            raise Suspend
        self.looks = 0
        answer = await put(Question((op, *map(encode, arguments)), calling_place(sys._getframe(1))))
        return decode(answer, self.handle)


class Conversation:
    """One call of a function, from its beginning to its return."""

    def __init__(self, functions: dict[str, Callable], name: str, arguments: tuple, look: Callable) -> None:
        self.asker = Asker(functions, look)
        k = self.asker.handle("k", "Machine")
        self.coroutine = functions[name](k, *(decode(argument, self.asker.handle) for argument in arguments))

    def go_on(self, answer) -> dict:
        """Give the call its answer and return its next reply."""
        try:
            yielded = self.coroutine.send(answer)
        except StopIteration as done:
            return {"stop": "return", "what": encode(done.value), "place": None}
        except Exception as error:
            forgotten = forgotten_in(error)
            if forgotten is not None:
                return {"stop": "raise", "error": forgotten, "place": None}
            return {"stop": "raise", "error": error, "place": place_in(error.__traceback__)}
        if type(yielded) is Question:
            return {"stop": "ask", "what": yielded.what, "place": yielded.place}
        if type(yielded) is int:
            return {"stop": "charge", "what": yielded, "place": None}
        return {"stop": "raise", "error": not_ours(yielded, 1), "place": None}

    def close(self) -> None:
        """The call will never be answered: its `finally` clauses run, and can ask nothing."""
        self.asker.closing = True
        with suppress(Exception, Suspend):
            self.coroutine.close()
