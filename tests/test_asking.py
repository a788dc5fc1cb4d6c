"""Checks that ask an exploration how often, never, and in spite of what: on designs of which the answer is known."""

import pytest

import mmlab
from mmlab.checks import CORRECT, NOT_YET, PRACTICE, Draw, Work, correct, not_yet
from mmlab.checks.asking import given, never, passes, times
from mmlab.checks.graphs import deaf, overlooks, some_state, takes
from mmlab.checks.kinds import spelled
from mmlab.checks.unheeded import unheeded
from mmlab.experiment.exploration import explore
from mmlab.experiment.worlds import WORLDS, World
from mmlab.grading.unseen import altered
from mmlab.kernel import (
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_SIGNALPENDING,
    put_page,
    wait_on_page_locked_interruptible,
)

DONTNEED = "a fault under DONTNEED"
WITH_SIGNAL = World("a fault, a signal and DONTNEED", signal=True, dontneed=True)
MPROTECT = World("a fault and an mprotect", writer="protect")
DRAW = Draw(PRACTICE, "exN", "a check")


def possible(design, world=DONTNEED, most=4):
    """How often the first task can take mmap_sem."""
    return [n for n, way in enumerate(takes(explore(design, world, progress=False), 0, most)) if way is not None]


# ------------------------------------------------------------------ questions to the graph


@pytest.mark.parametrize(
    ("design", "world", "counts"),
    [
        ("synchronous", DONTNEED, [0, 1]),
        ("retry_once", DONTNEED, [0, 1, 2]),
        ("nopage_retry", DONTNEED, [0, 1, 2, 3, 4]),
        ("retry_once", MPROTECT, [0, 1, 2]),  # a writer hands the lock on: the step that takes it is not the task's own
        ("sequence_counter", MPROTECT, [0, 1, 2, 3]),
    ],
)
def test_how_often_a_fault_can_take_the_lock_is_known_for_each_bound(design, world, counts):
    assert possible(design, world) == counts


def test_the_way_to_the_second_retry_is_an_interleaving_that_can_be_walked():
    verdict = explore("nopage_retry", DONTNEED, progress=False)
    path = takes(verdict, 0, 3)[3]
    told = verdict.told(path)
    assert len(told) == len(path) > len(takes(verdict, 0, 3)[2])
    assert str(told.text()).count("down_read") + str(told.table()).count("down_read") >= 3


def test_who_sleeps_in_spite_of_a_signal_is_found_and_who_listens_is_not():
    verdict = explore("pagefault_args", WITH_SIGNAL, progress=False)
    assert deaf(verdict, 0, "SIGUSR1") is not None  # its second wait knows fatal signals only
    once = explore("pagefault_args", "a fault and a signal", progress=False)
    assert deaf(once, 0, "SIGUSR1") is None
    assert deaf(explore("retry_once", "a fault and a kill", progress=False), 0, "SIGKILL") is not None


def telling(reason_of):
    """pagefault_args with a first wait that gives this reason for what the wait answered."""

    async def drop_and_wait(k, args, page):
        await args.mm.mmap_sem.up_read()
        reason = reason_of(await wait_on_page_locked_interruptible(page))
        await put_page(page)
        args.reason |= reason
        return False

    return mmlab.designs["pagefault_args"].patched("telling", drop_and_wait=drop_and_wait)


def test_who_starts_again_in_spite_of_the_signal_that_ended_the_wait_is_found():
    # its second wait is deaf; but no signal ends a wait there, and the fault starts again
    assert unheeded(explore("pagefault_args", WITH_SIGNAL, progress=False), 0, "SIGUSR1") is None
    silent = explore(telling(lambda answer: PAGEFAULT_RETRY_IO), WITH_SIGNAL, progress=False)
    assert silent.holds  # no rule is broken, and yet:
    path = unheeded(silent, 0, "SIGUSR1")
    assert str(silent.told(path).text()).count("down_read") == 2
    # a signal that comes when the page has ended the wait is no reason
    right = telling(lambda answer: PAGEFAULT_RETRY_SIGNALPENDING if answer else PAGEFAULT_RETRY_IO)
    assert unheeded(explore(right, WITH_SIGNAL, progress=False), 0, "SIGUSR1") is None


def test_a_fault_that_goes_on_over_a_change_is_found():
    for design in ("sequence_counter", "pagefault_args", "retry_once", "synchronous"):
        assert overlooks(explore(design, MPROTECT, grain="all", progress=False), 0, 1) is None, design

    async def mmap_write_lock(k, mm):
        await mm.mmap_sem.down_write()

    uncounted = mmlab.designs["sequence_counter"].patched("uncounted", mmap_write_lock=mmap_write_lock)
    verdict = explore(uncounted, MPROTECT, grain="all", progress=False)
    assert verdict.holds  # no rule is broken by it in this world, and yet:
    assert len(verdict.told(overlooks(verdict, 0, 1))) > 5


