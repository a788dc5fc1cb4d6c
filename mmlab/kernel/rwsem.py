"""rw_semaphore: many readers or one writer, first come first served.

One FIFO wait list. A release wakes one writer, or the whole run of readers at the head. Any waiter makes newcomers
queue, so ONE waiting writer turns the lock into a mutex for everybody behind it: that is half of the convoy.

Source: lib/rwsem-spinlock.c of 2.6.18 (struct rw_semaphore, __down_read, __up_write, __rwsem_do_wake).
"""

from __future__ import annotations

from collections import deque

from .handle import primitive
from .sleep import (
    EINTR,
    TASK_KILLABLE,
    TASK_RUNNING,
    TASK_UNINTERRUPTIBLE,
    schedule,
    sleep_is_over,
    wake_up_process,
)

READ = "read"
WRITE = "write"


class rw_semaphore:
    """A reader-writer semaphore with hand-off: who is woken already has the lock.

    `activity` is n > 0 while n tasks hold it for reading, -1 while `writer` holds it for writing, 0 when it is free;
    `wait_list` has the (task, mode, since when) of those that queue, oldest first.
    """

    __slots__ = ("activity", "k", "names", "wait_list", "writer")
    rank = 1
    """lockdep's order: mmap_sem before page locks before page_table_lock"""

    def __init__(self, k, name: str) -> None:
        self.k = k
        self.names = {READ: f"{name}/read", WRITE: f"{name}/write"}
        self.activity = 0
        self.writer = None
        self.wait_list: deque = deque()

    def __repr__(self) -> str:
        return self.names[READ].partition("/")[0]

    @property
    def readers(self) -> int:
        """How many tasks hold it for reading."""
        return max(self.activity, 0)

    async def down_read(self) -> None:
        """Take the semaphore for reading; sleeps while a writer holds it or anybody queues. Not ended by signals.

        Lock state: must not be held by the caller (it is not recursive: a writer between would deadlock);
        held for reading on return.
        """
        k = self.k
        task = k.current
        if task.held:
            k.lockdep(task, self)
        if self.activity >= 0 and not self.wait_list:
            self.activity += 1
            task.held.append(self)
            if k.tracing:
                k.emit("acquire", self.names[READ])
                if k.debug:
                    task.remember_place(self)
        else:
            await self._queue(task, READ, TASK_UNINTERRUPTIBLE)

    async def down_write(self) -> None:
        """Take the semaphore for writing; sleeps while anybody holds it. Not ended by signals.

        Lock state: must not be held by the caller; held for writing on return.
        """
        k = self.k
        task = k.current
        if task.held:
            k.lockdep(task, self)
        if self.activity == 0 and not self.wait_list:
            self.activity = -1
            self.writer = task
            task.held.append(self)
            if k.tracing:
                k.emit("acquire", self.names[WRITE])
                if k.debug:
                    task.remember_place(self)
        else:
            await self._queue(task, WRITE, TASK_UNINTERRUPTIBLE)

    async def down_read_trylock(self) -> bool:
        """Take the semaphore for reading if that needs no wait. Returns whether it was taken. Never sleeps.

        Lock state: any; held for reading on return if the answer is True.
        """
        if self.activity < 0 or self.wait_list or self in self.k.current.held:
            return False
        self.activity += 1
        self.k.current.held.append(self)
        if self.k.tracing:
            self.k.emit("acquire", self.names[READ])
            if self.k.debug:
                self.k.current.remember_place(self)
        return True

    async def down_read_killable(self) -> int:
        """As `down_read`, but a SIGKILL ends the wait: returns 0 with the lock, -EINTR without it."""
        return await self._down_killable(READ)

    async def down_write_killable(self) -> int:
        """As `down_write`, but a SIGKILL ends the wait: returns 0 with the lock, -EINTR without it."""
        return await self._down_killable(WRITE)

    async def _down_killable(self, mode: str) -> int:
        task = self.k.current
        self.k.lockdep(task, self)
        if self.wait_list or self.activity < 0 or (mode is WRITE and self.activity):
            return await self._queue(task, mode, TASK_KILLABLE)
        await (self.down_read() if mode is READ else self.down_write())
        return 0

    async def _queue(self, task, mode: str, state: str) -> int:
        """Join the wait list and sleep until the hand-off, or until a signal that `state` admits."""
        k = self.k
        task.state = state
        if sleep_is_over(task):
            task.state = TASK_RUNNING
            return -EINTR
        waiter = (task, mode, k.now)
        self.wait_list.append(waiter)
        if k.tracing:
            k.emit("wait", self.names[mode])
            if k.debug:
                task.remember_place(self)
        task.waits_for = self
        await schedule()
        return self.woken(task)

    def woken(self, task) -> int:
        """The end of a sleep in the queue: 0 if the lock was handed over meanwhile; else a signal came, -EINTR."""
        k = self.k
        task.waits_for = None
        if self in task.held:
            return 0
        waiter = next(waiter for waiter in self.wait_list if waiter[0] is task)
        self.wait_list.remove(waiter)
        if k.tracing:
            k.emit("gave_up", self.names[waiter[1]], k.now - waiter[2])
        if self.activity >= 0:
            self._hand_off()  # the one who gave up may have been all that kept the readers behind it waiting
        return -EINTR

    def _hand_off(self) -> None:
        """Give the semaphore to one writer, or to the whole run of readers, at the head of the queue."""
        queue = self.wait_list
        while queue and self.activity >= 0:
            task, mode, since = queue[0]
            if mode is WRITE:
                if self.activity:
                    return
                self.activity = -1
                self.writer = task
            else:
                self.activity += 1
            queue.popleft()
            task.held.append(self)
            if self.k.tracing:
                self.k.emit_for(task, "acquire", self.names[mode], self.k.now - since)
            wake_up_process(task)

    async def up_read(self) -> None:
        """Let go of a read hold; the last reader out hands the semaphore to the head of the queue. Never sleeps.

        Lock state: held for reading by the caller; not held on return.
        """
        k = self.k
        task = k.current
        activity = self.activity - 1
        if activity < 0 or self not in task.held:
            k.bug_release(task, self, READ)
        task.held.remove(self)
        self.activity = activity
        if k.tracing:
            k.emit("release", self.names[READ])
            if k.debug:
                task.remember_letting_go(self)
        if not activity and self.wait_list:
            self._hand_off()

    async def up_write(self) -> None:
        """Let go of the write hold and hand the semaphore to the head of the queue. Never sleeps.

        Lock state: held for writing by the caller; not held on return.
        """
        k = self.k
        task = k.current
        if self.writer is not task:
            k.bug_release(task, self, WRITE)
        task.held.remove(self)
        self.activity = 0
        self.writer = None
        if k.tracing:
            k.emit("release", self.names[WRITE])
            if k.debug:
                task.remember_letting_go(self)
        if self.wait_list:
            self._hand_off()

    def held_by(self, task) -> bool:
        """Whether `task` holds the semaphore, in either mode."""
        return self in task.held


@primitive
def rwsem_is_contended(sem) -> bool:
    """Whether anybody waits for the semaphore at this moment. Never sleeps.

    Lock state: held by the caller; else the answer is old before it is read. Even so, who comes a moment later is not
    seen. (Linux has a function of that name in include/linux/rwsem.h.)
    """
    return bool(sem.wait_list)
