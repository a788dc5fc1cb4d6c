"""The address space: vmas, find_vma, munmap, mprotect, the stack, and the page table beneath them."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_helpers import BASE, PAGE, Lab, run_alone

from mmlab import KernelBug
from mmlab.kernel import VM_GROWSDOWN, VM_READ, VM_WRITE, charge, find_vma, good_area, vm_area_struct
from mmlab.kernel.exception import touch
from mmlab.kernel.mm import STACK_LIMIT
from mmlab.kernel.mmap import do_mmap, do_munmap, mprotect_fixup, read_proc_maps, sys_mmap, sys_munmap

FIRST = 0x100
"""the page number at which the model's address space begins"""
SPAN = 24

changes = st.lists(
    st.tuples(
        st.sampled_from(["mmap", "mmap", "fixed", "munmap", "mprotect", "touch"]),
        st.integers(0, SPAN - 1),
        st.integers(1, 8),
        st.sampled_from([VM_READ, VM_WRITE, VM_READ | VM_WRITE, 0]),
    ),
    max_size=14,
)


def at(page_number):
    return (FIRST + page_number) * PAGE


async def apply(lab, model, change):
    """Make one change to the kernel's address space and to the model: page number -> (flags, file page)."""
    what, start, pages, flags = change
    if what == "touch":
        if await touch(lab.k, at(start)) is None:
            assert model[start][0] & VM_READ
        return
    await lab.sem.down_write()
    if what == "munmap":
        do_munmap(lab.mm, at(start), pages * PAGE)
        for n in range(start, start + pages):
            model.pop(n, None)
    elif what == "mprotect":
        mprotect_fixup(lab.mm, at(start), pages * PAGE, flags)
        for n in range(start, start + pages):
            if n in model:
                model[n] = (flags, model[n][1])
    else:
        address = do_mmap(lab.mm, pages * PAGE, flags, lab.file, pages, at(start) if what == "fixed" else None)
        begin = address // PAGE - FIRST
        if what == "mmap":
            assert not any(n in model for n in range(begin, begin + pages))
        for n in range(begin, begin + pages):
            model[n] = (flags, pages + n - begin)
    await lab.sem.up_write()


async def compare(lab, model):
    """find_vma, permissions, file pages and ptes, page by page, against the model."""
    mm = lab.mm
    assert [vma.vm_start for vma in mm.mmap] == sorted(vma.vm_start for vma in mm.mmap)
    assert all(low.vm_end <= high.vm_start for low, high in zip(mm.mmap, mm.mmap[1:]))
    assert {n + FIRST for n in model} == {n // PAGE for v in mm.mmap for n in range(v.vm_start, v.vm_end, PAGE)}
    await lab.sem.down_read()
    for n in range(-1, SPAN + 9):
        vma = await find_vma(mm, at(n) + 7)
        above = min((m for m in model if m >= n), default=None)
        if above is None:
            assert vma is None
            continue
        assert vma.vm_start <= at(above) < vma.vm_end
        assert (n in model) == (vma.vm_start <= at(n))
        if n in model:
            flags, file_page = model[n]
            assert vma.vm_flags == flags
            assert (at(n) - vma.vm_start) // PAGE + vma.vm_pgoff == file_page
            assert await good_area(vma, at(n), False) == bool(flags & VM_READ)
            assert await good_area(vma, at(n), True) == bool(flags & VM_WRITE)
    await lab.sem.up_read()
    for table in mm.pgd.values():
        for page_number, page in table.ptes.items():
            flags, file_page = model[page_number - FIRST]
            assert page.index == file_page and flags & VM_READ
            assert (page_number in table.readonly) or flags & VM_WRITE


@settings(max_examples=120, deadline=None)
@given(changes)
def test_find_vma_and_the_page_table_agree_with_a_page_by_page_model(sequence):
    lab, model = Lab(mapped=False, disk=1_000), {}
    lab.mm.mmap_base = at(0)

    async def everything():
        for change in sequence:
            await apply(lab, model, change)
            await compare(lab, model)

    lab.task(everything())
    lab.run()
    assert lab.words(None, "exit") == [("exit", "done")]
    lab.nothing_is_left()


def changed(lab, *calls):
    """Run plain calls under mmap_sem held for writing."""

    async def change():
        await lab.sem.down_write()
        for call in calls:
            call()
        await lab.sem.up_write()

    run_alone(lab.k, change())
    return [(vma.vm_start, vma.vm_end, vma.vm_pgoff) for vma in lab.mm.mmap]


def test_a_munmap_in_the_middle_splits_the_vma_and_keeps_the_file_offsets():
    lab = Lab(pages=10, debug=False)
    split = changed(lab, lambda: do_munmap(lab.mm, BASE + 3 * PAGE, 2 * PAGE))
    assert split == [(BASE, BASE + 3 * PAGE, 0), (BASE + 5 * PAGE, BASE + 10 * PAGE, 5)]


def test_a_fixed_mapping_replaces_what_was_there_and_frees_its_vma():
    lab = Lab(pages=4, debug=False)
    old = lab.mm.mmap[0]
    replaced = changed(lab, lambda: do_mmap(lab.mm, 4 * PAGE, VM_READ, lab.file, 7, BASE))
    assert replaced == [(BASE, BASE + 4 * PAGE, 7)]
    with pytest.raises(KernelBug, match="use after free"):
        old.vm_start  # noqa: B018 - the touch is the test


def test_an_address_is_chosen_in_the_first_gap_that_is_large_enough():
    lab = Lab(mapped=False, debug=False)
    base = lab.mm.mmap_base
    lab.map(base, 1)
    lab.map(base + 3 * PAGE, 1)
    small = changed(lab, lambda: do_mmap(lab.mm, 2 * PAGE))
    assert (base + PAGE, base + 3 * PAGE, 0) in small
    large = changed(lab, lambda: do_mmap(lab.mm, 2 * PAGE))
    assert (base + 4 * PAGE, base + 6 * PAGE, 0) in large


def test_an_address_is_chosen_above_mmap_base_whatever_is_mapped_below():
    lab = Lab(debug=False)
    assert lab.mm.mmap_base > BASE
    assert (lab.mm.mmap_base, lab.mm.mmap_base + PAGE, 0) in changed(lab, lambda: do_mmap(lab.mm, PAGE))


def test_lengths_are_rounded_up_to_whole_pages():
    lab = Lab(mapped=False, debug=False)
    base = lab.mm.mmap_base
    assert changed(lab, lambda: do_mmap(lab.mm, 1)) == [(base, base + PAGE, 0)]
    assert changed(lab, lambda: do_munmap(lab.mm, base, 1)) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda mm: do_mmap(mm, 0),
        lambda mm: do_mmap(mm, PAGE, address=BASE + 1),
        lambda mm: do_munmap(mm, BASE, 0),
        lambda mm: do_munmap(mm, BASE + 1, PAGE),
        lambda mm: mprotect_fixup(mm, BASE + 1, PAGE, VM_READ),
        lambda mm: mprotect_fixup(mm, BASE, -PAGE, VM_READ),
    ],
)
def test_lengths_and_addresses_that_no_kernel_accepts_are_refused_in_one_line(call):
    lab = Lab(debug=False)
    with pytest.raises(
        ValueError, match=r"^(do_mmap|do_munmap|mprotect): (length|address) .*(at least|multiple)[^\n]*$"
    ):
        changed(lab, lambda: call(lab.mm))


