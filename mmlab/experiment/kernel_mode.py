"""Other customers of the fault path: callers inside the kernel, and a device whose memory comes and goes."""

from __future__ import annotations

from ..kernel.exception import copy_from_user, touch
from ..kernel.gup import EAGAIN, pin_user_page
from ..kernel.mm import mm_struct
from ..kernel.sleep import charge, schedule_timeout
from ..kernel.spufs import spu_bind_context, spu_context, spu_unbind_context, spufs_mem_mmap
from ..kernel.task import SIGUSR1, dequeue_signal
from .workloads import PAGE_SIZE, handle_signal

SPU_AT = 0x3000_0000


async def gup_loop(k, addresses, pause, nowait: bool = False):
    """get_user_pages on one cold page after the other, as direct I/O does, until the task is killed.

    With `nowait` the caller has better things to do than to sleep: after -EAGAIN it asks for the same page again when
    its pause is over, as KVM does.
    """
    for address in addresses:
        answer = -EAGAIN
        while answer == -EAGAIN:
            await charge(max(1, pause()))
            if ended(k.current):
                return
            answer = await pin_user_page(k, address, nowait)


async def copy_loop(k, addresses, pause):
    """System calls whose argument lies in a cold page: the kernel itself faults (copy_from_user), until it is killed.

    -EFAULT goes to the program, which takes the next page.
    """
    for address in addresses:
        await charge(max(1, pause()))
        if ended(k.current):
            return
        await copy_from_user(k, address)


def ended(task) -> bool:
    """Whether a signal waits on the way back to user mode; these programs have no handlers, so it is the end."""
    if task.pending:
        task.exit_code = dequeue_signal(task)
    return task.exit_code is not None


async def spu_loop(k, pages: int, pause, addresses):
    """Use an SPE's local store, page after page. SIGUSR1's handler touches a cold page of the file."""
    task = k.current
    number = 0
    while True:
        await charge(max(1, pause()))
        signal = dequeue_signal(task) if task.pending else await touch(k, SPU_AT + number % pages * PAGE_SIZE, True)
        while signal is not None:
            if signal == SIGUSR1:
                signal = await handle_signal(k, next(addresses))
            if signal is not None:
                task.exit_code = signal
                return
            signal = await touch(k, SPU_AT + number % pages * PAGE_SIZE, True)
        number += 1


def map_spu(k, mm: mm_struct) -> spu_context:
    """Map the local store of a context at SPU_AT, before any task runs."""
    context = spu_context(k)
    mm.mmap.append(spufs_mem_mmap(mm, context, SPU_AT))
    mm.mmap.sort(key=lambda vma: vma.vm_start)
    return context


async def spu_scheduler(context, off, on):
    """Give the context a physical SPE now and then, and take it away again."""
    while True:
        await schedule_timeout(max(1, off()))
        spu_bind_context(context)
        await schedule_timeout(max(1, on()))
        spu_unbind_context(context)
