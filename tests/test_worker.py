"""A design in a worker process: the same verdicts, counter-examples and traces, byte for byte."""

import inspect
import sys

import pytest

import mmlab
from mmlab.designs import find
from mmlab.kernel.handle import STEPS
from mmlab.worker import remote, rules
from mmlab.worker.loading import functions_of, module_of

SHORT = {"disk": "60us", "fault_threads": 2, "mmap_threads": 1, "seed": 3}
FORGETS_TO_LOOK_AGAIN = '''
from mmlab.kernel import put_page, wait_on_page_locked


async def drop_and_wait(k, mm, page):
    """Lets go of the lock, and of nothing else."""
    await mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await mm.mmap_sem.down_read()  # and answers NOPAGE_RETRY all the same
    await put_page(page)
'''
COUNTS_TWICE = """
from mmlab.kernel import find_vma, good_area


async def do_page_fault(k, address, write_access):
    tsk = k.current
    mm = tsk.mm
    await mm.mmap_sem.down_read()
    vma = await find_vma(mm, address)
    await good_area(vma, address, write_access)
    await k.handle_mm_fault(mm, vma, address, write_access)
    await mm.mmap_sem.up_read()
    tsk.maj_flt += 1
    tsk.min_flt += 1
"""


def here(base, source, name="yours"):
    """The design of a source text in this very process."""
    return find(base).patched(name, **functions_of(module_of(source)))


def told(verdict):
    """Everything that a verdict says, but for the seconds."""
    example = verdict.counterexample
    return verdict.as_dict(), verdict.finding and verdict.finding.report(), example and example.steps


def trace(design, **scenario):
    """The events of a short run."""
    return mmlab.Scenario(design=design, **{**SHORT, **scenario}).run(seconds=0.0005).events


@pytest.mark.parametrize("name", mmlab.designs.series)
def test_each_design_of_the_series_is_the_same_in_a_worker(name):
    with remote(name) as there:
        assert trace(there) == trace(name)
        assert told(mmlab.explore(there, "one fault")) == told(mmlab.explore(name, "one fault"))


@pytest.mark.parametrize("name", ["per_vma_lock", "spufs_args"])
def test_descendants_and_variants_are_the_same_in_a_worker(name):
    with remote(name) as there:
        assert trace(there) == trace(name)
        assert told(mmlab.explore(there, "one fault")) == told(mmlab.explore(name, "one fault"))


@pytest.mark.parametrize(
    ("name", "world", "grain"),
    [
        ("nopage_retry", "a fault under DONTNEED", "access"),
        ("synchronous", "two faults and a remap", "await"),
        ("sequence_counter", "a fault and a narrow counter", "access"),
        ("synchronous", "get_user_pages", "access"),
        ("final", "a kernel-mode fault and a signal", "access"),
        ("synchronous", "a fault and a kill", "all"),
        ("pagefault_args", "a fault and a kill", "access"),
    ],
)
def test_every_kind_of_verdict_is_the_same_in_a_worker(name, world, grain):
    with remote(name) as there:
        assert told(mmlab.explore(there, world, grain=grain)) == told(mmlab.explore(name, world, grain=grain))


def same_for(name):
    """Whether a mutant gets the same verdict on the world that exposes it; and that it is found at all."""
    mutant = mmlab.designs.mutants[name]
    with remote(name) as there:
        verdict = mmlab.explore(there, mutant.world)
        assert not verdict.holds
        assert told(verdict) == told(mmlab.explore(mutant.design, mutant.world))