@pytest.mark.parametrize(
    "call", [do_munmap, lambda mm, a, n: do_mmap(mm, n), lambda mm, a, n: mprotect_fixup(mm, a, n, 1)]
)
def test_the_vmas_may_be_changed_only_with_the_lock_held_for_writing(call):
    lab = Lab()

    async def reader_changes():
        await lab.sem.down_read()
        call(lab.mm, BASE, PAGE)

    lab.task(reader_changes())
    with pytest.raises(KernelBug, match="lock not held"):
        lab.run()


def test_find_vma_without_the_lock_is_reported():
    lab = Lab()
    lab.task(find_vma(lab.mm, BASE))
    with pytest.raises(KernelBug, match="lock not held: find_vma"):
        lab.run()


def stack_lab(pages=1):
    lab = Lab(mapped=False)
    vma = vm_area_struct(lab.mm, BASE, BASE + pages * PAGE, VM_READ | VM_WRITE | VM_GROWSDOWN)
    lab.mm.mmap.append(vma)
    return lab, vma


def outcome_of(lab, address, write_access=False):
    answers = []

    async def access():
        answers.append(await touch(lab.k, address, write_access))

    lab.task(access())
    lab.run()
    lab.nothing_is_left()
    return answers[0]


def test_a_touch_below_the_stack_grows_it_to_that_page():
    lab, vma = stack_lab()
    assert outcome_of(lab, BASE - 3 * PAGE + 5, True) is None
    assert vma.vm_start == BASE - 3 * PAGE


def test_a_stack_does_not_grow_beyond_its_limit():
    lab, vma = stack_lab()
    assert outcome_of(lab, BASE + PAGE - STACK_LIMIT - 1, True) == "SIGSEGV"
    assert vma.vm_start == BASE


def test_a_stack_may_grow_to_exactly_its_limit():
    lab, vma = stack_lab()
    assert outcome_of(lab, BASE + PAGE - STACK_LIMIT, True) is None
    assert vma.vm_end - vma.vm_start == STACK_LIMIT


def test_a_stack_does_not_grow_over_another_mapping():
    lab, vma = stack_lab()
    lab.map(BASE - 4 * PAGE, 2)
    assert outcome_of(lab, BASE - 5 * PAGE, True) == "SIGSEGV"
    assert vma.vm_start == BASE


