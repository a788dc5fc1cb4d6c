"""The whole series behind the grader's walls: the traces and verdicts of a run in this process, byte for byte."""

import json

import pytest
from grading_helpers import need_the_sandbox
from test_determinism import trace_bytes

import mmlab
from mmlab.worker import remote

WORLDS = (
    "one fault", "a fault and an unmap", "a fault under DONTNEED", "a fault and a truncate", "a fault and a read error",
    "a fault and a kill", "a kernel-mode fault and a signal", "get_user_pages",
)  # fmt: skip
RUNS = {
    "a quiet run": {"fault_threads": 1, "mmap_threads": 1, "disk": "200us"},
    "a busy run": {},
    "a disturbed run": {
        "dontneed": "300us", "read_errors": 0.2, "signal_rate": 2_000, "alloc_failures": 0.05, "copy_threads": 1,
        "gup_threads": 1, "kill_at": "700us", "cache_pages": 16,
    },
}  # fmt: skip
SECONDS = 0.001


def verdict_bytes(design, world):
    """All that an exploration says and shows, but for the seconds that it took."""
    verdict = mmlab.explore(design, world, progress=False)
    example = verdict.counterexample
    picture = example.picture()._repr_html_() if example else ""
    return "\n".join([json.dumps(verdict.as_dict()), str(verdict), str(example), picture]).encode()


def same_for(name, runs, worlds):
    with remote(name, command=need_the_sandbox()) as walled:
        for changes in runs:
            here = trace_bytes(name, SECONDS, **changes)
            assert trace_bytes(walled, SECONDS, **changes) == here
            assert here.count(b"\n") > 10
        for world in worlds:
            assert verdict_bytes(walled, world) == verdict_bytes(name, world), world


def test_the_last_design_is_the_same_behind_walls():
    same_for("final", [RUNS["a busy run"]], ["one fault"])


def test_a_counterexample_is_the_same_behind_walls():
    same_for("nopage_retry", [], ["a fault under DONTNEED"])
    assert b"livelock" in verdict_bytes("nopage_retry", "a fault under DONTNEED")


@pytest.mark.slow
@pytest.mark.parametrize("name", mmlab.designs.series)
def test_the_whole_series_is_the_same_behind_walls(name):
    same_for(name, RUNS.values(), WORLDS)
