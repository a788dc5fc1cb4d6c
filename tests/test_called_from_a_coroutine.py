"""A cell of a notebook is run by a coroutine of IPython's: a report must never point there."""

import asyncio

import mmlab
from mmlab.designs import find


async def drop_and_wait(k, mm, page):
    """Forgets to wait. Lock state: as in nopage_retry."""
    await mm.mmap_sem.up_read()


FORGETFUL = find("nopage_retry").patched("forgetful", drop_and_wait=drop_and_wait)


async def a_cell(design, world):
    return mmlab.explore(design, world, progress=False)


def test_an_interleaving_told_inside_a_coroutine_points_at_the_same_lines():
    outside = mmlab.explore(FORGETFUL, "one fault", progress=False)
    inside = asyncio.run(a_cell(FORGETFUL, "one fault"))
    assert inside.finding.report() == outside.finding.report()
    assert str(inside.counterexample) == str(outside.counterexample)
    assert "a_cell" not in str(inside.counterexample) and "drop_and_wait" in str(inside.counterexample)


def test_a_step_outside_the_reader_s_code_has_no_line():
    told = asyncio.run(a_cell("nopage_retry", "a fault under DONTNEED")).counterexample
    assert "a_cell" not in str(told) and "do_page_fault" in str(told)
