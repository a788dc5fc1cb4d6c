"""The same story gives the same bytes: twice in one process, and whatever PYTHONHASHSEED says."""

import hashlib
import io
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from kernel_helpers import BASE, DESIGNS, PAGE, US, Lab

from mmlab import trace
from mmlab.kernel import SIGKILL, VM_READ, VM_WRITE, charge, send_sig
from mmlab.kernel.exception import touch
from mmlab.kernel.mmap import read_proc_maps, sys_mmap, sys_mprotect, sys_munmap
from mmlab.kernel.truncate import fadvise_dontneed, vmtruncate

HERE = Path(__file__).resolve().parent


def busy_run(design, seed=1, debug=False):
    """Everything at once: faults, remaps, mprotect, ps, DONTNEED, a truncation, a kill. Returns the trace as text."""
    dice = random.Random(seed)
    lab = Lab(design, debug=debug, cache_pages=8, flags=VM_READ | VM_WRITE, channels=2, queue_depth=3)
    lab.k.disk.service_time = lambda: dice.randrange(20 * US, 400 * US)
    k = lab.k

    async def faulter():
        for _ in range(30):
            if await touch(k, BASE + dice.randrange(40) * PAGE, dice.random() < 0.3) == SIGKILL:
                return
            await charge(dice.randrange(5 * US))

    async def looper():
        for _ in range(20):
            address = await sys_mmap(k, PAGE * dice.randrange(1, 4))
            await touch(k, address, True)
            await sys_munmap(k, address, PAGE)
            await sys_mprotect(k, BASE, 8 * PAGE, dice.choice([VM_READ, VM_READ | VM_WRITE]))

    async def others(victim):
        for _ in range(5):
            await read_proc_maps(k)
            await fadvise_dontneed(lab.file, 0, 63)
            await charge(dice.randrange(300 * US))
        send_sig(SIGKILL, victim)
        await vmtruncate(lab.file, 20 * PAGE)

    victims = [lab.task(faulter(), comm=f"fault{n}") for n in range(3)]
    lab.task(looper(), role="mmap")
    lab.task(others(victims[0]), role="ps")
    lab.run(50_000_000)
    text = io.StringIO()
    assert trace.write(lab.events, text) > 300
    return text.getvalue()


def fingerprint(design):
    return hashlib.sha256(busy_run(design).encode()).hexdigest()


@pytest.mark.parametrize("design", DESIGNS)
def test_a_run_repeats_itself_byte_for_byte(design):
    assert busy_run(design) == busy_run(design)
    assert busy_run(design) != busy_run(design, seed=2)


def test_the_order_of_hashes_does_not_reach_the_trace():
    script = "import test_engine_determinism as t\nfor design in t.DESIGNS: print(t.fingerprint(design))"
    here = [fingerprint(design) for design in DESIGNS]
    for hash_seed in ("0", "1", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={
                **os.environ,
                "PYTHONHASHSEED": hash_seed,
                "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)]),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == here


@pytest.mark.parametrize("design", DESIGNS)
def test_a_busy_run_leaves_a_trace_that_can_be_written_and_read_back(design):
    text = busy_run(design)
    again = io.StringIO()
    trace.write(trace.read(io.StringIO(text)), again)
    assert again.getvalue() == text


@pytest.mark.parametrize("design", DESIGNS)
def test_the_debugging_aids_do_not_change_what_happens(design):
    assert busy_run(design, debug=True) == busy_run(design)
