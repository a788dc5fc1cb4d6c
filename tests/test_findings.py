"""What a learner is told of a mistake: its own line, once, with the question, and a line that shows it again."""

import types

import pytest

import mmlab
from mmlab.checks import Check, Exercise, kinds, run_checks
from mmlab.checks.exercises import exercise
from mmlab.checks.findings import pasted
from mmlab.checks.slow import GOOD, SLOW, told_apart
from mmlab.designs import find
from mmlab.worker import Limits
from mmlab.worker.loading import functions_of, module_of

BASE = "nopage_retry"
DROPS = """from mmlab.kernel import find_get_page, find_vma, put_page, wait_on_page_locked


async def drop_and_wait(k, mm, page):
    {before}
    await mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await put_page(page)
    {after}
"""
FIRST = Check("first", 1, kinds.every_interleaving(BASE, "one fault"))
SECOND = Check("second", 1, kinds.every_interleaving(BASE, "two faults"))
RUN = Check("a run", 1, kinds.number(BASE, 0.002, {"disk": "500us"}, "faults", least=1))
LONGER = Check("a longer run", 1, kinds.number(BASE, 0.003, {"disk": "500us"}, "faults", least=1))


def drops(before="pass", after="pass"):
    return DROPS.format(before=before, after=after)


def report(source, *checks, functions=("drop_and_wait",)):
    whole = Exercise("exN", "An exercise", functions, checks, ("a", "b", "c"), 0, 0)
    return run_checks(whole, [source], limits=Limits(cpu=0.3, answer=5.0, printed=100_000))


def messages(source, *checks, **more):
    return [line.outcome.message for line in report(source, *checks, **more).lines]


FORGETS = "vma = find_vma(mm, 0x1000_0000)\n    print(vma.vm_start)"


def test_a_forgotten_await_is_named_where_it_was_forgotten_and_not_where_its_result_is_used():
    for message in (messages(drops(FORGETS), check)[0] for check in (FIRST, RUN)):
        assert "never awaited: find_vma(...)" in message
        assert "In your code: drop_and_wait, line 2: vma = find_vma(mm, 0x1000_0000)" in message


@pytest.mark.parametrize("forgets", [FORGETS, "mm.mmap_sem.up_read()"])
def test_the_explorer_names_a_forgotten_await_in_a_notebook_too(forgets, recwarn):
    mine = find(BASE).patched("mine", **functions_of(module_of(drops(forgets))))
    bug = mmlab.explore(mine, "one fault", progress=False).finding
    assert (bug.kind, bug.where[:2]) == ("never awaited", ("drop_and_wait", 2))
    assert not [one for one in recwarn if "never awaited" in str(one.message)]


def test_a_line_is_counted_from_the_first_line_of_its_function():
    beside = "def other():\n    return 1\n\n\n" * 3 + drops("raise ValueError('boo')")
    assert "In your code: drop_and_wait, line 2: raise ValueError('boo')" in messages(beside, FIRST)[0]


def test_where_given_code_stumbles_over_it_the_learners_last_line_is_told():
    source = "from mmlab.kernel import *\n\n\n" + drops().partition("\n\n\n")[2].replace(
        "    await put_page(page)\n", ""
    )
    told = messages(source, FIRST)[0]
    assert "Taken in the code that was given: filemap_nopage" in told
    assert "Your code was last at: drop_and_wait, line 4: await wait_on_page_locked(page)" in told


def test_one_mistake_is_told_once_and_the_other_checks_point_to_it():
    told = messages(drops("raise ValueError('boo')"), FIRST, SECOND, RUN)
    assert told[1:] == ["The same line as above, in «first»."] * 2


def test_a_finding_of_a_run_is_short_and_can_be_seen_again():
    outcome = report(drops(after="await put_page(page)"), RUN).lines[0].outcome
    assert outcome.message.startswith("reference underflow: ") and "the last events" not in outcome.message
    assert outcome.replay == (
        "import mmlab; mmlab.Scenario(design=course.mine(\"exN\"), disk='500us').run(seconds=0.002)"
    )


