"""A limited number of cpus: who works, who waits, and that it changes nothing where there are enough of them."""

import pytest
from kernel_helpers import BASE, MS, US, Lab

from mmlab import KernelBug, Scenario, designs
from mmlab.engine import RunQueue
from mmlab.engine.runqueue import SLICE
from mmlab.kernel import charge
from mmlab.kernel.exception import touch
from mmlab.kernel.sleep import schedule_timeout
from mmlab.trace import Event

BUSY = {
    "fault_threads": 3, "mmap_threads": 2, "mprotect_threads": 1, "ps_readers": 1, "disk": "exponential(300us)",
    "channels": 2, "queue_depth": 2, "pause": "exponential(50us)", "mmap_pause": "uniform(0us,90us)",
    "write_rate": 500, "fork_every": "exponential(3ms)", "fork_hold": "exponential(700us)", "gup_threads": 1,
    "nowait_threads": 1, "copy_threads": 1, "access_pause": "exponential(1ms)", "cache_pages": 40, "signal_rate": 100,
    "dontneed": "200us", "kill_at": "35ms", "truncate_at": "25ms", "seed": 7,
}  # fmt: skip


def lab(cpus):
    """A Lab whose tasks share `cpus`."""
    lab = Lab()
    lab.engine = RunQueue(lab.k, lambda batch: lab.events.extend(Event(*event) for event in batch), cpus)
    return lab


async def worker(k, log, name, *work):
    """Work for each of `work` ns in turn, and note when each was done."""
    for ns in work:
        await charge(ns)
        log.append((name, k.now))


def run(cpus, *works):
    """[(name, when it was done)] of tasks that only work."""
    log, made = [], lab(cpus)
    for name, *work in works:
        made.task(worker(made.k, log, name, *work), comm=name)
    made.run(100 * MS)
    return log, made


@pytest.mark.parametrize("design", [d for d in designs.everything() if "pagefault_args" in designs.find(d).lineage])
def test_with_enough_cpus_the_trace_is_the_one_without_a_limit(design):
    free, limited = (
        Scenario(design=design, cpus=cpus, **BUSY).run(0.05, progress=False, keep=10**7) for cpus in (None, 100)
    )
    assert len(free.events) > 1_000
    assert free.events == limited.events and limited.cpu_wait.count == 0


def test_two_tasks_on_one_cpu_take_turns_of_a_slice():
    log, made = run(1, ("a", 2 * SLICE + 5), ("b", 2 * SLICE + 7), ("c", 10))
    # a works 1 ms, b 1 ms, c its 10 ns, then a and b again
    assert log == [("c", 2 * SLICE + 10), ("a", 4 * SLICE + 15), ("b", 4 * SLICE + 22)]
    waits = [event.value for event in made.events if event.what == "run"]
    assert sum(waits) == made.events[-1].time * 3 - sum(task.utime for task in made.k.tasks) - sum(
        made.events[-1].time - event.time for event in made.events if event.what == "exit"
    )


def test_a_task_alone_on_its_cpu_is_not_stopped_and_a_newcomer_waits_for_the_end_of_the_slice():
    log = []
    made = lab(1)
    made.task(worker(made.k, log, "long", 5 * SLICE), comm="long")
    made.task(worker(made.k, log, "late", 10), at=int(2.5 * SLICE), comm="late")
    made.run(100 * MS)
    assert log == [("late", 3 * SLICE + 10), ("long", 5 * SLICE + 10)]


def test_work_of_exactly_one_slice_ends_the_turn_too():
    log, _ = run(1, ("a", SLICE, SLICE), ("b", SLICE))
    # its next instruction has to wait
    assert log == [("a", 2 * SLICE), ("b", 3 * SLICE), ("a", 3 * SLICE)]


def test_no_more_tasks_work_than_there_are_cpus_and_no_cpu_idles_while_one_waits():
    log, made = run(3, *((f"t{n}", 700 * US) for n in range(7)))
    assert [time for _, time in log] == [700 * US] * 3 + [1400 * US] * 3 + [2100 * US]
    assert {task.utime for task in made.k.tasks} == {700 * US}


def test_who_sleeps_or_comes_from_outside_needs_no_cpu():
    log = []

    async def sleeper(k):
        await schedule_timeout(3 * MS)
        log.append(k.now)

    async def outsider(k):
        await schedule_timeout(MS + 1)
        log.append(k.now)

    made = lab(1)
    made.task(sleeper(made.k), comm="sleeper")
    made.task(worker(made.k, [], "hog", 40 * MS), comm="hog")
    made.engine.spawn(made.k.add_task("out", "signals", outside=True), outsider(made.k))
    made.run(100 * MS)
    assert log == [MS + 1, 3 * MS], "the hog's third slice ends just then"


def test_a_task_in_a_spinlock_keeps_its_cpu():
    made, log = lab(1), []

    async def holder(k):
        await k.mm.page_table_lock.spin_lock()
        await charge(SLICE + 10)
        await k.mm.page_table_lock.spin_unlock()
        log.append(k.now)
        await charge(SLICE)

    made.task(holder(made.k), comm="holder")
    made.task(worker(made.k, log, "other", 10), comm="other")
    made.run(100 * MS)
    assert log[0] < SLICE + 1000 and log[1] == ("other", 2 * SLICE + 10)


def test_the_read_goes_on_while_its_reader_waits_for_a_cpu():
    made = lab(1)
    made.task(touch(made.k, BASE), comm="reader")
    made.task(worker(made.k, [], "hog", 60 * MS), at=1, comm="hog")
    made.run(100 * MS)
    [done], [mapped] = made.times("io_done"), made.times("pte")
    [*_, late] = [event for event in made.events if event.what == "run" and event.task == "reader"]
    assert done < late.time < mapped and 0 < late.value < SLICE


def test_a_busy_wait_takes_the_cpu_from_who_could_use_it():
    """Morton's objection to going back to user mode and faulting again."""
    shared = {"cpus": 1, "mmap_pause": "1ms", "seed": 3}
    pairs = {
        design: Scenario(design=design, **shared).run(0.3, progress=False).mmaps_per_second
        for design in ("nopage_retry", "nopage_refault")
    }
    assert pairs["nopage_retry"] == pytest.approx(938, rel=0.01)
    assert pairs["nopage_refault"] < 0.65 * pairs["nopage_retry"]
    two = Scenario(design="nopage_refault", **{**shared, "cpus": 2}).run(0.3, progress=False)
    assert two.mmaps_per_second == pytest.approx(938, rel=0.02), "with a cpu of its own it harms nobody"


def test_every_task_gets_on_when_many_share_few_cpus():
    result = Scenario(design="final", fault_threads=16, mmap_threads=16, channels=16, disk="1ms", cpus=2)
    done = result.run(0.5, progress=False, keep=10**6)
    mapped = {event.task for event in done.events if event.what == "pte"}
    assert mapped == {f"fault{n}" for n in range(16)}
    assert done.cpu_wait.count > 1000 and "All tasks share 2 cpus." in done.caption


def test_the_same_scenario_gives_the_same_trace_again():
    first, second = (Scenario(design="final", cpus=2, **BUSY).run(0.05, keep=10**7).events for _ in range(2))
    assert first == second and any(event.what == "run" for event in first)


def test_the_debugging_aids_still_see_a_task_that_nobody_will_wake():
    made = lab(1)

    async def forgotten(k):
        from mmlab.kernel.sleep import schedule

        await schedule()

    made.task(forgotten(made.k))
    with pytest.raises(KernelBug, match="hung task"):
        made.run(10 * MS)
