"""Running a scenario: a machine for the design, tasks for the workloads, the timed engine, a Result."""

from __future__ import annotations

from random import Random

from ..designs import find
from ..engine import RunQueue, Timed
from ..kernel.block import block_device
from . import disturbances, kernel_mode, workloads
from .durations import constant, parse_disk, parse_duration, parse_gap, parse_time
from .metrics import Metrics
from .progress import bar
from .result import Result
from .scenario import Scenario

WRITE_AT = 0x2000_0000


def build(scenario: Scenario, consume=None) -> Timed:
    """The engine with everything that the scenario asks for in place, not yet run."""
    design = find(scenario.design)
    cache_pages = scenario.cache_pages or max(256, 4 * scenario.readers)
    k = design.machine(cache_pages=cache_pages, debug=not design.is_shipped, seq_bits=scenario.seq_bits)
    service, channels = parse_disk(scenario.disk)
    k.disk = block_device(
        k, service.sampler("disk", dice(scenario, "disk")), scenario.channels or channels, scenario.queue_depth
    )
    engine = Timed(k, consume) if scenario.cpus is None else RunQueue(k, consume, scenario.cpus)
    try:
        furnish(scenario, engine)
    except BaseException:
        engine.close()  # or Python would tell the next run of coroutines that nobody awaited
        raise
    return engine


def furnish(scenario: Scenario, engine: Timed) -> None:
    """Put the file, the tasks and everything that disturbs them into the engine's machine."""
    k = engine.k

    def spawn(comm: str, role: str, coroutine, outside: bool = False):
        task = k.add_task(comm, role, outside=outside)
        engine.spawn(task, coroutine)
        return task

    def sampler(what: str, owner: str):
        time = parse_duration(getattr(scenario, what), what)
        chance = None if isinstance(time, constant) else dice(scenario, owner)  # a generator is dear to make
        return time.sampler(what, chance)

    pages = k.cache_pages * workloads.COLD_FACTOR
    file = workloads.map_file(k, pages)
    addresses = workloads.cold_addresses(pages)
    victims = [
        spawn(f"fault{n}", "fault", workloads.fault_loop(k, addresses, sampler("pause", f"fault{n}")))
        for n in range(scenario.fault_threads)
    ]
    for n in range(scenario.mmap_threads):
        spawn(f"mmap{n}", "mmap", workloads.mmap_loop(k, sampler("mmap_pause", f"mmap{n}")))
    for n in range(scenario.ps_readers):
        spawn(f"ps{n}", "ps", workloads.ps_loop(k, sampler("ps_pause", f"ps{n}")), outside=True)
    if scenario.write_rate or scenario.mprotect_threads:
        workloads.map_at(k, WRITE_AT, workloads.PAGE_SIZE, workloads.VM_READ | workloads.VM_WRITE)
    for n in range(scenario.mprotect_threads):
        loop = workloads.mprotect_loop(k, WRITE_AT, sampler("mmap_pause", f"mprotect{n}"))
        spawn(f"mprotect{n}", "mprotect", loop)
    if scenario.fork_every != "0":
        spawn("fork", "fork", workloads.fork_loop(k, sampler("fork_every", "fork"), sampler("fork_hold", "fork_hold")))
    if scenario.write_rate:
        arrivals = workloads.write_arrivals(k, gaps(scenario, "write_rate", "writes"), spawn, WRITE_AT)
        spawn("clock", "clock", arrivals, outside=True)
    customers = kernel_callers(scenario, k, addresses, spawn, sampler)
    spus = spu_threads(scenario, k, addresses, spawn, sampler)
    disturb(scenario, k, file, [*victims, *spus], customers, spawn)


def kernel_callers(scenario: Scenario, k, addresses, spawn, sampler) -> list:
    """The tasks that make the kernel itself touch the program's memory."""
    loops = {
        "gup": lambda pause: kernel_mode.gup_loop(k, addresses, pause),
        "nowait": lambda pause: kernel_mode.gup_loop(k, addresses, pause, nowait=True),
        "copy": lambda pause: kernel_mode.copy_loop(k, addresses, pause),
    }
    return [
        spawn(f"{role}{n}", role, loop(sampler("access_pause", f"{role}{n}")))
        for role, loop in loops.items()
        for n in range(getattr(scenario, f"{role}_threads"))
    ]


