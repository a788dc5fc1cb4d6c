"""Runs in several threads at once share one process, and must leave it as they found it."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

import mmlab


def forgetful():
    async def mmap_write_unlock(k, mm):
        mm.mmap_sem.up_write()

    return mmlab.designs["synchronous"].patched("forgetful", mmap_write_unlock=mmap_write_unlock)


def test_a_sweep_on_threads_leaves_the_process_s_warnings_alone():
    before = warnings.showwarning, list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        mmlab.sweep(disk=["1ms", "2ms", "3ms", "4ms", "5ms", "6ms"], seconds=0.2, executor=pool)
    assert (warnings.showwarning, list(warnings.filters)) == before


def test_each_thread_hears_only_of_its_own_forgotten_awaits():
    wrong, right = mmlab.Scenario(design=forgetful()), mmlab.Scenario()
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(scenario.run, 0.2) for scenario in (right, wrong) * 4]
        for number, run in enumerate(runs):
            if number % 2 == 0:
                assert run.result().faults > 0
            else:
                with pytest.raises(mmlab.KernelBug, match="never awaited"):
                    run.result()


def test_tasks_that_are_gone_are_forgotten():
    from mmlab.experiment.run import build

    engine = build(mmlab.Scenario(write_rate=1000, mmap_threads=0, fault_threads=0))
    engine.run(10**9)
    assert len(engine.k.tasks) < 10
