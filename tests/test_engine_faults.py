"""What a page fault comes to, under each design: the answer, the counters, and nothing left behind."""

import pytest
from kernel_helpers import BASE, DESIGNS, DISK, MS, PAGE, US, Lab, read_in

from mmlab import designs
from mmlab.kernel import SIGKILL, VM_FAULT_RETRY, VM_READ, VM_WRITE, charge, costs, put_page, send_sig
from mmlab.kernel.exception import touch
from mmlab.kernel.mmap import do_mmap, do_munmap, sys_mmap, sys_munmap

every_design = pytest.mark.parametrize("design", DESIGNS)
DROPPING = "nopage_retry"


def after(lab, address=BASE, write_access=False, before=None):
    """Touch one address, after reading the pages `before` in; returns (signal, task)."""
    answers = []

    async def story():
        for index in before or ():
            await read_in(lab.file, index)
        answers.append(await touch(lab.k, address, write_access))

    task = lab.task(story())
    lab.run()
    assert len(answers) == 1
    lab.nothing_is_left()
    return answers[0], task


@every_design
def test_a_fault_on_a_cached_page_is_minor_and_never_touches_the_disk_or_the_page_lock(design):
    lab = Lab(design)
    signal, task = after(lab, before=[0])
    assert signal is None
    assert (task.min_flt, task.maj_flt) == (1, 0)
    assert lab.words(task, "leave") == [("leave", "minor")]
    assert len(lab.times("submit")) == 1
    assert lab.words(task, "pte") == [("pte", "data:0")]


@pytest.mark.parametrize("design", ["synchronous", "nopage_retry"])
def test_a_fault_that_waits_for_the_disk_is_one_major_fault(design):
    lab = Lab(design)
    signal, task = after(lab, BASE + 5 * PAGE + 123)
    assert signal is None
    assert (task.min_flt, task.maj_flt) == (0, 1)
    assert lab.words(task, "leave") == [("leave", "major")]
    assert lab.words(None, "submit", "pte") == [("submit", "data:5"), ("pte", "data:5")]


def test_refaulting_burns_the_cpu_for_as_long_as_the_disk_works_and_counts_every_replay():
    lab = Lab("nopage_refault")
    signal, task = after(lab)
    assert signal is None
    assert task.maj_flt == 0 and task.min_flt > 1_000
    assert len(lab.times("enter")) == task.min_flt
    assert task.utime > 0.99 * DISK
    assert not lab.times("page_wait")


@pytest.mark.parametrize("design", ["synchronous", "nopage_retry"])
def test_a_waiting_fault_leaves_the_cpu_alone(design):
    _, task = after(Lab(design))
    assert task.utime < 10 * US


def test_the_cost_of_a_major_fault_is_the_sum_of_its_parts():
    parts = costs.EXCEPTION_ENTRY + costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP + costs.SUBMIT_READ + costs.INSTALL_PTE
    _, task = after(Lab("synchronous"))
    assert task.utime == parts
    _, task = after(Lab("nopage_retry"))
    assert task.utime == parts + costs.FIND_VMA + costs.PAGE_CACHE_LOOKUP


@every_design
@pytest.mark.parametrize(
    ("address", "write_access"),
    [(BASE - PAGE, False), (BASE + 64 * PAGE, False), (0, False), (BASE, True)],
    ids=["below the first vma", "above the last vma", "null", "no right to write"],
)
def test_a_bad_access_is_a_segmentation_fault_that_counts_nothing(design, address, write_access):
    lab = Lab(design, flags=VM_READ)
    signal, task = after(lab, address, write_access)
    assert signal == "SIGSEGV"
    assert (task.min_flt, task.maj_flt, task.pending) == (0, 0, [])
    assert lab.words(task, "leave", "signal") == [("signal", "SIGSEGV"), ("leave", "SIGSEGV")]
    assert lab.mm.rss == 0


@every_design
def test_an_access_beyond_the_end_of_the_file_is_a_bus_error(design):
    lab = Lab(design)
    lab.file.i_size = 3 * PAGE - 1
    signal, task = after(lab, BASE + 3 * PAGE)
    assert signal == "SIGBUS"
    assert lab.words(task, "leave") == [("leave", "SIGBUS")]
    assert not lab.times("submit")


@every_design
def test_the_last_page_of_a_file_may_be_partly_beyond_its_end(design):
    lab = Lab(design, disk=MS)
    lab.file.i_size = 2 * PAGE + 1
    assert after(lab, BASE + 2 * PAGE + 99)[0] is None


@every_design
@pytest.mark.parametrize("allocation", [0, 1], ids=["the page-table page", "the page"])
def test_a_fault_without_memory_kills_the_task_and_leaves_nothing_behind(design, allocation):
    lab = Lab(design)
    tries = iter(range(9))
    lab.k.fail_alloc = lambda: next(tries) == allocation
    signal, task = after(lab)
    assert signal == SIGKILL
    assert lab.words(task, "leave", "signal") == [("signal", SIGKILL), ("leave", "OOM")]
    assert (task.min_flt, task.maj_flt) == (0, 0)
    assert lab.file.pages == {}