def spu_threads(scenario: Scenario, k, addresses, spawn, sampler) -> list:
    """The tasks that use an SPE's local store, and the scheduler that gives its context a physical SPE."""
    if not scenario.spu_threads:
        return []
    context = kernel_mode.map_spu(k, k.mm)
    pages = len(context.mapping.pages)
    tasks = [
        spawn(f"spu{n}", "spu", kernel_mode.spu_loop(k, pages, sampler("access_pause", f"spu{n}"), addresses))
        for n in range(scenario.spu_threads)
    ]
    scheduler = kernel_mode.spu_scheduler(context, sampler("spu_off", "spu_off"), sampler("spu_on", "spu_on"))
    spawn("spusched", "spusched", scheduler, outside=True)
    return tasks


def disturb(scenario: Scenario, k, file, victims: list, customers: list, spawn) -> None:
    """Everything that others do to the faulting threads (victims), the kernel-mode callers (customers) and their file.

    Signals with a handler go to the victims; a SIGKILL goes to all.
    """
    k.mm.mm_users += scenario.outside_holders
    if scenario.read_errors:
        chance = dice(scenario, "read_errors").random
        file.bad.update(index for index in range(file.i_size >> 12) if chance() < scenario.read_errors)
    if scenario.alloc_failures:
        luck = dice(scenario, "alloc_failures").random
        k.fail_alloc = lambda: luck() < scenario.alloc_failures

    def outsider(comm: str, coroutine) -> None:
        spawn(comm, comm, coroutine, outside=True)

    if scenario.dontneed != "0":
        gap = parse_gap(scenario.dontneed, "dontneed").sampler("dontneed", dice(scenario, "dontneed"))
        outsider("dontneed", disturbances.dontneed_loop(k, file, gap))
    if scenario.foreign_rate:
        other = k.add_file("foreign", 2 * k.cache_pages)
        outsider("foreign", disturbances.foreign_reader(k, other, gaps(scenario, "foreign_rate", "foreign")))
    if scenario.signal_rate:
        for n, task in enumerate(victims):
            gap = gaps(scenario, "signal_rate", f"signals{n}")
            spawn(f"signals{n}", "signals", disturbances.signal_arrivals(k, task, gap), outside=True)
    if scenario.kill_at is not None:
        outsider("kill", disturbances.kill_all(k, [*victims, *customers], parse_time(scenario.kill_at, "kill_at")))
    if scenario.truncate_at is not None:
        at = parse_time(scenario.truncate_at, "truncate_at")
        outsider("truncate", disturbances.truncate_to_half(k, file, at))


def gaps(scenario: Scenario, rate: str, owner: str):
    """The times between arrivals that come at random, that many a second."""
    draw, per_ns = dice(scenario, owner).expovariate, getattr(scenario, rate) / 1e9
    return lambda: round(draw(per_ns))


def dice(scenario: Scenario, owner: str) -> Random:
    """A generator of its own for each source of chance, the same on every machine."""
    return Random(f"{scenario.seed}:{owner}")


def run(scenario: Scenario, ns: int, *, progress: bool | None, trace: bool, keep: int, watch=None) -> Result:
    """Run `scenario` for `ns` of simulated time; arguments as for Scenario.run."""
    metrics = Metrics(keep)
    engine = build(scenario, once(metrics.consume, watch) if trace else None)
    with bar(str(scenario.design), progress) as tell:
        engine.run(ns, tell)
    return Result(scenario, ns, metrics)


def once(*readers):
    """Hand each batch of events to the readers that are not None, but no batch after one that was broken off.

    When Ctrl-C or a full disk strikes in the middle of a batch, the engine offers it again on its way out; half of it
    would then be read twice.
    """
    readers = [reader for reader in readers if reader]
    broken_off = False

    def consume(events: list[tuple]) -> None:
        nonlocal broken_off
        if not broken_off:
            broken_off = True
            for reader in readers:
                reader(events)
            broken_off = False

    return consume
