"""mmlab.explore: verdicts, findings, and the interleavings that show them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import simpy
import verdict_table
from explore_helpers import search_of, searched, stage_of

import mmlab
from mmlab import World, designs, explore
from mmlab.designs import mutants
from mmlab.engine.explore import code, fair_cycle, never_again, patience
from mmlab.engine.explore.liveness import able
from mmlab.experiment.worlds import WORLDS
from mmlab.kernel import find_vma, wait_on_page_locked
from mmlab.kernel.filemap import add_to_page_cache_lru, find_get_page

ROOT = Path(__file__).resolve().parent.parent
KEPT = verdict_table.kept()
ROWS = [(design, world) for design, rows in KEPT.items() for world in rows]
QUICK = [row for row in ROWS if verdict_table.is_quick(*row)]
LIVELOCKED = {
    "nopage_refault": {"a fault under DONTNEED", "a fault under DONTNEED and mmap", "a fault under reclaim"},
    "nopage_retry": {"a fault under DONTNEED", "a fault under DONTNEED and mmap", "a fault under reclaim"},
    "page_flag": {"a fault under DONTNEED", "a fault under DONTNEED and mmap", "a fault under reclaim"},
    "sequence_counter_unbounded": {"a fault under DONTNEED and mmap"},
}


@pytest.mark.parametrize(("design", "world"), QUICK)
def test_a_verdict_and_its_exact_size_are_as_kept(design, world):
    assert verdict_table.row(design, world) == KEPT[design][world]


@pytest.mark.slow
@pytest.mark.parametrize(("design", "world"), [row for row in ROWS if row not in QUICK])
def test_a_verdict_on_a_large_world_and_its_exact_size_are_as_kept(design, world):
    assert verdict_table.row(design, world) == KEPT[design][world]


def test_the_kept_verdicts_are_of_all_designs_and_of_all_worlds():
    assert list(KEPT) == verdict_table.DESIGNS
    for design, rows in KEPT.items():
        assert set(WORLDS) - set(rows) <= set(verdict_table.LARGE), design


@pytest.mark.parametrize("design", designs.series)
def test_fair_cycles_are_exactly_where_a_retry_has_no_bound(design):
    found = {world for world, row in KEPT[design].items() if row[1] is False}
    assert found == LIVELOCKED.get(design, set())


def test_variants_without_a_bound_livelock_too():
    assert {world for world, row in KEPT["sequence_counter_unbounded"].items() if row[1] is False} == LIVELOCKED[
        "sequence_counter_unbounded"
    ]
    assert any(row[1] is False for row in KEPT["retry_many_uffd"].values())


def test_the_series_is_safe_wherever_its_contract_reaches():
    """What is not safe is outside the contract: callers without permission, and a counter of one bit."""
    unsafe = {(design, world) for design in designs.series for world, row in KEPT[design].items() if row[0] is False}
    without_permission = {(d, w) for d in ("nopage_retry", "page_flag") for w in WORLDS if "get_user_pages" in w}
    narrow = {(d, "a fault and a narrow counter") for d in ("sequence_counter", "final")}
    assert unsafe == without_permission | narrow


def test_a_kill_ends_the_wait_of_the_designs_with_killable_waits_only():
    killable = {design for design in designs.series if KEPT[design]["a fault and a kill"][2]}
    assert killable == {"nopage_refault", "pagefault_args", "unshared_mm", "sequence_counter", "final"}


@pytest.mark.parametrize("name", mutants)
def test_every_mutant_is_found_in_its_world_by_an_interleaving_of_known_length(name):
    mutant = mutants[name]
    verdict = explore(mutant.design, mutant.world, progress=False)
    assert not verdict.holds and verdict.finding.kind == mutant.finding
    assert len(verdict.counterexample) == mutant.steps


# ---------------------------------------------------------------- what a verdict says


def test_a_verdict_says_its_bounds_with_the_word_safe():
    verdict = explore("final", "a fault and an unmap", progress=False)
    assert verdict.holds and verdict.safe and verdict.live and verdict.killable is None
    assert "safe" in verdict.sentence and "1 faulting thread" in verdict.sentence
    assert "sequentially consistent memory" in str(verdict) and f"{verdict.states:,} states" in str(verdict)
    assert verdict.counterexample is None and verdict.finding is None


def test_a_search_that_was_cut_off_never_says_safe():
    verdict = explore("final", "two faults", most=50, progress=False)
    assert not verdict.complete and not verdict.holds
    assert verdict.safe is None and verdict.live is None
    assert "safe" not in str(verdict) and "CUT OFF" in str(verdict)


def test_a_search_that_was_cut_off_after_it_found_something_says_what():
    mutant = mutants["stale_vma"]
    assert explore(mutant.design, mutant.world, most=10, progress=False).safe is None
    assert explore(mutant.design, mutant.world, progress=False).safe is False


def test_a_counterexample_points_at_the_line_of_the_readers_code():
    async def drop_and_wait(k, mm, page):
        await mm.mmap_sem.up_read()
        await wait_on_page_locked(page)

    mine = designs.find("nopage_retry").patched("mine", drop_and_wait=drop_and_wait)
    verdict = explore(mine, "one fault", progress=False)
    assert verdict.finding.kind == "page reference leaked"
    report = verdict.finding.report()
    assert "fault0" in report and "filemap_nopage" in report and "page = await" in report
    waits = [step for step in verdict.counterexample.steps if step.line and "wait_on_page_locked" in step.line[2]]
    assert waits and waits[0].task == "fault0" and waits[0].line[0] == "drop_and_wait"


def test_a_counterexample_of_a_broken_rule_is_shortest():
    """Distances are counted anew over all edges; the finding lies one step behind the last state's path."""
    search, *_ = search_of(mutants["stale_vma"].design, mutants["stale_vma"].world)
    graph = search.graph
    distance, queue = {0: 0}, [0]
    for state in queue:
        for edge in graph.edges(state):
            if graph.target[edge] not in distance:
                distance[graph.target[edge]] = distance[state] + 1
                queue.append(graph.target[edge])
    assert all(len(graph.path_to(state)) == steps for state, steps in distance.items())
    expanded = range(len(graph.first))
    last = expanded[-1]
    assert len(search.found.path) == len(graph.path_to(last)) + 1 == mutants["stale_vma"].steps
    assert max(len(graph.path_to(state)) for state in expanded) == len(graph.path_to(last)), "nearer ones came first"


