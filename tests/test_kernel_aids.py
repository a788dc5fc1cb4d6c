"""Deliberately wrong handlers: each gets a report that names the task, the line, the locks, and what to look at."""

import inspect
import textwrap

import pytest
from kernel_helpers import BASE, MS, PAGE, US, Lab, read_in

from mmlab import KernelBug, designs
from mmlab.kernel import (
    NOPAGE_SIGBUS,
    SIGSEGV,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_RETRY,
    charge,
    find_get_page,
    find_vma,
    force_sig,
    good_area,
    linear_page_index,
    lock_page,
    page_cache_read,
    pte_none,
    put_page,
    readpage,
    trylock_page,
    wait_on_page_locked,
)
from mmlab.kernel.exception import touch
from mmlab.kernel.mmap import do_mmap, sys_munmap
from mmlab.kernel.truncate import vmtruncate

BASES = {name: designs.find(name) for name in ("synchronous", "nopage_retry")}


def edited(base, name, *replacements):
    """The source of a learner's version of a shipped function: some text is replaced."""
    source = textwrap.dedent(inspect.getsource(BASES[base].functions[name]))
    for old, new in replacements:
        assert source.count(old) >= 1, f"{name} of {base} has no {old!r}"
        source = source.replace(old, new, 1)
    return source


def compiled(tmp_path, source, name, base):
    path = tmp_path / f"learner_{name}.py"
    path.write_text(source)
    namespace = dict(vars(inspect.getmodule(BASES[base].functions[name])))
    exec(compile(source, str(path), "exec"), namespace)
    return namespace[name]


def report_of(design, *, address=BASE, others=(), **options):
    """Run one faulting task of a learner's design and return the finding."""
    lab = Lab(design, debug=True, **{"disk": MS, **options})
    lab.task(touch(lab.k, address))
    for at, other in others:
        lab.task(other(lab), at, role="other")
    with pytest.raises(KernelBug) as found:
        lab.run()
    return found.value


def is_complete(bug, kind, function, source, task="fault0"):
    """Every report names what, who, where, the locks, the last events, and the next thing to look at."""
    assert bug.kind == kind, bug
    assert bug.task == task, bug
    assert bug.where is not None and bug.where[0] == function, bug
    assert source in bug.where[2], bug
    assert bug.locks.startswith("mmap_sem"), bug
    assert bug.events and bug.events[-1].time <= bug.time, bug
    assert bug.advice, bug
    text = str(bug)
    for part in (
        f"BUG: {kind}: ",
        f"task    {task} at ",
        f"where   {function}, line {bug.where[1]}: ",
        "locks   mmap_sem ",
    ):
        assert part in text
    assert "the last events:" in text and f"look at {bug.advice}" in text


FORGOTTEN = [
    (
        "do_page_fault",
        "    await mm.mmap_sem.up_read()\n    if fault",
        "    mm.mmap_sem.up_read()\n    if fault",
        "up_read",
    ),
    ("do_page_fault", "await mm.mmap_sem.down_read()", "mm.mmap_sem.down_read()", "down_read"),
    ("do_page_fault", "vma = await find_vma", "vma = find_vma", "find_vma"),
    ("do_page_fault", "not await good_area", "not good_area", "good_area"),
    ("do_page_fault", "await k.handle_mm_fault", "k.handle_mm_fault", "handle_mm_fault"),
    ("do_no_page", "await k.nopage", "k.nopage", "filemap_nopage"),
    ("do_no_page", "await mm.page_table_lock.spin_lock()", "mm.page_table_lock.spin_lock()", "spin_lock"),
    ("do_no_page", "await set_pte_at", "set_pte_at", "set_pte_at"),
    ("filemap_nopage", "await find_get_page", "find_get_page", "find_get_page"),
    ("filemap_nopage", "await lock_page", "lock_page", "lock_page"),
    (
        "filemap_nopage",
        "await unlock_page(page)\n            return",
        "unlock_page(page)\n            return",
        "unlock_page",
    ),
    ("drop_and_wait", "await put_page", "put_page", "put_page"),
    ("drop_and_wait", "await wait_on_page_locked", "wait_on_page_locked", "wait_on_page_locked"),
]


