"""Hostile and broken submissions: each gets just its score, nobody stops the batch, and nothing outside is touched."""

import csv
import hashlib
import os
import re
import time
from pathlib import Path

import pytest
from grading_helpers import need_the_sandbox
from hostile import CORPUS
from hostile.entry import NOT_TAKEN
from hostile.page import FILE, page
from hostile.running import KEY, ROOT, faults, graded

from mmlab.grading.score import TROUBLE
from mmlab.grading.watching import members, numbers

QUICK = ("png", "innocent-nothing", "always-equal", "os-exit", "reads-the-solution", "says-it-hangs", "tampered")
"""a cheap one of each kind, for the default tier"""
OURS = ("mmlab", "solutions", "exercises", "notebooks", "tests", "docs")


def hashes(*tops):
    """What is in these folders, by path."""
    found = {}
    for top in tops:
        for path in sorted(Path(top).rglob("*")):
            if (
                path.is_file()
                and not path.is_symlink()
                and "__pycache__" not in path.parts
                and path.stat().st_size < 1e8
            ):
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def with_token(token):
    """Processes that are left, and files that were written, by their mark."""
    left = []
    for pid in numbers():
        try:
            left += [pid] * (token.encode() in Path(f"/proc/{pid}/cmdline").read_bytes())
        except OSError:
            continue
    places = ["/tmp", "/var/tmp", "/dev/shm", "/", str(Path.home()), str(ROOT), *(str(ROOT / one) for one in OURS)]
    return left + [place for place in places if os.path.exists(f"{place}/{token}")]


class Batch:
    """A batch of submissions, and how the world was before it."""

    def __init__(self, top, entries):
        need_the_sandbox()
        self.entries = entries
        self.before = hashes(*(ROOT / one for one in OURS))
        self.members = set(members(os.getpid()))
        self.graded = graded(top, entries)
        self.after = hashes(*(ROOT / one for one in OURS))


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """The whole corpus."""
    return Batch(tmp_path_factory.mktemp("hostile"), CORPUS)


def wrong(batch):
    """What each submission got that it must not get."""
    return {entry.name: found for entry in batch.entries if (found := faults(entry, batch.graded))}


def test_a_few_of_them_get_what_they_must_among_each_other(tmp_path):
    few = Batch(tmp_path, [entry for entry in CORPUS if entry.name in QUICK])
    assert len(few.entries) == len(QUICK)
    assert wrong(few) == {}


def test_the_corpus_is_large_and_each_is_another():
    assert len(CORPUS) >= 200
    assert len({entry.name for entry in CORPUS}) == len(CORPUS)
    assert sum(not entry.innocent for entry in CORPUS) >= 120
    assert all(entry.reads or entry.points for entry in CORPUS)


@pytest.mark.slow
def test_each_submission_gets_just_its_status_its_points_and_its_words(batch):
    assert wrong(batch) == {}


@pytest.mark.slow
def test_nothing_stops_the_batch_and_nothing_is_the_graders_fault(batch):
    told = batch.graded
    assert (told.summary.troubles, told.published.trouble) == (0, "")
    assert [score for score in told.scores.values() if score.status == TROUBLE] == []
    log = told.place.grades / "log.txt"
    assert not log.exists() or log.read_text(encoding="utf-8") == ""
    taken = [entry for entry in batch.entries if entry.status != NOT_TAKEN]
    assert {(entry.name, entry.exercise) for entry in taken} <= set(told.scores)


@pytest.mark.slow
def test_nothing_is_written_outside_and_nobody_calls(batch):
    assert batch.before == batch.after
    assert batch.graded.called == 0
    assert with_token(batch.graded.place.token) == []
    handed_in = batch.graded.place.submissions / "innocent-all" / "ex1" / "ex1.ipynb"
    assert "check_access" in handed_in.read_text()
    assert [path.name for path in handed_in.parent.iterdir()] == ["ex1.ipynb"]


@pytest.mark.slow
def test_no_process_is_left_over(batch):
    until = time.monotonic() + 10
    while (left := set(members(os.getpid())) - batch.members) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == set()


@pytest.mark.slow
def test_what_is_published_holds_no_script_no_formula_no_escape_and_no_key(batch):
    grades = batch.graded.place.grades
    pages = list((grades / "feedback").rglob("*.html"))
    assert len(pages) == len(batch.graded.scores)
    for path in (*pages, grades / "class.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script|<img|\son\w+=\"|javascript:", text), path
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text), path
    for path in grades.glob("*.csv"):
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines(True)))
        assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t"))] == [], path
    found = [path for path in grades.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert found == []


@pytest.mark.slow
def test_the_page_is_what_they_got(batch):
    assert FILE.read_text(encoding="utf-8") == page(batch.graded), "docs/hostile.md is stale: tests/hostile_table.py"
