"""A learner's work on one exercise: a text, which is never run in this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from ..kernel.bug import KernelBug
from ..worker import Calculator, Limits, RemoteDesign, Theirs, remote

LIMITS = Limits(cpu=0.5, answer=10.0, printed=1 << 20)
"""of the learner's code, for one answer"""


class Work:
    """The text of the learner's functions. A context manager: its processes end with it.

    `design` and `call` run it, each in a worker process; what goes wrong there is raised here as a KernelBug, as
    Theirs (an exception of the learner's), or, if it cannot be patched onto its base, as Unusable.
    """

    def __init__(self, source: str, limits: Limits = LIMITS, command: Sequence[str] = ()) -> None:
        self.source = source
        self.limits = limits
        self.command = tuple(command)
        self.ends = ExitStack()
        self.known: dict = {}
        self.stateful: KernelBug | None = None

    def once(self, key, make: Callable):
        """What `make()` gave, or raised, when it was first asked for under this key: checks share long work."""
        if key not in self.known:
            try:
                self.known[key] = make(), None
            except (KernelBug, Theirs, Unusable) as error:
                self.known[key] = None, error
        value, error = self.known[key]
        if error is not None:
            raise error
        return value

    def design(self, base: str, **options) -> RemoteDesign:
        """The functions patched onto one of mmlab's designs; `options` go to Design.patched."""

        def make() -> RemoteDesign:
            try:
                there = remote(base, self.source, name="yours", limits=self.limits, command=self.command, **options)
            except ValueError as error:
                raise Unusable(for_learners(error)) from None
            except Theirs as error:  # raised in the worker
                if type(error).__name__ == "ValueError":
                    raise Unusable(for_learners(error)) from None
                raise
            return self.ends.enter_context(there)

        return self.once(("design", base, repr(options)), make)

    def call(self, function: str, *arguments):
        """What the ordinary function of that name answers."""
        calculator = self.once(
            "calculator",
            lambda: self.ends.enter_context(Calculator(self.source, self.limits, self.command)),
        )
        return calculator.call(function, *arguments)

    def also(self, text: str) -> Work:
        """The same work with further lines at its end, which count as the last definitions do."""
        return self.once(
            ("also", text),
            lambda: self.ends.enter_context(Work(f"{self.source}\n\n{text}\n", self.limits, self.command)),
        )

    def hurry(self, **limits) -> None:
        """Change limits of the processes from now on, those of the ones that run too."""
        self.limits = replace(self.limits, **limits)
        for value, _ in self.known.values():
            if isinstance(value, RemoteDesign | Calculator):
                value.worker.limits = self.limits
            elif isinstance(value, Work):
                value.hurry(**limits)

    def ask_again(self) -> None:
        """Put what was asked last once more to fresh processes. Raises KernelBug when an answer differs (see differs in
        engine/explore/code.py), and from then on always: checks share what they asked."""
        for value, error in list(self.known.values()):
            if error is None and isinstance(value, RemoteDesign | Calculator | Work) and self.stateful is None:
                try:
                    value.ask_again()
                except KernelBug as bug:
                    self.stateful = bug
        if self.stateful is not None:
            raise self.stateful

    def __enter__(self) -> Work:
        return self

    def __exit__(self, *_) -> None:
        self.ends.close()
        self.known.clear()


def for_learners(error: Exception) -> str:
    """Why a patch was refused, without the ways out that an exercise does not have."""
    return re.split(r"; if that is meant|\. It can be patched at", str(error))[0]


class Unusable(Exception):
    """The functions do not fit where they are to be put; the message says why."""
