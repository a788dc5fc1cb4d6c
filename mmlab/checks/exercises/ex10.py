"""Exercise 10: a lock for each vma, also on the way back from the disk."""

from ..check import Check, Exercise
from ..kinds import all_of, every_interleaving, number

BASE = "per_vma_lock"
BUSY = {"fault_threads": 1, "mmap_threads": 4, "disk": "200us"}
SAFE = every_interleaving(BASE, "a fault and an unmap")
WAITS_FOR_THE_DISK_ALONE = number(
    BASE, 0.002, BUSY, "fault_call.max", most=210, unit="us",
    ask="The disk takes 200 us. For what else did this fault stand in a queue, and when? Look at its second pass.",
)  # fmt: skip

EXERCISE = Exercise(
    name="ex10",
    title="Exercise 10, a lock for each vma, twice",
    base=BASE,
    functions=("do_page_fault",),
    checks=(
        Check(
            "nothing stale, and no lock left behind", 2, SAFE,
            belief="that the vma of the first pass can be used after the disk; its lock was dropped, and it may be gone",
        ),
        Check(
            "safe, and a fault waits for the disk and for nobody who maps something else", 4,
            all_of(SAFE, WAITS_FOR_THE_DISK_ALONE),
            belief="that a fault waits for the disk alone; with mmap_sem the second pass queues behind all who map memory",
        ),
        Check(
            "and ends however often its page is thrown out", 2,
            all_of(WAITS_FOR_THE_DISK_ALONE, every_interleaving(BASE, "a fault under DONTNEED")),
            belief="that each pass may drop the lock; without a bound a fault can start again for ever",
        ),
    ),
    hints=(
        "Draw both passes of per_vma_lock on paper: which lock does each hold, and where does each of them stop and "
        "wait? The second pass is a copy of the while loop of 2006. What would it have to ask for to be like the first?",
        "One loop is enough. At its top: lock_vma_under_rcu, and if that gives no vma, or the area is not good, "
        "mmap_sem and find_vma as ever. FAULT_FLAG_VMA_LOCK tells the rest of the path which lock you hold, so it must "
        "be right in *each* pass.",
        "After VM_FAULT_RETRY neither lock is held and the vma is dead; set FAULT_FLAG_TRIED, or the next pass may drop "
        "the lock again and again. At the end let go of the lock that this pass took: vma_end_read(vmf.vma) or up_read.",
    ),
    kept=5,
    kept_points=12,
)  # fmt: skip
