"""rw_semaphore: first come first served, never a writer beside anybody, and nobody is forgotten."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_helpers import Lab

from mmlab import KernelBug
from mmlab.kernel import SIGKILL, charge, send_sig
from mmlab.kernel.sleep import EINTR

visits = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.integers(0, 12),
            "mode": st.sampled_from(["read", "read", "write"]),
            "hold": st.integers(0, 6),
            "again": st.integers(0, 2),
            "killed": st.none() | st.integers(0, 20),
            "killable": st.booleans(),
        }
    ),
    min_size=1,
    max_size=9,
)


async def visit(lab, plan, outcome):
    """Take the lock, keep it, release it, as often as planned; a killable task that is killed says so."""
    sem, mode = lab.sem, plan["mode"]
    down = getattr(sem, f"down_{mode}" + ("_killable" if plan["killable"] else ""))
    up = sem.up_read if mode == "read" else sem.up_write
    for _ in range(plan["again"] + 1):
        if await down() == -EINTR:
            outcome["gave up"] += 1
            return
        await charge(plan["hold"])
        await up()
    outcome["done"] += 1


async def kill(lab, victim):
    send_sig(SIGKILL, victim)
    await charge(0)


def busy_lab(plans):
    lab, outcome = Lab(), Counter()
    tasks = [lab.task(visit(lab, plan, outcome), plan["at"]) for plan in plans]
    for task, plan in zip(tasks, plans):
        if plan["killed"] is not None:
            lab.task(kill(lab, task), plan["killed"], role="kill")
    return lab.run(100_000), outcome


@settings(max_examples=150, deadline=None)
@given(visits)
def test_a_writer_is_alone_and_the_counters_in_the_trace_are_true(plans):
    lab, _ = busy_lab(plans)
    holding = Counter()
    for event in lab.events:
        if event.what in ("acquire", "release"):
            holding[event.task, event.object] += 1 if event.what == "acquire" else -1
        held = [object for (_, object), n in holding.items() for _ in range(n)]
        assert event.holders == (-1 if "mmap_sem/write" in held else len(held))
        assert "mmap_sem/write" not in held or len(held) == 1


@settings(max_examples=150, deadline=None)
@given(visits)
def test_who_queues_gets_the_lock_in_the_order_of_arrival_and_newcomers_never_overtake(plans):
    lab, _ = busy_lab(plans)
    queue, killed = [], set()
    for event in lab.events:
        if event.what == "signal":
            killed.add(event.task)
        elif event.what == "wait":
            queue.append(event.task)
        elif event.what == "acquire":
            while queue and queue[0] != event.task:
                assert queue.pop(0) in killed, f"{event.task} overtook a waiter"
            if queue:
                queue.pop(0)


@settings(max_examples=150, deadline=None)
@given(visits)
def test_every_task_ends_with_the_lock_had_and_released_or_with_its_own_death(plans):
    lab, outcome = busy_lab(plans)
    killable = sum(plan["killable"] and plan["killed"] is not None for plan in plans)
    assert outcome["done"] + outcome["gave up"] == len(plans)
    assert outcome["gave up"] <= killable
    lab.nothing_is_left()


@settings(max_examples=150, deadline=None)
@given(visits)
def test_the_head_of_the_queue_never_waits_for_a_lock_that_it_could_have(plans):
    lab, _ = busy_lab(plans)
    waiting, killed = {}, set()
    for event, following in zip(lab.events, [*lab.events[1:], None]):
        if event.what == "signal":
            killed.add(event.task)
        elif event.what == "wait":
            waiting[event.task] = event.object
        elif event.what in ("acquire", "exit"):
            waiting.pop(event.task, None)
        alive = [mode for task, mode in waiting.items() if task not in killed]
        if alive and (following is None or following.time > event.time):
            assert event.holders < 0 or (event.holders > 0 and "mmap_sem/write" in waiting.values())


def lab_with(*plans):
    """Tasks t0, t1, ... each (start, mode, hold); returns when each had the lock."""
    lab = Lab()
    for at, mode, hold in plans:
        plan = {"mode": mode, "killable": False, "again": 0, "hold": hold}
        lab.task(visit(lab, plan, Counter()), at)
    lab.run(100_000)
    return lab.times("acquire")


def test_readers_share_the_lock():
    assert lab_with((0, "read", 10), (1, "read", 10)) == [0, 1]


def test_a_waiting_writer_stops_new_readers_though_the_lock_is_held_for_reading_only():
    assert lab_with((0, "read", 10), (1, "write", 5), (2, "read", 1)) == [0, 10, 15]


def test_a_release_lets_in_the_whole_run_of_readers_at_the_head_and_no_further():
    order = lab_with((0, "write", 10), (1, "read", 3), (2, "read", 3), (3, "write", 5), (4, "read", 1))
    assert order == [0, 10, 10, 13, 18]


def test_readers_behind_a_killed_writer_are_let_in_beside_the_reader_that_holds_the_lock():
    lab, outcome = Lab(), Counter()
    plan = {"killable": True, "again": 0}
    lab.task(visit(lab, plan | {"mode": "read", "hold": 100}, outcome), 0)
    writer = lab.task(visit(lab, plan | {"mode": "write", "hold": 1}, outcome), 1)
    lab.task(visit(lab, plan | {"mode": "read", "hold": 1}, outcome), 2)
    lab.task(kill(lab, writer), 10)
    lab.run(1_000)
    assert lab.times("acquire", "mmap_sem/read") == [0, 10]
    assert lab.times("acquire", "mmap_sem/write") == []
    assert outcome == {"done": 2, "gave up": 1}


@pytest.mark.parametrize("first", ["release", "kill"])
def test_a_signal_and_a_hand_off_in_the_same_instant_lose_neither_the_lock_nor_the_task(first):
    lab, outcome = Lab(), Counter()
    victim = None

    async def holder():
        await lab.sem.down_read()
        await charge(10)
        if first == "kill":
            send_sig(SIGKILL, victim)
        await lab.sem.up_read()
        if first == "release":
            send_sig(SIGKILL, victim)

    lab.task(holder())
    plan = {"mode": "write", "killable": True, "again": 0, "hold": 5}
    victim = lab.task(visit(lab, plan, outcome), 1)
    lab.task(visit(lab, plan, outcome), 2)
    lab.run(1_000)
    assert outcome["done"] == 2  # it was handed the lock before it could give up: it has it, and gives it back
    assert victim.pending == [SIGKILL]
    lab.nothing_is_left()


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_dying_task_takes_a_free_lock_and_does_not_queue_for_a_taken_one(mode):
    lab, answers = Lab(), []

    async def dying():
        send_sig(SIGKILL, lab.k.current)
        down = getattr(lab.sem, f"down_{mode}_killable")
        up = lab.sem.up_read if mode == "read" else lab.sem.up_write
        answers.append(await down())
        await up()
        await charge(10)
        answers.append(await down())

    async def writer():
        await lab.sem.down_write()
        await charge(100)
        await lab.sem.up_write()

    lab.task(dying())
    lab.task(writer(), 5)
    lab.run(1_000)
    assert answers == [0, -EINTR]
    assert lab.times("wait") == []


def test_plain_waits_are_not_ended_by_a_kill():
    lab, outcome = Lab(), Counter()
    plan = {"mode": "write", "killable": False, "again": 0, "hold": 10}
    lab.task(visit(lab, plan, outcome), 0)
    second = lab.task(visit(lab, plan, outcome), 1)
    lab.task(kill(lab, second), 2)
    lab.run(1_000)
    assert outcome == {"done": 2}
    assert lab.times("acquire") == [0, 10]


@pytest.mark.parametrize(("down", "up"), [("down_read", "up_write"), ("down_write", "up_read"), (None, "up_read")])
def test_a_release_in_the_wrong_mode_or_without_the_lock_is_reported(down, up):
    lab = Lab()

    async def wrong():
        if down:
            await getattr(lab.sem, down)()
        await getattr(lab.sem, up)()

    lab.task(wrong())
    with pytest.raises(KernelBug) as found:
        lab.run(1_000)
    assert found.value.kind == "released by a stranger"
    assert found.value.where[2] == "await getattr(lab.sem, up)()"


@pytest.mark.parametrize("again", ["down_read", "down_write", "down_read_killable"])
def test_taking_the_lock_twice_is_reported_even_where_it_would_happen_to_work(again):
    lab = Lab()

    async def twice():
        await lab.sem.down_read()
        await getattr(lab.sem, again)()

    lab.task(twice())
    with pytest.raises(KernelBug, match="recursive locking"):
        lab.run(1_000)
