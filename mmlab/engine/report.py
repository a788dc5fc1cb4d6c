"""Turning what went wrong in a run into a report that points at the reader's line."""

from __future__ import annotations

from ..kernel.bug import KernelBug, is_ours, place, place_in
from ..trace import Event

LAST_EVENTS = 8


def explain(engine, error: Exception) -> Exception:
    """Complete a finding with task, time, place, lock state and last events; note them on any other error."""
    k = engine.k
    task = k.current
    if not isinstance(error, KernelBug):
        where = place_in(error.__traceback__)
        if where and task is not None:
            error.add_note(
                f"in {where[0]}, line {where[1]}: {where[2]}\n{task.comm} ran it at {k.now / 1000:,.2f} us; {k.lock_state()}"
            )
        return error
    if error.task is None and task is not None:
        error.task = task.comm
    error.time = k.now
    error.where = error.where or place_in(error.__traceback__)
    error.locks = error.locks or k.lock_state()
    error.events = error.events or [Event(*event) for event in engine.events[-LAST_EVENTS:]]
    return error


def blame(coroutine) -> tuple[str, int, str] | None:
    """The innermost line of a sleeping coroutine that belongs to a design or to a learner."""
    found = None
    while coroutine is not None and getattr(coroutine, "cr_frame", None) is not None:
        frame = coroutine.cr_frame
        if not is_ours(frame.f_code.co_filename):
            found = place(frame.f_code, frame.f_lineno)
        coroutine = coroutine.cr_await
    return found
