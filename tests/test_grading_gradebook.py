"""Scores in nbgrader's gradebook: whole or not at all, and what a person gave stays."""

import json
import os
import re
import sqlite3
import sys
from contextlib import closing

import nbgrader.api
import pytest
from grading_helpers import UNSEEN, Instant, hand_in, notebook
from score_helpers import ESSAY, HOSTILE, essay, handed_in, made, solution

from mmlab import cli
from mmlab.grading import batch, formgrade, gradebook, late, publish
from mmlab.grading.plain import plain
from mmlab.grading.publish import Options, after
from mmlab.grading.score import GRADED, MISSING, REJECTED, TIMEOUT, Score

STRANGE = "../../O'Neil\n\"=<script>x</script> Zoë %2e%2e"


@pytest.fixture(scope="module")
def version():
    """What nbgrader asks `alembic` for each time it makes a gradebook, which takes a second: asked for once."""
    before = os.environ["PATH"]
    os.environ["PATH"] = "/nowhere"  # as where the virtual environment is not activated
    try:
        with gradebook.tools_by_path():
            return nbgrader.api.get_alembic_version()
    finally:
        os.environ["PATH"] = before


@pytest.fixture
def place(tmp_path, monkeypatch, version):
    essay(monkeypatch)
    monkeypatch.setattr(nbgrader.api, "get_alembic_version", lambda: version)
    return tmp_path


@pytest.fixture
def publish_all(place):
    """Publish these scores, with their notebooks."""
    unseen = solution(place / "solutions")

    def publish_all(*scores, **options):
        complete, found = handed_in(place / "in", scores)
        return after(complete, place / "out", Options(unseen, **options), found)

    return publish_all


def book(place):
    return gradebook.opened(gradebook.default_url(place / "out"))


def hand_grade(place, student, cell, points, comment=""):
    """What formgrader writes when a person gives points."""
    with book(place) as there:
        grade = there.find_grade(cell, ESSAY, ESSAY, plain(student))
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment:
            there.find_comment(cell, ESSAY, ESSAY, plain(student)).manual_comment = comment
        there.db.commit()


def state(place, student, cell):
    with book(place) as there:
        grade = there.find_grade(cell, ESSAY, ESSAY, plain(student))
        return grade.auto_score, grade.manual_score, grade.needs_manual_grade, grade.max_score


def final(place):
    rows = (place / "out" / "final.csv").read_text().splitlines()
    head, *rest = [row.split(",") for row in rows]
    return {row[0]: row[3:12] for row in rest} if head[3:12] else {}


def test_checks_and_hand_graded_cells_are_in_the_gradebook_with_their_points(place, publish_all):
    done = publish_all(made("ann"), made("bob", seen="almost"), made("cid", status=MISSING))
    assert done.trouble == ""
    assert state(place, "ann", ESSAY) == (4, None, False, 4)
    assert state(place, "bob", ESSAY) == (2.5, None, False, 4)
    assert state(place, "ann", "ex90-rationale") == (None, None, True, 4)
    with book(place) as there:
        assert {one.id for one in there.students} == {"ann", "bob", "cid"}
        assert len(there.assignment_submissions(ESSAY)) == 2
        assert there.find_assignment(ESSAY).max_score == 10


def test_what_a_person_gave_stays_when_it_is_graded_again(place, publish_all):
    publish_all(made("ann", seen="not yet"))
    hand_grade(place, "ann", "ex90-rationale", 3.5, "well seen & <b>said</b>")
    publish_all(made("ann"))
    assert state(place, "ann", ESSAY)[0] == 4
    assert state(place, "ann", "ex90-rationale") == (None, 3.5, False, 4)
    assert final(place)["ann"] == ["4", "4", "3.5", "6", "1", "", "", "7.5", "10"]
    page = (place / "out" / "feedback" / "ann" / "ex90.html").read_text()
    assert "well seen &amp; &lt;b&gt;said&lt;/b&gt;" in page and "3.5 of 4 points" in page


def test_points_given_instead_of_those_of_the_checks_count(place, publish_all):
    publish_all(made("ann", seen="not yet"))
    hand_grade(place, "ann", ESSAY, 2)
    publish_all(made("ann", seen="not yet"))
    assert final(place)["ann"][:2] == ["2", "4"]