@pytest.mark.parametrize(("name", "old", "new", "forgotten"), FORGOTTEN, ids=[row[3] for row in FORGOTTEN])
def test_a_forgotten_await_is_named_with_its_line(tmp_path, name, old, new, forgotten):
    base = "nopage_retry" if name == "drop_and_wait" else "synchronous"
    mine = compiled(tmp_path, edited(base, name, (old, new)), name, base)
    bug = report_of(BASES[base].patched("mine", **{name: mine}))
    line = new.strip().splitlines()[0].removesuffix(":")
    is_complete(bug, "never awaited", name, line.split("\n")[0])
    assert bug.detail.startswith(f"{forgotten}(...)")
    assert bug.advice == f"write `await` in front of {forgotten}"


def test_a_forgotten_await_is_reported_soon_and_not_at_the_end_of_a_long_run():
    async def drop_and_wait(k, mm, page):
        await mm.mmap_sem.up_read()
        wait_on_page_locked(page)
        await put_page(page)

    lab = Lab(BASES["nopage_retry"].patched("mine", drop_and_wait=drop_and_wait), disk=900 * MS)
    lab.task(touch(lab.k, BASE))
    with pytest.raises(KernelBug) as found:
        lab.run()
    is_complete(found.value, "never awaited", "drop_and_wait", "wait_on_page_locked(page)")
    assert found.value.time < 10 * US  # when it happened
    assert lab.k.now < 90 * MS  # when it was said


def test_a_lock_that_is_kept_on_the_path_of_a_segmentation_fault_is_shown_where_it_was_taken():
    async def do_page_fault(k, address, write_access):
        await k.mm.mmap_sem.down_read()
        vma = await find_vma(k.mm, address)
        if not await good_area(vma, address, write_access):
            force_sig(SIGSEGV, k.current)
            return
        await k.mm.mmap_sem.up_read()

    bug = report_of(BASES["synchronous"].patched("mine", do_page_fault=do_page_fault), address=0)
    is_complete(bug, "lock leaked", "do_page_fault", "await k.mm.mmap_sem.down_read()")
    assert bug.locks == "mmap_sem held for reading by fault0"


def test_a_lock_that_was_waited_for_and_leaked_is_shown_where_the_wait_was():
    async def do_page_fault(k, address, write_access):
        await k.mm.mmap_sem.down_read()
        force_sig(SIGSEGV, k.current)

    async def writer(lab):
        await lab.sem.down_write()
        await charge(MS)
        await lab.sem.up_write()

    bug = report_of(BASES["synchronous"].patched("mine", do_page_fault=do_page_fault), others=[(100, writer)])
    is_complete(bug, "lock leaked", "do_page_fault", "down_read()")


def test_a_lock_released_twice_is_shown_with_the_line_that_released_it_first():
    async def filemap_nopage(k, vma, address):
        page = await page_cache_read(vma.vm_file, linear_page_index(vma, address))
        await vma.vm_mm.mmap_sem.up_read()
        await wait_on_page_locked(page)
        await put_page(page)
        return NOPAGE_SIGBUS, VM_FAULT_MAJOR

    bug = report_of(BASES["synchronous"].patched("mine", filemap_nopage=filemap_nopage))
    is_complete(bug, "released by a stranger", "do_page_fault", "await mm.mmap_sem.up_read()")
    assert "it let go of it in filemap_nopage, line" in bug.detail
    assert bug.detail.endswith("await vma.vm_mm.mmap_sem.up_read()")


def test_a_lock_released_in_the_wrong_mode_is_reported():
    async def do_page_fault(k, address, write_access):
        await k.mm.mmap_sem.down_read()
        await k.mm.mmap_sem.up_write()

    bug = report_of(BASES["synchronous"].patched("mine", do_page_fault=do_page_fault))
    is_complete(bug, "released by a stranger", "do_page_fault", "up_write()")