def test_some_state_is_found_by_the_shortest_way_or_not_at_all():
    verdict = explore("retry_once", DONTNEED, progress=False)
    flagged = some_state(verdict, lambda k: k.tasks[0].flags)
    assert (
        tuple(flagged) == explore("retry_once", DONTNEED, can=lambda k: k.tasks[0].flags, progress=False).witness.path
    )
    assert some_state(verdict, lambda k: k.mm.mmap_seq) is None


# ------------------------------------------------------------------ the kinds of checks made of them

BOUND = """
from mmlab.kernel import *
MOST = 1
async def do_page_fault(k, address, write_access):
    tsk, mm, tries = k.current, k.current.mm, 0
    while True:
        tsk.flags = PF_FAULT_MAYRETRY if tries < MOST else 0
        await mm.mmap_sem.down_read()
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
            await mm.mmap_sem.up_read()
            return force_sig(SIGSEGV, tsk)
        fault = await k.handle_mm_fault(mm, vma, address, write_access)
        if fault != VM_FAULT_RETRY:
            break
        tries += 1
    tsk.flags = 0
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault, tries > 0)
"""


def test_a_bound_is_right_too_low_or_too_high_and_further_lines_change_it():
    with Work(BOUND) as work:
        assert passes(work, "retry_once", DONTNEED, 1).status == CORRECT
        high, low = passes(work, "retry_once", DONTNEED, 0), passes(work, "retry_once", DONTNEED, 2)
        assert "may start again 0 times; here it does so once" in high.message and high.shown is not None
        assert "at most once" in low.message
        assert passes(work.also("MOST = 2"), "retry_once", DONTNEED, 2).status == CORRECT
        flagged = never("retry_once", DONTNEED, lambda k: k.tasks[0].flags, "a flag is set")(work, DRAW)
        assert (flagged.status, flagged.message) == (NOT_YET, "a flag is set") and flagged.shown is not None


def test_what_comes_second_is_not_asked_while_the_first_does_not_hold():
    asked = []

    def second(work, draw):
        asked.append(work)
        return correct("second")

    lost = not_yet("no", cause="worker gone", broke_off=True)
    outcome = given(lambda *_: lost, "the first", second)(None, DRAW)
    assert (outcome.status, outcome.cause, outcome.broke_off) == (NOT_YET, "worker gone", True)
    assert "«the first»" in outcome.message and not asked
    assert given(lambda *_: correct(), "the first", second)(None, DRAW).message == "second"


def test_a_world_is_spelled_so_that_it_can_be_written_again():
    assert spelled(WORLDS[DONTNEED]) == f'"{DONTNEED}"'
    assert eval(spelled(WITH_SIGNAL), {"mmlab": mmlab}) == WITH_SIGNAL


def test_numbers_of_times_are_words():
    assert [times(n) for n in (0, 1, 2)] == ["0 times", "once", "2 times"]


# ------------------------------------------------------------------ what the new worlds and the aids say


@pytest.mark.parametrize("writer", ["wrap and unmap", "wrap and forbid"])
def test_a_counter_of_a_vma_that_comes_round_is_in_no_shipped_designs_way(writer):
    world = World("a narrow counter of a vma", writer=writer, seq_bits=1)
    assert "until a counter of 1 bit comes round" in world.bounds
    assert explore("pagefault_args", world, progress=False).holds


def patched(body):
    """pagefault_args that does something with a reference to the vma before it drops the lock."""
    space = {}
    head = "from mmlab.kernel import *\nasync def drop_and_wait(k, args, page):"
    exec(f"{head}\n    {body}\n    return await old(k, args, page)", space)
    base = mmlab.designs["pagefault_args"]
    space["old"] = base.functions["drop_and_wait"]
    return base.patched("with a vma", drop_and_wait=space["drop_and_wait"])


def test_a_reference_to_a_vma_that_leaks_or_was_never_taken_is_told_as_such():
    leaks = explore(patched("await get_vma(args.vma)"), "one fault", progress=False).finding
    assert leaks.kind == "vma reference leaked" and "put_vma" in leaks.advice
    twice = explore(patched("await put_vma(args.vma)"), "one fault", progress=False).finding
    assert twice.kind == "reference underflow" and "put_vma called twice" in twice.advice


def test_a_wrong_answer_whose_solution_has_changed_is_told():
    assert altered("a = 1", [("1", "2")], "exN") == "a = 2"
    with pytest.raises(ValueError, match="the solution of exN has no 'b' to be changed"):
        altered("a = 1", [("b", "c")], "exN")
