"""A text of ordinary functions in another process: numbers and texts go in, numbers and texts come out."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from random import Random

from ..engine.explore.code import differs
from .process import Limits, Worker
from .rules import error_of, place_of
from .trouble import LIE, Untrue, WorkerBug
from .values import from_plain, to_plain

MOST_KEPT = 200
"""calls that can be made again"""


class Calculator:
    """The functions of a text, called in a process of their own. A context manager; `printed` is what they printed."""

    def __init__(self, source: str, limits: Limits | None = None, command: Sequence[str] = ()) -> None:
        self.worker = Worker({"calculate": source}, limits, command)
        self.answered: deque[tuple] = deque(maxlen=MOST_KEPT)

    def call(self, name: str, *arguments):
        """What the function `name` answers to these arguments: numbers, texts, None, and what is made of them.

        Raises WorkerBug when the process does not play by the rules (crash, hang, flood, lie), KernelBug for a loop
        that does not end, an exception of the same name and text as the code raised, and NameError when there is no
        such function.
        """
        try:
            self.worker.start()
            self.settle(self.worker.hello, "loaded")
            reply = self.worker.ask({"call": [name, to_plain(arguments)]})
            plain = self.settle(reply, "value")
            value = from_plain(plain)
            self.answered.append((name, arguments, plain))
            return value
        except Untrue as untrue:
            self.worker.stop()
            raise WorkerBug(LIE, str(untrue)) from None

    def ask_again(self) -> None:
        """Make the last calls once more, in a fresh process and in another order.

        Raises KernelBug for a function that now answers something else: it keeps state outside the call. Raises what
        `call` raises.
        """
        calls = Random("ask again").sample(self.answered, len(self.answered))
        if calls == list(self.answered):
            calls.reverse()
        self.answered.clear()
        if not calls:
            return
        task, limits, command = self.worker.task, self.worker.limits, self.worker.command
        with Calculator(task["calculate"], limits, command) as fresh:
            for name, arguments, before in calls:
                now = fresh.call(name, *arguments), fresh.answered[-1][2]
                if now[1] != before:
                    told = f"{name}({', '.join(map(repr, arguments))})"
                    raise differs(f"answered {told} with {from_plain(before)!r}", f"with {now[0]!r}", None)

    def settle(self, reply: dict, wanted: str):
        """What a reply holds. Raises what the code raised, and Untrue for a reply of another kind."""
        if reply.get("stop") == "raise":
            raise error_of(reply.get("what"), place_of(reply.get("place")))
        if wanted not in reply:
            raise Untrue("it replies with something that was not asked for")
        return reply[wanted]

    @property
    def printed(self) -> str:
        """What the code has printed, capped."""
        return self.worker.printed

    def close(self) -> None:
        """End the process."""
        self.worker.stop()

    def __enter__(self) -> Calculator:
        return self

    def __exit__(self, *_) -> None:
        self.close()