def test_a_second_down_read_by_the_same_task_is_reported():
    async def handle_mm_fault(k, mm, vma, address, write_access):
        await mm.mmap_sem.down_read()
        return VM_FAULT_MINOR

    bug = report_of(BASES["synchronous"].patched("mine", handle_mm_fault=handle_mm_fault))
    is_complete(bug, "recursive locking", "handle_mm_fault", "await mm.mmap_sem.down_read()")


def test_mmap_sem_asked_for_under_a_page_lock_is_reported():
    async def filemap_nopage(k, vma, address):
        mm, page = vma.vm_mm, await find_get_page(vma.vm_file, 0)
        await mm.mmap_sem.up_read()
        await lock_page(page)
        await mm.mmap_sem.down_read()
        return page, VM_FAULT_MAJOR

    design = BASES["synchronous"].patched("mine", filemap_nopage=filemap_nopage)
    lab = Lab(design, disk=MS)

    async def story():
        await read_in(lab.file, 0)
        await touch(lab.k, BASE)

    lab.task(story())
    with pytest.raises(KernelBug) as found:
        lab.run()
    is_complete(found.value, "wrong lock order", "filemap_nopage", "await mm.mmap_sem.down_read()")


def test_a_sleep_inside_a_spinlock_is_reported_though_the_page_happens_to_be_unlocked():
    async def do_anonymous_page(k, mm, vma, address, page_table, write_access):
        await mm.page_table_lock.spin_lock()
        page = k.files[0].pages[0]
        await wait_on_page_locked(page)
        return VM_FAULT_MINOR

    lab = Lab(BASES["synchronous"].patched("mine", do_anonymous_page=do_anonymous_page), disk=MS)
    lab.map(BASE + 100 * PAGE, 1)

    async def story():
        await read_in(lab.file, 0)
        await touch(lab.k, BASE + 100 * PAGE)

    lab.task(story())
    with pytest.raises(KernelBug) as found:
        lab.run()
    is_complete(found.value, "sleeping in a spinlock", "do_anonymous_page", "await wait_on_page_locked(page)")


@pytest.mark.parametrize("operation", ["lock_page(page)", "readpage(page)", "lab.sem.down_read()"])
def test_other_sleeps_inside_a_spinlock_are_reported(operation, tmp_path):
    source = f"""async def sleeper(lab, k, page):
        if {"readpage" in operation}:
            await lock_page(page)
        await k.mm.page_table_lock.spin_lock()
        await {operation}
"""
    namespace = {"lock_page": lock_page, "readpage": readpage}
    path = tmp_path / "learner.py"
    path.write_text(source)
    exec(compile(source, str(path), "exec"), namespace)
    lab = Lab(disk=MS, queue_depth=1)

    async def story():
        await read_in(lab.file, 0)
        await namespace["sleeper"](lab, lab.k, lab.file.pages[0])

    lab.task(story())
    with pytest.raises(KernelBug) as found:
        lab.run()
    kind = "sleeping in a spinlock" if "readpage" in operation else "wrong lock order"
    is_complete(found.value, kind, "sleeper", f"await {operation}")


async def drop_and_retake(k, mm, page):
    await mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await mm.mmap_sem.down_read()


def goes_on(tmp_path, then):
    """A nopage_retry that retakes the lock after the wait and goes on as if nothing had happened."""
    source = edited("nopage_retry", "filemap_nopage", ("return NOPAGE_RETRY, fault  # vma is dead from here on", then))
    mine = compiled(tmp_path, source, "filemap_nopage", "nopage_retry")
    return BASES["nopage_retry"].patched("mine", filemap_nopage=mine, drop_and_wait=drop_and_retake)


def unmaps(lab):
    return sys_munmap(lab.k, BASE, 64 * PAGE)


