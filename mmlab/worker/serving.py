"""Inside the worker: one request after the other, one reply each.

A look at a struct in the middle of a line cannot wait for the next request: it is the reply to this one, and what comes
next through the pipe is its answer. A primitive is a reply too, but between it and its answer other calls may go on.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from contextlib import suppress
from hashlib import blake2b
from traceback import walk_stack, walk_tb

from ..engine.explore import run_code
from ..engine.watchdog import forgotten_in, never_awaited, told_by
from ..kernel.bug import KernelBug, calling_place, place, place_in
from .conversation import Conversation
from .lines import MOST_TEXT, from_request, to_line
from .loading import CELL, load, module_of, places_of
from .values import from_plain, to_plain

MEMORY = 1 << 30
"""bytes of address space; a fault handler with Python around it needs a tenth"""


class Lockup(BaseException):
    """The code used too much processor time. Not an Exception, so that a learner's handlers leave it alone."""


class Server:
    """Serves one pipe. `current` is the number of the request that is being replied to."""

    def __init__(self, requests: int, replies: int) -> None:
        self.requests = os.fdopen(requests, "rb")
        self.replies = replies
        self.current = 0
        self.cpu = 0.0
        self.conversations: dict[int, Conversation] = {}
        self.design = None
        self.module = None
        self.functions: dict = {}
        self.told: list[tuple] = []
        self.unawaited: list[KernelBug] = []

    def read(self) -> dict:
        """The next request. Its numbers are trusted, it comes from mmlab."""
        line = self.requests.readline()
        if not line:
            os._exit(0)  # nobody is there any more
        request = from_request(line)
        self.current = request["n"]
        return request

    def write(self, reply: dict) -> None:
        """The reply to the current request."""
        if "place" in reply:
            reply = {**reply, "place": shortened(reply["place"])}
        try:
            line = to_line({**reply, "n": self.current})
        except (ValueError, RecursionError, MemoryError) as error:  # it cannot be written down
            line = to_line({**raised(error), "n": self.current})
        while line:
            line = line[os.write(self.replies, line) :]

    def look(self, reply: dict):
        """In the middle of a line: reply with a question, and return its answer."""
        self.hurry(0)
        self.write(reply)
        answer = self.read()["answer"]
        self.hurry(self.cpu)
        return answer

    def hurry(self, seconds: float) -> None:
        """Break the code off after so much processor time from now on; 0: never."""
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)

    def run(self) -> None:
        """Serve for ever."""
        signal.signal(signal.SIGVTALRM, self.lockup)
        while True:
            request = self.read()
            try:
                self.hurry(request.get("load", self.cpu))
                reply = self.reply(request)
            except Lockup as lockup:
                reply = raised(soft_lockup(lockup))
            except BaseException as error:  # SystemExit too: a handler has no reason to end the process
                reply = raised(error, place_in(error.__traceback__))
            finally:
                self.hurry(0)
            self.write(reply)

    def lockup(self, _signal, frame) -> None:
        raise Lockup(calling_place(frame) or line_of(walk_stack(frame)))

    def reply(self, request: dict) -> dict:
        """Do what is asked."""
        if "run" in request:
            name, arguments, history, shapes = request["run"]
            self.told += request["told"]
            self.unawaited.clear()
            answered = [self.told[number] for number in history]
            stop = run_code(self.functions[name], arguments, self.functions, False, answered, shapes)
            return raised(self.unawaited[0]) if self.unawaited else stop_reply(stop)
        if "session" in request:
            return self.converse(request)
        if "call" in request:
            return self.calculate(*request["call"])
        self.cpu = request["cpu"]
        if "calculate" in request:
            self.module = module_of(request["calculate"])
            return {"loaded": True}
        self.design = load(request)
        self.functions = self.design.guarded
        if not self.design.is_shipped:
            sys.set_coroutine_origin_tracking_depth(3)
            warnings.simplefilter("always", RuntimeWarning)
            warnings.showwarning = self.hear
        return {"functions": [[name, *place] for name, place in places_of(self.design).items()]}

    def calculate(self, name: str, arguments) -> dict:
        """Call an ordinary function of the text."""
        function = getattr(self.module, name, None)
        if not callable(function):
            raise NameError(f"there is no function {name!r}")
        try:
            return {"value": to_plain(function(*from_plain(arguments)))}
        except Exception as error:
            return raised(error, line_of(reversed(list(walk_tb(error.__traceback__)))))

    def converse(self, request: dict) -> dict:
        """One turn of a conversation."""
        for number in request.get("over", ()):
            with suppress(KeyError):
                self.conversations.pop(number).close()
        number = request["session"]
        if "start" in request:
            name, arguments = request["start"]
            self.conversations[number] = Conversation(self.functions, name, arguments, self.look)
        reply = self.conversations[number].go_on(request.get("answer"))
        if reply["stop"] in ("return", "raise"):
            del self.conversations[number]
        if self.unawaited:
            return raised(self.unawaited.pop(0))
        return reply if reply["stop"] != "raise" else raised(reply["error"], reply["place"])

    def hear(self, message, *_) -> None:
        """Python warns: an operation that nobody awaited did not happen."""
        told = told_by(str(message))
        if told is not None:
            self.unawaited.append(never_awaited(*told))


def line_of(frames) -> tuple[str, int, str] | None:
    """The line of the text in the first of these (frame, line number) that belongs to it."""
    theirs = (place(one.f_code, line) for one, line in frames if one.f_code.co_filename.startswith(CELL[:-1]))
    return next(theirs, None)


def stop_reply(stop) -> dict:
    """A Stop as a reply. The shape is told by a digest."""
    if stop.kind == "raise":
        return raised(forgotten_in(stop.what) or stop.what, stop.place)
    shape = stop.shape and blake2b(repr(stop.shape).encode(), digest_size=16).hexdigest()
    return {"stop": stop.kind, "what": stop.what, "shape": shape, "handles": stop.handles, "place": stop.place}


def shortened(place: tuple | None) -> list | None:
    """A place whose source line is not too long for the pipe."""
    return place and [part[:MOST_TEXT] if type(part) is str else part for part in place]


def raised(error: BaseException, place=None) -> dict:
    """An exception as a reply."""
    if isinstance(error, KernelBug):
        told = error.kind, error.detail, error.advice
        place = error.where or place
    else:
        told = type(error).__name__, str(error)
    return {"stop": "raise", "what": [part[:MOST_TEXT] for part in told], "place": place}


def soft_lockup(lockup: Lockup) -> KernelBug:
    """What to say of code that was broken off."""
    return KernelBug(
        "soft lockup",
        "the code runs and runs; it asks nothing of the kernel and does not come to an end",
        "what should end the loop, and whether anything inside it can make that happen",
        where=lockup.args[0],
    )


def serve(requests: int, replies: int) -> None:
    """Serve the pipe with these ends until it is closed."""
    sys.setrecursionlimit(1_000)
    bound_memory()
    Server(requests, replies).run()


def bound_memory() -> None:
    """Take no more than MEMORY bytes, where the system can see to that: a list that grows for ever ends in its line."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        least = min((MEMORY, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)))
        resource.setrlimit(resource.RLIMIT_AS, (least, hard))
