"""A batch of submissions: nothing is graded twice, nothing is lost, and nothing in one of them stops the others."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys

import pytest
from grading_helpers import ROOT, UNSEEN, Instant, hand_in, notebook

from mmlab import cli
from mmlab.grading import batch, engines, results, sandbox, store
from mmlab.grading.batch import Halted, Interrupted, grade
from mmlab.grading.classkey import class_key, fingerprint
from mmlab.grading.score import GRADED, MISSING, REJECTED, TROUBLE, Score
from mmlab.grading.store import Basis


@pytest.fixture
def place(tmp_path):
    """A folder with four submissions, one of which is no notebook."""
    for number, student in enumerate(("ann", "bob", "cid"), 1):
        hand_in(tmp_path / "in", student, notebook("#" * number))
    hand_in(tmp_path / "in", "eve", "{")
    return tmp_path


@pytest.fixture
def run(place, monkeypatch):
    """Grade that folder with an engine that runs nothing."""

    def run(engine=None, **options):
        monkeypatch.setattr(batch, "Local", engine or Instant())
        options = {"unseen": UNSEEN, "key": place / "key", "unsafe": True, "progress": False, **options}
        return grade(place / "in", place / "out", **options)

    return run


def scores(place):
    return {one.student: (one.status, one.points) for one in results(place / "out")}


def csv(place):
    return (place / "out" / "grades.csv").read_text(encoding="utf-8")


ALL = {"ann": (GRADED, 1.0), "bob": (GRADED, 2.0), "cid": (GRADED, 3.0), "eve": (REJECTED, None)}


def test_each_submission_gets_its_score_and_a_second_time_nothing_is_done(place, run):
    assert run().graded == {GRADED: 3, REJECTED: 1}
    assert scores(place) == ALL
    before = csv(place)
    again = Instant()
    summary = run(again)
    assert (again.jobs, summary.kept, sum(summary.graded.values())) == ([], 4, 0)
    assert csv(place) == before


def test_a_changed_submission_is_graded_again_and_the_others_are_not(place, run):
    run()
    hand_in(place / "in", "bob", notebook("#" * 9))
    engine = Instant()
    assert run(engine).changed == [("bob", "ex4", 2.0, 9.0)]
    assert [job.student for job, _ in engine.jobs] == ["bob"]


def test_changed_checks_and_a_changed_key_make_every_score_anew(place, run, monkeypatch):
    run()
    monkeypatch.setattr(batch, "checks_version", lambda unseen: "another")
    engine = Instant()
    run(engine)
    assert len(engine.jobs) == 3
    engine = Instant()
    summary = run(engine, key=place / "other key", again=True)
    assert (len(engine.jobs), summary.other_key, summary.new_key) == (3, 4, place / "other key")


def test_another_class_key_by_mistake_changes_nothing(place, run):
    run()
    before = {path: path.read_bytes() for path in (place / "out" / "results").rglob("*.json")}
    (place / "wrong key").write_text("the class key of another course\n")
    for name, what in (("wrong key", "wrong key is not"), ("other", "other is not there, and is not")):
        engine = Instant()
        with pytest.raises(ValueError, match=f"{what} the class key that 4 scores .*--key.*mmlab regrade"):
            run(engine, key=place / name)
        with pytest.raises(ValueError, match=f"{what} the class key that 1 scores .*without --student"):
            run(engine, key=place / name, again=True, only=["ann"])  # one student by another measure than all others
        assert engine.jobs == []
    assert not (place / "other").exists()
    assert {path: path.read_bytes() for path in (place / "out" / "results").rglob("*.json")} == before


def test_regrade_does_chosen_students_again_and_says_what_changed(place, run):
    run()
    engine = Instant()
    summary = run(engine, again=True, only=["ann", "cid"])
    assert [job.student for job, _ in engine.jobs] == ["ann", "cid"]
    assert summary.changed == []
    with pytest.raises(ValueError, match="'zoe'"):
        run(only=["zoe"])


def stops(error, at=2):
    """Raise an error when so many submissions have begun."""

    def after(number):
        if number == at:
            raise error

    return after


def test_ctrl_c_loses_nothing_that_was_graded_and_the_same_call_goes_on(place, run):
    with pytest.raises(Interrupted, match="1 graded just now are kept"):
        run(Instant(stops(KeyboardInterrupt(), 3)))
    assert scores(place) == {"ann": (GRADED, 1.0)}
    assert csv(place).startswith("student,ex4")
    engine = Instant()
    assert run(engine).kept == 1
    assert [job.student for job, _ in engine.jobs] == ["bob", "cid"]
    assert scores(place) == ALL


def test_a_full_disk_stops_in_one_line_and_leaves_whole_files_only(place, run, monkeypatch):
    def full(*_):
        if len(list((place / "out").rglob("*.json"))) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(Halted, match=r"No space left on device.*2 graded just now are kept") as caught:
        run()
    assert "\n" not in str(caught.value) and ".partial" not in str(caught.value)
    assert str(place / "out" / "results") in str(caught.value)
    assert sorted(scores(place)) == ["ann", "bob"]
    assert [path.name for path in (place / "out").rglob("*") if path.name.endswith(".partial")] == []
    monkeypatch.undo()
    monkeypatch.setattr(batch, "Local", Instant())
    grade(place / "in", place / "out", unseen=UNSEEN, key=place / "key", unsafe=True, progress=False)
    assert scores(place) == ALL


def test_an_error_of_the_grader_is_no_zero_is_logged_and_is_tried_again(place, run):
    engine = Instant(trouble={"bob"})
    assert run(engine).troubles == 1
    assert [job.student for job, _ in engine.jobs] == ["ann", "bob", "cid", "bob"]  # once more, alone, at the end
    assert scores(place) == {**ALL, "bob": (TROUBLE, None)}
    assert "'bob' ex4: infrastructure error\nTraceback" in (place / "out" / "log.txt").read_text()
    assert "\nbob,,20,infrastructure error,0\n" in csv(place)
    assert run().graded == {GRADED: 1}
    assert scores(place) == ALL


def test_what_hung_is_looked_at_once_more_after_all_others_and_what_comes_then_counts(place, run):
    engine = Instant(alone={"ann"})
    run(engine)
    assert [(job.student, before is not None) for job, before in engine.jobs] == [
        ("ann", False), ("bob", False), ("cid", False), ("ann", True),
    ]  # fmt: skip
    assert scores(place) == ALL


def test_who_handed_in_nothing_is_missing_and_who_is_on_no_list_is_told(place, run):
    hand_in(place / "in", "ann", notebook("#"), "ex4")
    (place / "list").write_text("ann\nzoe\nbob\n")
    summary = run(students=place / "list")
    assert scores(place) == {**ALL, "zoe": (MISSING, None)}
    assert (summary.unlisted, summary.absent) == (["cid", "eve"], ["zoe"])
    hand_in(place / "in", "zoe", notebook("#" * 7))
    assert run(students=place / "list").changed == []
    assert scores(place)["zoe"] == (GRADED, 7.0)


def test_a_score_stays_when_its_submission_is_no_longer_there(place, run):
    run()
    (place / "in" / "bob" / "ex4" / "ex4.ipynb").unlink()
    run()
    assert scores(place) == ALL


def test_a_file_that_cannot_be_read_costs_its_own_student_only(place, run, monkeypatch):
    take = batch.take

    def fails(path):
        if "bob" in str(path):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return take(path)

    monkeypatch.setattr(batch, "take", fails)
    run()
    assert scores(place) == {**ALL, "bob": (TROUBLE, None)}


FULL = """
full=$1; ballast=$2; shift 2
head -c "$ballast" /dev/zero > "$full/ballast"
"$@"; echo "status $?"
find "$full/g" -name '*.partial'
rm "$full/ballast"
"$@"; echo "status $?"
cat "$full/g/final.csv"
"""


@pytest.mark.slow
@pytest.mark.parametrize("left", [12, 60, 150])  # kB: for some results; for all of them; for half of a gradebook
def test_on_a_disk_that_is_really_full_it_stops_in_one_line_and_goes_on_when_there_is_room(tmp_path, left):
    source = json.loads((ROOT / "exercises" / "ex9" / "ex9.ipynb").read_text())
    for student in ("ann", "bob", "cid", "dan", "eve"):
        hand_in(tmp_path / "in", student, json.dumps(source), "ex9")
    full, size = tmp_path / "full", 1_000
    full.mkdir()
    walls = [shutil.which("bwrap"), "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--size", str(size << 10)]
    words = [sys.executable, "-m", "mmlab", "grade", str(tmp_path / "in"), "--out", str(full / "g"), "--unsafe-local"]
    words += ["--unseen", str(UNSEEN), "--key", str(tmp_path / "key"), "--no-progress"]
    done = subprocess.run(
        [*walls, "--tmpfs", str(full), "sh", "-c", FULL, "sh", str(full), str(size - left << 10), *words],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    first, second, table = done.stdout.split("status ")
    complaints = [line for line in done.stderr.splitlines() if "WITHOUT walls" not in line]
    assert first == "" and second.startswith("2\n") and ".partial" not in second
    assert len(complaints) == 1 and "No space left on device" in complaints[0] and f"{full}/g/" in complaints[0]
    assert table.startswith("0\n") and len(table.splitlines()) == 2 + 5


def test_submissions_that_change_while_they_are_graded_are_graded_as_they_were_read_and_again_the_next_time(place, run):
    (place / "list").write_text("ann\nbob\ncid\neve\n")

    def meddle(number):
        if number == 2:  # ann and bob are under way, cid has not been read
            hand_in(place / "in", "ann", notebook("#" * 9))
            (place / "in" / "cid" / "ex4" / "ex4.ipynb").unlink(missing_ok=True)
            hand_in(place / "in", "dan", notebook("#" * 4))

    summary = run(Instant(meddle), students=place / "list")
    assert scores(place) == {**ALL, "cid": (MISSING, None)}
    assert len(summary.stray) == 1 and "cid" in summary.stray[0] and "not there any more" in summary.stray[0]
    engine = Instant()
    run(engine)
    assert [job.student for job, _ in engine.jobs] == ["ann", "dan"]
    assert scores(place) == {**ALL, "ann": (GRADED, 9.0), "cid": (MISSING, None), "dan": (GRADED, 4.0)}


def test_what_was_there_is_there_still_when_a_file_cannot_be_put_in_its_place(tmp_path, monkeypatch):
    store.whole(tmp_path / "grades.csv", "old")

    def fails(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(store.os, "replace", fails)
    with pytest.raises(OSError):
        store.whole(tmp_path / "grades.csv", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("grades.csv", "old")]


NAMES = ["../../up", "a/../b", "new\nline", "quo'te\"", "=1+1", "李", "a" * 200, ".", "..", "CON", "x\udc80"]


def test_no_name_of_a_student_leads_out_of_the_folder_of_results(tmp_path):
    for name in NAMES:
        store.write(tmp_path / "out", Score(name, "ex4", GRADED, 1.0, 20), Basis("", "", ""))
    assert sorted(one.student for one in results(tmp_path / "out")) == sorted(NAMES)
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "out" / "results" / "ex4"}
    assert len(list(tmp_path.rglob("*.json"))) == len(NAMES)


def test_a_broken_result_is_named_and_what_is_no_folder_of_results_too(tmp_path):
    with pytest.raises(ValueError, match="no results"):
        results(tmp_path)
    store.write(tmp_path, Score("ann", "ex4", GRADED, 1.0, 20), Basis("", "", ""))
    path = store.path_of(tmp_path, "ann", "ex4")
    for text in ("", "{", "[]", json.dumps({"score": {}, "basis": {}})):
        path.write_text(text)
        with pytest.raises(ValueError, match="delete it"):
            results(tmp_path)
        assert store.known(tmp_path, "ann", "ex4") is None  # so that it is graded again


def test_a_second_grader_on_the_same_folder_says_so_and_stops(place, run):
    with store.held(place / "out"), pytest.raises(ValueError, match=f"another grader works .*process {os.getpid()}"):
        run()
    run()


def test_the_lock_of_a_grader_that_was_killed_is_free(place, run):
    script = "import os, signal\nfrom mmlab.grading import store\nfrom pathlib import Path\n"
    script += f"with store.held(Path({str(place / 'out')!r})): os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT)
    assert done.returncode < 0 and (place / "out" / ".lock").exists()
    run()
    assert scores(place) == ALL


# ------------------------------------------------------------------ the class key


def test_a_class_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "deep" / "class.key"
    key, is_new = class_key(path)
    assert is_new and len(key) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert class_key(path) == (key, False)
    assert fingerprint(key) != fingerprint(key + "x") and key not in fingerprint(key)


@pytest.mark.parametrize("text", ["", "short", "two lines of text\nand a second", b"\xff" * 40])
def test_a_file_that_holds_no_key_is_told_and_left_alone(tmp_path, text):
    path = tmp_path / "key"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = path.read_bytes()
    with pytest.raises(ValueError, match="holds no class key"):
        class_key(path)
    assert path.read_bytes() == before


def test_the_key_is_in_no_result(place, run):
    run(Instant(trouble={"bob"}))
    key = (place / "key").read_text().strip()
    assert [path for path in (place / "out").rglob("*") if path.is_file() and key in path.read_text()] == []


# ------------------------------------------------------------------ the command


@pytest.fixture
def command(place, monkeypatch, capsys):
    """`mmlab WORDS` in that folder: (status, output, complaints)."""
    monkeypatch.setattr(batch, "Local", Instant())

    def command(*words):
        options = ["--unseen", str(UNSEEN), "--key", str(place / "key"), "--unsafe-local", "--no-progress"]
        try:
            status = cli.main([*words[:1], str(place / "in"), "--out", str(place / "out"), *options, *words[1:]])
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return command


def test_the_command_says_what_it_did_and_what_unsafe_gives_up(command, place):
    hand_in(place / "in", "zoe", "", "ex77")
    status, out, err = command("grade")
    assert status == 0
    assert "WITHOUT walls" in err and err.count("\n") == 1
    assert "3 graded, 1 rejected" in out and "made a new class key" in out
    assert "'eve' ex4: The file is not a notebook" in out
    assert "zoe/ex77/ex77.ipynb" in out
    status, out, _ = command("regrade", "--json", "--student", "ann")
    assert json.loads(out)["graded"] == {"graded": 1}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--exercise", "ex44"], "did you mean 'ex4'?"),
        (["--unseen", "/nowhere"], "no unseen checks at /nowhere/ex4.py"),
        (["--students", "/nowhere"], "/nowhere: No such file"),
        (["--student", "zoe"], "nothing was handed in by 'zoe'"),
        (["--key", "/dev/null"], "/dev/null holds no class key"),
        (["--key", "/dev"], "the class key /dev cannot be read (Is a directory)"),
        (["--key", "/proc/nothing/key"], "the class key /proc/nothing/key can be neither read nor made"),
        (["--out", "/dev/null"], "/dev/null"),
        (["--out", "/proc/nothing/out"], "nothing can be written in /proc/nothing/out (No such file"),
        (["--dask", "nowhere"], "--dask nowhere: no scheduler"),
    ],
)
def test_bad_input_gets_one_line(command, words, said):
    status, out, err = command("grade", *words)
    complaint = err.splitlines()[-1]
    assert (status, out) == (2, "")
    assert said in complaint and complaint.startswith("mmlab grade: ")
    assert len(err.splitlines()) == 2  # the other one is of --unsafe-local


def test_a_place_without_a_submission_is_one_line_and_leaves_nothing_behind(place, capsys):
    (place / "empty" / "docs").mkdir(parents=True)
    words = ["--out", str(place / "out"), "--unseen", str(UNSEEN), "--key", str(place / "key"), "--unsafe-local"]
    for say in ("", "docs/notes.txt: it is of none"):
        assert cli.main(["grade", str(place / "empty"), *words]) == 2
        complaint = capsys.readouterr().err.splitlines()[1:]
        assert len(complaint) == 1 and "there is no submission in" in complaint[0] and say in complaint[0]
        (place / "empty" / "docs" / "notes.txt").write_text("x")
    assert cli.main(["similar", str(place / "empty"), "--folder", str(ROOT)]) == 2
    assert not (place / "out").exists() and not (place / "key").exists()


@pytest.mark.parametrize("out", ["in", "in/grades"])
def test_grades_among_the_submissions_are_refused(place, run, out):
    with pytest.raises(ValueError, match="would be taken for something handed in"):
        grade(place / "in", place / out, unseen=UNSEEN, key=place / "key", unsafe=True)
    assert not (place / "in" / "grades").exists()


def test_unseen_checks_that_cannot_be_loaded_are_one_line(place, run, capsys):
    run()
    checks = place / "checks"
    checks.mkdir()
    for text in ("def (", "import nothing_of_this_name", "CHECKS = 1", "1 / 0"):
        (checks / "ex4.py").write_text(text)
        with pytest.raises(ValueError, match="the unseen checks of ex4 cannot be loaded: ") as caught:
            run(unseen=checks)
        assert "\n" not in str(caught.value)
        assert cli.main(["publish", str(place / "out"), "--unseen", str(checks)]) == 0
        assert capsys.readouterr().err == ""


def test_without_nbgrader_the_tools_say_how_to_install_it(place, monkeypatch, capsys):
    monkeypatch.setattr("mmlab.cli.authoring.find_spec", lambda name: None)
    for words in (["release"], ["grade", str(place / "in"), "--out", str(place / "out")], ["publish", str(place)]):
        assert cli.main(words) == 2
        complaint = capsys.readouterr().err
        assert "pip install -c constraints.txt -e '.[grading]'" in complaint and complaint.count("\n") == 1
    assert not (place / "out").exists()


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_a_number_of_workers_is_a_whole_one(place, number, capsys):
    words = ["grade", str(place / "in"), "--out", str(place / "out"), "--workers", number, "--unsafe-local"]
    assert cli.main([*words, "--unseen", str(UNSEEN), "--key", str(place / "key")]) == 2
    assert "--workers=" in capsys.readouterr().err


def test_without_a_sandbox_grading_stops_with_the_way_out(place, monkeypatch, capsys):
    sandbox.found.cache_clear()
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    try:
        assert cli.main(["grade", str(place / "in"), "--out", str(place / "out")]) == 2
    finally:
        sandbox.found.cache_clear()
    complaint = capsys.readouterr().err
    assert "apt install bubblewrap" in complaint and "--unsafe-local" in complaint and complaint.count("\n") == 1
    assert not (place / "out").exists()


def test_an_engine_uses_the_processors_that_it_may():
    assert engines.Local().workers == engines.usable_cpus() >= 1
