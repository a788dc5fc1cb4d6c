"""What the tasks of the explorer's small worlds do: pieces of code that the kernel, or the program, runs."""

from __future__ import annotations

from ..kernel.exception import copy_from_user, touch
from ..kernel.failslab import fail_next_allocation
from ..kernel.gup import pin_user_page
from ..kernel.mm import VM_READ
from ..kernel.mmap import sys_mmap, sys_mprotect, sys_munmap
from ..kernel.task import SIGUSR1, dequeue_signal, send_sig
from ..kernel.truncate import fadvise_dontneed, vmtruncate
from ..kernel.vmscan import shrink_page_list

PAGE = 4096


async def program(k, address, write_access):
    """One access to memory. SIGUSR1 has a handler, which touches the next page; other signals are deadly."""
    task = k.current
    signal = dequeue_signal(task) if task.pending else await touch(k, address, write_access)
    while signal is not None:
        if signal == SIGUSR1:
            signal = await handler(k, address + PAGE)
        if signal is not None:
            task.exit_code = signal
            return
        signal = await touch(k, address, write_access)  # replay the instruction


async def handler(k, address):
    """The handler of SIGUSR1, which is blocked while it runs. Returns None, or a deadly signal."""
    while True:
        signal = await touch(k, address)
        if signal != SIGUSR1:
            return signal


async def copy(k, address):
    """A system call that copies from the program's memory."""
    await copy_from_user(k, address)


async def gup(k, address, nowait):
    """A system call that pins a page of the program's memory."""
    await pin_user_page(k, address, nowait)


async def touch_then_gup(k, address):
    """A fault of the program, and then a system call that pins the next page."""
    if await touch(k, address) is None:
        await pin_user_page(k, address + PAGE)


async def remap(k, address, length, file):
    """Map another file over the range: munmap and mmap in one write section."""
    await sys_mmap(k, length, VM_READ, file, 0, address)


async def unmap(k, address, length):
    """munmap."""
    await sys_munmap(k, address, length)


async def protect(k, address, length):
    """mprotect to read-only."""
    await sys_mprotect(k, address, length, VM_READ)


async def mmap_for_ever(k):
    """mmap and munmap something else, for ever."""
    while True:
        address = await sys_mmap(k, PAGE)
        await sys_munmap(k, address, PAGE)


async def wrap(k, address, length, file, sections):
    """Change the mapping, then make as many harmless write sections as bring a narrow counter back."""
    await sys_mmap(k, length, VM_READ, file, 0, address)
    for _ in range(sections - 1):
        await sys_mmap(k, PAGE)


async def wrap_and_unmap(k, address, length, sections):
    """Change the mapping as often as a narrow counter of its own needs to come back, then remove it."""
    for _ in range(sections):
        await sys_mprotect(k, address, length, VM_READ)
    await sys_munmap(k, address, length)


async def wrap_and_forbid(k, address, length, sections):
    """The same, and the last change takes all access away."""
    for _ in range(sections):
        await sys_mprotect(k, address, length, VM_READ)
    await sys_mprotect(k, address, length, 0)


async def dontneed_for_ever(k, file, last):
    """posix_fadvise(POSIX_FADV_DONTNEED), for ever."""
    while True:
        await fadvise_dontneed(file, 0, last)


async def reclaim_for_ever(k, file, index):
    """Reclaim one page whenever it can go, for ever."""
    while True:
        await shrink_page_list(file, index)


async def truncate(k, file):
    """Cut the file to nothing."""
    await vmtruncate(file, 0)


async def send(k, sig, task):
    """One signal."""
    send_sig(sig, task)


async def fail(k):
    """One allocation will fail."""
    fail_next_allocation(k)


PROGRAMS = {
    code.__name__: code
    for code in (
        program, copy, gup, touch_then_gup, remap, unmap, protect, mmap_for_ever, wrap, wrap_and_unmap, wrap_and_forbid,
        dontneed_for_ever, reclaim_for_ever, truncate,
        send, fail,
    )
}  # fmt: skip
