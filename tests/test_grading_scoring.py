"""Scoring one submission in its own subprocess, behind the walls: budgets, statuses, and scores that stay the same."""

import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from grading_helpers import KEY, ROOT, UNSEEN, hand_in, need_the_sandbox, notebook, scored, wrong

from mmlab.checks import Check, Exercise, kinds, run_checks
from mmlab.grading import one, results, sandbox, scoring
from mmlab.grading.batch import grade
from mmlab.grading.score import CRASHED, GRADED, NOT_RUN, PARTLY, REJECTED, TIMEOUT, TROUBLE, Mark
from mmlab.grading.scoring import Examined, Job, Stopped
from mmlab.grading.watching import Family, Used, members
from mmlab.worker import Calculator

NEVER_DROPS = wrong("never drops")[0]
READ_ERROR = 1
"""the number of the cheapest check of exercise 4"""


def with_line(*lines):
    """An answer that earns the cheapest check, with these lines at the beginning of do_page_fault."""
    at = "    tsk = k.current\n"
    return NEVER_DROPS.replace(at, at + "".join(f"    {line}\n" for line in lines), 1)


# ------------------------------------------------------------------ the walls


def behind_walls(*lines):
    """What a function with these lines answers behind the walls."""
    source = "def f():\n" + "".join(f"    {line}\n" for line in lines)
    with Calculator(source, command=need_the_sandbox()) as there:
        return there.call("f")


def test_behind_the_walls_there_is_no_solution_no_check_no_network_and_nothing_to_write_to():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()  # out here somebody listens
        assert looked_around(port) == [False, False, [], [], False, False, [], ["refused"] * 4, "refused"]


def looked_around(port):
    """What a function behind the walls sees and may do; nobody listens to it at this port."""
    return behind_walls(
        "import os, socket, mmlab",
        "def tries(what):",
        "    try: return what() and 'done'",
        "    except OSError as error: return 'refused'",
        f"return [os.path.exists({str(ROOT / 'solutions')!r}), os.path.exists({str(ROOT / 'exercises')!r}),",
        "    os.listdir(os.path.join(os.path.dirname(mmlab.__file__), 'grading')), os.listdir('/home'),",
        "    sorted(os.environ) and 'HOME' in os.environ, os.getuid() == 0,",
        "    [name for name in os.listdir('/proc') if name.isdigit() and int(name) > 20],",
        "    [tries(lambda: open(path, 'w')) for path in ('/x', '/dev/shm/x', mmlab.__file__, '/home/x')],",
        f"    tries(lambda: socket.create_connection(('127.0.0.1', {port}), 1))]",
    )


def test_behind_the_walls_processes_memory_and_files_are_limited():
    told = behind_walls(
        "import os, time",
        "found = []",
        "try:",
        "    for n in range(40):",
        "        if os.fork() == 0: time.sleep(60); os._exit(0)",
        "except OSError: found.append(n)",
        "try: bytearray(1 << 30)",
        "except MemoryError: found.append('memory')",
        "try:",
        "    for n in range(100): open(f'/tmp/{n}', 'wb').write(bytes(1 << 19))",
        "except OSError: found.append('disk')",
        "return found",
    )
    assert told[0] < sandbox.PROCESSES and told[1:] == ["memory", "disk"]


def test_nothing_is_left_behind_when_a_worker_ends():
    source = (
        "import os, time\ndef f():\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(987)\n    return 1"
    )
    with Calculator(source, command=need_the_sandbox()) as there:
        assert there.call("f") == 1
        family = Family(os.getpid())
        before = family.used().processes
    end = time.monotonic() + 10
    while family.used().processes >= before - 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert family.used().processes < before - 2  # bubblewrap's two, Python, and the one that went away


# ------------------------------------------------------------------ one submission


def test_a_right_answer_to_a_check_is_marked_and_told():
    score, done = scored("import nothing", with_line(), "def f(:", only=[READ_ERROR], note="ex4 (1).ipynb was taken")
    assert (score.status, score.points, len(score.marks)) == (GRADED, 1.0, 1)
    assert score.note.startswith("ex4 (1).ipynb was taken. cell 3 is not Python")
    assert (done.again, done.trouble) == (set(), "")


