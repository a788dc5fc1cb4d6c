"""Twenty submissions at once: whoever scores them, how many at a time, and whatever interrupts it, the same bytes."""

import os
import subprocess
import sys
import time
from collections import Counter

import pytest
from grading_helpers import KEY, ROOT, UNSEEN
from mixed_submissions import mixed

from mmlab.grading import results
from mmlab.grading.batch import DETAILS, GRADES, grade
from mmlab.grading.score import GRADED, MISSING, REJECTED

pytestmark = pytest.mark.slow
EXERCISES = ("ex1", "ex3", "ex9")
"""the cheapest ones, and the one that a person grades"""


def tables(place, out, **options):
    """Grade the folder into `out`; the bytes of its tables."""
    grade(place / "in", place / out, unseen=UNSEEN, key=place / "key", progress=False, **options)
    return [(place / out / name).read_bytes() for name in (GRADES, DETAILS)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with twenty submissions."""
    place = tmp_path_factory.mktemp("class")
    mixed(place / "in", 20, EXERCISES)
    (place / "key").write_text(KEY)
    return place


@pytest.fixture(scope="module")
def alone(place):
    """The tables that one worker makes of them."""
    made = tables(place, "alone", workers=1)
    scores = results(place / "alone")
    assert Counter(score.status for score in scores) == {GRADED: 19, REJECTED: 1, MISSING: 1}
    earned = {score.points for score in scores if score.exercise == "ex1"}
    assert {0.0, 20.0} < earned and len(earned) > 3
    return made


def test_two_workers_make_the_same_tables_as_one(place, alone):
    assert tables(place, "two", workers=2) == alone


def test_a_dask_cluster_makes_the_same_tables(place, alone):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        assert tables(place, "cluster", dask=cluster.scheduler_address) == alone


def test_a_grader_that_was_killed_half_way_goes_on_to_the_same_tables(place, alone):
    words = ["grade", "in", "--out", "killed", "--unseen", str(UNSEEN), "--key", "key", "--workers", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.Popen([sys.executable, "-m", "mmlab", *words], cwd=place, env=environment)
    there = place / "killed" / "results"
    while killed.poll() is None and len(list(there.rglob("*.json"))) < 10:
        time.sleep(0.02)
    killed.kill()
    assert killed.wait() < 0
    assert 10 <= len(results(place / "killed")) < 20
    assert tables(place, "killed") == alone
