"""The map of locks: what the walk finds on every path of a design's source, and how it is shown."""

import re
import xml.etree.ElementTree as ET

import pytest

import mmlab
from mmlab.view.lockmap import lock_map
from mmlab.view.lockwalk import Locks, lock_walk

HELD, FREE = frozenset([Locks("read")]), frozenset([Locks()])


def at(lines, function, words):
    """The line of `function` that contains `words`."""
    return next(line for line in lines if line.function == function and words in line.text)


@pytest.fixture(scope="module")
def synchronous():
    return lock_walk(mmlab.designs["synchronous"].functions)


@pytest.fixture(scope="module")
def retry():
    return lock_walk(mmlab.designs["nopage_retry"].functions)


def test_functions_come_in_the_order_of_the_calls(synchronous):
    names = list(dict.fromkeys(line.function for line in synchronous))
    assert names == ["do_page_fault", "handle_mm_fault", "handle_pte_fault", "do_no_page", "filemap_nopage"]


def test_mmap_sem_is_held_from_down_read_to_up_read_and_in_everything_called_between(synchronous):
    assert at(synchronous, "do_page_fault", "mm = tsk.mm").locks == FREE
    assert at(synchronous, "do_page_fault", "down_read").locks == HELD
    assert all(line.locks for line in synchronous)
    inner = [line for line in synchronous if line.function != "do_page_fault"]
    assert all(locks.mmap_sem == "read" for line in inner for locks in line.locks)
    assert at(synchronous, "do_page_fault", "maj_flt").locks == FREE


def test_the_wait_for_the_disk_is_found_with_mmap_sem_held(synchronous):
    stall = at(synchronous, "filemap_nopage", "lock_page")
    assert stall.sleeps == "the disk"
    assert {locks.mmap_sem for locks in stall.asleep} == {"read"}


def test_a_dropping_design_sleeps_with_nothing_held(retry):
    sleep = at(retry, "drop_and_wait", "wait_on_page_locked")
    assert {locks.mmap_sem for locks in sleep.asleep} == {""}


def test_an_answer_that_means_dropped_is_told_from_one_that_means_held(retry):
    assert at(retry, "do_no_page", "return VM_FAULT_RETRY").locks == FREE
    assert at(retry, "do_no_page", "return VM_FAULT_OOM").locks == HELD
    assert at(retry, "do_page_fault", "waited = True").locks == FREE
    assert at(retry, "do_page_fault", "break").locks == HELD


def test_the_page_lock_is_seen_with_its_owner(synchronous):
    assert {locks.page for locks in at(synchronous, "filemap_nopage", "await wait_on").asleep} == {"disk"}
    assert {locks.page for locks in at(synchronous, "filemap_nopage", "page.mapping !=").locks} == {"A"}
    assert {locks.pte for locks in at(synchronous, "do_no_page", "set_pte_at").locks} == {"A"}


def test_a_design_that_forgets_the_lock_on_one_path_is_seen_to():
    async def do_page_fault(k, address, write_access):
        await k.mm.mmap_sem.down_read()
        if address:
            await k.mm.mmap_sem.up_read()
        k.done()

    lines = lock_walk({"do_page_fault": do_page_fault})
    assert at(lines, "do_page_fault", "k.done").locks == HELD | FREE


def test_a_name_is_not_a_design():
    with pytest.raises(ValueError, match="do_page_fault"):
        lock_walk({"something": lock_walk})


def test_a_function_without_source_is_reported():
    functions = {}
    exec("async def do_page_fault(k, address, write_access): pass", functions)
    with pytest.raises(ValueError, match="source text"):
        lock_walk({"do_page_fault": functions["do_page_fault"]})


# --- the picture ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", mmlab.designs.series)
def test_the_picture_is_well_formed_and_named_and_every_line_is_on_it(name):
    chart = lock_map(mmlab.designs[name])
    root = ET.fromstring(chart.svg)
    assert root.get("role") == "img" and root.get("aria-label") == chart.alt
    words = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {line.text.strip() for line in chart.lines} <= words


def test_pictures_on_one_page_share_no_ids():
    ids = [set(re.findall(r'id="([^"]+)"', lock_map(mmlab.designs[d]).svg)) for d in ("synchronous", "nopage_retry")]
    assert ids[0] and not ids[0] & ids[1]


def test_the_caption_counts_the_sleeping_lines_and_the_table_names_them():
    chart = lock_map(mmlab.designs["synchronous"])
    assert "2 sleep until the disk is done, 2 of them with mmap_sem held" in chart.caption
    waits = [row for row in chart.table().rows if row[2] == "the disk"]
    assert [row[1] for row in waits] == ["await lock_page(page)", "await wait_on_page_locked(page)"]
    assert [row[3] for row in waits] == ["read", "read"]


def test_the_map_as_text_has_every_line_with_its_locks():
    chart = lock_map(mmlab.designs["synchronous"])
    assert len(chart.full_table().rows) == len(chart.lines)
    assert "await lock_page(page)" in repr(chart)


def test_only_the_top_function_has_the_lock_in_its_code():
    assert lock_map(mmlab.designs["synchronous"]).functions_with("mmap_sem") == ["do_page_fault"]
