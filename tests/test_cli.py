"""The mmlab command: what it prints, what it writes, and how it complains."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest

import mmlab
from mmlab import Scenario, cli, designs, trace
from mmlab.cli import commands
from mmlab.cli.options import OPTIONS

ROOT = Path(__file__).resolve().parent.parent


def mmlab_command(capsys, *words):
    """(status, what it printed, what it complained)."""
    try:
        status = cli.main(list(words))
    except SystemExit as stop:
        status = stop.code
    written = capsys.readouterr()
    return status, written.out, written.err


@pytest.fixture
def run(capsys):
    return lambda *words: mmlab_command(capsys, *words)


def process(*words, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "mmlab", *words], env=environment, stderr=subprocess.PIPE, text=True, **options
    )


def test_every_field_of_a_scenario_has_an_option():
    assert {"design", *(field for field, *_ in OPTIONS)} == {field.name for field in fields(Scenario)}


def test_every_option_reaches_its_field():
    values = {"fault_threads": 2, "mmap_threads": 3, "ps_readers": 1, "disk": "exponential(5ms)", "channels": 2}
    values |= {"queue_depth": 7, "pause": "50us", "mmap_pause": "1us", "ps_pause": "2ms", "write_rate": 2.5}
    values |= {"cache_pages": 99, "seed": 8, "dontneed": "20us", "foreign_rate": 5, "signal_rate": 10}
    values |= {"kill_at": "3s", "truncate_at": "1s", "read_errors": 0.5, "alloc_failures": 0.25}
    values |= {"outside_holders": 1, "seq_bits": 8, "mprotect_threads": 2, "fork_every": "10ms", "fork_hold": "5ms"}
    values |= {"gup_threads": 1, "nowait_threads": 2, "copy_threads": 3, "access_pause": "3ms", "cpus": 2}
    values |= {"spu_threads": 1, "spu_off": "9ms", "spu_on": "8ms"}
    for number in (0, -1):  # the short name and the long one
        words = [word for f, options, *_ in OPTIONS for word in (options.split()[number], str(values[f]))]
        args = cli.parse(["run", "spufs_args", *words])
        given = Scenario(design=args.design, **commands.scenario_values(args))
        assert given == Scenario(design="spufs_args", **values)
        unchanged = [field.name for field in fields(Scenario) if getattr(given, field.name) == field.default]
        assert unchanged == [], "this test must give each option a value that is not the default"


@pytest.mark.parametrize("command", ["run", "compare", "explore", "step", "designs", "diff", "oracles", "grade"])
def test_each_command_has_help_with_examples(run, command):
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    assert f"examples:\n  mmlab {command}" in out


def test_help_lists_the_commands(run):
    status, out, _ = run("--help")
    assert status == 0
    assert all(command in out for command in ("run", "compare", "explore", "step", "designs", "diff", "oracles"))


def test_version(run):
    assert run("--version")[:2] == (0, f"mmlab {mmlab.__version__}\n")


def test_the_examples_in_the_help_can_be_parsed():
    import shlex

    _, subs = cli.make_parser()
    for sub in subs.values():
        examples = [line for line in sub.epilog.splitlines() if line.startswith("  mmlab ")]
        assert examples
        for line in examples:
            cli.parse(shlex.split(line)[1:])


def test_run_prints_a_caption_a_table_and_the_line_that_runs_it_again(run):
    status, out, err = run("run", "nopage_retry", "--disk", "2ms", "--seconds", "0.1")
    assert (status, err) == (0, "")
    assert out.startswith("nopage_retry: one thread faults (2 ms a read)")
    assert "retries/fault" in out
    line = out.splitlines()[-1].removeprefix("run it again: ")
    assert eval(line, {"Scenario": Scenario}).faults_per_second > 0


def test_run_as_json_is_the_result(run):
    _, out, _ = run("run", "nopage_retry", "--faults", "2", "--seconds", "0.1", "--json")
    assert json.loads(out) == Scenario(design="nopage_retry", fault_threads=2).run(0.1).as_dict()


def test_run_saves_the_whole_trace_and_the_timeline(run, tmp_path):
    trace_file, svg_file = tmp_path / "run.jsonl", tmp_path / "run.svg"
    words = ("--seconds", "0.5", "--trace", str(trace_file), "--svg", str(svg_file))
    assert run("run", "nopage_retry", *words)[0] == 0
    whole = Scenario(design="nopage_retry").run(0.5, keep=10**9).events
    with open(trace_file, encoding="utf-8") as file:
        assert list(trace.read(file)) == whole
    assert len(whole) > 50_000  # more than a run keeps: it was written while it happened
    header = json.loads(trace_file.read_text(encoding="utf-8").splitlines()[0])
    assert Scenario.from_json(json.dumps(header["scenario"])) == Scenario(design="nopage_retry")
    assert svg_file.read_text(encoding="utf-8").startswith("<svg ")


def test_compare_prints_the_published_figures_beside_the_headline(run):
    status, out, _ = run("compare", "synchronous", "nopage_retry", "--disk", "18ms", "--seconds", "1")
    assert status == 0
    for words in (
        "d065bd810b6d",
        "Linux 2.6.37",
        "published",
        "calibration",
        "prediction",
        "66.66 us",
        "18 ms per read",
    ):
        assert words in out
    rows = [line.split() for line in out.splitlines() if line.startswith(("A reads", "B pairs"))]
    assert len(rows) == 4


def test_compare_of_another_workload_stands_alone(run):
    _, out, _ = run("compare", "synchronous", "nopage_retry", "--disk", "1ms", "--seconds", "0.1")
    assert "published" not in out.lower() and len(out.splitlines()) == 4


def test_compare_as_json_has_the_results_and_the_published_figures(run):
    _, out, _ = run("compare", "synchronous", "nopage_retry", "--seconds", "0.5", "--json")
    found = json.loads(out)
    assert [row["scenario"]["design"] for row in found["results"]] == ["synchronous", "nopage_retry"]
    assert [row["published"] for row in found["published"]] == [55, 55, 55, 15_000]
    _, out, _ = run("compare", "synchronous", "--disk", "1ms", "--seconds", "0.1", "--json")
    assert json.loads(out)["published"] is None


def test_designs_is_a_tree_with_stories_and_sources(run):
    _, out, _ = run("designs")
    lines = out.splitlines()
    for design in designs.everything().values():
        depth = len(design.lineage) - 1
        at = lines.index("   " * depth + design.name)
        pad = "   " * (depth + 1)
        told = [design.story, f"lock: {design.after_retry}", f"from: {design.source}"]
        assert lines[at + 1 : at + 4] == [pad + text for text in told]
    rows = json.loads(run("designs", "--json")[1])
    assert [row["name"] for row in rows] == list(designs.everything())
    assert rows[0]["base"] is None and rows[0]["lineage"] == ["synchronous"]
    for row in rows:
        design = designs.find(row["name"])
        assert (row["after_retry"], row["lineage"]) == (design.after_retry, design.lineage)


def test_diff_is_what_the_library_says(run):
    assert run("diff", "synchronous", "nopage_retry")[1] == f"{designs.diff('synchronous', 'nopage_retry')}\n"
    assert "functions changed" in run("diff", "synchronous", "nopage_retry", "--stat")[1]
    found = json.loads(run("diff", "synchronous", "nopage_retry", "--json")[1])
    assert found["stat"]["drop_and_wait"]["removed"] == 0


def test_diff_is_coloured_on_demand_and_plain_into_a_pipe(run):
    plain = run("diff", "synchronous", "nopage_retry")[1]
    coloured = run("diff", "synchronous", "nopage_retry", "--color", "always")[1]
    assert "\033" not in plain
    for code in (commands.RED, commands.GREEN, commands.DIM, commands.BOLD, commands.PLAIN):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_diff_dims_docstrings_and_colours_code():
    patch = designs.diff("synchronous", "nopage_retry")
    lines = commands.coloured(patch).splitlines()
    assert any(line.startswith(commands.GREEN + "+") for line in lines)
    assert any(line.startswith(commands.RED + "-") for line in lines)
    dimmed = [line for line in lines if commands.DIM in line]
    docs = [line for hunk in patch.hunks.values() for _, line, is_doc in hunk if is_doc]
    assert len(dimmed) == len(docs) > 0


def test_oracles_prints_the_errors_and_succeeds(run):
    status, out, _ = run("oracles", "free looper")
    assert status == 0
    assert "1 of 1 oracles agree" in out and "half-width %" in out and "one free looper" in out
    [row] = json.loads(run("oracles", "free looper", "--json")[1])
    assert row["agrees"] is True and abs(row["error"]) <= row["tolerance"]


def test_oracles_fails_when_one_is_outside(run, monkeypatch):
    from mmlab.experiment import oracle_rows
    from mmlab.experiment.oracles import Oracle, pairs

    wrong = Oracle("wrong", "none", "/s", 1.0, pairs, {}, 0.1, 0.01)
    monkeypatch.setattr(oracle_rows, "ORACLES", (wrong,))
    status, out, _ = run("oracles")
    assert status == 1 and "OUTSIDE" in out


COMPLAINTS = [
    ("", "COMMAND"),
    ("rum", "did you mean 'run'"),
    ("run sychronous", "did you mean 'synchronous'"),
    ("compare synchronous nopage_rety", "did you mean 'nopage_retry'"),
    ("diff synchronous nopage_rety", "did you mean 'nopage_retry'"),
    ("diff synchronous", "required: B"),
    ("run --fault 3", "unknown option '--fault'; did you mean '--faults'?"),
    ("run --dsk=3ms", "did you mean '--disk'"),
    ("run synchronous nopage_retry", "unknown argument 'nopage_retry'"),
    ("run --disk", "--disk"),
    ("run --disk 18", "--disk='18' is not a time"),
    ("run --disk ssdd", "did you mean 'ssd'"),
    ("run --pause=-5us", "--pause='-5us' is out of range"),
    ("run --faults x", "--faults='x' is not allowed; it is a whole number"),
    ("run --faults 1.5", "--faults=1.5"),
    ("run --faults -1", "--faults=-1"),
    ("run --faults 0 --mmaps 0", "no tasks at all"),
    ("run --cache-pages 0", "--cache-pages=0"),
    ("run --write-rate nan", "--write-rate=nan"),
    ("run --seconds nan", "--seconds=nan"),
    ("run --seconds 5s", "--seconds='5s'"),
    ("run --seconds 0", "--seconds=0"),
    ("run --seconds 0.01 --trace no/such/folder/x", "no/such/folder/x: No such file"),
    ("run --seconds 0.01 --svg no/such/folder/x", "no/such/folder/x: No such file"),
    ("oracles xyzzy", "no oracle has xyzzy"),
]


@pytest.mark.parametrize(("line", "complaint"), COMPLAINTS, ids=[line or "nothing" for line, _ in COMPLAINTS])
def test_bad_input_is_one_line_on_standard_error_and_status_2(run, line, complaint):
    status, out, err = run(*line.split())
    assert (status, out) == (2, "")
    assert complaint in err
    assert err.startswith("mmlab") and err.endswith("\n") and err.count("\n") == 1


def test_a_finding_of_the_debugging_aids_is_a_report_and_status_1(run, monkeypatch):
    def broken(*_, **__):
        raise mmlab.KernelBug("lock leaked", "somebody left with mmap_sem", "the way out")

    monkeypatch.setattr(Scenario, "run", broken)
    status, out, err = run("run")
    assert (status, out) == (1, "")
    assert err.startswith("BUG: lock leaked: somebody left with mmap_sem\n") and "Traceback" not in err


def test_ctrl_c_is_one_line_and_status_130(run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Scenario, "run", interrupted)
    assert run("compare", "synchronous") == (130, "", "mmlab compare: interrupted\n")


def test_a_real_ctrl_c_in_the_middle_of_a_run_is_quiet_too(tmp_path):
    target = tmp_path / "trace"

    def hear_ctrl_c():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs, and so their children, ignore it

    words = ("run", "nopage_refault", "--seconds", "3000", "--trace", str(target))
    with process(*words, preexec_fn=hear_ctrl_c) as child:
        try:
            while not (target.exists() and target.stat().st_size > 1_000_000):
                assert child.poll() is None
                time.sleep(0.01)
            child.send_signal(signal.SIGINT)
            assert child.wait(60) == 130
            assert child.stderr.read() == "mmlab run: interrupted\n"
        finally:
            child.kill()


def test_a_reader_that_goes_away_is_no_error():
    with process("diff", "synchronous", "nopage_retry", "--json", stdout=subprocess.PIPE) as child:
        child.stdout.close()
        assert child.wait(60) == 141
        assert child.stderr.read() == ""


def test_a_terminal_without_a_micro_sign_still_gets_its_table():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "mmlab", "run", "nopage_retry", "--seconds", "0.1"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the unluckiest waited 1.3 ?s" in done.stdout


def test_help_needs_neither_numpy_nor_matplotlib():
    program = (
        "import sys, mmlab.cli\n"
        "try: mmlab.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'matplotlib', 'ipywidgets', 'tqdm'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