def test_an_answer_that_changed_after_it_was_graded_by_hand_is_looked_at_again(place, publish_all):
    publish_all(made("ann"))
    hand_grade(place, "ann", "ex90-data", 2)
    hand_grade(place, "ann", "ex90-rationale", 3)
    publish_all(made("ann", answers={"ex90-data": "a list", "ex90-rationale": "other words"}))
    assert state(place, "ann", "ex90-data") == (None, 2, False, 2)
    assert state(place, "ann", "ex90-rationale") == (None, 3, True, 4)


def test_what_was_not_scored_is_no_zero_but_waits_for_a_person(place, publish_all):
    publish_all(made("ann", status=REJECTED), made("bob", status=TIMEOUT))
    for student in ("ann", "bob"):
        assert state(place, student, ESSAY) == (None, None, True, 4)
        assert final(place)[student][0] == ""
        with book(place) as there:
            assert there.find_submission_notebook(ESSAY, ESSAY, plain(student)).flagged


def test_publishing_again_changes_nothing(place, publish_all):
    def files():
        return {
            path: path.stat().st_mtime_ns
            for path in (place / "out").rglob("*")
            if path.is_file() and path.name != "gradebook.db"
        }

    publish_all(made("ann"), made(STRANGE))
    before = files()
    publish_all(made("ann"), made(STRANGE))
    assert files() == before


def test_a_student_may_have_any_name(place, publish_all):
    names = [
        STRANGE,
        "..",
        ".",
        "con ",
        "ann",
        "Ann",
        "Ann Lee",
        "Ann-Lee~0123456789ab",
        "=1+1",
        "ann\n",
        "日本",
        "x" * 200,
    ]
    publish_all(*map(made, names))
    ids = {plain(name) for name in names}
    assert len(ids) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@~-]{0,59}", one) and not one.endswith(".") for one in ids)
    assert {path.name for path in (place / "out" / "autograded").iterdir()} == ids
    assert {path.name for path in (place / "out" / "feedback").iterdir()} == ids
    assert not (place / "ex90").exists()
    with book(place) as there:
        assert {one.id for one in there.students} == ids
        assert not any(set("<>&\"'\n") & set(one.last_name) for one in there.students)


def test_formgraders_notebooks_hold_the_answers_letter_by_letter_and_no_markup(place, publish_all):
    publish_all(made("ann"))
    there = json.loads((place / "out" / "autograded" / "ann" / "ex90" / "ex90.ipynb").read_text())
    from nbconvert.filters import markdown2html

    named = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in there["cells"] if cell["metadata"]}
    assert set(named) == {"ex90-data", "ex90-rationale", ESSAY}
    html = markdown2html(named["ex90-rationale"]["source"])
    assert "<script" not in html and "<img" not in html and "href" not in html
    assert "&lt;script&gt;" in html and "onerror=alert(1)&gt;" in html
    assert "the solution of the question" not in str(there)
    assert "4 of 4 points" in named[ESSAY]["outputs"][0]["text"]
    assert next(cell["source"] for cell in there["cells"] if cell["cell_type"] == "code") == "f = 1"
    assert named["ex90-rationale"]["metadata"]["nbgrader"]["points"] == 4  # what the student claims does not count