def test_a_stub_says_which_function_is_still_to_be_written_and_shows_nothing():
    outcomes = [line.outcome for line in report(drops("raise NotImplementedError"), FIRST, RUN).lines]
    assert [one.message for one in outcomes] == ["Still to be written: drop_and_wait."] * 2
    assert [one.replay for one in outcomes] == [""] * 2 and outcomes[0].shown is None


def test_an_answer_that_nobody_understands_is_told_by_the_names_of_the_code():
    source = (
        "from mmlab.kernel import *\n\n\n"
        "async def filemap_nopage(k, vma, address):\n    return NOPAGE_RETRY, VM_FAULT_OOM\n"
    )
    told = messages(source, RUN, LONGER, functions=("filemap_nopage",))
    assert "filemap_nopage answered (NOPAGE_RETRY, VM_FAULT_OOM)" in told[0]
    assert told[1] == "As above, in «a run»."  # and no word of the pipe, in which a look was left open


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("while True:\n        await find_get_page(page.mapping, page.index)", "references pile up"),
        ("for n in range(10**9):\n        await find_vma(mm, n)", "400 questions in one call"),
    ],
)
def test_code_that_goes_on_for_ever_while_it_asks_is_ended(before, words):
    assert words in messages(drops(before), FIRST)[0]


@pytest.mark.parametrize("greedy", ["bytearray(4 << 30)", "[bytes(1 << 24) for _ in range(10_000)]"])
def test_code_that_takes_all_memory_ends_in_its_own_line(greedy):
    told = messages(drops(f"hoard = {greedy}"), FIRST)[0]
    assert "MemoryError" in told and "In your code: " in told and f"line 2: hoard = {greedy}" in told


def test_a_function_that_does_not_fit_is_told_without_ways_out_that_an_exercise_has_not():
    for source in ("async def drop_and_wait(k): pass", "def drop_and_wait(k, mm, page): pass"):
        told = messages(source, FIRST, SECOND)
        assert "new_signatures" not in told[0] and "can be patched" not in told[0]
        assert told[1] == "As above, in «first»."


def test_the_line_that_shows_it_again_runs_as_it_stands():
    mine = find(BASE).patched("mine", **functions_of(module_of(drops(after="await put_page(page)"))))
    line = pasted('mmlab.explore(mine, "one fault")', "ex4")
    *before, last = line.split("; ")
    space = {"course": types.SimpleNamespace(mine={"ex4": mine}.__getitem__)}
    exec("; ".join(before), space)
    assert eval(last, space).finding.kind == "reference underflow"


def test_a_check_of_several_parts_says_what_each_of_them_found():
    both = Check("both", 1, kinds.all_of(FIRST.run, RUN.run))
    assert [line.split(" ")[0] for line in messages(drops(), both)[0].splitlines()] == ["In", "faults"]


def test_a_fault_that_always_ends_in_a_signal_leaves_nobody_free_in_exercise_4():
    source = (
        "from mmlab.kernel import *\n\n\nasync def do_page_fault(k, address, write_access):\n"
        "    force_sig(SIGSEGV, k.current)\n\n\n"
        "async def filemap_nopage(k, vma, address):\n    return NOPAGE_OOM, VM_FAULT_MAJOR\n"
    )
    free, once = run_checks(exercise("ex4"), [source]).lines[2:]
    assert free.points == once.points == 0 and "faults_per_second is 0" in free.outcome.message


def test_a_misspelled_number_of_a_run_is_told_with_the_nearest_right_one():
    source = (
        "def runs(disk_us):\n    return [{'fault_threads': 1}]\n\n\ndef accuses(run):\n    return run['kill_max'] > 1\n"
    )
    check = Check("told apart", 1, told_apart(SLOW, GOOD, (3_000,)))
    (message,) = messages(source, check, functions=("runs", "accuses"))
    assert "run has no 'kill_max'; did you mean 'kill_latency_max'?" in message
    assert "In your code: accuses, line 2: return run['kill_max'] > 1" in message