def test_a_vma_used_after_the_lock_was_dropped_is_a_use_after_free(tmp_path):
    design = goes_on(tmp_path, "print(vma.vm_start)")
    bug = report_of(design, others=[(100 * US, unmaps)])
    is_complete(bug, "use after free", "filemap_nopage", "print(vma.vm_start)")
    assert "call find_vma again" in bug.advice


def test_a_pte_page_used_after_the_lock_was_dropped_is_a_use_after_free(tmp_path):
    async def handle_pte_fault(k, mm, vma, address, page_table, write_access):
        await mm.mmap_sem.up_read()
        await charge(MS)
        await mm.mmap_sem.down_read()
        await pte_none(page_table, address)

    bug = report_of(BASES["synchronous"].patched("mine", handle_pte_fault=handle_pte_fault), others=[(100, unmaps)])
    is_complete(bug, "use after free", "handle_pte_fault", "await pte_none(page_table, address)")


def test_a_pte_through_a_vma_that_has_shrunk_meanwhile_is_reported(tmp_path):
    design = goes_on(tmp_path, "return page, fault")
    bug = report_of(
        design, address=BASE + 5 * PAGE, others=[(100 * US, lambda lab: sys_munmap(lab.k, BASE + 5 * PAGE, PAGE))]
    )
    is_complete(bug, "pte through a stale vma", "do_no_page", "await set_pte_at(")
    assert "call find_vma again" in bug.advice


def test_a_page_mapped_before_the_disk_has_filled_it_is_reported(tmp_path):
    source = edited("synchronous", "filemap_nopage", ("if PageUptodate(page):", "if page:"))
    mine = compiled(tmp_path, source, "filemap_nopage", "synchronous")
    bug = report_of(BASES["synchronous"].patched("mine", filemap_nopage=mine))
    is_complete(bug, "page not uptodate", "do_no_page", "await set_pte_at(")


def test_a_page_that_left_its_file_while_the_fault_slept_is_not_mapped_unnoticed(tmp_path):
    nopage = compiled(
        tmp_path,
        edited("synchronous", "filemap_nopage", ("if page.mapping != mapping:", "if False:")),
        "filemap_nopage",
        "synchronous",
    )
    install = compiled(
        tmp_path,
        edited("synchronous", "do_no_page", ("if vma.vm_file.truncate_count == sequence:", "if True:")),
        "do_no_page",
        "synchronous",
    )
    lab = Lab(BASES["synchronous"].patched("mine", filemap_nopage=nopage, do_no_page=install), disk=MS)

    async def grows_again():
        lab.file.i_size = 64 * PAGE

    lab.task(read_in(lab.file, 0))
    lab.task(vmtruncate(lab.file, 0), 100 * US, role="truncate")  # queues for the page lock before the fault does
    lab.task(grows_again(), 150 * US, role="grow")
    fault = lab.task(touch(lab.k, BASE), 200 * US)
    with pytest.raises(KernelBug) as found:
        lab.run()
    is_complete(found.value, "page not in the mapping", "do_no_page", "await set_pte_at(", task=fault.comm)
    assert "truncate" in found.value.advice


def test_the_wrong_page_of_the_right_file_is_not_mapped_unnoticed(tmp_path):
    source = edited("synchronous", "filemap_nopage", ("linear_page_index(vma, address)", "7"))
    mine = compiled(tmp_path, source, "filemap_nopage", "synchronous")
    bug = report_of(BASES["synchronous"].patched("mine", filemap_nopage=mine))
    is_complete(bug, "page not in the mapping", "do_no_page", "await set_pte_at(")


def test_a_page_reference_that_is_kept_is_shown_where_it_was_taken():
    async def drop_and_wait(k, mm, page):
        await mm.mmap_sem.up_read()
        await wait_on_page_locked(page)

    bug = report_of(BASES["nopage_retry"].patched("mine", drop_and_wait=drop_and_wait))
    is_complete(bug, "page reference leaked", "filemap_nopage", "page = await page_cache_read(mapping, index)")
    assert "page data:0" in bug.detail