def test_can_this_happen_gives_the_shortest_way_there_or_none():
    verdict = explore("synchronous", "two faults", can=lambda k: k.mm.mmap_sem.readers == 2, progress=False)
    assert [step.task for step in verdict.witness.steps].count("fault0") >= 2
    assert "fault0, fault1" in verdict.witness.steps[-1].locks
    never = explore("synchronous", "two faults", can=lambda k: k.mm.mmap_sem.readers == 3, progress=False)
    assert never.witness is None and never.complete and never.safe


def test_a_coarser_grain_is_faster_and_may_miss_what_lies_between_two_looks():
    async def filemap_nopage(k, vma, address):
        if k.current.comm == "fault0" and k.mm.mm_users != k.mm.mm_users:
            k.bug("found", "two looks in one breath differ")
        return await designs.find("synchronous").functions["filemap_nopage"](k, vma, address)

    mine = designs.find("synchronous").patched("mine", filemap_nopage=filemap_nopage)
    fine, coarse = (explore(mine, "two faults", grain=grain, progress=False) for grain in ("access", "await"))
    assert fine.finding.kind == "found" and coarse.holds
    assert explore("final", "two faults", grain="await", progress=False).states < KEPT["final"]["two faults"][5]


# ---------------------------------------------------------------- liveness


@pytest.mark.parametrize("name", [n for n, m in mutants.items() if m.finding == "livelock"])
def test_a_lasso_is_a_run_that_can_be_walked_comes_back_and_is_fair(name):
    mutant = mutants[name]
    search, stage, victims = search_of(mutant.design, mutant.world)
    processes = len(stage.frames) + 1
    found = next(filter(None, (fair_cycle(search.graph, v, processes) for v in victims)))
    graph = search.graph

    def walk(state, who):
        for mover in who:
            state = next(graph.target[e] for e in graph.edges(state) if graph.who[e] == mover)
            yield state

    *_, entry = walk(0, found.stem) if found.stem else (0,)
    states = [entry, *walk(entry, found.loop)]
    assert states[-1] == entry and found.who in found.loop
    for process in range(processes):
        moves = any(min(who, processes - 1) == process for who in found.loop)
        assert moves or any(process not in able(graph, state, processes) for state in states)


