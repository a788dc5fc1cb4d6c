"""A lock for each vma: who waits for whom, what the counters say, and what a removed vma means."""

import pytest
from kernel_helpers import BASE, DISK, MS, PAGE, US, Lab, read_in

import mmlab
from mmlab import designs
from mmlab.kernel import (
    VM_READ,
    VM_WRITE,
    KernelBug,
    charge,
    get_vma,
    mas_walk,
    page_cache_read,
    pte_alloc_map,
    put_vma,
    rcu_read_lock,
    rcu_read_unlock,
    set_pte_at,
    wait_on_page_locked,
)
from mmlab.kernel.exception import touch
from mmlab.kernel.mm import lookup_vma
from mmlab.kernel.mmap import do_munmap, sys_mmap, sys_mprotect, sys_munmap

per_vma = pytest.mark.parametrize("design", ["per_vma_lock", "per_vma_counter"])
LOOPERS = {"mmap_threads": 8, "disk": "1ms"}


def waits_of_first_passes(events):
    """How many faults had to wait for mmap_sem before they first slept for a page, and how many faults there were."""
    waited, faults, fresh = set(), set(), {}
    for event in events:
        if event.what == "enter" and event.object == "fault":
            fresh[event.task] = event.time
            faults.add((event.task, event.time))
        elif event.what in ("page_wait", "leave"):
            fresh.pop(event.task, None)
        elif event.what == "wait" and event.task in fresh:
            waited.add((event.task, fresh[event.task]))
    return len(waited), len(faults)


@pytest.mark.parametrize("scenario", [{}, LOOPERS, {**LOOPERS, "fault_threads": 4, "ps_readers": 2}])
def test_the_first_pass_never_waits_and_retries_per_fault_stay_one(scenario):
    result = mmlab.Scenario(design="per_vma_lock", **scenario).run(0.5, progress=False, keep=10**9)
    waited, faults = waits_of_first_passes(result.events)
    assert waited == 0 and faults > 25
    assert result.retries_per_fault == pytest.approx(1, rel=0.05)
    assert result.walks_per_fault == pytest.approx(2, rel=0.05)


def test_with_mmap_sem_alone_nearly_every_first_pass_waits_behind_eight_writers():
    result = mmlab.Scenario(design="retry_many", **LOOPERS).run(0.5, progress=False, keep=10**9)
    waited, faults = waits_of_first_passes(result.events)
    assert waited > 0.9 * faults


def test_in_the_headline_a_counter_for_each_vma_lets_every_fault_go_on_and_one_for_the_mm_none():
    row12 = mmlab.Scenario(design="mm_lock_seq").run(2, progress=False)
    assert row12.continued == 0 and row12.retries_per_fault == 1
    ours = mmlab.Scenario(design="per_vma_counter").run(2, progress=False)
    assert ours.continued == ours.faults and ours.retries_per_fault == 0 and ours.walks_per_fault == 1
    assert ours.faults_per_second >= row12.faults_per_second


def order(lab, task, *what):
    return [f"{w} {o}" for w, o in lab.words(task, *(what or ("acquire", "release", "wait", "page_wait", "walk")))]


def test_a_miss_drops_the_vmas_lock_and_replays_under_mmap_sem():
    lab = Lab("per_vma_lock")
    task = lab.task(touch(lab.k, BASE))
    lab.run()
    assert order(lab, task) == [
        "walk rcu", "acquire vma_lock/read", "release vma_lock/read", "page_wait data:0", "acquire mmap_sem/read",
        "walk vma", "release mmap_sem/read",
    ]  # fmt: skip
    lab.nothing_is_left()


def test_a_hit_never_touches_mmap_sem():
    lab = Lab("per_vma_lock")

    async def story():
        await read_in(lab.file, 0)
        await touch(lab.k, BASE)

    task = lab.task(story())
    lab.run()
    assert order(lab, task)[1:] == ["walk rcu", "acquire vma_lock/read", "release vma_lock/read"]


def test_a_writer_elsewhere_does_not_hold_up_a_hit_and_one_in_the_same_vma_does():
    for length, mmap_sem in ((0, False), (8, True)):
        lab = Lab("per_vma_lock")
        lab.map(BASE + 200 * PAGE, 4, VM_READ | VM_WRITE)

        async def story(lab=lab):
            await read_in(lab.file, 40)
            await charge(2 * MS)
            await touch(lab.k, BASE + 40 * PAGE)

        task = lab.task(story())
        where = BASE if length else BASE + 200 * PAGE
        at = DISK + 2 * MS - 5 * US  # in the middle of its write section when the fault comes
        lab.task(sys_mprotect(lab.k, where, PAGE, VM_READ), at, role="mmap")
        lab.run()
        assert ("wait mmap_sem/read" in order(lab, task)) == mmap_sem
        assert task.min_flt == 1
        lab.nothing_is_left()