def api(folder):
    """What formgrader's buttons call, with the configuration that it reads in that folder."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    return NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config())


def test_formgrader_counts_submissions_and_its_autograde_runs_and_changes_nothing(place, publish_all):
    evil = place / "was run"
    complete, found = handed_in(place / "in", [made("ann"), made("bob x")], f"open({str(evil)!r}, 'w')")
    after(complete, place / "out", Options(solution(place / "solutions")), found)
    hand_grade(place, "ann", "ex90-data", 2)
    out = place / "out"
    before = {path: path.read_bytes() for path in out.rglob("*.ipynb")}
    there = api(out)
    assert there.get_assignment(ESSAY)["num_submissions"] == 2
    done = there.autograde(ESSAY, "ann")
    assert not done["success"] and formgrade.SUBMITTED in done["log"]
    assert not evil.exists() and before == {path: path.read_bytes() for path in out.rglob("*.ipynb")}
    with book(place) as gradebook_after:
        assert gradebook_after.find_submission(ESSAY, "ann").score == 6


def test_a_long_line_of_an_answer_is_wrapped():
    inside = formgrade.literal("word " * 60 + "\n\n   " + "x" * 250).split("\n")[1:-1]
    assert max(map(len, inside)) <= 100 and "".join(inside).count("word") == 60 and "".join(inside).count("x") == 250
    assert "" in inside


def test_a_database_that_checks_its_keys_takes_the_gradebook(place, publish_all):
    """As PostgreSQL does. SQLite does when it is told to."""
    from sqlalchemy import Engine, event

    def strict(connection, _):
        connection.execute("PRAGMA foreign_keys=ON")

    event.listen(Engine, "connect", strict)
    try:
        assert publish_all(made("ann"), made("bob")).trouble == ""
        assert publish_all(made("ann"), made("eve")).trouble == ""
    finally:
        event.remove(Engine, "connect", strict)


def test_totals_have_a_row_a_student_with_points_by_hand_and_days_late(place, publish_all):
    policy = late.Late({("ann", ESSAY): (1, 10)})
    scores = [made("ann"), made("=b", seen="not yet"), made("eve", status=REJECTED), made("zoe", status=MISSING)]
    publish_all(*scores, late=policy)
    hand_grade(place, "ann", "ex90-data", 2)
    publish_all(*scores)
    rows = [line.split(",") for line in (place / "out" / "totals.csv").read_text().splitlines()]
    assert rows == [
        ["student", "ex90 (of 10)", "total (of 10)", "still to grade"],
        ["'=b", "1", "1", "2"],
        ["ann", "5", "5", "1"],
        ["eve", "", "0", ""],
        ["zoe", "", "0", ""],
    ]


def test_an_answer_cannot_leave_its_fence():
    for text in (HOSTILE, "````\n# out", "`" * 40 + "\n<b>", "~~~~\r\n<b>", "", "\u2028<b>"):
        inside = formgrade.literal(text).split("\n")
        assert inside[0] == inside[-1] + "text" and len(inside[0]) > 4
        assert not any(line.startswith(inside[-1]) for line in inside[1:-1])


def test_a_locked_gradebook_is_one_line_and_leaves_what_was_given_by_hand(place, publish_all, monkeypatch):
    publish_all(made("ann"))
    hand_grade(place, "ann", "ex90-data", 2)
    publish_all(made("ann"))
    before = final(place)
    import sqlalchemy

    real = sqlalchemy.create_engine
    quick = lambda url, **more: real(url, connect_args={"timeout": 0}, **more)  # noqa: E731
    monkeypatch.setattr("nbgrader.api.create_engine", quick)
    with closing(sqlite3.connect(place / "out" / "gradebook.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = publish_all(made("ann", seen="not yet"))
    assert "database is locked" in done.trouble and "\n" not in done.trouble
    assert "stay as they are" in done.trouble and done.written == ["class.html"]
    assert final(place) == before
    assert publish_all(made("ann")).trouble == ""


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "it looks like postgresql://NAME"),
        ("postgresql://grader:hunter2@127.0.0.1:port/os", "it looks like postgresql://NAME"),
        ("postgres://grader:hunter2@127.0.0.1/os", "a URL looks like postgresql://NAME"),
        ("mysql+nosuchdriver://grader:hunter2@127.0.0.1/os", "nosuchdriver"),
        ("postgresql+nosuch://grader:hunter2@127.0.0.1:1/os", "nosuch"),
        ("sqlite:////nowhere/at/all/gradebook.db", "unable to open"),
    ],
)
def test_a_gradebook_that_is_not_there_is_one_line_without_a_password(place, publish_all, url, said):
    done = publish_all(made("ann"), gradebook=url)
    assert said in done.trouble and "\n" not in done.trouble and "hunter2" not in done.trouble
    assert final(place)["ann"][:2] == ["4", "4"]  # the rest is there all the same
    assert (place / "out" / "feedback" / "ann" / "ex90.html").exists()
    assert publish_all(made("ann")).trouble == ""  # and it is not what is taken the next time


def test_a_driver_that_is_not_installed_is_named_with_what_to_do(place, publish_all, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)  # importing it now fails, whatever is installed
    done = publish_all(made("ann"), gradebook="postgresql+psycopg://grader:hunter2@127.0.0.1:1/os")
    assert "psycopg" in done.trouble and ": install the driver of this database in .venv" in done.trouble
    assert "hunter2" not in done.trouble and "\n" not in done.trouble


def test_the_address_of_another_database_is_kept_for_its_owner_alone(place, publish_all):
    url = f"sqlite:///{place / 'department.db'}"
    assert "another gradebook" not in " ".join(publish_all(made("ann"), gradebook=url).notes)
    assert "another gradebook" not in " ".join(publish_all(made("ann"), gradebook=url).notes)
    publish_all(made("ann"))
    assert not (place / "out" / "gradebook.db").exists()
    assert "another gradebook" in " ".join(publish_all(made("ann"), gradebook=url.replace("dep", "other dep")).notes)
    publish_all(made("ann"), gradebook=url)
    for name in ("gradebook.url", "nbgrader_config.py"):
        path = place / "out" / name
        assert url in path.read_text() and path.stat().st_mode & 0o077 == 0


def test_a_gradebook_given_by_a_path_from_here_is_found_from_everywhere(place, publish_all, monkeypatch):
    monkeypatch.chdir(place)
    assert publish_all(made("ann"), gradebook="sqlite:///here.db").trouble == ""
    assert (place / "here.db").exists()
    for name in ("gradebook.url", "nbgrader_config.py"):
        assert f"sqlite:///{place}/here.db" in (place / "out" / name).read_text()
    assert publish_all(made("ann"), gradebook="").trouble == ""  # back to the one in the folder
    publish_all(made("ann"))
    assert (place / "out" / "gradebook.db").exists() and not (place / "out" / "gradebook.url").exists()
    assert "here.db" not in (place / "out" / "nbgrader_config.py").read_text()


def test_a_configuration_that_the_instructor_took_over_stays(place, publish_all):
    publish_all(made("ann"))
    path = place / "out" / "nbgrader_config.py"
    assert path.read_text().startswith(formgrade.OURS)
    path.write_text("# mine\n")
    publish_all(made("ann"))
    assert path.read_text() == "# mine\n"


def test_a_solution_that_gives_other_points_by_hand_than_its_exercise_says_is_refused(place, publish_all):
    path = place / "solutions" / ESSAY / f"{ESSAY}.ipynb"
    path.write_text(path.read_text().replace('"points": 2.0', '"points": 3.0'))
    with pytest.raises(ValueError, match="7 points are given by hand; exercise ex90 says 6"):
        publish_all(made("ann"))


def test_days_late_are_taken_off_can_be_changed_without_scoring_and_go_into_the_gradebook(place, publish_all):
    policy = place / "late.csv"
    policy.write_text("student,exercise,days\nann,ex90,2\nbob,ex90,20\nnobody,ex90,1\n")
    done = publish_all(made("ann"), made("bob"), late=late.read(policy))
    assert done.notes == [
        "the list of who was late names 'nobody', who handed in no ex90",
        "4 answers of 2 submissions wait for points by hand (formgrader)",
    ]
    assert final(place)["ann"][5:8] == ["2", "2", "2"]  # 20 percent of 10 points
    assert final(place)["bob"][5:8] == ["20", "10", "0"]  # never below 0
    publish_all(made("ann"), made("bob"))
    assert final(place)["ann"][6] == "2"  # remembered
    with book(place) as there:
        assert there.find_submission(ESSAY, "ann").late_submission_penalty == 2
    policy.write_text('{"percent_per_day": 5, "late": [{"student": "ann", "exercise": "ex90", "days": 1}]}')
    publish_all(made("ann"), made("bob"), late=late.read(policy))
    assert (final(place)["ann"][6], final(place)["bob"][6]) == ("0.5", "")
    assert publish.remembered_policy(place / "out", None) == late.read(policy)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student,exercise,days\nann,ex90,-1\n", "days is '-1'; a number from 0 to 1000 is wanted"),
        ("student,exercise,days\nann,ex90,nan\n", "days is 'nan'"),
        ("student,exercise,days\nann,ex9O,1\n", "did you mean"),
        ("student,exercise\nann,ex90\n", "student,exercise,days is wanted"),
        ("student;exercise;days\nann;ex90;1\n", "begins with 'student;exercise;days'"),
        ("", "student,exercise,days is wanted"),
        ("student,exercise,days\nann,ex90\n", "entry 1 has no days"),
        ("student,exercise,days\nann,ex90,1\nann,ex90,2\n", "there twice"),
        ("{", "is not JSON"),
        ("[]", "wanted is"),
    ],
)
def test_a_late_policy_that_is_none_is_told_in_one_line(place, text, said):
    (place / "late").write_text(text)
    with pytest.raises(ValueError, match=said) as error:
        late.read(place / "late")
    assert "\n" not in str(error.value)


def test_an_answer_whose_cell_lost_its_name_is_shown_to_who_grades_it(place):
    source = formgrade.source_of(ESSAY, solution(place / "solutions").parent)
    texts = ("# Exercise 90\n\n<!-- the instructor's own -->", "lost <b>words</b>", " ")
    cells = formgrade.handed_in(source, made("ann", answers={}), (), texts)["cells"]
    assert [cell["source"] for cell in cells[-2:]] == [
        "## Other texts of the submission",
        formgrade.literal("lost <b>words</b>"),
    ]


def test_every_exercise_of_the_course_has_its_points_in_the_gradebook(place):
    from grading_helpers import ROOT

    from mmlab.checks.exercises import exercise

    for folder in sorted((ROOT / "solutions").glob("ex*")):
        cells = formgrade.source_of(folder.name, ROOT / "solutions").cells
        assert sum(cell.points for cell in cells) == exercise(folder.name).possible
        assert sum(cell.points for cell in cells if cell.by_hand) == exercise(folder.name).by_hand
        assert set(exercise(folder.name).written) <= {cell.name for cell in cells if cell.by_hand}


def test_an_exercise_without_checks_is_graded_by_hand_alone(place):
    from grading_helpers import ROOT

    written = "one two three"
    score = Score("ann", "ex9", GRADED, 0.0, 0, 20, "hash", "", (), {"ex9-data": written})
    done = after([score], place / "out", Options(ROOT / "solutions" / "checks"))
    assert done.trouble == ""
    with gradebook.opened(gradebook.default_url(place / "out")) as there:
        assert there.find_assignment("ex9").max_score == 20
        assert len(there.find_submission_notebook("ex9", "ex9", "ann").grades) == 5
    source = formgrade.source_of("ex9", ROOT / "solutions")
    (cell,) = [one for one in formgrade.handed_in(source, score)["cells"] if written in one["source"]]
    assert cell["source"].startswith("3 words; 25 are allowed\n\n````")
    assert "By hand: 20 points are still to be given" in (place / "out" / "feedback" / "ann" / "ex9.html").read_text()
    assert final(place)["ann"] == ["", "0", "", "20", "5", "", "", "", "20"]  # not graded yet is no 0
    with gradebook.opened(gradebook.default_url(place / "out")) as there:
        there.find_grade("ex9-data", "ex9", "ex9", "ann").manual_score = 0
        there.db.commit()
    after([score], place / "out", Options(ROOT / "solutions" / "checks"))
    assert final(place)["ann"] == ["", "0", "0", "20", "4", "", "", "0", "20"]
    assert "1 wait for a person's points" in (place / "out" / "class.txt").read_text()


def test_mmlab_grade_publishes_and_mmlab_publish_does_it_again_without_scoring(place, monkeypatch, capsys):
    for number, student in enumerate(("ann", "bob"), 1):
        hand_in(place / "in", student, notebook("#" * number))
    engine = Instant()
    monkeypatch.setattr(batch, "Local", engine)
    out = str(place / "out")
    common = ["--unseen", str(UNSEEN), "--no-progress"]
    command = ["grade", str(place / "in"), "--out", out, "--key", str(place / "key"), "--unsafe-local", *common]
    assert cli.main(command) == 0
    assert "final.csv" in capsys.readouterr().out
    assert (place / "out" / "autograded" / "ann" / "ex4" / "ex4.ipynb").exists()
    assert final(place)["ann"][:2] == ["1", "20"]
    (place / "late.csv").write_text("student,exercise,days\nann,ex4,0.1\n")
    again = ["publish", out, "--unseen", str(UNSEEN), "--late", str(place / "late.csv")]
    jobs = list(engine.jobs)
    assert cli.main(again) == 0 and engine.jobs == jobs
    assert final(place)["ann"][6:8] == ["0.2", "0.8"]
    assert cli.main([*again[:-2], "--gradebook", "nonsense"]) == 1
    assert capsys.readouterr().err.startswith("mmlab publish: the URL that --gradebook names is none: ")
    (place / "late.csv").write_text("student,exercise,days\nann,ex4,x\n")
    assert cli.main([*command, "--late", str(place / "late.csv")]) == 2
    assert cli.main(["publish", str(place / "in")]) == 2
    assert capsys.readouterr().err.count("\n") == 2
