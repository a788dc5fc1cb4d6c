"""The debugging aids: lockdep, checks of each pte, and what a task must not carry back to user mode.

They are always on: each costs a comparison. With `debug` on (a learner's design) the machine also notes the line that
took each lock and reference, so that a leak can be shown where it began.
"""

from __future__ import annotations

from typing import NoReturn

from .bug import KernelBug, beginning
from .codes import named
from .filemap import linear_page_index
from .page import PageUptodate, page
from .vma_lock import vma_lock

SPIN_RANK = 3


def let_go(task, thing) -> str:
    """Where the task let go of `thing` last, as the end of a sentence; empty where that was not noted."""
    where = task.let_go_at.get(id(thing))
    return f"; it let go of it in {where[0]}, line {where[1]}: {where[2]}" if where else ""


class Aids:
    """The checks, as methods of the machine."""

    __slots__ = ()

    def bug(self, kind: str, detail: str, advice: str = "", where=None) -> NoReturn:
        """Report a broken rule: raises KernelBug."""
        raise KernelBug(kind, detail, advice, where=where)

    def lock_state(self) -> str:
        """Who holds and who waits for what, in words."""
        sem = self.mm.mmap_sem
        readers = [task.comm for task in self.tasks if sem in task.held and sem.writer is not task]
        parts = []
        if sem.writer is not None:
            parts.append(f"mmap_sem held for writing by {sem.writer.comm}")
        elif readers:
            parts.append(f"mmap_sem held for reading by {', '.join(readers)}")
        else:
            parts.append("mmap_sem free")
        if sem.wait_list:
            parts.append("queue: " + ", ".join(f"{task.comm} ({mode})" for task, mode, _ in sem.wait_list))
        others = [f"{lock!r} by {task.comm}" for task in self.tasks for lock in task.held if lock is not sem]
        return "; ".join(parts + others)

    def lockdep(self, task, lock) -> None:
        """Before taking `lock`: not already held, nothing of a higher or the same rank held."""
        for held in task.held:
            if held is lock:
                self.bug(
                    "recursive locking",
                    f"{task.comm} asks for {lock!r}, which it already holds",
                    "a path that takes the lock twice, or a loop that did not release it; "
                    "with a waiter queued it deadlocks",
                )
            if held.rank >= lock.rank:
                self.bug(
                    "wrong lock order",
                    f"{task.comm} asks for {lock!r} while it holds {held!r}",
                    "the order is mmap_sem, then a page lock, then page_table_lock; release the inner one first",
                )

    def may_sleep(self, task, on) -> None:
        """Before a sleep that is not for a lock: no spinlock held, and not for what only the sleeper could end."""
        for held in task.held:
            if held is on:
                self.bug(
                    "recursive locking",
                    f"{task.comm} waits for {on!r} to be unlocked, and holds that lock itself",
                    "unlock_page before the wait, or do not wait: who holds the page lock need not",
                )
            if held.rank == SPIN_RANK:
                self.bug(
                    "sleeping in a spinlock",
                    f"{task.comm} sleeps on {on!r} while it holds {held!r}",
                    "unlock first",
                )

    def bug_release(self, task, lock, mode: str) -> NoReturn:
        """`task` releases something that it does not hold."""
        self.bug(
            "released by a stranger",
            f"{task.comm} releases {lock!r} ({mode}), which it does not hold in that mode{let_go(task, lock)}",
            "two releases on one path, or a release after somebody else (an answer of RETRY) already did it",
        )

    def bug_unlocked(self, who: str, why: str) -> NoReturn:
        """A function that needs mmap_sem was called without it."""
        self.bug(
            "lock not held",
            f"{who} was called by {self.current.comm} without mmap_sem: {why}{let_go(self.current, self.mm.mmap_sem)}",
            "where mmap_sem was dropped last on this path; take it again and start from find_vma",
        )

    def holds_vma_at(self, address: int) -> bool:
        """Whether the running task holds the lock of a vma that covers `address`."""
        return any(
            isinstance(lock, vma_lock) and lock.vma.vm_start <= address < lock.vma.vm_end for lock in self.current.held
        )

    def bug_counted_twice(self, task, minor: int, major: int) -> NoReturn:
        """One fault added more than one to min_flt + maj_flt."""
        self.bug(
            "fault counted twice",
            f"one fault of {task.comm} was counted as {minor} minor and {major} major",
            "count once, after the last pass, in do_page_fault",
            beginning(self.do_page_fault),
        )

    def bug_answer(self, who: str, answer, allowed: str = "", where=None) -> NoReturn:
        """A function of the design answered something that is not in its contract, or that its caller cannot use."""
        self.bug(
            "nonsense answer",
            f"{who} answered {named(answer)}",
            f"each `return` of {who}; a path without one answers None. Allowed: {allowed}"
            if allowed
            else f"the caller of {who}, which has no branch for that answer",
            where,
        )

    def check_return_to_user(self, task) -> None:
        """At the way back to user mode: no lock and no page reference may be left."""
        for lock in task.held:
            self.bug(
                "lock leaked",
                f"{task.comm} goes back to user mode and still holds {lock!r}",
                "every path out of the function, error paths too: each must release what it took",
                task.held_at.get(id(lock)),
            )
        for thing in task.pins:
            kind, advice = (
                ("page reference leaked", "every path that does not hand the page to set_pte_at must put_page it")
                if isinstance(thing, page)
                else ("vma reference leaked", "every path out of the function, after get_vma: each must put_vma it")
            )
            self.bug(
                kind,
                f"{task.comm} goes back to user mode and still has a reference to {thing!r}",
                advice,
                task.held_at.get(id(thing)),
            )

    def bug_set_pte(self, vma, page_table, address: int, page) -> None:
        """Say what that must hold when a pte is installed does not (set_pte_at found that something does not)."""
        task, mm = self.current, vma.vm_mm
        if mm.mmap_sem not in task.held and vma.vm_lock not in task.held:
            self.bug_unlocked("set_pte_at", "the vma may be gone")
        if mm.page_table_lock.owner is not task:
            self.bug(
                "lock not held",
                f"{task.comm} installs a pte without page_table_lock",
                "spin_lock it around the check and the install",
            )
        if vma not in mm.mmap or not vma.vm_start <= address < vma.vm_end:
            self.bug(
                "pte through a stale vma",
                f"{task.comm} maps {address:#x} through {vma!r}, which does not cover it any more",
                "the vma was found before mmap_sem was dropped; call find_vma again after retaking it",
            )
        if page not in task.pins:
            self.bug(
                "reference underflow",
                f"{task.comm} maps {page!r} without a reference to give to the pte",
                "find_get_page takes one",
            )
        if not PageUptodate(page):
            self.bug(
                "page not uptodate",
                f"{task.comm} maps {page!r} before the disk has filled it: the program would read stale memory",
                "PageUptodate after the wait: a read can fail, and a wake-up is not a promise",
            )
        mapping = vma.vm_file
        if mapping is not None:
            if page.mapping is not mapping or page.index != linear_page_index(vma, address):
                self.bug(
                    "page not in the mapping",
                    f"{task.comm} maps {page!r} at {address:#x}, "
                    "but it is not (any more) the page of that file and offset",
                    "truncate or reclaim took it while the task slept: re-check page.mapping under the page lock, "
                    "or truncate_count under the pte lock",
                )
            if page.index << 12 >= max(mapping.i_size, mapping.unmapped_from):
                self.bug(
                    "page beyond i_size",
                    f"{task.comm} maps {page!r}, which lies beyond the end of the file",
                    "re-check i_size",
                )
        if address >> 12 in page_table.ptes:
            self.bug(
                "pte overwritten",
                f"{task.comm} maps {address:#x}, where a pte already is",
                "pte_none under the pte lock: a sibling may have won",
            )
