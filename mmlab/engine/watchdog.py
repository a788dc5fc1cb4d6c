"""Two mistakes that never reach the clock: an operation that nobody awaited, and a loop that never awaits."""

from __future__ import annotations

import re
import sys
import threading
import warnings

from ..kernel.bug import KernelBug, is_ours

SOFT_LOCKUP_SECONDS = 5.0
"""wall-clock seconds without any progress after which a learner's loop is broken off"""


class SoftLockup(KernelBug):
    """A task ran on and on without ever awaiting anything that takes time."""

    def __init__(self) -> None:
        super().__init__(
            "soft lockup",
            f"the cpu has been stuck in this task for {SOFT_LOCKUP_SECONDS:.0f} s: a loop in which no time passes",
            "what should end the loop, and whether anything inside it can make that happen",
        )


class Watchdog:
    """Guards one run. Used as a context manager around it; costs nothing while all is well."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.unawaited: list[tuple[str, tuple | None]] = []
        self.over = threading.Event()

    def __enter__(self) -> Watchdog:
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("always", RuntimeWarning)
        self._show = warnings.showwarning
        warnings.showwarning = self._note
        if self.engine.k.debug:
            self._depth = sys.get_coroutine_origin_tracking_depth()
            sys.set_coroutine_origin_tracking_depth(1)
            self._watch()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        if self.engine.k.debug:
            sys.set_coroutine_origin_tracking_depth(self._depth)
        self._warnings.__exit__(None, None, None)

    def _note(self, message, category, filename, lineno, file=None, line=None) -> None:
        """Keep Python's "never awaited" warnings, pass every other one on."""
        text = str(message)
        match = re.match(r"coroutine '([^']+)' was never awaited", text)
        if match is None:
            self._show(message, category, filename, lineno, file, line)
            return
        origin = re.findall(r'File "([^"]+)", line (\d+), in (\S+)', text)
        self.unawaited.append((match[1].rpartition(".")[2], origin[-1] if origin else None))

    def check_unawaited(self, error: BaseException | None = None) -> None:
        """Raise the finding for an operation that was created and never awaited.

        It comes before any other error, because it is the likely cause: the operation did not happen.
        """
        if not self.unawaited:
            return
        name, origin = self.unawaited[0]
        where = None
        if origin is not None and not is_ours(origin[0]):
            import linecache

            where = origin[2], int(origin[1]), linecache.getline(origin[0], int(origin[1])).strip()
        raise KernelBug(
            "never awaited",
            f"{name}(...) was called without await, so it never happened",
            f"write `await` in front of {name}",
            where=where,
            task=self.engine.k.current.comm if self.engine.k.current else None,
        ) from error

    def _watch(self) -> None:
        """Start the thread that breaks a soft lockup, where Python has threads."""
        target = threading.get_ident()

        def watch() -> None:
            import ctypes

            seen = -1
            while not self.over.wait(SOFT_LOCKUP_SECONDS):
                if self.engine.batches == seen and not self.over.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(target), ctypes.py_object(SoftLockup))
                    return
                seen = self.engine.batches

        try:
            threading.Thread(target=watch, name="mmlab watchdog", daemon=True).start()
        except RuntimeError:
            pass  # in the browser there are no threads; there the tab's own stop button ends a loop
