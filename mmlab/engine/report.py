"""Turning what went wrong in a run into a report that points at the reader's line."""

from __future__ import annotations

import inspect

from ..kernel.bug import KernelBug, place_in, reader_place
from ..trace import Event

LAST_EVENTS = 8


def last_events(engine) -> list[Event]:
    """The newest events of the run, also when most of them were folded away a moment ago."""
    return [Event(*event) for event in [*engine.folded, *engine.events][-LAST_EVENTS:]]


def explain(engine, error: Exception) -> Exception:
    """Complete a finding with task, time, place, lock state and last events; note them on any other error."""
    k = engine.k
    task = k.current
    if not isinstance(error, KernelBug):
        where = place_in(error.__traceback__)
        if where and task is not None:
            error.add_note(as_finding(engine, task, where).report())
        return error
    if error.task is None and task is not None:
        error.task = task.comm
        error.where = error.where or place_in(error.__traceback__) or blame_task(engine, task)
    error.time = error.time or k.now
    error.where = error.where or place_in(error.__traceback__)
    error.locks = error.locks or k.lock_state()
    error.events = error.events or last_events(engine)
    return error


def as_finding(engine, task, where) -> KernelBug:
    """What to say of an ordinary Python error in the reader's code."""
    found = KernelBug(
        "Python error",
        f"{task.comm} cannot go on: an exception left its code",
        "the exception's own message, and the values on that line",
        where=where,
        locks=engine.k.lock_state(),
        task=task.comm,
        time=engine.k.now,
    )
    found.events = last_events(engine)
    return found


def as_bug(error: Exception) -> KernelBug:
    """An ordinary Python error that left the reader's code, as a finding that names the line."""
    return KernelBug(
        "Python error",
        f"{type(error).__name__}: {error}",
        "the exception's own message, and the values on that line",
        where=place_in(error.__traceback__),
    )


def blame_task(engine, task) -> tuple[str, int, str] | None:
    """The line of the reader's code at which a task stands."""
    alarm = engine.alarms.get(task)
    return blame(alarm.coroutine) if alarm is not None else None


def blame(coroutine) -> tuple[str, int, str] | None:
    """The innermost line of a sleeping coroutine that belongs to a design or to a learner."""
    found = None
    while coroutine is not None and getattr(coroutine, "cr_frame", None) is not None:
        frame = coroutine.cr_frame
        found = reader_place(frame) or found
        coroutine = coroutine.cr_await
    return found


def unawaited_in(traceback) -> list:
    """The coroutines that frames of the traceback hold and that nobody has awaited, outermost frame first.

    (`vma = find_vma(mm, address)`: the error strikes where the result is used, while the coroutine still lives.)
    """
    found = []
    while traceback is not None:
        for value in traceback.tb_frame.f_locals.values():
            if inspect.iscoroutine(value) and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
                found.append(value)
        traceback = traceback.tb_next
    return found
