"""What a task did, as a person would put it: the one place for the explorer's words.

A sentence has no subject ("drops mmap_sem"): whoever shows it names the task. Where the answer matters it is part of
the sentence ("looks for data:0 in the page cache: not there").
"""

from __future__ import annotations

from ...kernel.page import PG_locked, PG_uptodate, page
from ...kernel.task import task_struct
from .questions import NOT_YET


def page_state(flags: int) -> str:
    """ "locked, not uptodate"."""
    locked = "locked" if flags & PG_locked else "unlocked"
    return f"{locked}, {'uptodate' if flags & PG_uptodate else 'not uptodate'}"


def name(thing) -> str:
    """A struct or a value in a sentence."""
    if isinstance(thing, page):
        return thing.name
    if isinstance(thing, task_struct):
        return thing.comm
    if type(thing) is int and thing > 1 << 20:
        return hex(thing)
    return repr(thing) if type(thing) in (int, str, bool, type(None), tuple) else repr(thing).removeprefix("file ")


def look(thing, field: str, answer) -> str:
    """A look at a field."""
    if answer is NOT_YET:
        return f"uses {name(thing)} (.{field})"
    if isinstance(thing, page):
        if field == "flags":
            return f"looks at {thing.name}: {page_state(answer)}"
        if field == "mapping":
            return f"looks whose page {thing.name} is: {'nobody’s any more' if answer is None else name(answer) + '’s'}"
    if isinstance(thing, task_struct) and field == "pending":
        return f"looks for signals: {', '.join(answer) or 'none'}"
    if field in ("i_size", "truncate_count"):
        return f"reads {field} of {name(thing)}: {answer}"
    if "seq" in field or field == "mm_users":
        return f"reads {field}: {getattr(answer, 'value', answer)}"
    return f"looks at {field} of {name(thing)}"


def put(thing, field: str, value) -> str:
    """A write to a field."""
    if field in ("maj_flt", "min_flt"):
        return f"counts a {'major' if field == 'maj_flt' else 'minor'} fault"
    if "seq" in field:
        return f"writes {field}: {getattr(value, 'value', value)}"
    return f"sets {field} of {name(thing)}"


def found_page(mapping, index: int, answer) -> str:
    """find_get_page."""
    what = f"looks for {mapping.page_names[index]} in the page cache"
    return f"{what}: not there" if answer is None else f"{what}: there, {page_state(answer.flags)}"


def page_added(mapping, index: int, answer) -> str:
    """add_to_page_cache_lru."""
    if answer is NOT_YET:
        return f"adds {mapping.page_names[index]} to the page cache"
    added, is_new = answer
    if added is None:
        return "finds no memory for a page"
    return f"adds {added.name} to the page cache, locked" if is_new else f"finds {added.name} there meanwhile"


def taken(verb: str):
    """A way of taking a lock, for "reading" or "writing"."""

    def words(lock, answer) -> str:
        if answer is NOT_YET:
            return f"asks for {name(lock)} for {verb}"
        if type(answer) is int and answer < 0:
            return f"stops waiting for {name(lock)}: killed"
        return f"takes {name(lock)} for {verb}"

    return words


def waited(page, *rest) -> str:
    """wait_on_page_locked, lock_page."""
    answer = rest[-1]
    if answer is NOT_YET:
        return f"waits for {name(page)}"
    return f"stops waiting for {name(page)}: {'a signal came' if answer else 'it is unlocked'}"


def page_locked(page, *rest) -> str:
    answer = rest[-1]
    if answer is NOT_YET:
        return f"waits for the lock of {name(page)}"
    return f"stops waiting for {name(page)}: a signal came" if answer else f"locks {name(page)}"


def reference_put(page, answer) -> str:
    last = type(page).__name__ == "freed_page"
    return f"gives back its reference to {name(page)}{', the last one: the page is freed' if last else ''}"


def mapped_over(mm, length, flags=None, file=None, pgoff=0, address=None, *answer) -> str:
    """do_mmap."""
    if address is None:
        return "maps something else"
    return f"maps {name(file)} over {address:#x}: the old vma and page tables are freed"


def returned(k, task, minor: int, major: int, answer) -> str:
    """leave_fault."""
    if task.forced or minor or major:
        outcome = task.forced or f"counted as a {'major' if major else 'minor'} fault"
        return f"goes back to user mode: {outcome}"
    return "goes back to user mode with nothing resolved"


def tried(lock, answer) -> str:
    return f"tries to lock {name(lock)}: {'taken' if answer else 'somebody has it'}"


def contended(lock, answer) -> str:
    """rwsem_is_contended."""
    return f"looks who waits for {name(lock)}: {'somebody' if answer else 'nobody'}"


