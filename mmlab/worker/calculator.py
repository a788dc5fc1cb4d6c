"""A text of ordinary functions in another process: numbers and texts go in, numbers and texts come out."""

from __future__ import annotations

from collections.abc import Sequence

from .process import Limits, Worker
from .rules import error_of, place_of
from .trouble import LIE, Untrue, WorkerBug
from .values import from_plain, to_plain


class Calculator:
    """The functions of a text, called in a process of their own. A context manager; `printed` is what they printed."""

    def __init__(self, source: str, limits: Limits | None = None, command: Sequence[str] = ()) -> None:
        self.worker = Worker({"calculate": source}, limits, command)

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
            return from_plain(self.settle(reply, "value"))
        except Untrue as untrue:
            self.worker.stop()
            raise WorkerBug(LIE, str(untrue)) from None

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
