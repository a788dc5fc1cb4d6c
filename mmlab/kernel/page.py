"""struct page, its flags, its references and its lock.

PG_locked is held by the reader from submission to completion and is the page's wait queue; PG_uptodate is set on
success only. A reference keeps a page from being freed or reclaimed: the page cache holds one, every pte holds one,
and so does every task that looked the page up and has not yet called `put_page`.

Source: include/linux/mm_types.h, mm/filemap.c (lock_page, wait_on_page_locked) of 2.6.18.
"""

from __future__ import annotations

from .bug import KernelBug
from .handle import primitive
from .sleep import TASK_INTERRUPTIBLE, TASK_KILLABLE, TASK_UNINTERRUPTIBLE, sleep_on, wake_up

PG_locked = 1
PG_uptodate = 2
PG_error = 4
PG_retried = 8
"""[ours]: some fault has dropped mmap_sem to wait for this page (the page->flags bit of the mail's last line)"""


class page:
    """One page of a file (or of anonymous memory, when `mapping` is None from the start).

    `mapping` and `index` say where in which file; truncation and reclaim clear `mapping`. `count` is the number of
    references, `rmap` the addresses at which the one mm of the run maps the page (try_to_unmap needs them).
    """

    __slots__ = ("count", "flags", "index", "k", "mapping", "name", "rmap", "waiters")
    rank = 2

    def __init__(self, k, mapping, index: int) -> None:
        self.k = k
        self.mapping = mapping
        self.index = index
        self.name = mapping.page_names[index] if mapping is not None else "anon"
        self.flags = 0
        self.count = 0
        self.rmap: list[int] = []
        self.waiters: list = []

    def __repr__(self) -> str:
        return f"page {self.name}"


class freed_page(page):
    """What a page becomes when its last reference goes: any touch is a use after free."""

    __slots__ = ()

    def __getattribute__(self, attribute: str):
        if attribute in ("name", "__class__", "rank"):
            return object.__getattribute__(self, attribute)
        name = object.__getattribute__(self, "name")
        which = "" if attribute == "k" else f" (.{attribute})"  # struct page has no k: that is how we find the kernel
        raise KernelBug(
            "use after free",
            f"page {name} was used{which} after its last reference was put",
            "who put the last reference, and whether this task should have held one of its own (find_get_page)",
        )

    def __repr__(self) -> str:
        return f"freed page {self.name}"


def PageLocked(page: page) -> bool:
    """Whether somebody holds the page lock: for a page under I/O, the I/O does."""
    return page.flags & PG_locked != 0


def PageUptodate(page: page) -> bool:
    """Whether the page holds what the disk holds. Only then may it be mapped."""
    return page.flags & PG_uptodate != 0


def PageRetried(page: page) -> bool:
    """Whether the page carries the mark of page_flag [ours]."""
    return bool(page.flags & PG_retried)


@primitive
def SetPageRetried(page: page) -> None:
    """Mark the page [ours]. Any lock state: one atomic operation."""
    page.flags |= PG_retried


@primitive
def ClearPageRetried(page: page) -> None:
    """Take the mark away [ours]. Any lock state: one atomic operation."""
    page.flags &= ~PG_retried


@primitive
async def get_page(page: page) -> None:
    """Take one more reference. The caller already has one, or holds a lock that keeps the page alive."""
    page.count += 1
    pin(page)


@primitive
async def put_page(page: page) -> None:
    """Give back one reference that the current task took; the last one frees the page. Never sleeps."""
    k = page.k
    task = k.current
    if page not in task.pins:
        k.bug(
            "reference underflow",
            f"{task.comm} puts a reference to page {page.name} that it does not have",
            "put_page called twice, or the reference was handed to a pte by set_pte_at",
        )
    task.pins.remove(page)
    page.count -= 1
    if page.count == 0:
        page.__class__ = freed_page


def pin(page: page) -> None:
    """Note that the current task now owns one reference."""
    k = page.k
    task = k.current
    task.pins.append(page)
    if k.debug:
        task.remember_place(page)


@primitive
async def lock_page(page: page, state: str = TASK_UNINTERRUPTIBLE) -> int:
    """Take the page lock; sleeps while another task or an I/O holds it. Returns 0. Not ended by signals.

    Lock state: page not locked by the caller, no spinlock held; locked on return. The page may have been truncated or
    reclaimed while the caller slept: check page.mapping afterwards.
    """
    k = page.k
    task = k.current
    k.lockdep(task, page)
    if page.flags & PG_locked:
        since = k.now
        if k.tracing:
            k.emit("page_wait", page.name)
        result = 0
        while page.flags & PG_locked and not result:
            result = await sleep_on(task, page.waiters, state)
        if k.tracing:
            k.emit("page_woken", page.name, k.now - since)
        if result:
            return result
    page.flags |= PG_locked
    task.held.append(page)
    if k.debug:
        task.remember_place(page)
    return 0


async def lock_page_killable(page: page) -> int:
    """As `lock_page`, but a SIGKILL ends the wait: returns 0 with the page lock, -EINTR without it.

    (A name of Linux 2.6.25; the patch of 2006 could not be killed.)
    """
    return await lock_page(page, TASK_KILLABLE)


@primitive
async def trylock_page(page: page) -> bool:
    """Take the page lock if nobody holds it. Returns whether it was taken. Never sleeps.

    (2.6.18 spells it !TestSetPageLocked(page).)
    """
    k = page.k
    task = k.current
    k.lockdep(task, page)
    if page.flags & PG_locked:
        return False
    page.flags |= PG_locked
    task.held.append(page)
    if k.debug:
        task.remember_place(page)
    return True


@primitive
async def unlock_page(page: page) -> None:
    """Release the page lock and wake all who wait for it. Never sleeps. Lock state: locked by the caller."""
    k = page.k
    task = k.current
    if page not in task.held:
        k.bug_release(task, page, "page lock")
    task.held.remove(page)
    page.flags &= ~PG_locked
    wake_up(page.waiters)


@primitive
async def wait_on_page_locked(page: page, state: str = TASK_UNINTERRUPTIBLE) -> int:
    """Sleep until the page is unlocked; does not take the lock. Returns 0. Not ended by signals. Needs a reference."""
    k = page.k
    task = k.current
    if task.held:
        k.may_sleep(task, page)
    if not page.flags & PG_locked:
        return 0
    since = k.now
    if k.tracing:
        k.emit("page_wait", page.name)
    while True:
        result = await sleep_on(task, page.waiters, state)
        if result or not page.flags & PG_locked:
            break
    if k.tracing:
        k.emit("page_woken", page.name, k.now - since)
    return result


async def wait_on_page_locked_killable(page: page) -> int:
    """As `wait_on_page_locked`, but a SIGKILL ends it: returns 0, or -EINTR."""
    return await wait_on_page_locked(page, TASK_KILLABLE)


async def wait_on_page_locked_interruptible(page: page) -> int:
    """As `wait_on_page_locked`, but any signal ends it: returns 0, or -EINTR."""
    return await wait_on_page_locked(page, TASK_INTERRUPTIBLE)
