"""Exercise 4: drop the lock and wait, unless nobody could be waiting for it."""

from ...experiment.worlds import World
from ..check import Check, Exercise
from ..kinds import all_of, every_interleaving, number

BASE = "nopage_retry"
UNREADABLE = World("two faults and a read error", (0, 0), bad_page=True)
ALONE = {"fault_threads": 1, "mmap_threads": 0, "disk": "2ms"}
LOOPER_IS_FREE = all_of(
    number(
        BASE, 0.1, {"disk": "18ms"}, "faults_per_second", least=40, unit="faults/s",
        ask="How does each fault of this run end, and who still gets its page?",
    ),
    number(
        BASE, 0.1, {"disk": "18ms"}, "mmaps_per_second", least=14_000, unit="pairs/s",
        ask="Who holds mmap_sem while the disk works? Look at the timeline of this run.",
    ),
)  # fmt: skip
WALKS_ONCE = number(
    BASE, 0.02, ALONE, "walks_per_fault", most=1.0,
    ask="Nobody shares this address space. Whom does the fault let in when it drops the lock?",
)  # fmt: skip

EXERCISE = Exercise(
    name="ex4",
    title="Exercise 4, drop the lock",
    base=BASE,
    functions=("do_page_fault", "filemap_nopage"),
    checks=(
        Check(
            "nothing stale, whoever comes", 2, every_interleaving(BASE, "a fault and an unmap", "two faults"),
            belief="that what was found under the lock is good after it; who starts again has to look it up again",
        ),
        Check(
            "a page that cannot be read ends in SIGBUS", 1,
            every_interleaving(
                BASE, "a fault and a read error", UNREADABLE,
                ask="A read failed. What are the flags of the page now, who wakes those who wait for it, and who reads it again?",
            ),
            belief="that a page is uptodate when its read is over; the read may have failed",
        ),
        Check(
            "while the disk reads, the looper is free", 2, LOOPER_IS_FREE,
            belief="that to wait for the page is what costs; what costs is to hold mmap_sem meanwhile",
        ),
        Check(
            "and alone, a fault looks its vma up once", 3, all_of(WALKS_ONCE, LOOPER_IS_FREE),
            belief="that dropping a lock is always worth it; when nobody waits, it only buys a second walk",
        ),
    ),
    hints=(
        "Write do_page_fault first: a loop that starts at down_read, and ends with any answer but VM_FAULT_RETRY. "
        "Which of its local variables may still be used after a RETRY?",
        "In filemap_nopage there is one place where a page is there, not uptodate and locked: somebody reads it. "
        "k.drop_and_wait(mm, page) lets go of mmap_sem, sleeps until the page is unlocked and puts the page.",
        "mm.mm_users says how many use the address space. Ask it at the place where you would drop the lock: "
        "with company drop and answer NOPAGE_RETRY; alone, go on to lock_page as the synchronous design does.",
    ),
    kept=5,
    kept_points=12,
)  # fmt: skip
