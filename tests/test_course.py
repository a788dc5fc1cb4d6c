"""course.py: its errors, what it copies to work/, what it cleans. No test installs anything."""

import ast
import io
import json
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import course  # noqa: E402


def code(source, outputs=(), count=None, **more):
    cell = {"cell_type": "code", "execution_count": count, "id": "c", "metadata": {}, "source": source}
    return cell | {"outputs": list(outputs)} | more


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def notebook(*cells, **metadata):
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def executed(source):
    """The text of a committed notebook with one executed cell."""
    return course.dump(notebook(code(source, [stream("55 faults/s\n")], 1), widgets={"state": {}}))


@pytest.fixture
def project(tmp_path):
    """A project with pyproject, constraints and one notebook; nothing is installed."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "03-convoy.ipynb").write_text(executed("run(1)"))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\n[tool.ruff]\nline-length = 1\n')
    (tmp_path / "constraints.txt").write_text("simpy==4.1.2\n")
    return tmp_path


def publish(project, source, name="notebooks/03-convoy.ipynb"):
    """A new version of a notebook arrives in the project."""
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text(executed(source))


def edit(path, source):
    """A learner changes the first cell of a copy and saves it."""
    mine = json.loads(path.read_text())
    mine["cells"][0]["source"] = source
    path.write_text(json.dumps(mine))


def cell_of(path):
    return "".join(json.loads(path.read_text())["cells"][0]["source"])


def hand_out(project):
    return course.Desk(project).hand_out()


# --- an old Python -----------------------------------------------------------------------------------


def test_course_py_parses_on_python_3_6():
    ast.parse((ROOT / "course.py").read_text(), feature_version=(3, 6))


def test_an_old_python_gets_one_line_with_what_is_needed(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "course.py"))
    assert "Python 3.10" in stopped.value.code
    assert "3.11 or newer" in stopped.value.code
    assert "\n" not in stopped.value.code


# --- the learner's copies ----------------------------------------------------------------------------


def test_a_copy_has_no_outputs_no_counts_and_no_widget_state(project):
    hand_out(project)
    copy = json.loads((project / "work/notebooks/03-convoy.ipynb").read_text())
    assert copy["cells"][0]["outputs"] == []
    assert copy["cells"][0]["execution_count"] is None
    assert "widgets" not in copy["metadata"]
    assert "55 faults" in (project / "notebooks/03-convoy.ipynb").read_text()


def test_exercises_and_plain_files_are_handed_out_caches_and_solutions_are_not(project):
    for name in ("exercises/a.py", "notebooks/.ipynb_checkpoints/b.ipynb", "solutions/c.py"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("x = 1\n")
    hand_out(project)
    there = {p.relative_to(project / "work").as_posix() for p in (project / "work").rglob("*") if p.is_file()}
    assert there == {".handed-out.json", "notebooks/03-convoy.ipynb", "exercises/a.py"}


def test_a_project_without_notebooks_is_no_error(tmp_path):
    assert hand_out(tmp_path) == []


def test_an_untouched_copy_is_brought_up_to_date(project):
    hand_out(project)
    publish(project, "run(2)")
    assert hand_out(project) == ["Handed out to work/: 1 file."]
    assert cell_of(project / "work/notebooks/03-convoy.ipynb") == "run(2)"
    assert len(list((project / "work/notebooks").iterdir())) == 1


def test_a_copy_that_was_only_saved_by_jupyter_counts_as_untouched(project):
    hand_out(project)
    copy = project / "work/notebooks/03-convoy.ipynb"
    saved = json.loads(copy.read_text())
    saved["metadata"]["language_info"] = {"name": "python", "version": "3.12.1"}
    copy.write_text(json.dumps(saved, indent=4))
    publish(project, "run(2)")
    hand_out(project)
    assert cell_of(copy) == "run(2)"


def test_a_changed_copy_stays_and_the_new_version_is_put_beside_it_with_one_line(project):
    hand_out(project)
    copy = project / "work/notebooks/03-convoy.ipynb"
    edit(copy, "run(mine)")
    publish(project, "run(2)")
    [line] = hand_out(project)
    assert "03-convoy.new.ipynb" in line
    assert cell_of(copy) == "run(mine)"
    assert cell_of(project / "work/notebooks/03-convoy.new.ipynb") == "run(2)"


def test_a_copy_with_results_in_it_counts_as_changed(project):
    hand_out(project)
    copy = project / "work/notebooks/03-convoy.ipynb"
    copy.write_text(executed("run(1)"))
    publish(project, "run(2)")
    hand_out(project)
    assert "55 faults" in copy.read_text()


def test_a_changed_copy_without_a_new_version_is_left_alone_in_silence(project):
    hand_out(project)
    edit(project / "work/notebooks/03-convoy.ipynb", "run(mine)")
    assert hand_out(project) == []
    assert len(list((project / "work/notebooks").iterdir())) == 1


def test_a_new_version_is_offered_once_even_if_the_learner_deletes_it(project):
    hand_out(project)
    edit(project / "work/notebooks/03-convoy.ipynb", "run(mine)")
    publish(project, "run(2)")
    hand_out(project)
    (project / "work/notebooks/03-convoy.new.ipynb").unlink()
    assert hand_out(project) == []
    assert not (project / "work/notebooks/03-convoy.new.ipynb").exists()


def test_an_upgrade_loses_nothing_that_a_learner_made_and_puts_the_new_versions_beside(project, monkeypatch):
    from mmlab.course import guesses

    publish(project, "run(1)", "notebooks/04-drop.ipynb")
    publish(project, "write(1)", "exercises/ex1/ex1.ipynb")
    hand_out(project)
    work = project / "work"
    monkeypatch.chdir(work / "notebooks")
    edit(work / "notebooks/03-convoy.ipynb", "run(mine)")
    edit(work / "exercises/ex1/ex1.ipynb", "write(mine)")
    (work / "notebooks/05-livelock.ipynb").write_text(executed("by_this_name(mine)"))
    (work / "capstone-report.html").write_text("<p>mine")
    (work / "board.json").write_text('{"file": "mmlab board 1", "designs": {}}')
    for guess in (55, 27):
        assert guesses.keep("convoy-half", "What does our kernel give B?", guess, "pairs/s")
    untouched = {"notebooks/04-drop.ipynb", ".handed-out.json"}
    made = {
        p: p.read_bytes() for p in work.rglob("*") if p.is_file() and p.relative_to(work).as_posix() not in untouched
    }
    assert len(made) == 6

    for name in ("notebooks/03-convoy", "notebooks/04-drop", "notebooks/05-livelock", "exercises/ex1/ex1"):
        publish(project, "new(2)", f"{name}.ipynb")
    lines = hand_out(project)
    assert hand_out(project) == []

    assert {path: path.read_bytes() for path in made} == made
    beside = ["notebooks/03-convoy", "notebooks/05-livelock", "exercises/ex1/ex1"]
    assert [cell_of(work / f"{name}.new.ipynb") for name in beside] == ["new(2)"] * 3
    assert cell_of(work / "notebooks/04-drop.ipynb") == "new(2)"
    assert sum("is yours and stays" in line for line in lines) == 3
    assert [one["guess"] for one in guesses.all_guesses()["convoy-half"]] == [55, 27]


def test_an_offered_version_is_replaced_by_a_newer_one_unless_it_was_changed_too(project):
    hand_out(project)
    folder = project / "work/notebooks"
    edit(folder / "03-convoy.ipynb", "run(mine)")
    publish(project, "run(2)")
    hand_out(project)
    publish(project, "run(3)")
    hand_out(project)
    assert cell_of(folder / "03-convoy.new.ipynb") == "run(3)"
    edit(folder / "03-convoy.new.ipynb", "run(mine too)")
    publish(project, "run(4)")
    hand_out(project)
    assert cell_of(folder / "03-convoy.new.ipynb") == "run(mine too)"
    assert cell_of(folder / "03-convoy.new-2.ipynb") == "run(4)"
    assert cell_of(folder / "03-convoy.ipynb") == "run(mine)"


@pytest.mark.parametrize("ledger", ["", "{", "[]", '{"files": 3}', None])
def test_a_lost_or_damaged_ledger_never_costs_a_changed_copy(project, ledger):
    hand_out(project)
    copy = project / "work/notebooks/03-convoy.ipynb"
    edit(copy, "run(mine)")
    path = project / "work/.handed-out.json"
    path.unlink() if ledger is None else path.write_text(ledger)
    hand_out(project)
    assert cell_of(copy) == "run(mine)"
    assert cell_of(project / "work/notebooks/03-convoy.new.ipynb") == "run(1)"


def test_a_deleted_copy_is_handed_out_again(project):
    hand_out(project)
    (project / "work/notebooks/03-convoy.ipynb").unlink()
    hand_out(project)
    assert cell_of(project / "work/notebooks/03-convoy.ipynb") == "run(1)"


def test_a_changed_plain_file_is_compared_byte_by_byte(project):
    (project / "notebooks/data.csv").write_bytes(b"\xff,1\n")
    hand_out(project)
    copy = project / "work/notebooks/data.csv"
    assert copy.read_bytes() == b"\xff,1\n"
    copy.write_bytes(b"\xff,2\n")
    (project / "notebooks/data.csv").write_bytes(b"\xff,3\n")
    hand_out(project)
    assert copy.read_bytes() == b"\xff,2\n"
    assert (project / "work/notebooks/data.new.csv").read_bytes() == b"\xff,3\n"


def test_fresh_gives_a_new_copy_and_keeps_every_old_one(project):
    hand_out(project)
    folder = project / "work/notebooks"
    for attempt in ("first", "second"):
        edit(folder / "03-convoy.ipynb", attempt)
        line = course.Desk(project).fresh("notebooks/03-convoy.ipynb")
    assert "03-convoy.old-2.ipynb" in line
    assert cell_of(folder / "03-convoy.ipynb") == "run(1)"
    assert cell_of(folder / "03-convoy.old.ipynb") == "first"
    assert cell_of(folder / "03-convoy.old-2.ipynb") == "second"


def test_fresh_takes_the_version_that_lay_beside(project):
    hand_out(project)
    folder = project / "work/notebooks"
    edit(folder / "03-convoy.ipynb", "run(mine)")
    publish(project, "run(2)")
    hand_out(project)
    course.Desk(project).fresh("notebooks/03-convoy.ipynb")
    assert cell_of(folder / "03-convoy.ipynb") == "run(2)"
    assert not (folder / "03-convoy.new.ipynb").exists()
    assert hand_out(project) == []


def test_a_full_disk_leaves_the_copy_as_it_was(project, monkeypatch):
    hand_out(project)
    publish(project, "run(2)")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError):
        hand_out(project)
    assert cell_of(project / "work/notebooks/03-convoy.ipynb") == "run(1)"
    assert not list((project / "work").rglob("*.partial"))


def test_a_broken_notebook_is_named(project):
    (project / "notebooks/03-convoy.ipynb").write_text("{")
    with pytest.raises(course.Stop, match=r"03-convoy\.ipynb is not a notebook"):
        hand_out(project)


NAMES = [
    "notebooks/00-start.ipynb",
    "notebooks/03-convoy.ipynb",
    "notebooks/03-more.ipynb",
    "exercises/ex1.ipynb",
]


@pytest.mark.parametrize(
    "wanted",
    ["notebooks/03-convoy.ipynb", "03-convoy.ipynb", "03-convoy", "03-c", "work/notebooks/03-convoy.ipynb"],
)
def test_a_notebook_can_be_named_by_path_name_stem_or_beginning(wanted):
    assert course.pick(wanted, NAMES) == "notebooks/03-convoy.ipynb"


def test_an_unknown_notebook_gets_the_nearest_name():
    with pytest.raises(course.Stop, match="did you mean 03-convoy"):
        course.pick("03-convy", NAMES)


def test_an_ambiguous_name_lists_what_it_can_be():
    with pytest.raises(course.Stop, match=r"03-convoy\.ipynb or notebooks/03-more\.ipynb"):
        course.pick("03", NAMES)


# --- the server --------------------------------------------------------------------------------------


@pytest.fixture
def taken():
    """A port on which somebody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        yield server.getsockname()[1]


