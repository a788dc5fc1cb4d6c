"""Every exercise: a student gets no more than a student should, a stub earns nothing, and both notebooks run. What
answers earn is in test_exercises_earned.py."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from urllib.request import urlopen

import notebook_hygiene as hygiene
import pytest
from browser_helpers import address, free_port
from test_notebooks import nbval

from mmlab.checks import PRACTICE, run_checks
from mmlab.checks.exercises import exercise, names
from mmlab.grading import bundle, drifted, release
from mmlab.grading.unseen import unseen_checks

ROOT = hygiene.ROOT
UNSEEN = ROOT / "solutions" / "checks"
NAMES = names()


def cells(folder, name):
    """The code cells of a notebook."""
    notebook = json.loads((ROOT / folder / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    return [hygiene.text(cell["source"]) for cell in hygiene.code(notebook)]


def graded(name, texts, key=PRACTICE):
    """The report of all checks, the unseen ones too."""
    return run_checks(exercise(name), texts, key=key, more=unseen_checks(name, UNSEEN))


def told(report):
    """What a failing test prints."""
    return "\n".join(f"{line.check.name}: {line.outcome}"[:400] for line in report.lines if line.outcome.share < 1)


def by_checks(name):
    """The points that checks give."""
    return exercise(name).possible - exercise(name).by_hand


# ------------------------------------------------------------------ what a student gets


def test_exercises_are_what_their_solutions_make():
    assert drifted(ROOT) == [], "run: mmlab release"


def test_a_solution_that_was_changed_is_seen_and_released(tmp_path):
    for name in NAMES[:1]:
        source = ROOT / "solutions" / name / f"{name}.ipynb"
        path = tmp_path / "solutions" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(source.read_text(encoding="utf-8").replace("## Check it", "## Check it again"))
    assert release(tmp_path) == [tmp_path / "exercises" / name / f"{name}.ipynb"]
    assert "Check it again" in (tmp_path / "exercises" / name / f"{name}.ipynb").read_text()
    assert release(tmp_path) == [] == drifted(tmp_path)
    path.write_text(path.read_text().replace("Check it again", "Check it"))
    assert drifted(tmp_path) == [name]


@pytest.mark.parametrize("name", NAMES)
def test_no_solution_and_no_output_is_left_in_an_exercise(name):
    text = (ROOT / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "HIDDEN" not in text
    notebook = json.loads(text)
    assert [cell["outputs"] for cell in hygiene.code(notebook) if cell["outputs"]] == []
    ours = "\n".join(cells("solutions", name))
    for region in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", ours, re.S):
        for line in region.splitlines():
            assert len(line.strip()) < 30 or line.strip() not in text, line


@pytest.mark.parametrize(
    "check", [hygiene.executed, hygiene.no_widget_state, hygiene.no_absolute_path], ids=lambda check: check.__name__
)
@pytest.mark.parametrize("name", NAMES)
def test_a_solution_is_stored_executed_and_clean(name, check):
    assert check(json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text(encoding="utf-8"))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_solution_shows_again_what_it_showed_when_it_was_stored(name):
    done = nbval(ROOT / "solutions" / name / f"{name}.ipynb")
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_tells_of_as_many_kept_checks_as_there_are(name):
    checks = unseen_checks(name, UNSEEN)  # raises otherwise
    assert all(check.unseen for check in checks)
    assert not any(check.unseen for check in exercise(name).checks)
    assert len({check.name for check in (*checks, *exercise(name).checks)}) == len(checks) + len(exercise(name).checks)


def test_the_bundle_has_the_course_and_nothing_that_a_student_should_not_see(tmp_path):
    path = bundle(ROOT, tmp_path / "course.zip")
    with zipfile.ZipFile(path) as archive:
        there = {name.partition("/")[2] for name in archive.namelist()}
        text = "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert {"course.py", "pyproject.toml", "constraints.txt", "environment.yml", "mmlab/__init__.py"} <= there
    assert {f"exercises/{name}/{name}.ipynb" for name in NAMES} <= there
    assert not [name for name in there if name.startswith(("solutions", "tests", "mmlab/grading"))]
    assert "BEGIN SOLUTION\\n" not in text
    for name in NAMES:
        unseen = ast.walk(ast.parse((UNSEEN / f"{name}.py").read_text(encoding="utf-8")))
        words = [node.value for node in unseen if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        assert [one for one in words if len(one) > 40 and "await " not in one and one in text] == []
    again = bundle(ROOT, tmp_path / "again.zip")
    assert path.read_bytes() == again.read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["again.zip", "course.zip"]


def test_no_page_of_the_bundle_leads_to_what_is_not_in_it(tmp_path):
    with zipfile.ZipFile(bundle(ROOT, tmp_path / "course.zip")) as archive:
        archive.extractall(tmp_path)
    folder = next(one for one in tmp_path.iterdir() if one.is_dir())
    assert "Hand in" in (folder / "README.md").read_text(encoding="utf-8")
    for page in folder.rglob("*.md"):
        targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        assert [target for target in targets if not (page.parent / target).exists()] == [], page


@pytest.mark.slow
def test_a_student_unpacks_the_bundle_and_the_first_command_works(tmp_path):
    with zipfile.ZipFile(bundle(ROOT, tmp_path / "course.zip")) as archive:
        archive.extractall(tmp_path)
    folder = next(one for one in tmp_path.iterdir() if one.is_dir())
    command = [sys.executable, "course.py", "lab", "--no-browser", "--port", str(free_port())]
    log = tmp_path / "lab.log"
    with (
        open(log, "wb") as sink,
        subprocess.Popen(command, cwd=folder, stdout=sink, stderr=subprocess.STDOUT) as server,
    ):
        try:
            with urlopen(address(server, log, 300), timeout=60) as page:
                assert page.status == 200
        finally:
            server.kill()
    assert sorted((folder / "work").rglob("ex*.ipynb"))


# ------------------------------------------------------------------ what is earned


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_earns_nothing_and_is_told_so(name):
    report = run_checks(exercise(name), cells("exercises", name), more=unseen_checks(name, UNSEEN))
    assert report.earned == 0, told(report)
    assert "raised" not in str(report)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_with_its_stubs_runs_to_the_end(name, tmp_path):
    import nbclient
    import nbformat

    notebook = nbformat.read(ROOT / "exercises" / name / f"{name}.ipynb", 4)
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute(env=env)
    assert not [
        output for cell in notebook.cells for output in cell.get("outputs", ()) if output.output_type == "error"
    ]