def test_a_reference_put_twice_is_reported(tmp_path):
    source = edited(
        "nopage_retry", "drop_and_wait", ("await put_page(page)", "await put_page(page)\n    await put_page(page)")
    )
    mine = compiled(tmp_path, source, "drop_and_wait", "nopage_retry")
    bug = report_of(BASES["nopage_retry"].patched("mine", drop_and_wait=mine))
    is_complete(bug, "reference underflow", "drop_and_wait", "await put_page(page)")
    assert bug.where[1] == len(source.rstrip().splitlines())


def test_a_fault_counted_in_each_pass_is_reported(tmp_path):
    source = edited("nopage_retry", "do_page_fault", ("waited = True", "waited = True; tsk.maj_flt += 1"))
    mine = compiled(tmp_path, source, "do_page_fault", "nopage_retry")
    bug = report_of(BASES["nopage_retry"].patched("mine", do_page_fault=mine))
    assert "2 major" in bug.detail
    is_complete(bug, "fault counted twice", "do_page_fault", "async def do_page_fault")


def test_a_pte_installed_where_a_sibling_was_faster_is_reported(tmp_path):
    source = edited("synchronous", "do_no_page", ("if await pte_none(page_table, address):", "if True:"))
    mine = compiled(tmp_path, source, "do_no_page", "synchronous")
    bug = report_of(
        BASES["synchronous"].patched("mine", do_no_page=mine), others=[(100, lambda lab: touch(lab.k, BASE))]
    )
    is_complete(bug, "pte overwritten", "do_no_page", "await set_pte_at(", task=bug.task)


def test_a_pte_installed_without_its_lock_is_reported(tmp_path):
    source = edited("synchronous", "do_no_page", ("await mm.page_table_lock.spin_lock()", "pass"))
    mine = compiled(tmp_path, source, "do_no_page", "synchronous")
    bug = report_of(BASES["synchronous"].patched("mine", do_no_page=mine))
    is_complete(bug, "lock not held", "do_no_page", "await set_pte_at(")


def test_going_on_without_the_lock_names_the_line_that_dropped_it():
    async def handle_mm_fault(k, mm, vma, address, write_access):
        await mm.mmap_sem.up_read()
        await find_vma(mm, address)
        return VM_FAULT_RETRY

    bug = report_of(BASES["nopage_retry"].patched("mine", handle_mm_fault=handle_mm_fault))
    is_complete(bug, "lock not held", "handle_mm_fault", "await find_vma(mm, address)")
    assert "it let go of it in handle_mm_fault, line" in bug.detail


ANSWERS = [
    ("handle_mm_fault", "None"),
    ("handle_mm_fault", "'done'"),
    ("handle_mm_fault", "17"),
    ("handle_mm_fault", "True"),
    ("handle_pte_fault", "None"),
    ("do_no_page", "(2, 3)"),
    ("filemap_nopage", "None"),
    ("filemap_nopage", "NOPAGE_RETRY"),
    ("filemap_nopage", "await page_cache_read(vma.vm_file, 0)"),
    ("filemap_nopage", "('page', 3)"),
    ("filemap_nopage", "(NOPAGE_RETRY, None)"),
    ("filemap_nopage", "(1, 2, 3)"),
]


@pytest.mark.parametrize(("name", "answer"), ANSWERS)
def test_a_nonsense_answer_names_the_function_that_gave_it(tmp_path, name, answer):
    arguments = {
        "handle_mm_fault": "k, mm, vma, address, write_access",
        "handle_pte_fault": "k, mm, vma, address, page_table, write_access",
        "do_no_page": "k, mm, vma, address, page_table, write_access",
        "filemap_nopage": "k, vma, address",
    }[name]
    source = f"async def {name}({arguments}):\n    return {answer}\n"
    mine = compiled(tmp_path, source, name, "nopage_retry")
    bug = report_of(BASES["nopage_retry"].patched("mine", **{name: mine}))
    is_complete(bug, "nonsense answer", name, f"async def {name}")
    assert bug.detail.startswith(f"{name} answered ")
    assert "VM_FAULT_MINOR" in bug.advice


