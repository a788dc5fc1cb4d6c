"""Events -> for each task, one unbroken row of segments: from when, until when, in which state.

Events are the 7-tuples of mmlab.trace, in order of time:
(time, task, what, object, value, holders, queued); times are integer nanoseconds.
"""

from typing import NamedTuple

from . import states


class Segment(NamedTuple):
    """A task is in `state` (a name in states.STATES) from `start` to `end`, ns."""

    start: int
    end: int
    state: str


class LockStep(NamedTuple):
    """From `start` to `end` (ns) mmap_sem has `holders` (n > 0 readers, -1 a writer) and `queued` waiters."""

    start: int
    end: int
    holders: int
    queued: int


#: the words after which a task may be in another state; the rest is skipped early, for speed
_CHANGES = frozenset(
    (
        "enter",
        "leave",
        "acquire",
        "release",
        "wait",
        "page_wait",
        "page_woken",
        "queue_wait",
        "queue_woken",
        "exit",
    )
)


class _Task:
    """What is known of one task at one moment of the trace; `state()` says which of the seven it is."""

    def __init__(self, lock):
        self.lock = lock
        self.reads = self.writes = 0
        self.in_kernel = False
        self.sleeping = False  # for a page, or for room in the device's queue
        self.wanted = None  # the lock in whose queue the task stands

    def state(self):
        if self.wanted == self.lock:
            return states.WAIT_LOCK  # even while holding it: that is the recursive-read deadlock
        if self.writes:
            return states.HOLD_WRITE
        if self.reads:
            return states.HOLD_READ_DISK if self.sleeping else states.HOLD_READ
        if self.sleeping:
            return states.WAIT_PAGE
        if self.wanted:
            return states.WAIT_LOCK
        return states.RUNNING if self.in_kernel else states.USER

    def feed(self, what, obj):
        """Take one event in. Words that are not known here change nothing."""
        if what == "enter" or what == "leave":
            self.in_kernel = what == "enter"
            self.sleeping, self.wanted = False, None  # a killed sleep has no event of its own
        elif what == "acquire" or what == "release":
            lock, _, mode = obj.partition("/")
            if what == "acquire":
                self.wanted = None
            if lock == self.lock:
                step = 1 if what == "acquire" else -1
                if mode == "write":
                    self.writes = max(0, self.writes + step)
                else:
                    self.reads = max(0, self.reads + step)
        elif what == "wait":
            self.wanted = obj.partition("/")[0]
        elif what == "gave_up":
            self.wanted = None
        elif what == "page_wait" or what == "queue_wait":
            self.sleeping = True
        elif what == "page_woken" or what == "queue_woken":
            self.sleeping = False

    def guess_the_past(self, events):
        """A trace that keeps only its last events begins in the middle of a life: infer how it stood."""
        first = events[0][2]
        self.in_kernel = first not in ("enter", "signal", "exit")
        self.sleeping = first in ("page_woken", "queue_woken")
        if first == "acquire" and events[0][4] > 0:  # it had waited
            self.wanted = events[0][3].partition("/")[0]
        for event in events:
            if event[2] in ("acquire", "wait") and event[3].partition("/")[0] == self.lock:
                return
            if event[2] == "release" and event[3].partition("/")[0] == self.lock:
                self.writes, self.reads = (1, 0) if event[3].endswith("/write") else (0, 1)
                return


def by_task(events, stop=None):
    """The events of each task up to `stop`, without the device's own; in order of first appearance."""
    tasks = {}
    for event in events:
        if stop is not None and event[0] >= stop:
            break
        task = event[1]
        if task in tasks:
            tasks[task].append(event)
        elif task != "disk":
            tasks[task] = [event]
    return tasks


def task_segments(events, start, stop, lock="mmap_sem"):
    """{task: [Segment, ...]} for the window [start, stop), ns.

    The segments of a task touch, never overlap, and neighbours differ in state. They cover the window from
    the later of its start and the task's own, to the earlier of its end and the task's own. Give events from
    before the window too: the state at its start comes from them. Raises ValueError for an empty window.
    """
    if start >= stop:
        raise ValueError(f"the window is [{start}, {stop}) ns; its start must be before its stop")
    first = next(iter(events), None)
    # a trace that lost its beginning may name a task for the first time after the window: then read it all
    limit = stop if first and first[2] == "start" else None
    return {task: row for task, own in by_task(events, limit).items() if (row := _row(own, start, stop, lock))}


def _row(events, start, stop, lock):
    task = _Task(lock)
    begun = start
    if events[0][2] == "start":
        begun = events[0][0]
    else:
        task.guess_the_past(events)
    row = []
    state, since, end = task.state(), max(begun, start), stop
    for time, _, what, obj, _, _, _ in events:
        if what not in _CHANGES:
            continue
        if time >= stop:
            break
        if what == "exit":
            end = max(time, start)
            break
        task.feed(what, obj)
        now = task.state()
        if now == state:
            continue
        if time > since:
            # two changes at one instant may lead back to the state of the segment before
            _append(row, since, time, state)
            since = time
        state = now
    if end > since:
        _append(row, since, end, state)
    return row


def _append(row, start, end, state):
    """Add a Segment to a row, or make the last one longer when it has the same state."""
    if row and row[-1].state == state:
        start = row.pop().start
    row.append(Segment(start, end, state))


def lock_steps(events, start, stop):
    """Who holds mmap_sem and how many queue for it, as touching LockSteps that cover [start, stop)."""
    steps = []
    since, held, queued = start, 0, 0
    for event in events:
        time = event[0]
        if time >= stop:
            break
        if event[5] == held and event[6] == queued:
            continue
        if time > since:
            if steps and steps[-1][2:] == (held, queued):
                steps[-1] = steps[-1]._replace(end=time)
            else:
                steps.append(LockStep(since, time, held, queued))
            since = time
        held, queued = event[5], event[6]
    if steps and steps[-1][2:] == (held, queued):
        steps[-1] = steps[-1]._replace(end=stop)
    else:
        steps.append(LockStep(since, stop, held, queued))
    return steps


def lock_segments(steps):
    """The holders as Segments: held for writing, held for reading, or free (drawn like user mode)."""
    row = []
    for step in steps:
        state = states.HOLD_WRITE if step.holders < 0 else states.HOLD_READ if step.holders else states.USER
        _append(row, step.start, step.end, state)
    return row
