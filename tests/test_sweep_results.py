"""sweep on other machines and across interruptions: nothing is lost, nothing is run twice, nothing differs."""

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from mmlab import Scenario, designs, sweep

POINTS = {"design": ["synchronous", "final"], "disk": ["1ms", "exponential(2ms)"], "seconds": 0.02}
MODULE = sys.modules["mmlab.experiment.sweep"]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "results.jsonl"


@pytest.fixture
def ran(monkeypatch):
    """Every scenario that is run from now on."""
    seen = []
    run = Scenario.run
    monkeypatch.setattr(Scenario, "run", lambda self, *a, **o: seen.append(self) or run(self, *a, **o))
    return seen


def interrupted(file, monkeypatch, after, **values):
    """A sweep that Ctrl-C ends when `after` scenarios are done."""
    with monkeypatch.context() as patch:
        measure, count = MODULE.measure, iter(range(100))

        def stopped(*arguments):
            if next(count) == after:
                raise KeyboardInterrupt
            return measure(*arguments)

        patch.setattr(MODULE, "measure", stopped)
        with pytest.raises(KeyboardInterrupt):
            sweep(**{**POINTS, **values}, results=file)


def test_an_interrupted_sweep_keeps_what_is_finished_and_runs_only_the_rest(file, monkeypatch, ran):
    expected = sweep(**POINTS).rows
    interrupted(file, monkeypatch, after=3)
    assert len(file.read_text().splitlines()) == 1 + 3
    ran.clear()
    assert sweep(**POINTS, results=file).rows == expected
    assert [(one.design, one.disk) for one in ran] == [("final", "exponential(2ms)")]


def test_a_finished_sweep_is_read_back_without_a_run(file, ran):
    expected = sweep(**POINTS, results=str(file)).rows
    text = file.read_text()
    ran.clear()
    assert sweep(**POINTS, results=file).rows == expected
    assert ran == [] and file.read_text() == text


def test_each_line_is_json_with_a_scenario_that_can_be_run_again(file):
    rows = sweep(**POINTS, results=file).rows
    lines = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    again = Scenario.from_json(json.dumps(lines[3]["scenario"])).run(0.02)
    assert again.mmaps_per_second == lines[3]["figures"]["mmaps_per_second"] == rows[3]["mmaps_per_second"]


@pytest.mark.parametrize("keep", [1, 40, -1])
def test_a_broken_last_line_is_dropped_and_its_scenario_run_again(file, ran, keep):
    expected = sweep(**POINTS, results=file).rows
    *whole, last = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(whole) + last[:keep])
    ran.clear()
    assert sweep(**POINTS, results=file).rows == expected
    assert len(ran) == 1
    assert file.read_bytes().splitlines(keepends=True) == [*whole, last]


def test_a_last_line_of_rubbish_is_dropped_too(file, ran):
    expected = sweep(**POINTS, results=file).rows
    file.write_bytes(file.read_bytes() + b"\0\0\0\n")
    ran.clear()
    assert sweep(**POINTS, results=file).rows == expected
    assert ran == [] and b"\0" not in file.read_bytes()


def test_a_broken_line_in_the_middle_is_refused_and_left_alone(file, ran):
    sweep(**POINTS, results=file)
    lines = file.read_text().splitlines(keepends=True)
    broken = "".join([*lines[:2], lines[2][:30] + "\n", *lines[3:]])
    file.write_text(broken)
    ran.clear()
    with pytest.raises(ValueError, match=r"results=.*number 3.*another name, or remove it") as error:
        sweep(**POINTS, results=file)
    assert "\n" not in str(error.value) and file.read_text() == broken and ran == []


def test_an_interruption_in_the_header_loses_nothing(file):
    expected = sweep(**POINTS, results=file).rows
    file.write_bytes(file.read_bytes()[:20])
    assert sweep(**POINTS, results=file).rows == expected


@pytest.mark.parametrize(
    "other", [{"seconds": 0.03}, {"disk": ["1ms", "2ms"]}, {"design": ["final", "synchronous"]}, {"mmap_threads": 2}]
)
def test_a_file_of_another_sweep_is_refused_and_left_alone(file, ran, other):
    sweep(**POINTS, results=file)
    text = file.read_text()
    ran.clear()
    with pytest.raises(ValueError, match=r"belongs to another sweep and is left alone; give another name") as error:
        sweep(**{**POINTS, **other}, results=file)
    assert "\n" not in str(error.value) and file.read_text() == text and ran == []


@pytest.mark.parametrize("text", ["my notes\n", "my notes", '{"design": "final"}\n', "[1]\n"])
def test_a_file_of_something_else_is_refused_and_left_alone(file, ran, text):
    file.write_text(text)
    with pytest.raises(ValueError, match="is not the results file of a sweep"):
        sweep(**POINTS, results=file)
    assert file.read_text() == text and ran == []


def test_an_empty_file_is_begun(file):
    file.touch()
    assert sweep(**POINTS, results=file).rows == sweep(**POINTS).rows


def processes():
    return ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("pool", [lambda: ThreadPoolExecutor(2), processes], ids=["threads", "processes"])
def test_a_results_file_and_a_pool_give_the_same_rows(file, monkeypatch, pool):
    expected = sweep(**POINTS).rows
    interrupted(file, monkeypatch, after=1)
    with pool() as executor:
        assert sweep(**POINTS, results=file, executor=executor).rows == expected
    assert len(file.read_text().splitlines()) == 1 + 4


MINE = designs["final"].patched("mine", do_page_fault=designs["final"].functions["do_page_fault"])


def test_a_design_of_this_process_does_not_travel_and_that_is_said_before_anything_is_run(ran):
    with processes() as executor, pytest.raises(ValueError, match="'mine' exists only in this process"):
        sweep(design=["final", MINE], seconds=0.01, executor=executor)
    assert ran == []


def test_a_design_of_this_process_runs_in_threads_as_it_runs_here():
    with ThreadPoolExecutor(2) as executor:
        there = sweep(design=[MINE], disk="1ms", seconds=0.01, executor=executor).rows
    assert there == sweep(design=[MINE], disk="1ms", seconds=0.01).rows


def test_a_design_of_the_catalogue_travels_by_name_although_it_was_given_as_an_object():
    given = {**POINTS, "design": [designs["synchronous"], designs["final"]]}
    with processes() as executor:
        assert sweep(**given, executor=executor).rows == sweep(**POINTS).rows


def test_a_results_file_takes_no_design_of_this_process(file, ran):
    with pytest.raises(ValueError, match="'mine'"):
        sweep(design=[MINE], seconds=0.01, results=file)
    assert ran == [] and not file.exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_gives_the_same_rows(file, monkeypatch):
    import distributed

    expected = sweep(**POINTS).rows
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        assert sweep(**POINTS, executor=client.get_executor()).rows == expected
        interrupted(file, monkeypatch, after=2)
        assert sweep(**POINTS, executor=client.get_executor(), results=file).rows == expected