def test_an_answer_that_the_caller_does_not_know_is_reported():
    async def handle_mm_fault(k, mm, vma, address, write_access):
        return VM_FAULT_RETRY

    bug = report_of(BASES["synchronous"].patched("mine", handle_mm_fault=handle_mm_fault))
    is_complete(bug, "nonsense answer", "do_page_fault", 'k.bug_answer("handle_mm_fault", fault)')
    assert "VM_FAULT_RETRY" in bug.detail


def test_a_task_that_waits_for_a_page_lock_of_its_own_is_reported():
    async def filemap_nopage(k, vma, address):
        page = await page_cache_read(vma.vm_file, 0)
        await wait_on_page_locked(page)
        await trylock_page(page)
        await wait_on_page_locked(page)
        return page, VM_FAULT_MAJOR

    bug = report_of(BASES["synchronous"].patched("mine", filemap_nopage=filemap_nopage))
    is_complete(bug, "recursive locking", "filemap_nopage", "await wait_on_page_locked(page)")


def test_tasks_that_wait_for_each_other_are_reported_as_hung():
    async def filemap_nopage(k, vma, address):
        mine = linear_page_index(vma, address)
        page = await find_get_page(vma.vm_file, mine)
        other = await find_get_page(vma.vm_file, 1 - mine)
        await lock_page(page)
        await charge(MS)
        await wait_on_page_locked(other)

    lab = Lab(BASES["synchronous"].patched("mine", filemap_nopage=filemap_nopage), disk=MS)

    async def story(index):
        await read_in(lab.file, 0)
        await read_in(lab.file, 1)
        await touch(lab.k, BASE + index * PAGE)

    lab.task(story(0))
    lab.task(story(1))
    with pytest.raises(KernelBug) as found:
        lab.run()
    is_complete(found.value, "hung task", "filemap_nopage", "await wait_on_page_locked(other)")
    assert "page data:0 by fault0; page data:1 by fault1" in found.value.locks


def test_an_ordinary_python_error_keeps_its_type_and_says_where_it_struck():
    async def filemap_nopage(k, vma, address):
        return page_cache_raed(vma.vm_file, 0)  # noqa: F821 - the mistake is the test

    lab = Lab(BASES["synchronous"].patched("mine", filemap_nopage=filemap_nopage))
    lab.task(touch(lab.k, BASE))
    with pytest.raises(NameError, match="page_cache_raed") as found:
        lab.run()
    [note] = found.value.__notes__
    for part in (
        "fault0 at",
        "filemap_nopage, line",
        "page_cache_raed(vma.vm_file, 0)",
        "held for reading by fault0",
        "events:",
    ):
        assert part in note
    assert "look at" in note


def test_a_notebook_shows_the_report_instead_of_a_traceback():
    bug = KernelBug("lock leaked", "fault0 still holds mmap_sem", "every path")
    assert bug._render_traceback_() == str(bug).splitlines()


def test_the_debugging_aids_find_nothing_in_the_shipped_designs():
    for name in designs.series:
        lab = Lab(name, cache_pages=3, disk=50 * US, queue_depth=2)

        async def faulter(lab, first):
            for n in range(40):
                await touch(lab.k, BASE + (first + 7 * n) % 64 * PAGE)

        async def remapper(lab):
            for _ in range(20):
                await lab.k.mmap_write_lock(lab.mm)
                do_mmap(lab.mm, 8 * PAGE, 1, lab.file, 8, BASE + 8 * PAGE)
                await lab.k.mmap_write_unlock(lab.mm)
                await charge(30 * US)

        for first in (0, 3, 5):
            lab.task(faulter(lab, first))
        lab.task(remapper(lab), role="mmap")
        lab.run()
        lab.nothing_is_left()
