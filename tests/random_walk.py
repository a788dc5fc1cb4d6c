"""Small worlds walked through at random: which task moves next is a throw of the dice, at nearly every await.

A poor relation of the explorer, and independent of it: it moves the coroutines themselves, on worlds of its own. What
it finds is there; what it does not find may be there all the same.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from random import Random

from kernel_helpers import BASE, PAGE

from mmlab.designs.design import Design
from mmlab.kernel import SIGKILL, SIGUSR1, VM_READ, VM_WRITE, KernelBug, charge, send_sig, vm_area_struct
from mmlab.kernel.block import block_device
from mmlab.kernel.exception import copy_from_user, touch
from mmlab.kernel.gup import pin_user_page
from mmlab.kernel.mmap import do_mmap, sys_mmap, sys_mprotect, sys_munmap, touched
from mmlab.kernel.page import PG_uptodate
from mmlab.kernel.page import page as page_of_a_file
from mmlab.kernel.rwsem import rw_semaphore
from mmlab.kernel.sleep import TASK_RUNNING
from mmlab.kernel.spinlock import spinlock_t
from mmlab.kernel.truncate import fadvise_dontneed, vmtruncate
from mmlab.kernel.vma_lock import vma_lock
from mmlab.kernel.vmscan import shrink_cache

PAGES = 2
LENGTH = PAGES * PAGE
ROUNDS = 3
"""how often those come that come again and again"""
MOST_STEPS = 1_000


def preemptible(function):
    """`function`, with a moment before and after it in which others may run."""

    async def wrapper(*arguments):
        await charge(0)
        answer = await function(*arguments)
        await charge(0)
        return answer

    return wrapper


def interleaved(design: Design) -> Design:
    """The same design, with a scheduling point around each coroutine of the kernel that it calls."""
    patch = {}
    for name, function in design.functions.items():
        globals_ = dict(function.__globals__)
        for word in function.__code__.co_names:
            if isinstance(globals_.get(word), types.FunctionType) and globals_[word].__code__.co_flags & 0x80:
                globals_[word] = preemptible(globals_[word])
        patch[name] = types.FunctionType(function.__code__, globals_, name, function.__defaults__)
    return Design(design.name, design, patch, "", "", design.answers)


class PreemptibleSemaphore(rw_semaphore):
    """mmap_sem with a scheduling point around what designs do with it."""

    __slots__ = ()
    down_read = preemptible(rw_semaphore.down_read)
    down_write = preemptible(rw_semaphore.down_write)
    up_read = preemptible(rw_semaphore.up_read)
    up_write = preemptible(rw_semaphore.up_write)


class PreemptibleSpinlock(spinlock_t):
    """page_table_lock with a scheduling point around it."""

    __slots__ = ()
    spin_lock = preemptible(spinlock_t.spin_lock)
    spin_unlock = preemptible(spinlock_t.spin_unlock)


class PreemptibleVmaLock(vma_lock):
    """The lock of a vma with a scheduling point around what designs do with it."""

    __slots__ = ()
    down_read_trylock = preemptible(vma_lock.down_read_trylock)
    down_write = preemptible(vma_lock.down_write)
    up_read = preemptible(vma_lock.up_read)
    up_write = preemptible(vma_lock.up_write)


class Walk:
    """One walk through one world."""

    def __init__(self, design: Design, world: Callable, dice: Random) -> None:
        self.dice = dice
        self.k = k = design.machine(cache_pages=8)
        k.mm.mmap_sem.__class__ = PreemptibleSemaphore
        k.mm.page_table_lock.__class__ = PreemptibleSpinlock
        k.disk = block_device(k, lambda: 0)
        self.reads = []
        k.start_io = lambda page, service: self.reads.append(page)
        self.file = k.add_file("data", PAGES)
        self.other = k.add_file("other", PAGES)
        self.running = {}
        self.map(VM_READ)
        world(self)

    def chance(self) -> bool:
        """Whether what may happen does happen now."""
        return self.dice.random() < 0.3

    def map(self, flags) -> None:
        """Map the file at BASE, in place of what was there."""
        vma = vm_area_struct(self.k.mm, BASE, BASE + LENGTH, flags, self.file)
        vma._vm_lock = PreemptibleVmaLock(self.k, vma)
        self.k.mm.mmap[:] = [vma]

    def task(self, coroutine, role="fault", outside=False):
        task = self.k.add_task(f"{role}{len(self.k.tasks)}", role, outside=outside)
        self.running[task] = coroutine
        return task

    def fault(self, address=BASE, write=False):
        return self.task(touch(self.k, address, write))

    def outside(self, function, *arguments, again=False):
        """A task from outside that calls `function` once, or ROUNDS times."""

        async def others():
            for _ in range(ROUNDS if again else 1):
                await charge(0)
                answer = function(*arguments)
                if hasattr(answer, "send"):
                    await answer

        return self.task(others(), "other", outside=True)

    def go(self) -> bool:
        """Walk until nobody can go on, or for MOST_STEPS; returns whether all tasks came to their end.

        Raises KernelBug, also for tasks that sleep for ever.
        """
        k, last = self.k, None
        for _ in range(MOST_STEPS):
            enabled = [task for task in self.running if task.state is TASK_RUNNING] + self.reads
            if not enabled:
                break
            if last not in enabled or self.dice.random() < 0.3:
                last = self.dice.choice(enabled)
            k.ready.clear()
            if last in self.running:
                self.run(last)
            else:
                self.reads.remove(last)
                k.current = None
                k.disk.complete(last, 0)
        asleep = [task.comm for task in self.running if task.state is not TASK_RUNNING]
        if asleep and not self.reads and len(asleep) == len(self.running):
            raise KernelBug("deadlock", f"{', '.join(asleep)} sleep for ever")
        return not self.running

    def run(self, task) -> None:
        self.k.current = task
        try:
            self.running[task].send(None)
        except StopIteration:
            task.exit_code = "done"
            if task.mm is not None:
                task.mm.mm_users -= 1
            del self.running[task]

    def close(self) -> None:
        for coroutine in self.running.values():
            coroutine.close()


async def remap(k, file):
    """mmap(2) with MAP_FIXED of another file over everything."""
    mm = k.mm
    await charge(0)
    await k.mmap_write_lock(mm)
    for vma in touched(mm, BASE, LENGTH):
        await k.vma_start_write(vma)
    do_mmap(mm, LENGTH, VM_READ, file, 0, BASE)
    for vma in touched(mm, BASE, LENGTH):
        await k.vma_start_write(vma)
    await charge(0)
    await k.mmap_write_unlock(mm)


async def map_and_unmap(k, times):
    for _ in range(times):
        address = await sys_mmap(k, PAGE)
        await sys_munmap(k, address, PAGE)


async def fault_and_handler(w):
    if await touch(w.k, BASE) == SIGUSR1:
        await touch(w.k, BASE + PAGE)


async def touch_and_pin(k):
    if await touch(k, BASE) is None:
        await pin_user_page(k, BASE + PAGE)


def dontneed(w):
    w.outside(fadvise_dontneed, w.file, 0, PAGES, again=True)


def fault_and_protection(w):
    w.map(VM_READ | VM_WRITE)
    w.fault(write=True)
    w.task(sys_mprotect(w.k, BASE, LENGTH, VM_READ), "mprotect")


def narrow(w):
    w.k.mm.seq_bits = 1
    w.fault()

    async def writers():
        await remap(w.k, w.other)
        await sys_mmap(w.k, PAGE)

    w.task(writers(), "mmap")


def cached_page_and_remap(w):
    page = w.file.pages[0] = page_of_a_file(w.k, w.file, 0)
    page.flags, page.count = PG_uptodate, 1
    w.k.lru[page] = None
    w.fault()
    w.task(remap(w.k, w.other), "mmap")


def read_error(w):
    w.file.bad.add(0)
    w.fault()


def without_memory(w):
    chances = [True]
    w.k.fail_alloc = lambda: w.chance() and bool(chances) and chances.pop()
    w.fault()


WORLDS: dict[str, Callable] = {
    "one fault": lambda w: w.fault(),
    "two faults": lambda w: (w.fault(), w.fault()),
    "two faults on two pages": lambda w: (w.fault(), w.fault(BASE + PAGE)),
    "two faults and a remap": lambda w: (w.fault(), w.fault(), w.task(remap(w.k, w.other), "mmap")),
    "a cached page and a remap": cached_page_and_remap,
    "a fault and an unmap": lambda w: (w.fault(), w.task(sys_munmap(w.k, BASE, LENGTH), "munmap")),
    "a fault and a protection": fault_and_protection,
    "a fault under DONTNEED": lambda w: (w.fault(), dontneed(w)),
    "a fault under DONTNEED and mmap": lambda w: (w.fault(), dontneed(w), w.task(map_and_unmap(w.k, ROUNDS), "mmap")),
    "a fault under reclaim": lambda w: (w.fault(), w.outside(shrink_cache, w.k, again=True)),
    "two faults, a remap and DONTNEED": lambda w: (WORLDS["two faults and a remap"](w), dontneed(w)),
    "a fault and a truncate": lambda w: (w.fault(), w.outside(vmtruncate, w.file, 0)),
    "a fault and a read error": read_error,
    "a fault and a signal": lambda w: w.outside(send_sig, SIGUSR1, w.task(fault_and_handler(w))),
    "a fault and a kill": lambda w: w.outside(send_sig, SIGKILL, w.fault()),
    "a kernel-mode fault and a kill": lambda w: w.outside(send_sig, SIGKILL, w.task(copy_from_user(w.k, BASE))),
    "a kernel-mode fault and a signal": lambda w: w.outside(send_sig, SIGUSR1, w.task(copy_from_user(w.k, BASE))),
    "get_user_pages": lambda w: (w.task(pin_user_page(w.k, BASE), "gup"), w.fault()),
    "get_user_pages without waiting": lambda w: (w.task(pin_user_page(w.k, BASE, True), "gup"), w.fault()),
    "a fault without memory": without_memory,
    "a bad address": lambda w: (w.fault(0x3000_0000), w.task(map_and_unmap(w.k, 1), "mmap")),
    "a fault and a narrow counter": narrow,
    "a fault, then get_user_pages": lambda w: (w.fault(), w.task(touch_and_pin(w.k))),
}


def findings(design: Design, world: str, walks: int, until: str | None = None) -> dict[str, int]:
    """What was met on so many walks, and how often; it stops when it meets `until`.

    The kinds of KernelBug, and "never ends" for a walk on which some task still ran after MOST_STEPS.
    """
    found: dict[str, int] = {}
    mixed = interleaved(design)
    for number in range(walks):
        walk = Walk(mixed, WORLDS[world], Random(f"{world}:{number}"))
        try:
            kind = None if walk.go() else "never ends"
        except KernelBug as bug:
            kind = bug.kind
        walk.close()
        if kind:
            found[kind] = found.get(kind, 0) + 1
            if kind == until:
                break
    return found
