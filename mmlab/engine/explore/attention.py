"""An operation that nobody awaited did not happen. Python warns of it; for the explorer it is a finding."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ...kernel.bug import KernelBug
from ..watchdog import EAR, forgotten_in, never_awaited, told_by
from .code import Stop


class Attention:
    """Listens while a piece of code runs; `heard` are the operations that nobody awaited. A context manager."""

    def __init__(self) -> None:
        self.heard: list[KernelBug] = []

    def __enter__(self) -> Attention:
        EAR.listen(self)
        self.depth = sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(3)
        return self

    def __exit__(self, *_) -> None:
        sys.set_coroutine_origin_tracking_depth(self.depth)
        EAR.stop(self)

    def note(self, text: str) -> bool:
        """Keep Python's "never awaited" warnings; returns whether it was one."""
        told = told_by(text)
        if told is not None:
            self.heard.append(never_awaited(*told))
        return told is not None


def attentive(run: Callable) -> Callable:
    """`run`, see Tree, whose Stop is the forgotten await where there is one: it comes before what follows from it."""

    def listen(*arguments) -> Stop:
        with Attention() as attention:
            stop = run(*arguments)
            if stop.kind == "raise":
                attention.heard += filter(None, [forgotten_in(stop.what)])
        bug = attention.heard[0] if attention.heard else None
        return stop if bug is None else Stop("raise", bug, place=bug.where)

    return listen
