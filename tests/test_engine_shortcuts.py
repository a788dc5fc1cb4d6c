"""The timed driver lets a task run ahead of SimPy's clock while nothing else is due; the trace must not show it."""

from itertools import cycle

from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_helpers import BASE, DESIGNS, PAGE, US, Lab

from mmlab.kernel import VM_READ, VM_WRITE
from mmlab.kernel.exception import touch
from mmlab.kernel.mmap import read_proc_maps, sys_mmap, sys_mprotect, sys_munmap
from mmlab.kernel.sleep import charge
from mmlab.kernel.truncate import fadvise_dontneed

FILE_PAGES = 12
UNTIL = 600 * US

# Few values, made of the kernel's own costs, so that several things often fall on the same nanosecond.
SPANS = st.sampled_from([0, 300, 500, 1_000, 1_300, 2_600, 3_300, 20_000, 30_000, 66_660])
TOUCHES = st.lists(st.tuples(st.integers(0, FILE_PAGES), st.booleans(), SPANS), min_size=1, max_size=6)
OTHERS = st.sampled_from(["remap", "protect", "ps", "dontneed"])

SCENARIOS = st.fixed_dictionaries(
    {
        "design": st.sampled_from(DESIGNS),
        "cache_pages": st.integers(4, FILE_PAGES),
        "channels": st.integers(1, 3),
        "queue_depth": st.integers(1, 4),
        "disk": st.lists(st.sampled_from([1, 1_300, 3_300, 26_000, 100_000]), min_size=1, max_size=5),
        "faulting": st.lists(st.tuples(SPANS, TOUCHES), min_size=1, max_size=3),
        "others": st.lists(st.tuples(SPANS, OTHERS, SPANS), max_size=3),
    }
)


async def faulting(k, touches):
    while True:
        for index, write_access, rest in touches:
            await touch(k, BASE + index * PAGE, write_access)  # one page beyond the file: SIGSEGV
            await charge(rest or 100)


async def other(k, file, what, rest):
    while True:
        if what == "remap":
            address = await sys_mmap(k, PAGE)
            await touch(k, address, True)
            await sys_munmap(k, address, PAGE)
        elif what == "protect":
            await sys_mprotect(k, BASE, 4 * PAGE, VM_READ)
            await sys_mprotect(k, BASE, 4 * PAGE, VM_READ | VM_WRITE)
        elif what == "ps":
            await read_proc_maps(k)
        else:
            await fadvise_dontneed(file, 0, FILE_PAGES - 1)
            await charge(1_000)
        await charge(rest or 100)


def outcome(scenario, *, run_ahead):
    """The trace of a scenario and the cpu time of each task."""
    disk = cycle(scenario["disk"])
    device = {name: scenario[name] for name in ("cache_pages", "channels", "queue_depth")}
    lab = Lab(
        scenario["design"], pages=FILE_PAGES, flags=VM_READ | VM_WRITE, disk=lambda: next(disk), debug=False, **device
    )
    if not run_ahead:
        never = property(lambda k: 0, lambda k, time: None)
        lab.k.__class__ = type("Careful", (type(lab.k),), {"__slots__": (), "horizon": never})
    for start, touches in scenario["faulting"]:
        lab.task(faulting(lab.k, touches), start)
    for start, what, rest in scenario["others"]:
        lab.task(other(lab.k, lab.file, what, rest), start, role=what)
    lab.run(UNTIL)
    return lab.events, [(task.comm, task.utime, task.min_flt, task.maj_flt) for task in lab.k.tasks]


@settings(max_examples=40, deadline=None)
@given(SCENARIOS)
def test_running_ahead_of_the_clock_changes_neither_the_trace_nor_the_cpu_times(scenario):
    assert outcome(scenario, run_ahead=True) == outcome(scenario, run_ahead=False)