@pytest.mark.parametrize("name", [*list(mmlab.designs.mutants)[::25], "bump_before_down_write"])
def test_a_wrong_design_has_the_same_shortest_counterexample_in_a_worker(name):
    same_for(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", mmlab.designs.mutants)
def test_every_wrong_design_has_the_same_shortest_counterexample_in_a_worker(name):
    same_for(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", mmlab.designs.series)
def test_the_whole_series_with_a_remap_is_the_same_in_a_worker(name):
    with remote(name) as there:
        assert told(mmlab.explore(there, "two faults and a remap")) == told(
            mmlab.explore(name, "two faults and a remap")
        )


def test_disturbed_runs_are_the_same_in_a_worker():
    disturbed = {"dontneed": "500us", "read_errors": 0.2, "signal_rate": 2000, "alloc_failures": 0.05, "ps_readers": 1}
    with remote("final") as there:
        assert trace(there, **disturbed) == trace("final", **disturbed)


@pytest.mark.parametrize(
    ("base", "source", "world"),
    [
        ("nopage_retry", FORGETS_TO_LOOK_AGAIN, "one fault"),
        ("synchronous", COUNTS_TWICE, "one fault"),
    ],
)
def test_a_wrong_cell_gets_the_same_finding_line_and_picture_in_a_worker(base, source, world):
    with remote(base, source) as there:
        assert told(mmlab.explore(there, world)) == told(mmlab.explore(here(base, source), world))
        assert not mmlab.explore(there, world).safe
        reports = []
        for design in (there, here(base, source)):
            with pytest.raises(mmlab.KernelBug) as caught:
                trace(design)
            reports.append(caught.value.report())
    assert reports[0] == reports[1]
    assert "where" in reports[0]


@pytest.mark.parametrize(
    ("awaited", "forgotten"),
    [("await put_page(page)", "put_page(page)"), ("await wait_on_page_locked", "wait_on_page_locked")],
)
def test_a_forgotten_await_gets_the_same_finding_in_a_timed_run(awaited, forgotten):
    source = FORGETS_TO_LOOK_AGAIN.replace("await mm.mmap_sem.down_read()  #", "#").replace(awaited, forgotten)
    with remote("nopage_retry", source) as there:
        reports = []
        for design in (there, here("nopage_retry", source)):
            with pytest.raises(mmlab.KernelBug, match="never awaited") as caught:
                trace(design)
            reports.append((caught.value.detail, caught.value.where, caught.value.task))
    assert reports[0] == reports[1]


def test_a_copy_of_a_shipped_function_in_a_cell_has_the_same_places_and_states():
    source = inspect.getsource(find("nopage_retry").functions["drop_and_wait"])
    copy = here("nopage_retry", "from mmlab.kernel import put_page, wait_on_page_locked\n\n\n" + source)
    mine, ours = (mmlab.explore(design, "two faults") for design in (copy, "nopage_retry"))
    assert (mine.states, mine.transitions, mine.places) == (ours.states, ours.transitions, ours.places)


def test_no_code_of_a_cell_runs_in_the_trusted_process(capfd):
    source = 'import sys\nsys.loaded_a_cell = True\nprint("hello from the cell")\n' + FORGETS_TO_LOOK_AGAIN
    with remote("nopage_retry", source) as there:
        mmlab.explore(there, "one fault")
        assert "hello from the cell" in there.printed
    assert not hasattr(sys, "loaded_a_cell")
    assert capfd.readouterr().out == ""


def test_a_worker_is_used_again_for_the_next_run_and_closed_at_the_end():
    with remote("synchronous") as there:
        first = trace(there)
        process = there.worker.process
        assert trace(there) == first
        assert there.worker.process is process
    assert process.poll() is not None


def test_ctrl_c_in_the_middle_of_a_question_does_no_harm_to_the_next_run():
    with remote("synchronous") as there:
        write = there.worker.write

        def interrupted(*arguments):
            write(*arguments)
            there.worker.write = write
            raise KeyboardInterrupt

        there.worker.write = interrupted
        with pytest.raises(KeyboardInterrupt):
            trace(there)
        assert trace(there) == trace("synchronous")


def test_the_calls_of_a_timed_run_are_the_same_when_asked_again():
    with remote("final") as there:
        trace(there)
        assert len(there.finished) > 20
        there.ask_again()


def test_a_worker_knows_each_answer_by_its_number_and_does_not_take_true_for_1():
    source = "async def do_page_fault(k, address, write_access): return k.mm.mm_users, k.mm.mm_users"
    look = ("get", ("h", "mm", "mm_struct"), "mm_users")
    with remote("synchronous", source) as there:
        for answers in ((1, True), (True, 1), (2, False), (0, 2)):
            history = tuple((look, answer) for answer in answers)
            told = there.run("do_page_fault", (0, False), history).what
            assert repr(told) == repr(("t", *answers))
        assert len(there.worker.told) == 5


def test_a_design_that_lives_in_this_process_cannot_be_sent_to_a_worker():
    mine = here("nopage_retry", FORGETS_TO_LOOK_AGAIN)
    with pytest.raises(ValueError, match="give their source text"):
        remote(mine)
    with pytest.raises(ValueError, match="did you mean 'final'"):
        remote("finale")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def do_page_fault(:", "invalid syntax"),
        ("raise OSError('no disk')", "no disk"),
        ("async def do_page_fault(k): pass", "its callers would not fit"),
    ],
)
def test_a_cell_that_cannot_be_loaded_says_why(source, words):
    with pytest.raises(Exception, match=words):
        remote("synchronous", source)


def test_every_parameter_of_every_primitive_has_a_rule():
    unknown = {name: {part.name for part in rules.SIGNATURES[name]} - set(rules.TAKES) for name in STEPS}
    assert {name: rest for name, rest in unknown.items() if rest} == {}
