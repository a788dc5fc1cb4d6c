"""Every notebook runs and shows what it showed when it was stored; every notebook keeps to the rules of the course."""

import copy
import json
import os
import re
import subprocess
import sys
from collections import Counter

import notebook_hygiene as hygiene
import pytest

ROOT = hygiene.ROOT
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in PATHS]
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=60", "-q", "-p", "no:cacheprovider", "-W", "default"]
NBVAL += ["--tb=short", "--nbval-sanitize-with"]


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def nbval(path):
    """Run a notebook in a fresh kernel and compare every output with the stored one, strictly."""
    sanitizers = str(ROOT / "tests" / "nbval_sanitize.cfg")
    command = [
        sys.executable,
        "-m",
        "pytest",
        *NBVAL,
        sanitizers,
        f"--rootdir={path.parent}",
        "-c",
        os.devnull,
        str(path),
    ]
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    return subprocess.run(command, cwd=path.parent, env=env, capture_output=True, text=True, timeout=600)


def test_there_are_notebooks():
    assert PATHS


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_a_notebook_shows_again_what_it_showed_when_it_was_stored(path):
    done = nbval(path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.parametrize("check", hygiene.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_a_notebook_keeps_to_the_rules(path, check):
    assert check(load(path)) == []


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_links_to_our_own_files_lead_somewhere(path):
    assert hygiene.links_lead_somewhere(load(path), path.parent) == []


def test_a_notebook_is_neither_a_leaflet_nor_a_book():
    lengths = {path.stem: len(load(path)["cells"]) for path in PATHS if not path.stem.startswith("00")}
    assert {name: length for name, length in lengths.items() if not 25 <= length <= 45} == {}


def test_no_two_questions_of_the_course_have_the_same_name():
    names = Counter(name for path in PATHS for name in set(hygiene.guesses(load(path))[0]))
    assert [name for name, times in names.items() if times > 1] == []


# --- the checks find what they are for --------------------------------------------------------------


def cell(source, *outputs, count=1, kind="code"):
    made = {"cell_type": kind, "source": source.splitlines(True), "metadata": {}, "id": f"{kind}-{count}"}
    return made | ({"execution_count": count, "outputs": list(outputs)} if kind == "code" else {})


def html(markup, kind="text/html"):
    return {"output_type": "display_data", "metadata": {}, "data": {kind: [markup], "text/plain": ["x"]}}


def said(words, name="stdout"):
    return {"output_type": "stream", "name": name, "text": [words]}


OPENING = "# Title\nThen you can do it.\nAbout 30 minutes. You need nothing."
CLOSING = "## What we learned\n- Things.\n\n**Sources.** None."
GOOD = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "cells": [
        cell(OPENING, kind="markdown"),
        cell('course.predict("a", "?")', count=1),
        cell('course.reveal("a", 1234)', said("The result: 1,234 us"), count=2),
        cell("It takes 1234 us on Linux 2.6.18, and commit abc published 99.", kind="markdown", count=2),
        cell("mmlab.panel()", html('<svg role="img" aria-label="x"></svg><img alt="y" src="z">'), count=3),
        cell("panel.static", count=4),
        cell(CLOSING, kind="markdown", count=3),
    ],
}


def broken(number, **changes):
    """GOOD with one cell changed."""
    bad = copy.deepcopy(GOOD)
    bad["cells"][number].update(changes)
    return bad


def test_the_checks_are_content_with_a_good_notebook():
    assert [complaint for check in hygiene.CHECKS for complaint in check(GOOD)] == []


BAD = [
    (hygiene.executed, broken(1, execution_count=None)),
    (hygiene.executed, broken(1, execution_count=7)),
    (hygiene.no_widget_state, GOOD | {"metadata": {"widgets": {}}}),
    (hygiene.no_widget_state, broken(1, outputs=[html("x", "application/vnd.jupyter.widget-view+json")])),
    (hygiene.no_absolute_path, broken(1, outputs=[said("File /home/me/x.py")])),
    (hygiene.no_error_and_no_stderr, broken(1, outputs=[said("Warning", "stderr")])),
    (hygiene.no_error_and_no_stderr, broken(1, outputs=[{"output_type": "error", "ename": "E"}])),
    (hygiene.one_idea_a_cell, broken(1, source=["x = 1\n"] * 13)),
    (hygiene.opens_and_closes, broken(0, source=["## Title"])),
    (hygiene.opens_and_closes, broken(3, source=["# Another title"])),
    (hygiene.opens_and_closes, broken(6, source=["The end."])),
    (hygiene.pictures_have_words, broken(1, outputs=[html('<svg role="img">')])),
    (hygiene.pictures_have_words, broken(1, outputs=[html('<img src="x">')])),
    (hygiene.pictures_have_words, broken(1, outputs=[html("iVBOR", "image/png")])),
    (hygiene.pictures_have_words, broken(3, source=["![](x.png)"])),
    (hygiene.numbers_come_from_outputs, broken(3, source=["It takes 1235 us."])),
    (hygiene.numbers_come_from_outputs, broken(3, source=["It takes 12 us, or 0.5."])),
    (hygiene.guess_before_result, broken(1, source=["pass"])),
    (hygiene.guess_before_result, broken(2, source=["pass"])),
    (hygiene.panels_have_twins, broken(5, source=["pass"])),
]


@pytest.mark.parametrize(("check", "notebook"), BAD, ids=[f"{n}-{check.__name__}" for n, (check, _) in enumerate(BAD)])
def test_each_check_finds_what_it_is_for(check, notebook):
    assert check(notebook)


def test_a_dead_link_is_found(tmp_path):
    (tmp_path / "here.ipynb").touch()
    alive, dead = "[a](here.ipynb#part) [b](https://example.org/x)", "[c](gone.ipynb)"
    assert hygiene.links_lead_somewhere(broken(3, source=[alive]), tmp_path) == []
    assert hygiene.links_lead_somewhere(broken(3, source=[dead]), tmp_path) == ["gone.ipynb"]


def test_another_output_than_the_stored_one_fails_and_pixels_are_not_compared(tmp_path):
    cells = [
        cell("print(6 * 7)", said("42\n")),
        cell("print(6 * 7)", said("43\n")),
        cell("print('data:image/png;base64,AAAA')", said("data:image/png;base64,BBBB\n")),
        cell("import mmlab.course as c; c.predict('q', 'How long?')", said("")),
    ]
    (tmp_path / "one.ipynb").write_text(json.dumps(GOOD | {"cells": cells}))
    assert re.findall(r"^FAILED .*::Cell (\d)", nbval(tmp_path / "one.ipynb").stdout, re.M) == ["1", "3"]