@pytest.mark.slow
def test_a_whole_submission_has_all_marks_in_order_and_the_points_it_should():
    source, points = wrong("answers RETRY with the lock held")
    score, _ = scored(source)
    assert (score.status, score.points, score.possible) == (GRADED, float(points), 20)
    assert [mark.unseen for mark in score.marks] == [False] * 4 + [True] * 5
    assert any(mark.picture.count("<svg") for mark in score.marks)


@pytest.mark.parametrize(
    ("lines", "status", "words"),
    [
        (["import os; os._exit(3)"], CRASHED, "exit status 3"),
        (["print('x' * 10**8)"], GRADED, "printed more than"),
        (["open('/etc/passwd').read()"], GRADED, "No such file"),
    ],
)
def test_what_a_submission_does_is_told_and_earns_nothing(lines, status, words):
    score, done = scored(with_line(*lines), only=[READ_ERROR])
    assert (score.status, score.points) == (status, 0.0)
    assert words in score.marks[0].message
    assert done.again == ({READ_ERROR} if status == CRASHED else set())


def test_an_answer_that_sleeps_is_looked_at_again_and_then_the_status_is_timeout(monkeypatch):
    monkeypatch.setattr(scoring, "ANSWER", 0.5)
    score, done = scored(with_line("import time; time.sleep(1000)"), only=[READ_ERROR])
    assert (score.status, done.again) == (TIMEOUT, {READ_ERROR})


def test_after_a_check_that_waited_for_too_long_the_others_get_less_time_to_wait(monkeypatch):
    monkeypatch.setattr(scoring, "ANSWER", 300.0)
    monkeypatch.setattr(scoring, "IMPATIENCE", 0.5)
    job = Job("ann", "ex4", (with_line("import time; time.sleep(1000)"),), KEY)
    waited = scoring.lost(scoring.checks_in(job)[0], TIMEOUT, scoring.WAITS)
    score, done = scoring.score(job, Examined({0: waited}, again={READ_ERROR}))
    assert [mark.message for mark in score.marks] == [scoring.WAITS] * 2
    assert (score.status, done.again) == (TIMEOUT, {READ_ERROR})


def test_a_check_that_uses_too_much_processor_time_costs_itself_and_is_not_looked_at_again(monkeypatch):
    monkeypatch.setattr(scoring, "CHECK", 0.3)
    score, done = scored(with_line("sum(range(5_000_000))"), only=[READ_ERROR])
    assert (score.status, score.marks[0].status, done.again) == (TIMEOUT, TIMEOUT, set())
    assert "processor time" in score.marks[0].message


def test_after_its_processor_time_is_used_up_the_other_checks_of_a_submission_are_not_run():
    done = Examined(cpu=scoring.SUBMISSION)
    job = Job("ann", "ex4", (), KEY)
    scoring.examine(job, done, [0, 2], None)
    assert [(number, mark.status) for number, mark in done.marks.items()] == [(0, NOT_RUN), (2, NOT_RUN)]


def test_too_many_processes_and_too_much_memory_together_are_seen_from_outside():
    used = scoring.excess(Used(0, 0, scoring.PROCESSES + 1), 0, False)
    assert used[0] == CRASHED and "processes" in used[1]
    assert "memory" in scoring.excess(Used(0, scoring.MEMORY + 1, 1), 0, False)[1]
    assert scoring.excess(Used(1, 1, 1), 1, True)[0] == TIMEOUT
    assert scoring.excess(Used(100, 1 << 20, 20), 1, False) is None


def test_a_family_counts_what_its_members_used_and_ends_with_all_of_them():
    script = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: x = bytearray(50_000_000)'])"
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        family = Family(process.pid)
        while family.used().cpu < 0.3:
            time.sleep(0.05)
        used = family.used()
        assert used.processes == 2
        family.kill()
        process.wait()
    assert family.used().processes == 0
    assert family.used().cpu >= 0.3  # also of those that are gone


