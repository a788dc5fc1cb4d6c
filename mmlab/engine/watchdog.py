"""Two mistakes that never reach the clock: an operation that nobody awaited, and a loop that never awaits."""

from __future__ import annotations

import linecache
import re
import sys
import threading
import time
import warnings
from contextlib import suppress

from ..kernel.bug import KernelBug, is_ours
from .report import last_events, unawaited_in

SOFT_LOCKUP_SECONDS = 5.0
"""seconds without any progress after which a learner's loop is broken off"""
MOST_LOOKS = 12
"""times that the watchdog looks at a run which makes no progress and uses no processor: that one waits for a worker,
which has limits of its own, or for a busy machine"""
ORIGIN = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


class SoftLockup(KernelBug):
    """A task ran on and on without ever awaiting anything that takes time."""

    def __init__(self) -> None:
        super().__init__(
            "soft lockup",
            f"the cpu has been stuck in this task for {SOFT_LOCKUP_SECONDS:.0f} s: a loop in which no time passes",
            "what should end the loop, and whether anything inside it can make that happen",
        )


def told_by(text: str) -> tuple[str, list] | None:
    """What Python's warning tells of an operation that nobody awaited: (name, origin); None for other warnings."""
    match = re.match(r"coroutine '([^']+)' was never awaited", text)
    return match and (match[1], [(file, int(line), function) for file, line, function in ORIGIN.findall(text)])


def never_awaited(name: str, origin: list[tuple[str, int, str]]) -> KernelBug:
    """What to say of an operation that was created at `origin` (innermost line last) and never awaited."""
    name = name.rpartition(".")[2]
    lines = [(function, line, linecache.getline(file, line)) for file, line, function in origin if not is_ours(file)]
    return KernelBug(
        "never awaited",
        f"{name}(...) was called without await, so it never happened",
        f"write `await` in front of {name}",
        where=(lines[-1][0], lines[-1][1], lines[-1][2].strip()) if lines else None,
    )


def forgotten_in(error: BaseException) -> KernelBug | None:
    """What to say of an operation that a frame in the error's traceback holds and nobody has awaited: the likely cause.

    None if there is none.
    """
    found = None
    for coroutine in unawaited_in(error.__traceback__):
        found = found or never_awaited(coroutine.__qualname__, list(reversed(coroutine.cr_origin or ())))
        coroutine.close()  # or Python would warn of it once more, perhaps in the middle of the next run
    return found


class Ear:
    """Listens to Python's warnings while a run is under way, and tells the watchdog of the thread they come from.

    Runs may go on in several threads at once, and the list of warning filters belongs to the whole process.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.watchdogs: dict[int, list[Watchdog]] = {}

    def listen(self, watchdog: Watchdog) -> None:
        """Tell `watchdog` of this thread's warnings from now on."""
        with self.lock:
            if not self.watchdogs:
                self.before = warnings.catch_warnings()
                self.before.__enter__()
                warnings.simplefilter("always", RuntimeWarning)
                self.show = warnings.showwarning
                warnings.showwarning = self.hear
            self.watchdogs.setdefault(threading.get_ident(), []).append(watchdog)

    def stop(self, watchdog: Watchdog) -> None:
        """No more for `watchdog`; the last one out leaves everything as it was."""
        with self.lock:
            mine = self.watchdogs[threading.get_ident()]
            mine.remove(watchdog)
            if not mine:
                del self.watchdogs[threading.get_ident()]
            if not self.watchdogs:
                self.before.__exit__(None, None, None)

    def hear(self, message, category, filename, lineno, file=None, line=None) -> None:
        """Python shows a warning: a watchdog may keep it, every other one goes on its way."""
        mine = self.watchdogs.get(threading.get_ident())
        if not (mine and mine[-1].note(str(message))):
            self.show(message, category, filename, lineno, file, line)


EAR = Ear()


class Watchdog:
    """Guards one run. Used as a context manager around it; costs nothing while all is well."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.unawaited: list[KernelBug] = []
        self.over = threading.Event()

    def __enter__(self) -> Watchdog:
        EAR.listen(self)
        if self.engine.k.debug:
            self._depth = sys.get_coroutine_origin_tracking_depth()
            sys.set_coroutine_origin_tracking_depth(3)  # a call through k.nopage has a line of ours innermost
            self._watch()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        if self.engine.k.debug:
            sys.set_coroutine_origin_tracking_depth(self._depth)
        EAR.stop(self)

    def note(self, text: str) -> bool:
        """Keep Python's "never awaited" warnings; returns whether it was one."""
        told = told_by(text)
        if told is not None:
            self.unawaited.append(self._placed(never_awaited(*told)))
        return told is not None

    def check_unawaited(self, error: BaseException | None = None) -> None:
        """Raise the finding for an operation that was created and never awaited.

        It comes before any other error, because it is the likely cause: the operation did not happen. But where a loop
        was broken off, the operation may just have been about to be awaited.
        """
        if isinstance(error, SoftLockup):
            return
        forgotten = forgotten_in(error) if error is not None else None
        if forgotten is not None:
            self.unawaited.append(self._placed(forgotten))
        if self.unawaited:
            found = self.unawaited[0]
            raise found from error if error is not found else None

    def _placed(self, found: KernelBug) -> KernelBug:
        """The finding, with where the run was when it came out."""
        k = self.engine.k
        found.locks, found.time = k.lock_state(), k.now
        found.task = k.current.comm if k.current else None
        found.events = last_events(self.engine)
        return found

    def _watch(self) -> None:
        """Start the thread that breaks a soft lockup, where Python has threads."""
        target = threading.get_ident()

        def watch() -> None:
            import ctypes

            seen, since, looks = None, 0.0, 0
            while not self.over.wait(SOFT_LOCKUP_SECONDS):
                progress, used = (self.engine.batches, self.engine.k.now), time.process_time()
                if progress != seen:
                    seen, since, looks = progress, used, 0
                    continue
                looks += 1
                if (used - since > SOFT_LOCKUP_SECONDS / 2 or looks > MOST_LOOKS) and not self.over.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(target), ctypes.py_object(SoftLockup))

        with suppress(RuntimeError):  # in the browser there are no threads; the tab's own stop button ends a loop
            threading.Thread(target=watch, name="mmlab watchdog", daemon=True).start()