def test_a_look_up_that_fails_costs_a_walk_and_is_no_retry():
    design = designs["per_vma_lock"]

    async def vma_start_read(k, vma):
        return False

    blind = design.patched("blind", vma_start_read=vma_start_read)
    result = mmlab.Scenario(design=blind).run(0.5, progress=False)
    assert result.walks_per_fault == 3 and result.retries_per_fault == 1


@pytest.mark.parametrize("cut", [0, 8], ids=["removed", "shrunk"])
def test_a_vma_that_goes_between_the_look_up_and_its_lock_is_not_used(cut):
    inner = designs["per_vma_lock"].functions["vma_start_read"]

    async def vma_start_read(k, vma):
        await charge(100 * US)
        return await inner(k, vma)

    lab = Lab(designs["per_vma_lock"].patched("slow", vma_start_read=vma_start_read))
    task = lab.task(touch(lab.k, BASE + 9 * PAGE))
    lab.task(sys_munmap(lab.k, BASE + cut * PAGE, (64 - cut) * PAGE), 20 * US, role="mmap")
    lab.run()
    assert lab.words(task, "leave") == [("leave", "SIGSEGV")]
    assert order(lab, task)[:3] == ["walk rcu", "acquire vma_lock/read", "release vma_lock/read"]
    assert not lab.times("submit") and lab.mm.rcu.removed == []
    lab.nothing_is_left()


def test_a_writer_waits_for_the_readers_of_the_vma_that_it_changes():
    lab = Lab("per_vma_lock")
    vma = lookup_vma(lab.mm, BASE)

    async def reader():
        k = lab.k
        found = await k.lock_vma_under_rcu(lab.mm, BASE)
        assert found is vma
        await charge(5 * MS)
        assert not vma.detached
        await k.vma_end_read(vma)

    lab.task(reader())
    writer = lab.task(sys_munmap(lab.k, BASE, 64 * PAGE), MS, role="mmap")
    lab.run()
    assert "wait vma_lock/write" in order(lab, writer)
    [got] = [e for e in lab.events if (e.what, e.object) == ("acquire", "vma_lock/write")]
    assert got.time >= 5 * MS
    lab.nothing_is_left()


def test_one_bump_unlocks_every_vma_that_the_writer_locked():
    lab = Lab("per_vma_lock", pages=8)
    lab.map(BASE + 8 * PAGE, 8, file=lab.file)
    seen = []

    async def writer():
        k, mm = lab.k, lab.mm
        await k.mmap_write_lock(mm)
        for vma in mm.mmap:
            await k.vma_start_write(vma)
            await k.vma_start_write(vma)  # the second one has nothing to do
        seen.append([await k.vma_start_read(vma) for vma in mm.mmap])
        await k.mmap_write_unlock(mm)
        for vma in mm.mmap:
            seen.append(await k.vma_start_read(vma))
            await k.vma_end_read(vma)

    lab.task(writer())
    lab.run()
    assert seen == [[False, False], True, True]
    assert len(lab.times("acquire", "vma_lock/write")) == 2


def test_a_new_vma_and_both_halves_of_a_split_one_are_locked_until_the_write_section_ends():
    lab = Lab("per_vma_lock")
    seen = []

    async def writer():
        await lab.k.mmap_write_lock(lab.mm)
        await lab.k.vma_start_write(lab.mm.mmap[0])
        do_munmap(lab.mm, BASE + 8 * PAGE, PAGE)
        seen.extend(vma.vm_lock_seq == lab.mm.mm_lock_seq for vma in lab.mm.mmap)
        await lab.k.mmap_write_unlock(lab.mm)
        seen.append(any(vma.vm_lock_seq == lab.mm.mm_lock_seq for vma in lab.mm.mmap))

    lab.task(writer())
    lab.run()
    assert seen == [True, True, False]
    lab = Lab("per_vma_lock")
    lab.task(sys_mmap(lab.k, PAGE))
    lab.engine.run(10 * US)  # in the middle of the write section
    assert lab.mm.mmap[-1].vm_lock_seq == lab.mm.mm_lock_seq