@every_design
def test_anonymous_memory_is_zeroed_at_once_and_counted_as_minor(design):
    lab = Lab(design)
    lab.map(BASE + 100 * PAGE, 1, VM_READ | VM_WRITE)
    signal, task = after(lab, BASE + 100 * PAGE, write_access=True)
    assert signal is None
    assert (task.min_flt, task.maj_flt, lab.mm.rss) == (1, 0, 1)


def test_anonymous_memory_without_memory_kills_the_task():
    lab = Lab()
    lab.map(BASE + 100 * PAGE, 1, VM_READ | VM_WRITE)
    tries = iter([False, True])
    lab.k.fail_alloc = lambda: next(tries)
    assert after(lab, BASE + 100 * PAGE)[0] == SIGKILL


@every_design
@pytest.mark.parametrize("delay", [0, 100, 2_000, 5 * US])
def test_two_threads_on_one_page_read_it_once_and_map_it_once(design, delay):
    lab = Lab(design, disk=MS)
    tasks = [lab.task(touch(lab.k, BASE), at) for at in (0, delay)]
    lab.run()
    assert len(lab.times("submit")) == 1 and len(lab.times("pte")) == 1
    page = lab.file.pages[0]
    assert page.count == 2 and page.rmap == [BASE]
    assert all(task.min_flt + task.maj_flt >= 1 for task in tasks)
    lab.nothing_is_left()


def sections(lab, task):
    """(start, end) of each time that the task held mmap_sem for reading."""
    ends = {"acquire": [], "release": []}
    for event in lab.events:
        if event.task == task.comm and event.what in ends:
            ends[event.what].append(event.time)
    return list(zip(ends["acquire"], ends["release"]))


def test_synchronous_holds_mmap_sem_across_the_disk():
    lab = Lab("synchronous")
    _, task = after(lab)
    [(start, end)] = sections(lab, task)
    assert start < lab.times("submit")[0] and end > lab.times("io_done")[0]


@pytest.mark.parametrize("design", ["nopage_refault", "nopage_retry"])
def test_the_other_designs_never_hold_mmap_sem_for_long(design):
    lab = Lab(design)
    _, task = after(lab)
    assert max(end - start for start, end in sections(lab, task)) < 10 * US


def test_nopage_retry_looks_everything_up_twice_and_holds_nothing_while_it_waits():
    lab = Lab(DROPPING)
    _, task = after(lab)
    assert len(lab.times("walk")) == 2
    asleep = next(e for e in lab.events if e.what == "page_wait")
    assert asleep.holders == 0
    assert sections(lab, task)[0][1] <= asleep.time


@pytest.mark.parametrize(
    ("design", "waited"), [("synchronous", True), ("nopage_refault", False), ("nopage_retry", False)]
)
def test_a_mmap_waits_for_the_disk_only_where_the_fault_keeps_the_lock(design, waited):
    lab = Lab(design)
    lab.task(touch(lab.k, BASE))
    mmap = lab.task(sys_mmap(lab.k, PAGE), MS, role="mmap")
    lab.run()
    asked = next(e.value for e in lab.events if e.task == mmap.comm and e.what == "acquire")
    assert (asked > 16 * MS) == waited
    lab.nothing_is_left()


def watched(design, name, seen):
    """The design, with each answer of one of its functions noted beside the state of mmap_sem."""
    inner = design.functions[name]

    async def watcher(k, *arguments):
        answer = await inner(k, *arguments)
        seen.append((answer, k.mm.mmap_sem in k.current.held))
        return answer

    return watcher


def test_every_answer_but_retry_comes_with_the_lock_held_and_retry_comes_without():
    from mmlab.designs.design import Design

    seen = []
    base = designs.find(DROPPING)
    spy = Design("spy", base, {"handle_mm_fault": watched(base, "handle_mm_fault", seen)}, "", "")
    after(Lab(spy, disk=MS))
    assert [lock_held for _, lock_held in seen] == [False, True]
    assert seen[0][0] == VM_FAULT_RETRY


def test_drop_and_wait_returns_without_the_lock_and_without_the_reference():
    from mmlab.designs.design import Design

    seen = []
    base = designs.find(DROPPING)
    inner = base.functions["drop_and_wait"]

    async def drop_and_wait(k, mm, page):
        assert mm.mmap_sem in k.current.held and k.current.pins == [page]
        answer = await inner(k, mm, page)
        seen.append((k.current.held[:], k.current.pins[:]))
        return answer

    after(Lab(Design("spy", base, {"drop_and_wait": drop_and_wait}, "", ""), disk=MS))
    assert seen == [([], [])]


