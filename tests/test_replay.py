"""A schedule of the explorer under SimPy's clock: the same events, the same finding."""

import pytest

import mmlab
from mmlab.experiment.replay import SLEEPS

MUTANTS = mmlab.designs.mutants


def verdict_on(name):
    mutant = MUTANTS[name]
    return mmlab.explore(mutant.design, mutant.world)


@pytest.mark.parametrize(
    "name",
    [
        "stale_vma", "counter_read_after_drop", "signal_as_minor", "no_pte_none_check", "page_put_before_the_wait",
        "lock_leaked_on_sigsegv", "narrow_counter", "no_truncate_check", "unkillable_wait", "vma_lock_leaked",
        "stale_page_table",
    ],
)  # fmt: skip
def test_the_timed_engine_finds_the_same_at_the_same_line_after_the_same_events(name):
    told = verdict_on(name).counterexample
    again = told.replay()
    assert again.same, again
    assert (again.finding.kind, again.finding.where) == (told.finding.kind, told.finding.where)
    mine = [(e.time, e.task, e.what, e.object) for e in again.events if e.what not in SLEEPS and e.time < again.ns]
    assert mine == [(e.time, e.task, e.what, e.object) for e in told.events if e.what not in SLEEPS]


def test_the_rounds_of_a_livelock_are_alike_and_none_resolves_the_fault():
    told = mmlab.explore("nopage_retry", "a fault under DONTNEED").counterexample
    again = told.replay(rounds=5)
    assert again.same, again
    assert again.finding.kind == "livelock"
    reads = [event for event in again.events if event.what == "io_done"]
    assert len(reads) == 1 + 5
    assert not [event for event in again.events if event.what in ("pte", "leave")]


def test_a_replay_notices_an_event_that_did_not_come():
    told = mmlab.explore("final", "two faults").passing(1)[0]
    number = next(n for n, step in enumerate(told.steps) if step.events)
    event = told.steps[number].events[-1]
    told.steps[number] = told.steps[number]._replace(events=(event._replace(object="something else"),))
    again = told.replay()
    assert len(again.differences) == 1 and "something else" in again.differences[0]


def test_a_replay_notices_a_schedule_that_is_not_the_kernels():
    told = verdict_on("stale_vma").counterexample
    freed = next(n for n, step in enumerate(told.steps) if any("freed" in did for did in step.did))
    told.steps[freed], told.steps[-2] = told.steps[-2], told.steps[freed]
    assert not told.replay().same


def test_a_replay_notices_another_finding():
    told = verdict_on("stale_vma").counterexample
    told.finding = mmlab.KernelBug("deadlock", "nobody can move", task="fault0")
    again = told.replay()
    assert not again.same
    assert "DIFFERS" in str(again)


def test_a_passing_interleaving_replays_without_a_finding():
    for told in mmlab.explore("final", "two faults").passing(3):
        again = told.replay()
        assert again.same and again.finding is None, again


def test_the_replay_has_a_timeline_in_which_the_wait_for_the_page_is_seen():
    told = verdict_on("stale_vma").counterexample
    again = told.replay()
    words = [(event.task, event.what) for event in again.events]
    sleep, done, woken = (
        words.index(word) for word in (("fault0", "page_wait"), ("disk", "io_done"), ("fault0", "page_woken"))
    )
    assert words.index(("fault0", "release")) < sleep < words.index(("mmap0", "release")) < done < woken
    picture = again.timeline()
    assert "waits for the page, holding nothing" in picture.svg
    assert "use after free" in picture.alt
    assert len(again.table().rows) == len(again.events)


@pytest.mark.parametrize("rounds", [0, -1, True, 1.5])
def test_rounds_must_be_a_whole_number_from_one(rounds):
    told = verdict_on("stale_vma").counterexample
    with pytest.raises(ValueError, match="from 1"):
        told.replay(rounds=rounds)


@pytest.mark.slow
def test_every_counterexample_of_the_catalogue_replays():
    different = {}
    for name, mutant in MUTANTS.items():
        if mutant.world in mmlab.experiment.worlds.WORLDS:
            told = verdict_on(name).counterexample
            if told is not None and not (again := told.replay()).same:
                different[name] = again.differences
    assert different == {}