@per_vma
@pytest.mark.parametrize("change", ["unmap", "protect", "beside", "elsewhere"])
def test_what_happens_to_the_vma_while_the_fault_sleeps_decides_whether_it_goes_on(design, change):
    lab = Lab(design)
    lab.map(BASE + 200 * PAGE, 4, VM_READ | VM_WRITE)
    task = lab.task(touch(lab.k, BASE + 9 * PAGE))
    call, address, length, *rights = {
        "unmap": (sys_munmap, BASE, 64 * PAGE),
        "protect": (sys_mprotect, BASE + 9 * PAGE, PAGE, VM_WRITE),
        "beside": (sys_munmap, BASE, 4 * PAGE),
        "elsewhere": (sys_munmap, BASE + 200 * PAGE, PAGE),
    }[change]
    lab.task(call(lab.k, address, length, *rights), MS, role="mmap")
    lab.run()
    killed = change in ("unmap", "protect")
    assert lab.words(task, "leave") == [("leave", "SIGSEGV" if killed else "major")]
    goes_on = design == "per_vma_counter" and change == "elsewhere"
    assert len(lab.times("walk")) == (1 if goes_on else 2)
    assert lab.mm.rcu.removed == [] and all(vma.vm_refcnt == 0 for vma in lab.mm.mmap)
    lab.nothing_is_left()


@per_vma
def test_unmapped_and_mapped_again_at_the_same_address_is_another_vma(design):
    lab = Lab(design)
    other = lab.k.add_file("other", 64)
    task = lab.task(touch(lab.k, BASE))

    async def swap():
        await sys_munmap(lab.k, BASE, 64 * PAGE)
        lab.map(BASE, 64, VM_READ, other)

    lab.task(swap(), MS, role="mmap")
    lab.run()
    assert lab.words(task, "pte") == [("pte", "other:0")]
    lab.nothing_is_left()


@per_vma
def test_a_page_stolen_while_the_replay_queues_is_read_again_with_mmap_sem_held(design):
    lab = Lab(design, cache_pages=1, disk=MS)
    task = lab.task(touch(lab.k, BASE))

    async def thief():
        await lab.k.mmap_write_lock(lab.mm)
        await lab.k.vma_start_write(lab.mm.mmap[0])
        await charge(3 * MS)
        await lab.k.mmap_write_unlock(lab.mm)

    lab.task(thief(), 900 * US)
    lab.task(read_in(lab.file, 9), 1_500 * US)
    lab.run()
    assert [page for _, page in lab.words(None, "submit")] == ["data:0", "data:9", "data:0"]
    assert (task.min_flt, task.maj_flt) == (0, 1)
    assert order(lab, task).count("page_wait data:0") == 2
    asleep = [e for e in lab.events if e.task == task.comm and e.what == "page_wait"]
    assert asleep[-1].holders == 1
    lab.nothing_is_left()


def test_a_vma_is_not_freed_while_somebody_looks_at_it_under_rcu():
    lab = Lab("per_vma_lock")
    seen = []

    async def looker():
        await rcu_read_lock(lab.mm)
        vma = await mas_walk(lab.mm, BASE)
        await charge(MS)
        seen.append((vma.detached, vma.vm_start))
        await rcu_read_unlock(lab.mm)
        with pytest.raises(KernelBug, match="use after free"):
            seen.append(vma.vm_start)

    lab.task(looker())
    lab.task(sys_munmap(lab.k, BASE, 64 * PAGE), 100 * US, role="mmap")
    lab.run()
    assert seen == [(True, BASE)]


def test_a_reference_keeps_the_struct_of_a_removed_vma():
    lab = Lab("per_vma_lock")
    seen = []

    async def keeper():
        vma = await lab.k.lock_vma_under_rcu(lab.mm, BASE)
        await get_vma(vma)
        await lab.k.vma_end_read(vma)
        await charge(MS)
        seen.append(vma.detached)
        await put_vma(vma)
        with pytest.raises(KernelBug, match="use after free"):
            seen.append(vma.vm_start)

    lab.task(keeper())
    lab.task(sys_munmap(lab.k, BASE, 64 * PAGE), 100 * US, role="mmap")
    lab.run()
    assert seen == [True]


def finding(lab, *coroutines):
    for at, coroutine in enumerate(coroutines):
        lab.task(coroutine, at * 100 * US)
    with pytest.raises(KernelBug) as found:
        lab.run()
    return found.value.kind