def test_an_error_of_a_check_is_trouble_with_its_traceback_and_no_zero():
    unseen = (UNSEEN / "ex4.py").read_text().replace("scenario = alone(draw)", "raise ZeroDivisionError('ours')")
    job = Job("ann", "ex4", (with_line(),), KEY, unseen=unseen)
    score, done = scoring.score(job, Examined(again={5}))
    assert (score.status, score.points) == (TROUBLE, None)
    assert "ZeroDivisionError: ours" in done.trouble and "unseen checks of ex4" in done.trouble


def test_another_version_of_mmlab_on_a_worker_is_trouble_and_no_score():
    score, done = scored(with_line(), checks="another")
    assert (score.status, score.points) == (TROUBLE, None)
    assert "another version of mmlab" in done.trouble


def test_a_submission_under_way_ends_when_the_batch_is_stopped():
    before = set(members(os.getpid()))  # the process of the tests may keep some of its own
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(Stopped):
        scored(with_line("import time; time.sleep(1000)"), only=[READ_ERROR], stop=stop)
    until = time.monotonic() + 10
    while (left := set(members(os.getpid())) - before) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == set()


def mark(status, points=0.0):
    return Mark("a check", points, 2, status, "")


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["correct", "not yet"], GRADED),
        (["not yet", "not defined"], GRADED),
        (["correct", TIMEOUT], PARTLY),
        (["not yet", CRASHED, NOT_RUN], PARTLY),
        ([TIMEOUT, NOT_RUN, CRASHED], TIMEOUT),
        ([CRASHED, CRASHED], CRASHED),
    ],
)
def test_the_status_says_whether_the_points_were_earned(statuses, status):
    done = Examined({number: mark(one) for number, one in enumerate(statuses)})
    assert scoring.score_of(Job("ann", "ex4", (), KEY), done).status == status


def test_texts_of_strangers_are_capped_and_have_no_control_characters():
    text = one.readable("\x1b[2J\u202eevil\x00\n" + "x" * 10_000)
    assert text.startswith("\\x1b[2J\\u202eevil\\x00\n")
    assert len(text) < 5_000 and text.endswith("characters more)")


# ------------------------------------------------------------------ state kept elsewhere


COUNTS = "n = [0]\ndef f(x):\n    n[0] += 1\n    return 2 * x if n[0] == x else 0"
"""right in one order of calls only"""


def test_a_function_that_counts_its_calls_is_caught_by_asking_again():
    cases = Check("doubles", 2, kinds.answers("f", lambda draw: [(1,), (2,)], lambda x: 2 * x))
    about = Exercise("exN", "An exercise", ("f",), (cases,), ("", "", ""), 0, 0)
    assert run_checks(about, [COUNTS]).holds
    outcome = run_checks(about, [COUNTS], again=True).lines[0].outcome
    assert outcome.status == "not yet" and "asked again" in outcome.message


# ------------------------------------------------------------------ a batch, for real


@pytest.fixture
def submissions(tmp_path):
    """Four cheap submissions, each of another kind."""
    hand_in(tmp_path / "in", "exits", notebook("import os\nx = os._exit(3)\n" + with_line("x")))
    hand_in(tmp_path / "in", "nothing", notebook("1 + 1"))
    hand_in(tmp_path / "in", "retries", notebook(wrong("answers RETRY with the lock held")[0]))
    hand_in(tmp_path / "in", "broken", "{")
    (tmp_path / "key").write_text(KEY)
    return tmp_path


def graded(place, **options):
    grade(place / "in", place / "out", unseen=UNSEEN, key=place / "key", progress=False, **options)
    return {one.student: (one.status, one.points) for one in results(place / "out")}


EXPECTED = {
    "exits": (CRASHED, 0.0), "nothing": (GRADED, 0.0), "retries": (GRADED, 2.0), "broken": (REJECTED, None),
}  # fmt: skip


def test_a_folder_is_graded_for_real_by_two_workers(submissions):
    (submissions / "in" / "retries" / "ex4" / "ex4.ipynb").write_text("{")
    assert graded(submissions, workers=2) == {**EXPECTED, "retries": (REJECTED, None)}
