"""Exercise 8: small worlds that expose wrong designs, and a predicate that tells slow ones from good ones."""

from ..check import Check, Exercise
from ..slow import GOOD, SLOW, told_apart
from ..suspects import exposed

SHOWN = (
    "stale_page_table", "lock_leaked_on_oom", "page_lock_leaked", "permission_from_gup", "mayretry_never_cleared",
    "no_truncate_check",
)  # fmt: skip

EXERCISE = Exercise(
    name="ex8",
    title="Exercise 8, expose the wrong ones",
    functions=("worlds", "runs", "accuses"),
    checks=(
        Check(
            "your worlds expose the six that are shown", 4, exposed(SHOWN, nearly=4), needs=("worlds",),
            belief="that a wrong line shows whenever it runs; somebody has to come just then",
        ),
        Check(
            "your predicate tells the slow from the good", 3, told_apart(SLOW, GOOD, (3_000, 5_000)),
            needs=("runs", "accuses"),
            belief="that a slow design is slow in each number; it shows only where somebody suffers from it",
        ),
    ),
    hints=(
        "Take the diffs one by one and write beside each: *when does this line run, and who must come just then?* A page "
        "that cannot be read? An allocation that fails? The kernel itself as the caller? Each answer is a field.",
        "Small worlds first: a suspect that a small world exposes never pays for the large ones behind it. One thread is "
        "often enough: faults=[] with one system call has no other thread at all. Two rare things that do not get in "
        "each other's way (a page that cannot be read, an allocation that fails) share a world.",
        "For the runs: to suffer from a held lock somebody must want it, so let threads fault, in user mode and in the "
        "kernel, and let one map memory; and in the second run kill them during a read. For the predicate: a wait is "
        "long if it is as long as a good part of a read, so compare with run['disk_us'], and in the killed run look at "
        "the time to die alone.",
    ),
    kept=7,
    kept_points=13,
)  # fmt: skip
