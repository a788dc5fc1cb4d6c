"""The block device: first come first served, channels, and a queue that can be full."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_helpers import BASE, DESIGNS, MS, PAGE, US, Lab, read_in

from mmlab.kernel.exception import touch
from mmlab.kernel.mmap import read_proc_maps, sys_mmap


def reads(arrivals, disk=10 * US, **device):
    """Tasks that each read one page, (start, page) apiece."""
    lab = Lab(disk=disk, **device)
    for at, page in arrivals:
        lab.task(read_in(lab.file, page), at)
    return lab.run()


def test_one_channel_serves_one_read_after_the_other():
    lab = reads([(0, 0), (1, 1), (2, 2)])
    assert lab.times("io_done") == [10 * US + 300, 20 * US + 300, 30 * US + 300]


def test_channels_serve_that_many_reads_at_once():
    lab = reads([(0, 0), (0, 1), (0, 2)], channels=2)
    assert lab.times("io_done") == [10 * US + 300, 10 * US + 300, 20 * US + 300]


def test_a_submission_tells_how_many_reads_are_in_the_device():
    lab = reads([(0, 0), (1, 1), (50 * US, 2)])
    assert [e.value for e in lab.events if e.what == "submit"] == [1, 2, 1]


def test_the_service_time_is_asked_for_once_a_read_and_noted_with_its_end():
    times = iter([30 * US, 10 * US, 20 * US])
    lab = reads([(0, 0), (1, 1), (2, 2)], disk=lambda: next(times), channels=2)
    assert [(e.object, e.value) for e in lab.events if e.what == "io_done"] == [
        *(("data:1", 10 * US), ("data:0", 30 * US), ("data:2", 20 * US)),
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=12),
    st.integers(1, 3),
    st.integers(1, 5),
)
def test_reads_start_in_the_order_of_submission_and_no_channel_idles_while_one_waits(plan, channels, queue_depth):
    services = iter([service * US for _, service in plan])
    arrivals = [(at * US, page) for page, (at, _) in enumerate(plan)]
    lab = reads(arrivals, lambda: next(services), channels=channels, queue_depth=queue_depth)
    submitted = [(e.time, e.object) for e in lab.events if e.what == "submit"]
    done = {e.object: (e.time, e.value) for e in lab.events if e.what == "io_done"}
    assert len(done) == len(plan)
    free_at = [0] * channels
    for at, page in submitted:  # the textbook queue: each read takes the channel that is free first
        free_at.sort()
        end, service = done[page]
        assert end - service == max(at, free_at[0])
        free_at[0] = end
    assert max(e.value for e in lab.events if e.what == "submit") <= queue_depth
    assert len(lab.times("queue_wait")) == len(lab.times("queue_woken"))
    lab.nothing_is_left()


@pytest.mark.parametrize("design", DESIGNS)
def test_who_finds_the_queue_full_sleeps_with_mmap_sem_and_the_page_lock_held(design):
    lab = Lab(design, disk=MS, queue_depth=1)

    async def fault(page):
        assert await touch(lab.k, BASE + page * PAGE) is None

    lab.task(fault(0))
    second = lab.task(fault(1), 10 * US)
    lab.task(sys_mmap(lab.k, PAGE), 20 * US, role="mmap")
    lab.run()
    queued = next(e for e in lab.events if e.what == "queue_wait")
    assert (queued.task, queued.object) == (second.comm, "disk")
    woken = next(e for e in lab.events if e.what == "queue_woken")
    assert woken.time == lab.times("io_done")[0] and woken.value == woken.time - queued.time
    submitted = next(e for e in lab.events if e.what == "submit" and e.task == second.comm)
    assert submitted.time == woken.time and submitted.holders >= 1
    assert lab.times("acquire", "mmap_sem/write")[0] > woken.time  # the lock was held across that sleep
    lab.nothing_is_left()


def test_readers_that_arrive_behind_the_writer_wait_for_the_full_queue_too():
    lab = Lab("nopage_retry", disk=MS, queue_depth=1)
    lab.task(touch(lab.k, BASE))
    lab.task(touch(lab.k, BASE + PAGE), 10 * US)
    lab.task(sys_mmap(lab.k, PAGE), 20 * US, role="mmap")
    ps = lab.task(read_proc_maps(lab.k), 30 * US, role="ps")
    lab.run()
    waited = next(e.value for e in lab.events if e.task == ps.comm and e.what == "acquire")
    assert waited > 900 * US


@pytest.mark.parametrize("design", DESIGNS)
def test_a_read_that_fails_twice_is_a_bus_error_after_exactly_two_submissions(design):
    lab = Lab(design, disk=MS)
    lab.file.bad.add(5)
    answers = []

    async def fault():
        answers.append(await touch(lab.k, BASE + 5 * PAGE))

    task = lab.task(fault())
    lab.run()
    assert answers == ["SIGBUS"]
    assert lab.words(None, "submit") == [("submit", "data:5")] * 2
    assert lab.words(task, "leave")[-1] == ("leave", "SIGBUS")
    assert task.maj_flt == 0
    lab.nothing_is_left()


@pytest.mark.parametrize("design", DESIGNS)
def test_a_read_that_fails_once_is_read_again_and_the_fault_goes_through(design):
    lab = Lab(design, disk=MS)
    lab.file.bad.add(5)
    answers = []

    async def fault():
        answers.append(await touch(lab.k, BASE + 5 * PAGE))

    async def repair():
        lab.file.bad.clear()

    lab.task(fault())
    lab.task(repair(), MS + 100 * US)
    lab.run()
    assert answers == [None]
    assert lab.words(None, "submit") == [("submit", "data:5")] * 2
    lab.nothing_is_left()