def test_a_writer_that_forgets_to_lock_the_vma_is_found():
    forgetful = designs["per_vma_lock"].patched(
        "forgetful", vma_start_write=designs["synchronous"].functions["vma_start_write"]
    )
    lab = Lab(forgetful)

    async def reader():
        vma = await lab.k.lock_vma_under_rcu(lab.mm, BASE)
        await charge(MS)
        await lab.k.vma_end_read(vma)

    assert finding(lab, reader(), sys_munmap(lab.k, BASE, 64 * PAGE)) == "vma removed under its reader"


def test_a_reader_that_has_the_lock_only_until_its_second_look_is_no_mistake_of_the_writer():
    lab = Lab("per_vma_lock")
    vma = lookup_vma(lab.mm, BASE)
    seen = []

    async def writer():
        await lab.k.mmap_write_lock(lab.mm)
        await lab.k.vma_start_write(vma)
        await charge(10 * US)
        do_munmap(lab.mm, BASE, 64 * PAGE)
        await lab.k.mmap_write_unlock(lab.mm)

    async def reader():
        await rcu_read_lock(lab.mm)
        seen.append(await vma.vm_lock.down_read_trylock())
        await charge(20 * US)
        seen.append(vma.detached)
        await lab.k.vma_end_read(vma)
        await rcu_read_unlock(lab.mm)

    lab.task(writer())
    lab.task(reader(), 5 * US)
    lab.run()
    assert seen == [True, True]
    with pytest.raises(KernelBug, match="use after free"):
        seen.append(vma.vm_start)


def test_a_pte_through_a_vma_that_was_removed_but_is_not_freed_yet_is_found():
    lab = Lab("per_vma_lock")

    async def late():
        page = await page_cache_read(lab.file, 0)
        await wait_on_page_locked(page)
        await rcu_read_lock(lab.mm)
        vma = await mas_walk(lab.mm, BASE)
        await charge(MS)
        assert vma.detached and await lab.k.vma_start_read(vma)
        await rcu_read_unlock(lab.mm)
        table = await pte_alloc_map(lab.mm, BASE)
        await lab.mm.page_table_lock.spin_lock()
        await set_pte_at(vma, table, BASE, page)

    lab.task(sys_munmap(lab.k, BASE, 64 * PAGE), DISK + 100 * US, role="mmap")
    assert finding(lab, late()) == "pte through a stale vma"


def test_a_look_up_without_rcu_and_a_forgotten_unlock_are_found():
    lab = Lab("per_vma_lock")
    assert finding(lab, mas_walk(lab.mm, BASE)) == "lock not held"

    lab = Lab("per_vma_lock")

    async def forgets():
        lab.k.enter("fault")
        await lab.k.lock_vma_under_rcu(lab.mm, BASE)
        lab.k.leave("minor")

    assert finding(lab, forgets()) == "lock leaked"


def test_asking_for_mmap_sem_with_the_lock_of_a_vma_held_is_the_wrong_order():
    lab = Lab("per_vma_lock")

    async def wrong():
        await lab.k.lock_vma_under_rcu(lab.mm, BASE)
        await lab.sem.down_read()

    assert finding(lab, wrong()) == "wrong lock order"


def test_mm_lock_seq_is_odd_exactly_inside_a_write_section():
    lab = Lab("mm_lock_seq")
    seen = []

    async def look():
        for _ in range(5):
            seen.append((lab.sem.writer is not None, await lab.k.mmap_lock_speculate_try_begin(lab.mm)))
            await charge(30 * US)

    async def writes():
        await sys_munmap(lab.k, await sys_mmap(lab.k, PAGE), PAGE)

    lab.task(look())
    lab.task(writes(), 10, role="mmap")
    lab.run()
    assert all((number is None) == inside for inside, number in seen)
    assert {number for _, number in seen} >= {0, None, 4}


@pytest.mark.parametrize(("bits", "safe"), [(1, False), (32, True)])
def test_an_mm_lock_seq_of_one_bit_is_even_again_after_every_writer_and_takes_change_for_none(bits, safe):
    lab = Lab("mm_lock_seq")
    lab.mm.seq_bits = bits
    lab.task(touch(lab.k, BASE))
    lab.task(sys_munmap(lab.k, BASE, 64 * PAGE), MS, role="mmap")
    if safe:
        lab.run()
        assert ("leave", "SIGSEGV") in lab.words()
    else:
        with pytest.raises(KernelBug, match="use after free"):
            lab.run()
