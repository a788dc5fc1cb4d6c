"""The same scenario gives the same trace, byte for byte, everywhere."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmlab import Scenario, trace

ROOT = Path(__file__).resolve().parent.parent
BUSY = {
    "fault_threads": 3,
    "mmap_threads": 2,
    "ps_readers": 1,
    "disk": "exponential(300us)",
    "channels": 2,
    "queue_depth": 2,
    "pause": "exponential(50us)",
    "mmap_pause": "uniform(0us,90us)",
    "write_rate": 500,
    "cache_pages": 4,
    "seed": 7,
}
GOLDEN = {
    "synchronous": "0218c3160912567e2480d59482979294cee74fd8d447c10a2f5b830bf81f2565",
    "nopage_refault": "8b652efa365c3e104f89b0e80ee5dcbed13f045d3a5d754334dadb34401189a4",
    "nopage_retry": "62dc6868f59d8b108899538c36319566a94db8958816ddff017503cee006b6a2",
}
"""sha256 of 20 ms of BUSY: changes only when the simulated kernel's behaviour or costs do, then say so in the commit"""
PROGRAM = "import sys, test_determinism as t; print(t.digest(sys.argv[1]))"


def trace_bytes(design, seconds=0.02, **changes):
    file = io.StringIO()
    trace.write_header(file)
    Scenario(design=design, **{**BUSY, **changes}).run(seconds, watch=lambda events: trace.write_events(events, file))
    return file.getvalue().encode()


def digest(design):
    return hashlib.sha256(trace_bytes(design)).hexdigest()


def digest_elsewhere(python, design, **environment):
    paths = [str(ROOT), str(ROOT / "tests")]
    if python != sys.executable:  # another Python may borrow our pytest and simpy: they are plain Python
        paths += [path for path in sys.path if path.endswith("site-packages")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    done = subprocess.run([python, "-c", PROGRAM, design], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("design", GOLDEN)
def test_the_same_seed_gives_the_same_bytes_twice(design):
    first = trace_bytes(design)
    assert len(first) > 20_000
    assert trace_bytes(design) == first


@pytest.mark.parametrize("design", GOLDEN)
def test_the_trace_is_the_one_that_every_machine_gets(design):
    assert digest(design) == GOLDEN[design]


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_hash_seed_does_not_matter(hash_seed):
    assert digest_elsewhere(sys.executable, "nopage_retry", PYTHONHASHSEED=hash_seed) == GOLDEN["nopage_retry"]


def test_another_seed_gives_another_trace():
    assert trace_bytes("synchronous", seed=8) != trace_bytes("synchronous")


def test_watching_or_keeping_events_does_not_change_a_run():
    scenario = Scenario(**BUSY)
    figures = [
        scenario.run(0.02, keep=keep, watch=watch).as_dict() for keep, watch in ((0, None), (50, len), (10**6, None))
    ]
    assert figures[0] == figures[1] == figures[2]


def test_a_longer_run_begins_like_a_shorter_one():
    short, long = (trace_bytes("nopage_retry", seconds) for seconds in (0.01, 0.02))
    assert long.startswith(short) and len(long) > len(short)


def usable(python):
    """Whether a Python is on PATH and starts."""
    path = shutil.which(python)
    done = path and subprocess.run(
        [path, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True
    )
    return path if done and done.returncode == 0 else None


@pytest.mark.slow
def test_other_pythons_get_the_same_trace():
    others = {name: path for name in ("python3.11", "python3.12", "python3.13", "python3.14") if (path := usable(name))}
    print(f"compared with: {', '.join(others) or 'no other Python is on PATH'}")
    assert {name: digest_elsewhere(path, "nopage_retry") for name, path in others.items()} == dict.fromkeys(
        others, GOLDEN["nopage_retry"]
    )
