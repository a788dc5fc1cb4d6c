"""What others do to the faulting threads: throw pages away, send signals, kill, truncate.

Each is a coroutine of a task from outside: it has no part in the address space.
"""

from __future__ import annotations

from ..kernel.page import PG_uptodate
from ..kernel.sleep import schedule_timeout
from ..kernel.task import SIGKILL, SIGUSR1, send_sig
from ..kernel.truncate import fadvise_dontneed, vmtruncate
from ..kernel.vmscan import alloc_page


async def dontneed_loop(k, file, gap):
    """posix_fadvise(POSIX_FADV_DONTNEED) on the whole file, again and again; each takes no time."""
    last = file.i_size >> 12
    while True:
        await schedule_timeout(max(1, gap()))
        await fadvise_dontneed(file, 0, last)


async def foreign_reader(k, file, gap):
    """Another process reads another file from another disk: page after page comes into the cache and pushes one out."""
    pages = file.i_size >> 12
    index = 0
    while True:
        await schedule_timeout(max(1, gap()))
        page = alloc_page(k, file, index)
        if page is not None and index not in file.pages:
            page.flags = PG_uptodate
            page.count = 1
            file.pages[index] = page
            k.lru[page] = None
        index = (index + 1) % pages


async def signal_arrivals(k, task, gap):
    """Send SIGUSR1 to one thread at random moments, for as long as it lives."""
    while task.exit_code is None:
        await schedule_timeout(max(1, gap()))
        if task.exit_code is None:
            send_sig(SIGUSR1, task)


async def kill_all(k, tasks, at: int):
    """SIGKILL to every one of `tasks` at time `at`: what happens to its threads when a process is killed."""
    await schedule_timeout(at)
    for task in tasks:
        if task.exit_code is None:
            send_sig(SIGKILL, task)


async def truncate_to_half(k, file, at: int):
    """Cut the file to half of its length at time `at`."""
    await schedule_timeout(at)
    await vmtruncate(file, file.i_size // 2)
