"""mmlab explore: what it prints, what it writes, and the status that says what was proved."""

import json

import pytest
from test_cli import mmlab_command

import mmlab
from mmlab.experiment.worlds import WORLDS


@pytest.fixture
def run(capsys):
    return lambda *words: mmlab_command(capsys, "explore", *words)


def test_safe_and_live_is_status_0_with_the_bounds(run):
    status, out, err = run("synchronous", "--scenario", "one fault")
    assert (status, err) == (0, "")
    assert "safe and live in every interleaving of «one fault»" in out
    assert WORLDS["one fault"].bounds in out


def test_a_finding_is_status_1_with_the_report_and_the_interleaving(run):
    status, out, _ = run("nopage_retry", "--scenario", "a fault under DONTNEED")
    told = mmlab.explore("nopage_retry", "a fault under DONTNEED").counterexample
    assert status == 1
    assert "BUG: livelock" in out and told.text() in out
    assert "mmlab step nopage_retry --scenario 'a fault under DONTNEED'" in out


def test_cut_off_is_status_2_and_never_safe(run):
    status, out, _ = run("synchronous", "--most", "20")
    assert status == 2
    assert "cut off" in out and "safe" not in out


def test_a_finding_counts_more_than_a_search_that_was_cut_off(run):
    words = ("nopage_retry", "--scenario", "a fault under DONTNEED", "--scenario", "two faults", "--most", "60")
    status, out, _ = run(*words)
    assert status == 1
    assert "livelock" in out and "cut off" in out


def test_several_designs_and_scenarios_are_one_table(run):
    status, out, _ = run("synchronous", "final", "--scenario", "one fault", "--scenario", "a bad address")
    assert status == 0
    rows = [line for line in out.splitlines() if line.startswith(("synchronous ", "final "))]
    assert len(rows) == 4
    assert "endless mmap" in out


def test_json_is_the_verdict_without_anything_that_differs_from_run_to_run(run):
    status, out, _ = run("nopage_retry", "--scenario", "a fault under DONTNEED", "--json")
    verdict = mmlab.explore("nopage_retry", "a fault under DONTNEED")
    assert status == 1
    assert json.loads(out) == [json.loads(json.dumps(verdict.as_dict()))]


def test_svg_is_the_picture_of_the_counterexample(run, tmp_path):
    path = tmp_path / "livelock.svg"
    assert run("nopage_retry", "--scenario", "a fault under DONTNEED", "--svg", str(path))[0] == 1
    told = mmlab.explore("nopage_retry", "a fault under DONTNEED").counterexample
    assert path.read_text(encoding="utf-8") == told.picture().svg + "\n"
    nothing = tmp_path / "nothing.svg"
    _, out, _ = run("synchronous", "--scenario", "one fault", "--svg", str(nothing))
    assert not nothing.exists() and "was not written" in out


def test_the_small_worlds_are_listed_with_their_bounds(run):
    status, out, _ = run("--list")
    assert status == 0
    assert all(name in out and world.bounds in out for name, world in WORLDS.items())
    assert json.loads(run("--list", "--json")[1]) == {name: world.bounds for name, world in WORLDS.items()}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no DESIGN was given"),
        (("finale",), "did you mean 'final'"),
        (("final", "--scenario", "two fautls"), "did you mean 'two faults'"),
        (("final", "--grain", "line"), "--grain"),
        (("final", "--most", "few"), "most='few'"),
        (("final", "synchronous", "--svg", "x.svg"), "one DESIGN and one --scenario"),
        (("final", "--scenari", "one fault"), "did you mean '--scenario'"),
    ],
)
def test_bad_input_is_status_2_and_one_line(run, words, message):
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert message in err and err.count("\n") == 1


def test_the_help_says_what_the_status_means(run):
    _, out, _ = run("--help")
    assert "exit status:" in out
    assert "0  safe and live" in out and "2  cut off" in out and "bad input" in out
