"""What every design says of itself, held against what it does: who holds the lock after RETRY, whose patch it is."""

import pytest
from kernel_helpers import BASE, MS, PAGE, US, Lab
from test_descendants import PATCHES as OF_DESCENDANTS
from test_series_contracts import PATCHES as OF_SERIES

from mmlab import designs
from mmlab.designs.design import Design
from mmlab.kernel import NOPAGE_RETRY, SIGUSR1, VM_FAULT_RETRY, send_sig, spu_bind_context, spu_context, spufs_mem_mmap
from mmlab.kernel.exception import touch
from mmlab.kernel.gup import pin_user_page
from mmlab.kernel.mmap import sys_mprotect

EVERY = list(designs.everything())
SPU_AT = BASE + 100 * PAGE


def states_after_retry(name, coroutine_of):
    """Who holds what whenever a ->nopage answers RETRY: [(mmap_sem, a vma's lock)] while `coroutine_of(lab)` runs."""
    base, seen = designs.find(name), []

    def watched(inner):
        async def nopage(k, *arguments):
            answer = await inner(k, *arguments)
            word = answer[0] if isinstance(answer, tuple) else answer
            retry = NOPAGE_RETRY if base.answers["filemap_nopage"].words.find("NOPAGE_RETRY") >= 0 else VM_FAULT_RETRY
            if isinstance(word, int) and word == retry:
                held = k.current.held
                seen.append((k.mm.mmap_sem in held, any(getattr(lock, "vma", None) for lock in held)))
            return answer

        return nopage

    patch = {f: watched(base.functions[f]) for f in base.functions if f in ("filemap_nopage", "spufs_nopage")}
    lab = Lab(Design("spy", base, patch, "", "", base.answers), disk=MS)
    lab.mm.mm_users += 1  # or unshared_mm has no reason to drop anything
    lab.context = spu_context(lab.k)
    lab.mm.mmap.append(spufs_mem_mmap(lab.mm, lab.context, SPU_AT))
    lab.victim = lab.task(coroutine_of(lab))
    # a write section in the midst of the read, in the very vma, so that no counter saves the retry
    lab.task(sys_mprotect(lab.k, BASE, 64 * PAGE, 1), 500 * US, role="mmap")
    lab.run(20 * MS)
    lab.nothing_is_left()
    return seen


def a_touch(lab):
    return touch(lab.k, BASE)


@pytest.mark.parametrize("name", EVERY)
def test_what_a_design_says_of_the_lock_after_retry_is_so(name):
    seen, words = states_after_retry(name, a_touch), designs[name].after_retry
    if words.startswith("no RETRY"):
        assert seen == []
    elif words.startswith("mmap_sem HELD after RETRY"):
        assert seen and set(seen) == {(True, False)}
    else:
        assert words.startswith(("mmap_sem not held after RETRY", "neither mmap_sem nor the vma's lock held after"))
        assert seen == [(False, False)]


@pytest.mark.parametrize("name", [name for name in EVERY if "pagefault_args" in designs.find(name).lineage])
def test_after_a_retry_that_nowait_asked_for_the_lock_is_held(name):
    assert "HELD if NOWAIT asked for it" in designs[name].after_retry
    assert states_after_retry(name, lambda lab: pin_user_page(lab.k, BASE, nowait=True)) == [(True, False)]


@pytest.mark.parametrize("name", ["spufs_refault", "spufs_args"])
def test_a_driver_keeps_the_contract_of_its_design(name):
    def story(lab):
        async def driver():
            spu_bind_context(lab.context)

        async def sender():
            send_sig(SIGUSR1, lab.victim)

        lab.task(sender(), 2 * MS)
        lab.task(driver(), 5 * MS)
        return touch(lab.k, SPU_AT)

    assert states_after_retry(name, story) == [("HELD after RETRY" in designs[name].after_retry, False)]


def test_the_patch_of_every_design_but_the_first_is_held_against_the_functions_that_its_contract_names():
    assert {*OF_SERIES, *OF_DESCENDANTS} == {*EVERY} - {"synchronous"}


@pytest.mark.parametrize("name", EVERY[1:])
def test_the_diff_to_the_base_is_the_patch_and_no_function_in_it_is_unchanged(name):
    design = designs.find(name)
    stat = designs.diff(design.base, name).stat
    assert set(stat) == set(design.patch)
    assert all(added + removed > 0 for added, removed in stat.values()), stat


@pytest.mark.parametrize("name", EVERY)
def test_every_design_tells_its_story_its_source_and_its_lock_in_one_line_each(name):
    design = designs.find(name)
    for line in (design.story, design.source, design.after_retry):
        assert line and "\n" not in line and len(line) < 120
    assert design.story.endswith(".") and design.is_shipped