WORDS = {
    "call": lambda function, *rest: f"calls {function}",
    "get": look,
    "set": lambda thing, field, value, answer: put(thing, field, value),
    "count": lambda *rest: "computes with a counter",
    "enter": lambda k, what, *rest: f"enters the kernel: {what}",
    "leave": lambda k, what, *rest: f"goes back to user mode: {what}",
    "leave_fault": returned,
    "walk_page_table": lambda mm, address, write, answer: (
        f"{'writes to' if write else 'touches'} {address:#x}: {'goes through' if answer else 'a page fault'}"
    ),
    "find_vma": lambda mm, address, answer: f"finds {'no vma there' if answer is None else 'the vma'}",
    "mas_walk": lambda mm, address, answer: (
        f"finds {'no vma' if answer is None else 'the vma'} without mmap_sem (rcu)"
    ),
    "good_area": lambda vma, address, write, answer: f"the access is {'allowed' if answer else 'not allowed'}",
    "pte_alloc_map": lambda mm, address, answer: (
        "finds no memory for a page table" if answer is None else "walks to the page table"
    ),
    "pte_none": lambda table, address, answer: (
        f"uses the {name(table)}" if answer is NOT_YET else f"looks at the pte: {'empty' if answer else 'it is there'}"
    ),
    "set_pte_at": lambda vma, table, address, page, answer: f"maps {name(page)}: installs its pte",
    "ptep_set_access_flags": lambda *rest: "makes the pte writable",
    "find_get_page": found_page,
    "add_to_page_cache_lru": page_added,
    "readpage": lambda page, answer: f"asks the disk for {name(page)}",
    "down_read": taken("reading"), "down_read_killable": taken("reading"),
    "down_write": taken("writing"), "down_write_killable": taken("writing"),
    "down_read_trylock": tried, "trylock_page": tried,
    "rwsem_is_contended": contended,
    "up_read": lambda lock, answer: f"drops {name(lock)}",
    "up_write": lambda lock, answer: f"lets go of {name(lock)}",
    "spin_lock": lambda lock, answer: f"takes {name(lock)}",
    "spin_unlock": lambda lock, answer: f"drops {name(lock)}",
    "lock_page": page_locked,
    "unlock_page": lambda page, answer: f"unlocks {name(page)}",
    "wait_on_page_locked": waited,
    "get_page": lambda page, answer: f"takes a reference to {name(page)}",
    "put_page": reference_put,
    "SetPageRetried": lambda page, answer: f"marks {name(page)} as retried",
    "ClearPageRetried": lambda page, answer: f"takes the mark off {name(page)}",
    "do_mmap": mapped_over,
    "do_munmap": lambda mm, address, length, *rest: f"unmaps {address:#x}: its vma and page tables are freed",
    "mprotect_fixup": lambda mm, address, *rest: f"makes {address:#x} read-only",
    "touched": lambda *rest: "collects the vmas that will change",
    "bump_mmap_seq": lambda mm, answer: f"bumps mmap_seq to {mm.mmap_seq}",
    "mmget": lambda mm, answer: "takes a reference to the mm",
    "mmput": lambda mm, answer: "gives back its reference to the mm",
    "get_file": lambda file, answer: f"pins {name(file)}",
    "fput": lambda file, answer: f"lets go of {name(file)}",
    "fadvise_dontneed": lambda mapping, first, last, answer: (
        "DONTNEED" if answer else "DONTNEED: nothing that could go"
    ),
    "shrink_page_list": lambda mapping, index, answer: (
        "reclaims a page" if answer else "reclaim: nothing that could go"
    ),
    "i_size_write": lambda mapping, size, answer: f"cuts {name(mapping)} to {size} bytes",
    "unmap_mapping_range": lambda mapping, first, answer: f"clears the ptes of {name(mapping)}",
    "pagevec_lookup": lambda mapping, first, answer: f"collects the cached pages of {name(mapping)}",
    "truncate_complete_page": lambda page, answer: f"takes {name(page)} out of its file",
    "send_sig": lambda sig, task, answer: f"sends {sig} to {name(task)}",
    "force_sig": lambda sig, task, answer: f"gets {sig}",
    "dequeue_signal": lambda task, answer: f"takes {answer if answer is not NOT_YET else 'a signal'}",
    "fail_next_allocation": lambda k, answer: "the next allocation will fail",
    "follow_page": lambda mm, address, write, answer: (
        f"follows the page table: {'nothing there' if answer is None else 'finds ' + name(answer)}"
    ),
    "alloc_zeroed_user_highpage": lambda k, answer: (
        "finds no memory for a page" if answer is None else "takes a zeroed page"
    ),
    "spu_acquire_runnable": lambda k, context, state, answer: (
        "waits until the spu runs" if answer is NOT_YET else f"stops waiting: {'a signal' if answer else 'it runs'}"
    ),
    "spu_bind_context": lambda context, answer: "lets the spu run",
    "local_store_page": lambda context, index, answer: (
        "looks for a page of the local store: " + ("not there" if answer is None else "there")
    ),
    "rcu_read_lock": lambda mm, answer: "enters an rcu section",
    "rcu_read_unlock": lambda mm, answer: "leaves the rcu section",
    "get_vma": lambda vma, answer: "takes a reference to the vma",
    "put_vma": lambda vma, answer: "gives back its reference to the vma",
}  # fmt: skip


def told(op: str, values: list, answer) -> str:
    """What was done: `op` with `values`, and the `answer` (NOT_YET if there is none)."""
    if op.startswith("bug"):
        return f"breaks a rule: {values[1]}" if op == "bug" else "breaks a rule"
    words = WORDS.get(op)
    if words is None:
        return f"{op}({', '.join(map(name, values))})"
    return words(*values, answer)


EVENTS = {
    "evict": "{} leaves the page cache", "unmap": "the pte of {} is cleared", "exit": "ends: {}",
}  # fmt: skip
"""events that say what a step did to others"""


def consequences(events) -> list[str]:
    """What a step did to others, by its events."""
    return [EVENTS[event.what].format(event.object) for event in events if event.what in EVENTS]