def test_a_taken_port_is_refused_before_anything_is_set_up(taken, monkeypatch, capsys):
    monkeypatch.setattr(course, "set_up", lambda *_: pytest.fail("set up first"))
    assert course.main(["lab", "--port", str(taken)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"course.py: port {taken} is taken: give another one with --port, or leave --port out"
    ]


def test_without_a_wish_the_next_free_port_is_chosen(taken, monkeypatch):
    monkeypatch.setattr(course, "FIRST_PORT", taken)
    assert taken < course.choose_port(None) < taken + 200


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_an_impossible_port_is_refused(port):
    with pytest.raises(course.Stop, match="from 1 to 65535"):
        course.choose_port(port)


def test_jupyterlab_listens_on_this_machine_only_and_keeps_its_token(project, monkeypatch):
    monkeypatch.setenv("JUPYTER_TOKEN", "")
    command = course.lab_command(project, 8888, browser=False, start="notebooks/00-start.ipynb")
    assert "--ServerApp.ip=127.0.0.1" in command
    assert "--no-browser" in command
    assert not any("token" in word.lower() or "password" in word.lower() for word in command)
    assert "JUPYTER_TOKEN" not in course.environment(project, project / "work/.jupyter")


def test_jupyter_keeps_its_files_in_the_project(project):
    env = course.environment(project, project / "work/.jupyter")
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        assert Path(env["JUPYTER_" + name]).is_relative_to(project)
    for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR", "MPLCONFIGDIR"):
        assert Path(env[name]).is_relative_to(project)


def test_jupyterlab_neither_asks_about_news_nor_looks_for_updates_and_wraps_long_lines(project, monkeypatch):
    monkeypatch.setattr(course, "ROOT", project)
    monkeypatch.setattr(course, "set_up", lambda root, extras: None)
    monkeypatch.setattr(course, "run", lambda command, env, cwd: 0)
    assert course.main(["lab", "--no-browser"]) == 0
    settings = json.loads((project / ".venv/share/jupyter/lab/settings/overrides.json").read_text())
    news = settings["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}
    assert settings["@jupyterlab/notebook-extension:tracker"]["codeCellConfig"]["lineWrap"] is True


# --- the set-up --------------------------------------------------------------------------------------


@pytest.fixture
def installs(project, monkeypatch):
    """Set-ups of this project as they were made: a list of the extras installed each time."""
    made = []

    def make(venv, moved=False):
        course.write_text(course.venv_python(venv), "")

    def install(root, extras, log):
        log.write_text("")
        made.append(extras)

    monkeypatch.setattr(course, "make_venv", make)
    monkeypatch.setattr(course, "install", install)
    return made


def test_a_second_set_up_installs_nothing(project, installs):
    course.set_up(project, {"course"})
    course.set_up(project, {"course"})
    assert installs == [["course"]]


def test_other_extras_are_added_and_then_stay(project, installs):
    course.set_up(project, {"course"})
    course.set_up(project, {"course", "test"})
    course.set_up(project, {"course"})
    assert installs == [["course"], ["course", "test"]]


def test_new_constraints_or_requirements_are_installed_but_not_for_a_linter_setting(project, installs):
    course.set_up(project, {"course"})
    (project / "pyproject.toml").write_text('[project]\nname = "p"\n[tool.ruff]\nline-length = 2\n')
    course.set_up(project, {"course"})
    assert len(installs) == 1
    (project / "constraints.txt").write_text("simpy==4.1.3\n")
    course.set_up(project, {"course"})
    assert len(installs) == 2
    (project / "pyproject.toml").write_text('[project]\nname = "q"\n')
    course.set_up(project, {"course"})
    assert len(installs) == 3


def test_a_project_that_was_moved_is_set_up_again(project, installs, tmp_path_factory):
    course.set_up(project, {"course"})
    moved = tmp_path_factory.mktemp("elsewhere") / "p"
    os.rename(project, moved)
    course.set_up(moved, {"course"})
    assert len(installs) == 2


def test_an_interrupted_install_is_noticed_and_continued(project, installs, monkeypatch, capsys):
    def interrupted(root, extras, log):
        log.write_text("Collecting simpy\n")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(course, "install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            course.set_up(project, {"course"})
    course.set_up(project, {"course"})
    assert "did not finish: continuing" in capsys.readouterr().out
    assert installs == [["course"]]


def test_packages_that_were_cut_off_are_installed_again(tmp_path):
    for name, files in {"whole": ["INSTALLER", "RECORD"], "half": ["METADATA", "RECORD"]}.items():
        (tmp_path / f"{name}-1.dist-info").mkdir()
        for file in files:
            (tmp_path / f"{name}-1.dist-info" / file).write_text("")
    course.forget_half_installed(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["whole-1.dist-info"]


def test_a_python_without_ensurepip_is_told_which_package_brings_it(project, monkeypatch, capsys):
    found = course.importlib.util.find_spec
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else found(name))
    monkeypatch.setattr(course, "ROOT", project)
    assert course.main(["test"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "apt install python3-venv" in line


def test_a_venv_that_fails_for_want_of_ensurepip_or_space_says_so():
    debian = "The virtual environment was not created successfully because ensurepip is not\navailable."
    assert course.why_venv_failed(debian) == course.NO_VENV
    assert course.why_venv_failed("OSError: [Errno 28] No space left on device") == course.NO_SPACE
    assert course.why_venv_failed("a\nb\n").endswith(": b")


PIP = "Collecting simpy<5,>=4.1\n{}\nERROR: No matching distribution found for simpy<5,>=4.1\n"
RETRY = "WARNING: Retrying (Retry(total=4)) after connection broken by '{}': /simple/simpy/"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (RETRY.format("NewConnectionError('[Errno -3] Temporary failure in name resolution')"), "NO_NETWORK"),
        (RETRY.format("ConnectTimeoutError(timed out)"), "NO_NETWORK"),
        (RETRY.format("ProxyError('Cannot connect to proxy.')"), "NO_NETWORK"),
        (RETRY.format("SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')"), "NO_TRUST"),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "NO_SPACE",
        ),
        (RETRY.format("NewConnectionError()") + "\n[Errno 28] No space left on device", "NO_SPACE"),
    ],
)
def test_a_failed_pip_is_explained_in_one_line(said, told):
    assert course.why_pip_failed(PIP.format(said)) == getattr(course, told)
    assert "\n" not in getattr(course, told)


def test_a_failure_of_another_kind_gives_pips_last_error_and_where_the_log_is():
    told = course.why_pip_failed(PIP.format(""))
    assert "No matching distribution found" in told
    assert ".venv/install.log" in told


def test_a_failing_pip_stops_the_set_up_without_a_stamp(project, monkeypatch, capsys):
    monkeypatch.setattr(course, "make_venv", lambda venv, moved: venv.mkdir())
    monkeypatch.setattr(course, "ROOT", project)
    script = "print('No space left on device'); raise SystemExit(1)"
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: real([sys.executable, "-c", script], **more))
    assert course.main(["test"]) == 1
    assert capsys.readouterr().err == "course.py: " + course.NO_SPACE + "\n"
    assert not course.is_current(project, {"course"})
    assert "No space" in (project / ".venv/install.log").read_text()


def test_pips_log_is_condensed_to_one_line_of_progress():
    assert course.condense("", 0) == "  starting pip"
    log = "Obtaining p\nCollecting simpy<5\n  Downloading simpy.whl\nCollecting numpy\n"
    assert course.condense(log, 0) == "  fetching: 2 packages, numpy"
    waiting = log + "  WARNING: Retrying (Retry(total=4))\n"
    assert course.condense(waiting, 0) == "  the package index does not answer, trying again"
    done = waiting + "Collecting six\nInstalling collected packages: simpy, numpy, six\n"
    assert course.condense(done, 1) == "  installing: 1 of 3 packages"
    assert course.condense(done, 9) == "  installing: 3 of 3 packages"


@pytest.mark.parametrize(("tty", "shown"), [(False, "a\nb\n"), (True, "\ra   \rb   \r    \r")])
def test_progress_is_rewritten_on_a_terminal_and_plain_elsewhere(tty, shown, monkeypatch):
    monkeypatch.setattr(course.shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((5, 1)))
    output = io.StringIO()
    output.isatty = lambda: tty
    progress = course.Progress(output, seconds=0.0)
    for text in "aab":
        progress.show(text)
    progress.clear()
    assert output.getvalue() == shown


def test_a_full_disk_is_one_line_whatever_was_being_written(monkeypatch, capsys):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(course, "dispatch", full)
    assert course.main([]) == 1
    assert capsys.readouterr().err == "course.py: " + course.NO_SPACE + "\n"


def test_ctrl_c_is_one_line(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(course, "dispatch", interrupted)
    assert course.main([]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1


# --- test --------------------------------------------------------------------------------------------


def test_the_environment_of_another_folder_is_left_alone(project, tmp_path):
    (tmp_path / "other").mkdir()
    (project / ".venv").symlink_to(tmp_path / "other", target_is_directory=True)
    with pytest.raises(course.Stop, match="another folder"):
        course.set_up(project, {"course"})
    assert list((tmp_path / "other").iterdir()) == []


def test_paths_given_to_pytest_hold_from_any_folder(project):
    (project / "tests").mkdir()
    (project / "tests/test_a.py").write_text("")
    arguments = ["test_a.py::test_b", "-k", "test_a.py", "-x", "lock"]
    here = course.pytest_arguments(arguments, project, project / "tests")
    assert here == [f"{project}/tests/test_a.py::test_b", "-k", "test_a.py", "-x", "lock"]
    assert course.pytest_arguments(["tests"], project, project) == ["tests"]


def test_arguments_of_test_go_to_pytest_as_they_are(project, monkeypatch):
    asked = []
    monkeypatch.setattr(course, "set_up", lambda root, extras: asked.append(extras))
    monkeypatch.setattr(course, "run", lambda command, env, cwd: asked.append((command[1:], cwd)) or 5)
    monkeypatch.setattr(course, "ROOT", project)
    assert course.main(["test", "--slow", "-m", "slow", "-k", "a b"]) == 5
    assert asked == [{"course", "test"}, (["-m", "pytest", "--slow", "-m", "slow", "-k", "a b"], project)]


def test_the_whole_default_tier_runs_in_several_processes_and_a_chosen_part_in_one():
    assert course.side_by_side([], cpus=2) == ["-n", "2", "--dist", "loadfile"]
    assert course.side_by_side([], cpus=64)[1] == "4"
    assert course.side_by_side([], cpus=1) == course.side_by_side(["-x"], cpus=2) == []


@pytest.mark.parametrize("command", [[], ["lab"], ["test"], ["refresh"]])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        course.main([*command, "--help"])
    assert stopped.value.code == 0
    assert "usage: course.py" in capsys.readouterr().out


# --- refresh -----------------------------------------------------------------------------------------


def test_cleaning_numbers_the_cells_and_drops_what_differs_from_run_to_run():
    result = {"output_type": "execute_result", "execution_count": 9, "metadata": {}}
    result["data"] = {"text/plain": "IntSlider()", course.VIEW: {"model_id": "a1"}}
    only_view = {"output_type": "display_data", "metadata": {}, "data": {course.VIEW: {"model_id": "b2"}}}
    dirty = notebook(
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Convoy"},
        code("a", [result], 9, id="x", metadata={"execution": {"iopub.status": "now"}, "tags": ["keep"]}),
        code("b", [only_view], 12, id="y"),
        kernelspec={"name": "venv", "display_name": "mine"},
        language_info={"name": "python", "version": "3.12.1"},
        widgets={"state": {}},
    )
    done = course.clean(dirty)
    assert [cell.get("execution_count") for cell in done["cells"]] == [None, 1, 2]
    assert done["cells"][1]["outputs"][0]["execution_count"] == 1
    assert done["cells"][1]["outputs"][0]["data"] == {"text/plain": ["IntSlider()"]}
    assert done["cells"][1]["metadata"] == {"tags": ["keep"]}
    assert done["cells"][2]["outputs"] == []
    assert set(done["metadata"]) == {"kernelspec", "language_info"}
    assert done["metadata"]["kernelspec"]["name"] == "python3"
    assert "version" not in done["metadata"]["language_info"]


def test_pieces_of_one_stream_are_joined_and_other_outputs_keep_their_place():
    picture = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "p"}}
    pieces = [stream("a"), stream("b\n"), stream("e", "stderr"), stream("c"), picture, stream("d")]
    cell = course.clean(notebook(code("x", pieces, 1)))["cells"][0]
    texts = [(o.get("name"), o.get("text")) for o in cell["outputs"]]
    assert texts == [
        ("stdout", ["ab\n"]),
        ("stderr", ["e"]),
        ("stdout", ["c"]),
        (None, None),
        ("stdout", ["d"]),
    ]


def test_a_progress_bar_leaves_its_last_state():
    assert course.settle("  0%\r 50%\r100%\nend\n") == "100%\nend\n"
    assert course.settle("a\r\nb") == "a\nb"


def test_cell_ids_stay_and_missing_or_repeated_ones_are_made_from_the_text():
    cells = [code("a", id="kept"), code("b", id="kept"), code("b"), code("b")]
    for cell in cells[2:]:
        del cell["id"]
    first = [cell["id"] for cell in course.give_ids(notebook(*json.loads(json.dumps(cells))))["cells"]]
    again = [cell["id"] for cell in course.give_ids(notebook(*cells))["cells"]]
    assert first == again
    assert first[0] == "kept"
    assert len(set(first)) == 4


def test_cleaning_twice_changes_nothing_more():
    once = course.dump(course.clean(notebook(code("a\nb", [stream("1\n2\r3\n")], 4))))
    assert course.dump(course.clean(json.loads(once))) == once
    assert once.endswith("}\n")


def test_tracebacks_name_files_of_the_project_from_its_folder():
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": [f"File {ROOT}/mmlab/a.py:1"]}
    done = course.clean(notebook(code("x", [error], 1)))
    assert done["cells"][0]["outputs"][0]["traceback"] == [f"File mmlab{os.sep}a.py:1".replace(os.sep, "/")]


def test_a_path_of_the_machine_in_an_output_is_found():
    both = notebook(code("x", [stream("/home/me/p/data\n")], 1), code("/home/me/p", [], 2))
    assert course.absolute_paths(both, ["/home/me/p"]) == [(1, "/home/me/p")]


@pytest.fixture
def one_refreshed(project, monkeypatch):
    """refresh of the one notebook of a project, with an execution that always gives the same."""
    monkeypatch.setattr(course, "ROOT", project)
    monkeypatch.setattr(course, "execute", lambda path: "executed\n")
    path = project / "notebooks/03-convoy.ipynb"
    return path, lambda check: course.refresh_inside(["notebooks/03-convoy.ipynb"], check)


def test_refresh_stores_and_says_what_changed(one_refreshed, capsys):
    path, refresh = one_refreshed
    assert refresh(check=False) == 0
    assert path.read_text() == "executed\n"
    assert "[1/1] notebooks/03-convoy.ipynb ... changed" in capsys.readouterr().out
    assert refresh(check=True) == 0


def test_refresh_check_changes_nothing_and_fails_if_it_would(one_refreshed):
    path, refresh = one_refreshed
    before = path.read_text()
    assert refresh(check=True) == 1
    assert path.read_text() == before


def test_a_notebook_that_fails_is_left_alone_and_the_cell_is_named(one_refreshed, monkeypatch, capsys):
    path, refresh = one_refreshed
    before = path.read_text()

    def fails(path):
        raise course.Stop("cell 7: ValueError: no")

    monkeypatch.setattr(course, "execute", fails)
    assert refresh(check=False) == 1
    assert path.read_text() == before
    assert "failed, cell 7: ValueError: no" in capsys.readouterr().out


def test_execution_gives_clean_outputs_and_names_the_failing_cell(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(course.dump(notebook(code("import os\nprint(os.path.exists('a.ipynb'))"), code("1 / 0", id="d"))))
    with pytest.raises(course.Stop, match="cell 2: ZeroDivisionError"):
        course.execute(path)
    path.write_text(course.dump(notebook(code("import os\nprint(os.path.exists('a.ipynb'))", [stream("old")], 7))))
    [cell] = json.loads(course.execute(path))["cells"]
    assert cell["execution_count"] == 1
    assert cell["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["True\n"]}]
