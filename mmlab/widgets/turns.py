"""One run at a time, and the newest wish wins.

JupyterLab may deliver the changes of a slider in another thread than the one that is busy with the last run (it
talks to widgets through a subshell of the kernel), and timers of the event loop go off in a third. So who comes while
a run is under way leaves a wish and goes; however many come, one run follows.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from contextlib import contextmanager


@contextmanager
def collector_waits():
    """No garbage collection in here: a full one takes 50 ms in a notebook's kernel, and the learner is waiting."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Turns:
    """Calls `work(full)`, in the thread that asked first, until no wish is left.

    `overtaken` tells a full run that somebody waits for a short one: it should break off.
    """

    def __init__(self, work: Callable[[bool], None]) -> None:
        self.work = work
        self.overtaken = False
        self._lock = threading.Lock()
        self._busy = False
        self._wish: bool | None = None

    def ask(self, full: bool) -> None:
        """A full or a short run, now or after the one that is under way; a short one comes first."""
        with self._lock:
            self._wish = full and self._wish is not False
            self.overtaken = not full
            if self._busy:
                return
            self._busy = True
        try:
            while (wish := self._take()) is not None:
                with collector_waits():
                    self.work(wish)
        except BaseException:
            with self._lock:
                self._busy = False
            raise

    def _take(self) -> bool | None:
        """The next wish; None, and nobody is busy any more, when there is none."""
        with self._lock:
            wish, self._wish, self.overtaken = self._wish, None, False
            self._busy = wish is not None
            return wish
