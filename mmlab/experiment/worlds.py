"""The small worlds of the explorer: a few tasks, one file, one disk, of which every interleaving is tried."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from ..kernel.exception import copy_from_user, touch
from ..kernel.failslab import fail_next_allocation
from ..kernel.gup import pin_user_page
from ..kernel.mm import VM_READ, VM_WRITE
from ..kernel.mmap import sys_mmap, sys_mprotect, sys_munmap
from ..kernel.page import PG_uptodate, page
from ..kernel.task import SIGKILL, SIGUSR1, dequeue_signal, send_sig
from ..kernel.truncate import fadvise_dontneed, vmtruncate
from ..kernel.vmscan import shrink_page_list
from .workloads import map_at

PAGE = 4096
AT = 0x1000_0000
"""where the file is mapped"""
ELSEWHERE = 0x2000_0000


@dataclass(frozen=True)
class World:
    """Who is there.

    faults          one thread for each: the page of the file that it touches (-1: an address not mapped)
    writes          the threads write instead of reading
    system_calls    one thread for each, in the kernel on behalf of the program: "copy", "gup", "gup nowait",
                    or "touch then gup" (a fault of its own on page 0, then gup on page 1)
    writer          another thread of the process: "remap" maps another file over the range, "unmap" and "protect"
                    do what they say, all of them once; "mmap" maps and unmaps something else for ever, "wrap" as often
                    as a narrow counter needs to come round; "wrap and unmap", "wrap and forbid" change the very range
                    as often as its own counter needs to come round, and the last change takes it or all access away
    dontneed        somebody drops the file from the cache, for ever
    reclaim         the kernel reclaims the file's pages, for ever
    truncate        somebody cuts the file to nothing, once
    signal, kill    one SIGUSR1 (its handler touches page 1), or one SIGKILL, for the first thread, at any moment
    bad_page        the disk cannot read page 0
    no_memory       one allocation fails, at any moment
    cached          page 0 is in the cache from the beginning
    pages           of the file
    seq_bits        width of the counter of write sections: 8 and more are never seen to come round
    """

    name: str
    faults: tuple[int, ...] = (0,)
    writes: bool = False
    system_calls: tuple[str, ...] = ()
    writer: str = ""
    dontneed: bool = False
    reclaim: bool = False
    truncate: bool = False
    signal: bool = False
    kill: bool = False
    bad_page: bool = False
    no_memory: bool = False
    cached: bool = False
    pages: int = 2
    seq_bits: int = 32

    @property
    def bounds(self) -> str:
        """How much a verdict in this world covers, in words."""
        parts = [f"{len(self.faults)} faulting thread{'s' * (len(self.faults) != 1)}"] if self.faults else []
        parts += [f"one thread in {call}" for call in self.system_calls]
        writers = {
            "mmap": "endless mmap and munmap",
            "wrap": f"writers until a counter of {self.seq_bits} bit comes round",
            "wrap and unmap": f"mprotects, then an unmap, until a counter of {self.seq_bits} bit comes round",
            "wrap and forbid": f"mprotects, the last to no access, until a counter of {self.seq_bits} bit comes round",
        }
        if self.writer:
            parts.append(writers.get(self.writer, f"one {self.writer}"))
        parts += ["endless DONTNEED"] * self.dontneed + ["endless reclaim"] * self.reclaim
        parts += ["one truncate"] * self.truncate + ["one signal"] * self.signal + ["one kill"] * self.kill
        parts += (
            ["page 0 in the cache"] * self.cached
            + ["a page that cannot be read"] * self.bad_page
            + ["one failing allocation"] * self.no_memory
        )
        return f"{', '.join(parts)}; a file of {self.pages} pages; sequentially consistent memory"


SYSTEM_CALLS = {
    "copy": ("copy",), "gup": ("gup", False), "gup nowait": ("gup", True), "touch then gup": ("touch_then_gup",),
}  # fmt: skip
"""the program of each, and what it is given beside the address"""

WORLDS = {
    world.name: world
    for world in (
        World("one fault"),
        World("two faults", (0, 0)),
        World("two faults on two pages", (0, 1)),
        World("three faults", (0, 0, 0)),
        World("a fault and a remap", writer="remap"),
        World("two faults and a remap", (0, 0), writer="remap"),
        World("three faults and a remap", (0, 0, 0), writer="remap"),
        World("a cached page and a remap", writer="remap", cached=True),
        World("a fault and an unmap", writer="unmap"),
        World("a fault and a protection", writes=True, writer="protect"),
        World("a fault under DONTNEED", dontneed=True),
        World("a fault under DONTNEED and mmap", writer="mmap", dontneed=True),
        World("a fault under reclaim", reclaim=True),
        World("two faults, a remap and DONTNEED", (0, 0), writer="remap", dontneed=True),
        World("a fault and a truncate", truncate=True),
        World("a fault and a read error", bad_page=True),
        World("a fault and a signal", signal=True),
        World("a fault and a kill", kill=True),
        World("a kernel-mode fault and a kill", (), system_calls=("copy",), kill=True),
        World("a kernel-mode fault and a signal", (), system_calls=("copy",), signal=True),
        World("get_user_pages", system_calls=("gup",)),
        World("a fault, then get_user_pages", system_calls=("touch then gup",)),
        World("get_user_pages without waiting", system_calls=("gup nowait",)),
        World("a fault without memory", no_memory=True),
        World("a bad address", (-1,), writer="mmap"),
        World("a fault and a narrow counter", writer="wrap", seq_bits=1),
    )
}


def world_of(name: str | World) -> World:
    """The world of that name; a World is given back as it is. Raises ValueError with the nearest right spelling."""
    if isinstance(name, World):
        return name
    if name in WORLDS:
        return WORLDS[name]
    near = difflib.get_close_matches(str(name), WORLDS, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"there is no scenario {name!r} to explore{hint} They are: {'; '.join(WORLDS)}")


# ---------------------------------------------------------------------- what the tasks do


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


def put_into_cache(k, file, index: int) -> None:
    """Page `index` of the file is cached and uptodate."""
    cached = file.pages[index] = page(k, file, index)
    cached.flags = PG_uptodate
    cached.count = 1
    k.lru[cached] = None


def populate(stage, world: World) -> list[int]:
    """Put the world's file, mapping and tasks on the stage. Returns the numbers of the tasks that fault."""
    k = stage.k
    data = k.add_file("data", world.pages)
    other = k.add_file("other", world.pages)
    stage.always("data", data)
    stage.always("other", other)
    length = world.pages * PAGE
    map_at(k, AT, length, VM_READ | VM_WRITE * world.writes, data)
    if world.cached:
        put_into_cache(k, data, 0)
    if world.bad_page:
        data.bad.add(0)
    movers = stage.movers
    movers.cache_is_disturbed = world.dontneed or world.reclaim or world.truncate
    movers.file_shrinks = world.truncate
    movers.signals_come = world.signal or world.kill
    movers.memory_fails = world.no_memory
    victims = [
        stage.spawn(f"fault{n}", "fault", "program", (ELSEWHERE if page < 0 else AT + page * PAGE, world.writes))
        for n, page in enumerate(world.faults)
    ]
    for n, call in enumerate(world.system_calls):
        code, *arguments = SYSTEM_CALLS[call]
        victims.append(stage.spawn(f"{call.split()[-1 if 'then' in call else 0]}{n}", "fault", code, (AT, *arguments)))
    writers = {
        "remap": ("remap", (AT, length, other)), "unmap": ("unmap", (AT, length)), "protect": ("protect", (AT, length)),
        "mmap": ("mmap_for_ever", ()), "wrap": ("wrap", (AT, length, other, 2**world.seq_bits)),
        "wrap and unmap": ("wrap_and_unmap", (AT, length, 2**world.seq_bits)),
        "wrap and forbid": ("wrap_and_forbid", (AT, length, 2**world.seq_bits)),
    }  # fmt: skip
    if world.writer:
        stage.spawn("mmap0", "mmap", *writers[world.writer])
    if world.dontneed:
        stage.spawn("dontneed", "dontneed", "dontneed_for_ever", (data, world.pages), outside=True)
    if world.reclaim:
        stage.spawn("kswapd", "kswapd", "reclaim_for_ever", (data, 0), outside=True)
    if world.truncate:
        stage.spawn("truncate", "truncate", "truncate", (data,), outside=True)
    for wanted, sig in ((world.signal, SIGUSR1), (world.kill, SIGKILL)):
        if wanted:
            stage.spawn("signal" if sig == SIGUSR1 else "kill", "signal", "send", (sig, victims[0]), outside=True)
    if world.no_memory:
        stage.spawn("memory", "memory", "fail", (), outside=True)
    return list(range(len(victims)))
