"""What the tasks do: each workload is a coroutine in user mode that enters the kernel again and again."""

from __future__ import annotations

from itertools import cycle

from ..kernel.exception import touch
from ..kernel.fork import sys_fork
from ..kernel.mm import VM_READ, VM_WRITE
from ..kernel.mmap import do_mmap, read_proc_maps, sys_mmap, sys_mprotect, sys_munmap
from ..kernel.sleep import charge, schedule_timeout
from ..kernel.task import SIGUSR1, dequeue_signal, task_struct

PAGE_SIZE = 4096
FILE_AT = 0x1000_0000
COLD_FACTOR = 4
"""the file is this many times as large as the page cache, so that a page is always gone when its turn comes again"""


async def fault_loop(k, addresses, pause):
    """Touch one cold page after the other: the random reads of thread A in commit d065bd810b6d.

    There is a handler for SIGUSR1, which touches a cold page of its own; every other signal is deadly.
    """
    task = k.current
    for address in addresses:
        rest = pause()
        if rest:
            await charge(rest)
        signal = dequeue_signal(task) if task.pending else await touch(k, address)
        while signal is not None:
            if signal == SIGUSR1:
                signal = await handle_signal(k, next(addresses))
            if signal is not None:
                task.exit_code = signal
                return
            signal = await touch(k, address)  # replay the instruction


async def handle_signal(k, address):
    """The handler of SIGUSR1, which is blocked while it runs: touch a page. Returns None, or a deadly signal."""
    while True:
        signal = await touch(k, address)
        if signal != SIGUSR1:
            return signal


async def mmap_loop(k, pause):
    """mmap and munmap one page of anonymous memory, for ever: thread B of that commit."""
    while True:
        address = await sys_mmap(k, PAGE_SIZE)
        await sys_munmap(k, address, PAGE_SIZE)
        rest = pause()
        if rest:
            await charge(rest)


async def ps_loop(k, pause):
    """Read /proc/PID/maps of the process now and then."""
    while True:
        rest = pause()
        if rest:
            await schedule_timeout(rest)
        await read_proc_maps(k)


async def mprotect_loop(k, address, pause):
    """mprotect one page to what it is, for ever: one write section a call."""
    while True:
        await sys_mprotect(k, address, PAGE_SIZE, VM_READ | VM_WRITE)
        rest = pause()
        if rest:
            await charge(rest)


async def fork_loop(k, gap, hold):
    """Fork now and then, as a shell or a server does: a long write section each time."""
    while True:
        await schedule_timeout(max(1, gap()))
        await sys_fork(k, hold())


async def one_write_section(k, address):
    """One mprotect that changes nothing: a single write section."""
    await sys_mprotect(k, address, PAGE_SIZE, VM_READ | VM_WRITE)
    k.tasks.remove(k.current)  # nobody waits for it: forgotten at once, or a long run would remember them all


async def write_arrivals(k, gap, spawn, address):
    """Start a one_write_section at random moments, whether or not the earlier ones are done."""
    number = 0
    while True:
        await schedule_timeout(max(1, gap()))
        spawn(f"write{number}", "write", one_write_section(k, address))
        number += 1


def map_file(k, pages: int):
    """Map a file of that many pages at FILE_AT, readable, as the program does before the run begins."""
    file = k.add_file("data", pages)
    return map_at(k, FILE_AT, pages * PAGE_SIZE, VM_READ, file)


def map_at(k, address: int, length: int, flags: int, file=None):
    """do_mmap before any task runs, when there is no lock to take."""
    boot = k.current = task_struct(k, "boot", "boot", k.mm)
    k.mm.mmap_sem.writer = boot
    do_mmap(k.mm, length, flags, file, address=address)
    k.mm.mmap_sem.writer = k.current = None
    return file


def cold_addresses(pages: int):
    """The addresses of the file's pages in turn, shared by all fault threads: every touch finds a cold page."""
    return cycle(range(FILE_AT, FILE_AT + pages * PAGE_SIZE, PAGE_SIZE))
