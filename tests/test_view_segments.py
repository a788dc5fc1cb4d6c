"""From events to segments: what each task does at each moment, from the trace alone."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlab.view import density, lanes, states
from mmlab.view.segments import Segment, lock_segments, lock_steps, task_segments

US, MS = 1_000, 1_000_000
READ, WRITE = "mmap_sem/read", "mmap_sem/write"


def trace(*steps):
    """Events from (time, task, what, object, value), with holders and queue worked out from what they say."""
    events, holders, queued = [], 0, 0
    for time, task, what, obj, value in sorted(steps, key=lambda step: step[0]):
        if obj in (READ, WRITE):
            if what == "wait":
                queued += 1
            elif what == "acquire":
                queued -= value > 0
                holders = -1 if obj == WRITE else holders + 1
            elif what == "release":
                holders = 0 if obj == WRITE else holders - 1
        events.append((time, task, what, obj, value, holders, queued))
    return events


def synchronous(disk=18 * MS, rounds=3, faults=1):
    """Each fault holds mmap_sem for reading while the disk reads; an mmap loop waits behind all of them."""
    steps = [(0, f"fault{f}", "start", "fault", 0) for f in range(faults)] + [(0, "mmap0", "start", "mmap", 0)]
    begin = 0
    for page in range(rounds):
        done = begin
        for f in range(faults):
            who, page_name, at = f"fault{f}", f"data:{page * faults + f}", begin + f
            done = begin + 4 * US + disk * (f + 1)
            steps += [
                (at, who, "enter", "fault", 4096),
                (at + US, who, "acquire", READ, 0),
                (at + 2 * US, who, "page_wait", page_name, 0),
                (done, "disk", "io_done", page_name, disk),
                (done, who, "page_woken", page_name, done - at - 2 * US),
                (done + US, who, "release", READ, 0),
                (done + 2 * US, who, "leave", "major", 5 * US),
            ]
        steps += [
            (begin + 9 * US, "mmap0", "enter", "mmap", 0),
            (begin + 10 * US, "mmap0", "wait", WRITE, 0),
            (done + 2 * US, "mmap0", "acquire", WRITE, done - begin - 8 * US),
            (done + 12 * US, "mmap0", "release", WRITE, 0),
            (done + 13 * US, "mmap0", "leave", "mmap", 12 * US),
        ]
        begin = done + 15 * US
    return trace(*steps)


def final(disk=18 * MS, rounds=3, pair=66_700):
    """The fault waits for the page and holds nothing; the mmap loop runs freely."""
    steps = [(0, "fault0", "start", "fault", 0), (0, "mmap0", "start", "mmap", 0)]
    at = 0
    for page in range(rounds):
        name, woken = f"data:{page}", at + 3 * US + disk
        steps += [
            (at, "fault0", "enter", "fault", 4096),
            (at + US, "fault0", "acquire", READ, 0),
            (at + 2 * US, "fault0", "release", READ, 0),
            (at + 3 * US, "fault0", "page_wait", name, 0),
            (woken, "disk", "io_done", name, disk),
            (woken, "fault0", "page_woken", name, disk),
            (woken + 5 * US, "fault0", "leave", "major", 8 * US),
        ]
        at = woken + 6 * US
    for start in range(5 * US, at, pair):
        for shift, call in ((0, "mmap"), (pair // 2, "munmap")):
            steps += [
                (start + shift, "mmap0", "enter", call, 0),
                (start + shift + 5 * US, "mmap0", "acquire", WRITE, 0),
                (start + shift + 20 * US, "mmap0", "release", WRITE, 0),
                (start + shift + 28 * US, "mmap0", "leave", call, 28 * US),
            ]
    return trace(*steps)


def states_of(*steps, start=0, stop=100):
    return task_segments(trace(*steps), start, stop)["fault0"]


def test_a_wait_for_a_page_while_holding_the_lock_is_told_from_one_that_holds_nothing():
    holding = states_of(
        (0, "fault0", "start", "fault", 0),
        (10, "fault0", "enter", "fault", 1),
        (20, "fault0", "acquire", READ, 0),
        (30, "fault0", "page_wait", "data:1", 0),
        (60, "fault0", "page_woken", "data:1", 30),
        (70, "fault0", "release", READ, 0),
        (75, "fault0", "page_wait", "data:2", 0),
        (85, "fault0", "page_woken", "data:2", 10),
        (90, "fault0", "leave", "major", 5),
    )
    assert holding == [
        (0, 10, "user"),
        (10, 20, "running"),
        (20, 30, "hold_read"),
        (30, 60, "hold_read_disk"),
        (60, 70, "hold_read"),
        (70, 75, "running"),
        (75, 85, "wait_page"),
        (85, 90, "running"),
        (90, 100, "user"),
    ]


def test_a_full_device_queue_counts_like_a_wait_for_the_page():
    row = states_of((0, "fault0", "enter", "fault", 1), (10, "fault0", "queue_wait", "disk", 0))
    assert row[-1] == (10, 100, "wait_page")


def test_waiting_for_mmap_sem_and_holding_it_for_writing_are_seen():
    row = states_of(
        (0, "fault0", "start", "mmap", 0),
        (0, "fault0", "enter", "mmap", 0),
        (5, "fault0", "wait", WRITE, 0),
        (50, "fault0", "acquire", WRITE, 45),
        (60, "fault0", "release", WRITE, 0),
    )
    assert row == [(0, 5, "running"), (5, 50, "wait_lock"), (50, 60, "hold_write"), (60, 100, "running")]


def test_asking_again_for_a_lock_that_is_held_shows_as_waiting_for_it():
    row = states_of(
        (0, "fault0", "enter", "fault", 1), (5, "fault0", "acquire", READ, 0), (9, "fault0", "wait", READ, 0)
    )
    assert row[-1] == (9, 100, "wait_lock")


def test_the_state_at_the_start_of_a_window_comes_from_before_it():
    whole = synchronous()
    row = task_segments(whole, 10 * MS, 11 * MS)
    assert row["fault0"] == [(10 * MS, 11 * MS, "hold_read_disk")]
    assert row["mmap0"] == [(10 * MS, 11 * MS, "wait_lock")]


def test_a_trace_that_lost_its_beginning_is_read_as_well_as_it_can_be():
    whole = synchronous(rounds=1)
    late = [event for event in whole if event[0] > 17 * MS]  # as a long run keeps only its last events
    row = task_segments(late, 17 * MS, 18 * MS)
    assert row["fault0"] == [(17 * MS, 18 * MS, "hold_read_disk")]
    assert row["mmap0"] == [(17 * MS, 18 * MS, "wait_lock")]


def test_a_task_has_no_segments_before_it_starts_or_after_it_is_gone():
    row = states_of((20, "fault0", "start", "fault", 0), (60, "fault0", "exit", "SIGKILL", 0))
    assert row == [(20, 60, "user")]


def test_a_killed_wait_ends_when_the_task_leaves_the_kernel():
    row = states_of(
        (0, "fault0", "enter", "fault", 1), (5, "fault0", "wait", READ, 0), (9, "fault0", "leave", "SIGKILL", 1)
    )
    assert row[-1] == (9, 100, "user")


def test_unknown_words_change_nothing():
    assert states_of((0, "fault0", "start", "fault", 0), (9, "fault0", "yodel", "x", 3)) == [(0, 100, "user")]


def test_an_empty_window_is_refused():
    with pytest.raises(ValueError, match="its start must be before its stop"):
        task_segments([], 5, 5)


LOCKING = [(what, mode) for what in ("wait", "acquire", "release") for mode in (READ, WRITE)]
OTHERS = [("enter", "fault"), ("leave", "major"), ("page_wait", "d:1"), ("page_woken", "d:1"), ("walk", "vma")]
WORDS = st.sampled_from(LOCKING + OTHERS)
STEPS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(["fault0", "fault1", "mmap0"]), WORDS), min_size=1, max_size=60
)


@given(STEPS, st.integers(0, 150), st.integers(1, 100))
def test_segments_cover_the_window_exactly_and_never_overlap_whatever_the_trace(steps, start, length):
    events = trace(*((time, task, what, obj, 0) for time, task, (what, obj) in steps))
    for row in task_segments(events, start, start + length).values():
        assert row[0].start == start and row[-1].end == start + length
        for one, two in pairwise(row):
            assert one.end == two.start and one.state != two.state
        assert all(segment.start < segment.end and segment.state in states.STATES for segment in row)


@given(STEPS, st.integers(0, 150), st.integers(1, 100))
def test_a_window_shows_what_the_whole_shows_there(steps, start, length):
    events = trace(*((0, task, "start", "fault", 0) for task in ("fault0", "fault1", "mmap0")))
    events += trace(*((time, task, what, obj, 0) for time, task, (what, obj) in steps))
    whole, part = task_segments(events, 0, 300), task_segments(events, start, start + length)
    for task, row in part.items():
        for begin, end, state in row:
            assert any(s <= begin and end <= e and state == name for s, e, name in whole[task])


@given(STEPS, st.integers(1, 40))
def test_the_shares_of_every_bucket_add_up_to_one(steps, buckets):
    events = trace(*((time, task, what, obj, 0) for time, task, (what, obj) in steps))
    rows = list(task_segments(events, 10, 130).values())
    if rows:
        for bucket in zip(*density.shares(rows, 10, 130, buckets).values()):
            assert sum(bucket) == pytest.approx(1)


@given(STEPS, st.integers(1, 80))
def test_bars_and_dense_stretches_never_claim_the_same_time(steps, bucket):
    events = trace(*((time, task, what, obj, 0) for time, task, (what, obj) in steps))
    for row in task_segments(events, 0, 200).values():
        bars, dense = density.split(row, bucket)
        assert bars or dense
        taken = sorted([(b.start, b.end) for b in bars if not b.blip] + [(d[0].start, d[-1].end) for d in dense])
        assert all(one[1] <= two[0] for one, two in pairwise(taken))


def test_a_blip_shows_the_state_that_blocks_others_most():
    row = [
        Segment(0, 1000, "wait_page"),
        Segment(1000, 1004, "running"),
        Segment(1004, 1006, "hold_write"),
        Segment(1006, 1008, "hold_read_disk"),
    ]
    bars, dense = density.split([*row, Segment(1008, 1009, "running"), Segment(1009, 3000, "wait_page")], 100)
    assert [bar.state for bar in bars if bar.blip] == ["hold_write"] and not dense


def test_the_lock_has_holders_and_a_queue_over_time():
    steps = lock_steps(synchronous(faults=3, rounds=1), 0, 60 * MS)
    assert (steps[0].start, steps[-1].end) == (0, 60 * MS)
    assert max(step.holders for step in steps) == 3 and min(step.holders for step in steps) == -1
    assert max(step.queued for step in steps) == 1
    assert {segment.state for segment in lock_segments(steps)} == {"hold_read", "hold_write", "user"}


def test_few_tasks_have_a_lane_each_and_many_share():
    few = {f"mmap{i}": [] for i in range(3)} | {"fault10": [], "fault2": []}
    assert [lane.label for lane in lanes.lanes(few)] == ["fault2", "fault10", "mmap0", "mmap1", "mmap2"]
    many = {f"fault{i}": [] for i in range(64)} | {"mmap0": []}
    labels = [lane.label for lane in lanes.lanes(many)]
    assert labels == ["fault0", "fault1", "fault2", "… and 61 more like it", "mmap0"]
    strangers = {f"{chr(97 + i)}{i}": [] for i in range(26)}
    assert len(lanes.lanes(strangers)) == 12
    assert sum(len(lane.rows) for lane in lanes.lanes(strangers)) == 26
