"""A loop that never awaits and asks nothing, broken off: while it runs, nobody else can."""

from __future__ import annotations

import ctypes
import threading
from contextlib import suppress

from ..watchdog import SOFT_LOCKUP_SECONDS, SoftLockup


class Patience:
    """Watches pieces of code from a thread of its own; who takes longer than SOFT_LOCKUP_SECONDS gets a SoftLockup."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.number = 0
        self.runner: int | None = None
        self.watcher: threading.Thread | None = None

    def __enter__(self) -> None:
        with self.lock:
            self.number += 1
            self.runner = threading.get_ident()
        if self.watcher is None or not self.watcher.is_alive():
            self.watcher = threading.Thread(target=self.watch, name="mmlab patience", daemon=True)
            with suppress(RuntimeError):  # in the browser there are no threads; the tab's own stop button ends a loop
                self.watcher.start()

    def __exit__(self, *_) -> None:
        with self.lock:
            self.runner = None

    def watch(self) -> None:
        """Look now and then whether still the same piece of code runs; stop when nothing has run for a while."""
        pause, seen, idle = threading.Event(), None, 0
        while idle < 10:
            pause.wait(SOFT_LOCKUP_SECONDS)
            with self.lock:
                idle = idle + 1 if self.number == seen and self.runner is None else 0
                if self.runner is not None and self.number == seen:
                    thread, error = ctypes.c_ulong(self.runner), ctypes.py_object(SoftLockup)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
                seen = self.number


PATIENCE = Patience()