def test_an_ordinary_mapping_does_not_grow():
    lab = Lab()
    assert outcome_of(lab, BASE - 1) == "SIGSEGV"


def test_munmap_clears_the_ptes_and_frees_the_page_table_but_not_the_cached_pages():
    lab, tables = Lab(pages=4), []

    async def maps_and_unmaps():
        for n in range(4):
            assert await touch(lab.k, BASE + n * PAGE) is None
        tables.extend(lab.mm.pgd.values())
        await sys_munmap(lab.k, BASE + PAGE, PAGE)
        assert lab.mm.rss == 3 and list(lab.mm.pgd.values()) == tables
        await sys_munmap(lab.k, BASE, 4 * PAGE)

    lab.task(maps_and_unmaps())
    lab.run()
    assert lab.mm.rss == 0 and lab.mm.pgd == {} and lab.mm.mmap == []
    assert len(lab.file.pages) == 4
    assert len(lab.times("unmap")) == 4
    with pytest.raises(KernelBug, match="page-table page was used after munmap"):
        tables[0].ptes  # noqa: B018 - the touch is the test
    lab.nothing_is_left()


def test_a_page_table_stays_while_another_vma_still_needs_it():
    lab = Lab(pages=2)
    lab.map(BASE + 8 * PAGE, 1, VM_READ | VM_WRITE)

    async def maps_and_unmaps():
        await touch(lab.k, BASE)
        await touch(lab.k, BASE + 8 * PAGE)
        await sys_munmap(lab.k, BASE, 2 * PAGE)
        assert await touch(lab.k, BASE) == "SIGSEGV"

    lab.task(maps_and_unmaps())
    lab.run()
    assert len(lab.mm.pgd) == 1 and lab.mm.rss == 1


def lines_run(call):
    """How many lines of Python a call executes: its work, on any machine."""
    count = 0

    def tracer(frame, event, arg):
        nonlocal count
        count += event == "line"
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("what", ["one page beside a large mapping", "a large mapping with one pte"])
def test_the_work_of_munmap_does_not_grow_with_the_size_of_the_file(what):
    def work(pages):
        lab = Lab(pages=pages, debug=False, cache_pages=4096)
        lab.map(BASE - PAGE, 1, VM_READ, lab.file)

        async def prepare():
            await touch(lab.k, BASE + PAGE)

        lab.task(prepare())
        lab.run()
        address, length = (BASE - PAGE, PAGE) if what.startswith("one page") else (BASE, pages * PAGE)
        lab.mm.k.current = lab.sem.writer = lab.k.tasks[0]
        return lines_run(lambda: do_munmap(lab.mm, address, length))

    assert work(20_000) <= work(20) + 20


def test_write_access_to_a_page_that_is_mapped_read_only_is_a_segmentation_fault():
    lab = Lab(flags=VM_READ)
    answers = []

    async def reads_then_writes():
        answers.append(await touch(lab.k, BASE))
        answers.append(await touch(lab.k, BASE, write_access=True))

    lab.task(reads_then_writes())
    lab.run()
    assert answers == [None, "SIGSEGV"]
    lab.nothing_is_left()


def test_mprotect_takes_away_and_gives_back_the_right_to_write_without_losing_the_page():
    lab = Lab(flags=VM_READ | VM_WRITE)
    answers = []

    async def protects():
        answers.append(await touch(lab.k, BASE, True))
        for flags in (VM_READ, VM_READ | VM_WRITE, 0):
            await lab.sem.down_write()
            mprotect_fixup(lab.mm, BASE, PAGE, flags)
            await lab.sem.up_write()
            answers.append((await touch(lab.k, BASE), await touch(lab.k, BASE, True)))

    task = lab.task(protects())
    lab.run()
    assert answers == [None, (None, "SIGSEGV"), (None, None), ("SIGSEGV", "SIGSEGV")]
    assert (task.maj_flt, task.min_flt) == (1, 1)
    lab.nothing_is_left()


def test_the_system_calls_hold_the_lock_for_writing_and_ps_for_reading():
    lab = Lab()

    async def calls():
        address = await sys_mmap(lab.k, PAGE)
        await sys_munmap(lab.k, address, PAGE)
        await read_proc_maps(lab.k)
        await charge(0)

    lab.task(calls(), role="mmap")
    lab.run()
    kinds = ("enter", "acquire", "release", "leave")
    assert [object for _, object in lab.words(None, *kinds)] == [
        *("mmap", "mmap_sem/write", "mmap_sem/write", "mmap"),
        *("munmap", "mmap_sem/write", "mmap_sem/write", "munmap"),
        *("ps", "mmap_sem/read", "mmap_sem/read", "ps"),
    ]
    assert [vma.vm_start for vma in lab.mm.mmap] == [BASE]
