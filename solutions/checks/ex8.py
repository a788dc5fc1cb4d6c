"""The unseen checks of exercise 8, and typical wrong answers with the points that they earn."""

from mmlab.checks import Check
from mmlab.checks.slow import GOOD, SLOW, told_apart
from mmlab.checks.suspects import exposed
from mmlab.designs import find
from mmlab.kernel import PAGEFAULT_MAYRETRY_IO, user_mode

DEAD = (
    "counter_read_after_drop", "counter_not_compared", "counter_compared_before_retake",
    "counter_compared_before_retake_6_14", "bump_after_up_write", "bump_before_down_write", "writer_forgets_the_bump",
    "stale_vma", "pte_peeked_without_lock", "vma_used_after_up_read", "file_pinned_after_drop",
    "no_second_look_at_vm_lock_seq", "still_counter_taken_for_no_writer", "no_second_look_at_the_vma",
    "rcu_ends_too_early", "writer_forgets_vma_start_write", "vma_counter_not_compared",
)  # fmt: skip
LOCKS = (
    "lock_leaked_on_sigsegv", "killed_keeps_the_lock", "retry_with_the_lock_held", "oom_after_the_drop",
    "nowait_drops_the_lock", "nowait_thought_dropped", "wrong_lock_order", "vma_lock_leaked",
)  # fmt: skip
PAGES = (
    "trylock_not_asked", "waits_for_its_own_page_lock", "no_uptodate_check", "no_pte_none_check",
    "install_without_page_table_lock", "mapping_checked_too_early", "truncate_count_read_late", "kept_page_trusted",
    "page_put_before_the_wait", "page_put_twice", "page_leaked_on_retry", "kept_page_never_put",
)  # fmt: skip
ENDS = (
    "replay_forgets_the_bound", "replay_without_sleeping", "unkillable_wait", "dying_kernel_fault_replayed",
    "signal_first_in_kernel_mode", "signal_as_minor", "page_leaked_on_signal", "counted_on_both_passes",
    "major_in_every_pass",
)  # fmt: skip


def two_of(names):
    """Two suspects, drawn."""
    return lambda draw: draw.sample(names, 2)


def drawn_disk(draw):
    return (draw.randrange(3_000, 6_000, 100),)


async def grant_retry_to_two(k, mm):
    """PAGEFAULT_MAYRETRY_IO if exactly one other uses the mm. Lock state: nothing held."""
    return PAGEFAULT_MAYRETRY_IO if mm.mm_users == 2 else 0


async def grant_retry_to_programs(k, mm):
    """PAGEFAULT_MAYRETRY_IO for a fault of the program, not of a system call. Lock state: nothing held."""
    return PAGEFAULT_MAYRETRY_IO if user_mode(k.current) else 0


CONVOYS = {
    "two_are_company": find("pagefault_args").patched("two_are_company", grant_retry=grant_retry_to_two),
    "not_for_system_calls": find("pagefault_args").patched("not_for_system_calls", grant_retry=grant_retry_to_programs),
}
LATE = {name: find(name) for name in ("drop_for_io", "vm_fault_retry")}
OTHERS = {name: find(name) for name in ("sequence_counter", "mm_lock_seq", "per_vma_lock", "per_vma_counter")}

CHECKS = (
    Check(
        "two that use what is dead", 2, exposed(two_of(DEAD), 1, named=False), unseen=True, needs=("worlds",),
        belief="that a stale pointer shows by itself; what it points to has to be taken away while the lock is dropped",
    ),
    Check(
        "two with a lock too many or too few", 2, exposed(two_of(LOCKS), 1, named=False), unseen=True,
        needs=("worlds",),
        belief="that a lock goes wrong on the usual way; it is forgotten on the rare ways out",
    ),
    Check(
        "two that mistake a page", 2, exposed(two_of(PAGES), 1, named=False), unseen=True, needs=("worlds",),
        belief="that a page stays as it was found; somebody has to drop it or cut the file to show who relies on it",
    ),
    Check(
        "two that end badly, or never", 2, exposed(two_of(ENDS), 1, named=False), unseen=True, needs=("worlds",),
        belief="that a design which maps no wrong page is right; it may count wrongly, or never end",
    ),
    Check(
        "a convoy in disguise", 2, told_apart(CONVOYS, GOOD, drawn_disk, named=False), unseen=True,
        needs=("runs", "accuses"),
        belief="that a design drops the lock or does not; it may depend on who asks",
    ),
    Check(
        "two that die late", 1, told_apart(LATE, GOOD, drawn_disk, named=False), unseen=True, needs=("runs", "accuses"),
        belief="that the rates tell everything; how long a killed task takes to die is in none of them",
    ),
    Check(
        "good designs that you have not seen", 2, told_apart(SLOW, OTHERS, drawn_disk, named=False), unseen=True,
        needs=("runs", "accuses"),
        belief="that whoever does more work than the fastest is guilty; more work breaks no promise",
    ),
)  # fmt: skip

ALL_OF_MMLAB = """
from mmlab.experiment.worlds import WORLDS

def worlds():
    return [{k: v for k, v in vars(w).items() if k != "name"} for w in WORLDS.values()]

def unused():
"""
FIRST_OF_MMLAB = ALL_OF_MMLAB.replace("WORLDS.values()]", "list(WORLDS.values())[:8]]")
LARGE = """
def worlds():
    return [
        {"writer": "wrap", "seq_bits": 1},
        {"faults": [0, 0], "writer": "remap", "dontneed": True},
        {"kill": True},
    ]

def unused():
"""
SMALL = "def worlds():\n"
FIRST = '    if run["run"] == 1:'
CALLERS = '"copy_threads": 1, "mmap_threads": 1'

WRONG = {
    "all worlds of the course": ([(SMALL, ALL_OF_MMLAB)], 8),
    "the first eight of the course": ([(SMALL, FIRST_OF_MMLAB)], 9),
    "large worlds, and one that accuses everybody": ([(SMALL, LARGE)], 10),
    "one limit in us for every disk": ([('run["disk_us"] / 2', "18_000")], 12),
    "the mean of the waits": ([("mmap_wait_max", "mmap_wait_mean")], 18),
    "accuses everybody": ([(FIRST, f"    return True\n{FIRST}")], 12),
    "callers who may not let go": ([(CALLERS, '"gup_threads": 1, "mmap_threads": 1')], 12),
    "nobody is killed": ([("return [crowd, ", "return [crowd] or [crowd, ")], 15.5),
}  # fmt: skip
"""name -> (what is changed in the solution, points of all checks together)"""
