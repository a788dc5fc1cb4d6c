"""compare and sweep: the same figures as single runs, wherever they run; mistakes are found before anything runs."""

import multiprocessing
import sys
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from mmlab import Scenario, compare, exponential, sweep
from mmlab.designs import series
from mmlab.experiment import progress
from mmlab.experiment.sweep import FIGURES

POINTS = {"design": ["synchronous", "nopage_retry"], "disk": ["1ms", "exponential(2ms)"], "fault_threads": 2}


def run_nothing(monkeypatch):
    """Make every run an error."""
    monkeypatch.setattr(Scenario, "run", lambda *_, **__: pytest.fail("something was run"))


def test_a_sweep_has_a_row_for_each_combination_in_order():
    rows = sweep(**POINTS, seconds=0.05).rows
    assert [(row["design"], row["disk"]) for row in rows] == [
        ("synchronous", "1ms"),
        ("synchronous", "exponential(2ms)"),
        ("nopage_retry", "1ms"),
        ("nopage_retry", "exponential(2ms)"),
    ]
    assert all("fault_threads" not in row for row in rows)


def test_a_row_holds_the_figures_of_a_single_run():
    [row] = sweep(design=["nopage_retry"], disk="1ms", seconds=0.05).rows
    result = Scenario(design="nopage_retry", disk="1ms").run(0.05)
    assert {name: row[name] for name in FIGURES} == {name: getattr(result, name) for name in FIGURES}
    assert row["mmap_wait_p99"] == result.mmap_wait.p99 and row["fault_call_max"] == result.fault_call.max


def processes(workers):
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, processes])
def test_an_executor_gives_the_same_rows_as_no_executor(pool):
    with pool(2) as executor:
        assert sweep(**POINTS, seconds=0.05, executor=executor).rows == sweep(**POINTS, seconds=0.05).rows


def test_the_catalogue_a_generator_and_a_range_can_be_varied():
    rows = sweep(design=series, fault_threads=range(1, 3), seed=(n for n in (5, 6)), seconds=0.001).rows
    assert len(rows) == len(series) * 4
    assert [row["design"] for row in rows[::4]] == list(series)


def test_designs_and_distributions_stand_in_the_rows_as_text():
    rows = sweep(design=[series["nopage_retry"]], pause=[exponential("5us")], seconds=0.001).rows
    assert (rows[0]["design"], rows[0]["pause"]) == ("nopage_retry", "exponential(5us)")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"fault_thread": [1, 2]}, "did you mean 'fault_threads'"),
        ({"designs": ["synchronous"]}, "did you mean 'design'"),
        ({"design": ["synchronous", "nopage_retri"]}, "did you mean 'nopage_retry'"),
        ({"disk": []}, r"disk=\[\] has no values"),
        ({"fault_threads": [1, 2, 0], "mmap_threads": 0}, "no tasks at all"),
        ({"seconds": 0}, "seconds=0"),
        ({"seconds": [1, 2]}, "seconds="),
    ],
)
def test_a_sweep_with_a_mistake_runs_nothing(monkeypatch, values, complaint):
    run_nothing(monkeypatch)
    with pytest.raises(ValueError, match=complaint):
        sweep(**values)


def test_the_first_failure_ends_a_sweep_on_an_executor():
    class Broken:
        futures = ()

        def submit(self, *_):
            future = Future()
            if not self.futures:
                future.set_exception(RuntimeError("worker died"))
            self.futures = (*self.futures, future)
            return future

    broken = Broken()
    with pytest.raises(RuntimeError, match="worker died"):
        sweep(fault_threads=[1, 2, 3], executor=broken)
    assert [future.cancelled() for future in broken.futures] == [False, True, True]


def test_progress_is_told_after_each_run(monkeypatch):
    shares = []

    class Bar:
        def __enter__(self):
            return shares.append

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(sys.modules["mmlab.experiment.sweep"], "bar", lambda what, wanted: Bar())
    sweep(fault_threads=[1, 2, 3, 4], seconds=0.001)
    assert shares == [0.25, 0.5, 0.75, 1]
    shares.clear()
    with ThreadPoolExecutor(2) as pool:
        sweep(fault_threads=[1, 2], seconds=0.001, executor=pool)
    assert shares == [0.5, 1]


def test_without_a_terminal_there_is_no_bar(capsys):
    with progress.bar("x", None) as tell:
        assert tell is None
    with progress.bar("x", False) as tell:
        assert tell is None


def test_a_wanted_bar_is_drawn_on_standard_error(capsys):
    with progress.bar("my run", True) as tell:
        tell(0.5)
        tell(1)
    written = capsys.readouterr()
    assert "my run" in written.err and written.out == ""


def test_runs_in_threads_leave_no_trace_in_each_other():
    expected = Scenario(disk="1ms", fault_threads=2).run(0.2).as_dict()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(Scenario(disk="1ms", fault_threads=2).run(0.2).as_dict()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_a_sweep_prints_a_table_and_draws_a_chart():
    swept = sweep(design=["synchronous", "nopage_retry"], fault_threads=[1, 2], seconds=0.05)
    assert "fault_threads" in repr(swept) and "<table" in swept._repr_html_()
    chart = swept.chart("fault_threads", by="design")
    assert "mmaps_per_second" in chart.caption and chart.rows == swept.rows


def test_compare_gives_each_design_the_same_workload():
    comparison = compare(["synchronous", series["nopage_retry"]], disk="2ms", seconds=0.2, seed=4)
    assert [result.design for result in comparison] == ["synchronous", "nopage_retry"]
    assert (
        comparison["nopage_retry"].as_dict() == Scenario(design="nopage_retry", disk="2ms", seed=4).run(0.2).as_dict()
    )
    assert len(comparison.table().rows) == 2
    assert comparison.caption.startswith("synchronous: ") and "nopage_retry: " in comparison.caption
    assert [row["scenario"]["design"] for row in comparison.as_dict()] == ["synchronous", "nopage_retry"]


def test_a_comparison_names_what_it_has_when_asked_for_something_else():
    with pytest.raises(KeyError, match="'final' was not compared; there are synchronous"):
        compare("synchronous", seconds=0.01)["final"]


@pytest.mark.parametrize(
    ("designs", "values", "complaint"),
    [
        ([], {}, "at least one design"),
        (7, {}, "designs=7 is not a list"),
        (["synchronous", "nopage_retri"], {}, "did you mean 'nopage_retry'"),
        (["synchronous"], {"design": "nopage_retry"}, "first argument"),
        (["synchronous"], {"mmap_thread": 2}, "did you mean 'mmap_threads'"),
    ],
)
def test_a_comparison_with_a_mistake_runs_nothing(monkeypatch, designs, values, complaint):
    run_nothing(monkeypatch)
    with pytest.raises(ValueError, match=complaint):
        compare(designs, **values)
