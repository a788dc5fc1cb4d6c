"""INSTRUCTORS.md: its minutes are those of the notebooks, its example runs and says what it promises, its commands are
there."""

import contextlib
import io
import json
import re
import subprocess
import sys

import notebook_hygiene as hygiene
import pytest

from mmlab.checks.exercises import names

ROOT = hygiene.ROOT
TEXT = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\|(?: (\d\d) [^|]*| )\| ?(\d*)[^|]*\|(?: (ex\d+)[^|]*| )\| ?(\d*) ?\|$", re.M)


def minutes(path):
    """What the first cell of a notebook says."""
    cell = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    return int(re.search(r"[Aa]bout (\d+) minutes", hygiene.text(cell["source"])).group(1))


def test_every_notebook_and_exercise_is_in_the_table_with_its_minutes():
    told = {}
    for notebook, its, exercise, time in ROW.findall(TEXT):
        told |= ({notebook: int(its)} if notebook else {}) | ({exercise: int(time)} if exercise else {})
    there = {path.name[:2]: minutes(path) for path in (ROOT / "notebooks").glob("*.ipynb")}
    there |= {name: minutes(ROOT / "solutions" / name / f"{name}.ipynb") for name in names()}
    assert told == there


def test_the_example_of_an_exercise_runs_and_the_wrong_answer_is_asked_a_question():
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "INSTRUCTORS.md", "exec"), {})
    right, wrong = printed.getvalue().split("Exercise 11, behind the readers:")[1:]
    assert "4 of 4 points" in right
    assert "0 of 4 points" in wrong and "how many disk reads pass" in wrong.lower()
    assert "wait_ms(1, 18.0)" not in wrong, "the first case passes"


@pytest.mark.parametrize("command", sorted(set(re.findall(r"mmlab ([a-z]+)\b", TEXT)) - {"is"}))
def test_a_command_that_it_names_is_there(command):
    done = subprocess.run([sys.executable, "-m", "mmlab", command, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