def test_a_vma_that_is_unmapped_while_the_fault_sleeps_makes_the_rerun_a_segmentation_fault():
    lab, answers = Lab(DROPPING), []

    async def faulter():
        answers.append(await touch(lab.k, BASE))

    task = lab.task(faulter())
    lab.task(sys_munmap(lab.k, BASE, 64 * PAGE), MS, role="mmap")
    lab.run()
    assert answers == ["SIGSEGV"]
    assert (task.min_flt, task.maj_flt, lab.mm.rss) == (0, 0, 0)
    assert lab.words(task, "walk") == [("walk", "vma"), ("walk", "none")]
    lab.nothing_is_left()


def test_a_vma_that_is_replaced_while_the_fault_sleeps_is_read_anew():
    lab = Lab(DROPPING)
    other = lab.k.add_file("other", 8)

    async def replaces():
        await lab.sem.down_write()
        do_mmap(lab.mm, PAGE, VM_READ, other, 3, BASE)
        await lab.sem.up_write()

    task = lab.task(touch(lab.k, BASE))
    lab.task(replaces(), MS, role="mmap")
    lab.run()
    assert lab.words(None, "submit", "pte") == [("submit", "data:0"), ("submit", "other:3"), ("pte", "other:3")]
    assert (task.min_flt, task.maj_flt) == (0, 1)
    lab.nothing_is_left()


def test_a_munmap_waits_for_a_synchronous_fault_and_then_takes_its_pte():
    lab = Lab("synchronous")
    task = lab.task(touch(lab.k, BASE))
    lab.task(sys_munmap(lab.k, BASE, 64 * PAGE), MS, role="mmap")
    lab.run()
    assert lab.words(None, "pte", "unmap") == [("pte", "data:0"), ("unmap", "data:0")]
    assert task.maj_flt == 1 and lab.mm.rss == 0
    lab.nothing_is_left()


def test_a_page_that_is_thrown_out_while_the_retry_is_on_its_way_is_read_again_and_counted_once():
    lab = Lab(DROPPING, cache_pages=1, disk=MS)
    lab.task(touch(lab.k, BASE))

    async def thief():
        await lab.sem.down_write()  # the rerun has to queue, and that makes the window
        await charge(3 * MS)
        await lab.sem.up_write()

    lab.task(thief(), 900 * US)
    lab.task(read_in(lab.file, 9), 1_500 * US)
    lab.run()
    assert [object for _, object in lab.words(None, "submit")] == ["data:0", "data:9", "data:0"]
    assert lab.k.tasks[0].maj_flt == 1 and lab.k.tasks[0].min_flt == 0
    lab.nothing_is_left()


@every_design
def test_a_kill_during_a_fault_is_delivered_when_the_fault_is_over_and_the_trace_keeps_the_outcome(design):
    lab, answers = Lab(design), []

    async def faulter():
        answers.append(await touch(lab.k, BASE))

    async def killer(victim):
        send_sig(SIGKILL, victim)
        await charge(0)

    task = lab.task(faulter())
    lab.task(killer(task), MS)
    lab.run()
    assert answers == [SIGKILL]
    killable = "pagefault_args" in designs.find(design).lineage
    expected = "minor" if design == "nopage_refault" else "retry" if killable else "major"
    assert lab.words(task, "leave")[-1] == ("leave", expected)
    assert (lab.times("leave")[-1] < 2 * MS) == (killable or design == "nopage_refault")
    lab.nothing_is_left()


def test_the_signal_that_the_fault_forced_is_named_and_delivered_before_older_ones():
    lab, answers = Lab(), []

    async def faulter():
        send_sig("SIGUSR1", lab.k.current)
        answers.append(await touch(lab.k, 0))
        answers.append(list(lab.k.current.pending))

    task = lab.task(faulter())
    lab.run()
    assert answers == ["SIGSEGV", ["SIGUSR1"]]
    assert lab.words(task, "leave") == [("leave", "SIGSEGV")]


def test_the_tasks_of_a_run_are_the_users_of_its_mm_until_they_exit():
    lab = Lab(disk=MS)
    lab.task(touch(lab.k, BASE))
    lab.task(touch(lab.k, BASE + PAGE))
    assert lab.mm.mm_users == 2
    lab.run()
    assert lab.mm.mm_users == 0
    assert [t.exit_code for t in lab.k.tasks] == ["done", "done"]


def test_a_page_may_be_mapped_twice_and_each_pte_has_its_reference():
    lab = Lab(disk=MS)
    lab.map(BASE + 100 * PAGE, 1, file=lab.file)

    async def twice():
        await touch(lab.k, BASE)
        await touch(lab.k, BASE + 100 * PAGE)
        assert lab.file.pages[0].count == 3
        await lab.sem.down_write()
        do_munmap(lab.mm, BASE, PAGE)
        await lab.sem.up_write()
        assert lab.file.pages[0].count == 2

    lab.task(twice())
    lab.run()
    lab.nothing_is_left()


def test_pages_pinned_by_nobody_are_put_back_after_every_fault():
    lab = Lab(DROPPING, disk=MS)

    async def keeps():
        await touch(lab.k, BASE)
        page = lab.file.pages[0]
        assert lab.k.current.pins == []
        with pytest.raises(Exception, match="reference underflow"):
            await put_page(page)

    lab.task(keeps())
    lab.run()