def test_the_disk_alone_makes_no_livelock_of_a_busy_wait():
    assert KEPT["nopage_refault"]["one fault"][1] is True


async def adds_and_forgets_to_read(k, file):
    await add_to_page_cache_lru(file, 0)


async def waits_for_the_page(k, file):
    page = None
    while page is None:
        page = await find_get_page(file, 0)
    await wait_on_page_locked(page)


async def goes_on_for_ever(k):
    while True:
        await k.mm.mmap_sem.down_read()
        await k.mm.mmap_sem.up_read()


def test_who_waits_for_a_read_that_nobody_began_is_in_a_deadlock():
    search = searched(stage_of((adds_and_forgets_to_read, "data"), (waits_for_the_page, "data")))
    assert search.found.bug.kind == "deadlock" and "waits_for_the_page1 can never go on" in search.found.bug.detail
    assert search.found.path.count(0) == 1


def test_a_deadlock_is_seen_though_somebody_else_goes_on_for_ever():
    stage = stage_of((adds_and_forgets_to_read, "data"), (waits_for_the_page, "data"), (goes_on_for_ever,))
    search = searched(stage)
    assert search.found is None and search.complete
    stuck = set()
    for task, state in never_again(search.graph, [0, 1, 2]):
        stage.freezer.thaw(search.states[state])
        if stage.is_alive(task):
            stuck.add(task)
    assert stuck == {1}


def test_steps_that_change_nothing_and_never_end_are_a_soft_lockup():
    async def looks_for_ever(k):
        await k.mm.mmap_sem.down_write()
        while True:
            await find_vma(k.mm, 0)

    search = searched(stage_of((looks_for_ever,), (goes_on_for_ever,)))
    assert search.found.bug.kind == "soft lockup" and search.found.bug.where[0] == "looks_for_ever"


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "named", "words"),
    [
        (("finale",), {}, "did you mean 'final'"),
        (("final", "two fault"), {}, "did you mean 'two faults'"),
        (("final",), {"grain": "fine"}, "grain='fine' is not one of access, await, all"),
        (("final",), {"most": 0}, "most=0 is not allowed"),
    ],
)
def test_bad_input_gets_one_line_with_the_nearest_spelling(arguments, named, words):
    with pytest.raises(ValueError) as found:
        explore(*arguments, **named)
    assert words in str(found.value) and "\n" not in str(found.value)


def patched(**functions):
    return designs.find("nopage_retry").patched("mine", **functions)


def verdict_of(function):
    return explore(patched(drop_and_wait=function), "one fault", progress=False)


def test_a_loop_without_await_is_stopped_and_its_line_named():
    async def drop_and_wait(k, mm, page):
        while page.index == 0:
            pass

    verdict = verdict_of(drop_and_wait)
    assert verdict.finding.kind == "soft lockup" and verdict.finding.where[0] == "drop_and_wait"
    assert "without an await" in verdict.finding.detail


def test_a_loop_that_asks_nothing_at_all_is_broken_off_and_its_line_named(monkeypatch):
    monkeypatch.setattr(patience, "SOFT_LOCKUP_SECONDS", 0.3)
    monkeypatch.setattr(code, "PATIENCE", patience.Patience())

    async def drop_and_wait(k, mm, page):
        n = 0
        while True:
            n += 1

    verdict = verdict_of(drop_and_wait)
    assert verdict.finding.kind == "soft lockup" and verdict.finding.where[0] == "drop_and_wait"


def test_there_is_no_clock_in_a_handler():
    async def drop_and_wait(k, mm, page):
        if k.now > 0:
            await mm.mmap_sem.up_read()

    assert "no time passes here" in verdict_of(drop_and_wait).finding.detail


def test_an_exception_is_a_finding_that_names_the_line():
    async def drop_and_wait(k, mm, page):
        await mm.mmap_sem.up_read()
        raise RuntimeError("I give up")

    verdict = verdict_of(drop_and_wait)
    assert verdict.finding.kind == "Python error" and "RuntimeError: I give up" in verdict.finding.detail
    assert verdict.finding.where[2] == 'raise RuntimeError("I give up")'


def test_a_foreign_awaitable_is_a_finding():
    class Foreign:
        def __await__(self):
            yield "sleep"

    async def drop_and_wait(k, mm, page):
        await Foreign()

    verdict = verdict_of(drop_and_wait)
    assert verdict.finding.kind == "foreign awaitable" and "mmlab.kernel" in verdict.finding.advice


def test_code_that_keeps_state_outside_itself_is_a_finding():
    calls = []

    async def drop_and_wait(k, mm, page):
        calls.append(1)
        if len(calls) % 2:
            await mm.mmap_sem.up_read()
        await designs.find("nopage_retry").functions["drop_and_wait"](k, mm, page)

    verdict = verdict_of(drop_and_wait)
    assert verdict.finding.kind == "answers differently when asked again"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("page.count", "cannot use page.count"),
        ("page.flag", "did you mean 'flags'"),
        ("mm.mmap_sem.wait_list", "cannot use rw_semaphore.wait_list"),
        ("k.lru", "the design has no function 'lru'"),
    ],
)
def test_what_code_may_not_look_at_is_said_with_what_it_may(line, words):
    namespace = {}
    exec(f"async def drop_and_wait(k, mm, page):\n    {line}\n", namespace)
    assert words in verdict_of(namespace["drop_and_wait"]).finding.detail


def test_a_handler_cannot_say_that_its_task_has_come_to_its_end():
    async def drop_and_wait(k, mm, page):
        k.current.exit_code = "done"

    assert "cannot write task_struct.exit_code" in verdict_of(drop_and_wait).finding.detail


def test_a_counter_is_compared_with_nothing_but_itself():
    async def mmap_write_lock(k, mm):
        await mm.mmap_sem.down_write()
        if mm.mmap_seq == 3:
            return

    mine = designs.find("sequence_counter").patched("mine", mmap_write_lock=mmap_write_lock)
    verdict = explore(mine, "a fault and an unmap", progress=False)
    assert "compare it with what it was before" in verdict.finding.detail


def test_a_world_of_ones_own_can_be_explored():
    world = World("three pages", faults=(0, 1), dontneed=True, pages=3)
    verdict = explore("retry_once", world, progress=False)
    assert verdict.holds and "3 pages" in verdict.bounds


# ---------------------------------------------------------------- the same everywhere


SCRIPT = (
    "import sys; sys.path[:0] = {path!r}\n"
    "import mmlab\n"
    "for design, world in {rows!r}:\n"
    "    v = mmlab.explore(design, world, progress=False)\n"
    "    print(v.safe, v.live, v.states, v.transitions, v.counterexample and v.counterexample.schedule)\n"
)
SAMPLE = [
    ("nopage_retry", "a fault under DONTNEED"), ("final", "two faults"), ("per_vma_counter", "a fault and an unmap"),
    ("mm_lock_seq", "a fault and a kill"), ("page_flag", "a fault and a truncate"),
]  # fmt: skip


def test_verdicts_are_the_same_on_every_python():
    """On each of 3.11 to 3.13 that this machine has; the one that runs the tests is always there."""
    script = SCRIPT.format(path=[str(ROOT), str(Path(simpy.__file__).parent.parent)], rows=SAMPLE)
    answers = {}
    on_path = filter(None, (shutil.which(f"python3.{minor}") for minor in (11, 12, 13)))
    by_pyenv = Path.home().glob(".pyenv/versions/3.1[123].*/bin/python3")
    for python in {sys.executable, *on_path, *map(str, by_pyenv)}:
        done = subprocess.run([python, "-c", script], capture_output=True, text=True, cwd=ROOT)
        if "pyenv:" in done.stderr:
            continue  # a stand-in for a Python that is not installed
        assert done.returncode == 0, done.stderr
        answers[python] = done.stdout
    assert len(set(answers.values())) == 1, answers
    assert mmlab.explore(*SAMPLE[1], progress=False).states == int(answers[sys.executable].splitlines()[1].split()[2])
