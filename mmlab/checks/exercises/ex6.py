"""Exercise 6: reasons and signals, and a signal that ends the second wait as well."""

from ...experiment.worlds import World
from ..asking import given, heard, passes, shown
from ..check import Check, Exercise
from ..draw import Draw
from ..kinds import all_of, every_interleaving, explored, holds, number
from ..outcome import Outcome, correct, not_yet
from ..unheeded import unheeded
from ..work import Work

BASE = "pagefault_args"
SIGNAL = World("a fault, a signal, an mprotect and DONTNEED", writer="protect", signal=True, dontneed=True)
KILL = World("a fault, a kill and DONTNEED", kill=True, dontneed=True)
GUP_SIGNAL = World("get_user_pages and a signal", (), system_calls=("gup",), signal=True)


def once(work: Work, draw: Draw) -> Outcome:
    """One retry, and never two."""
    return passes(work, BASE, "a fault under DONTNEED", 1)


LOOPER_IS_FREE = number(
    BASE, 0.03, {"disk": "18ms"}, "mmaps_per_second", least=14_000, unit="pairs/s",
    ask="Who holds mmap_sem while the disk works? In which pass?",
)  # fmt: skip
DIES_AT_ONCE = number(
    BASE, 0.06, {"disk": "18ms", "fault_threads": 3, "mmap_threads": 0, "kill_at": "10ms"}, "kill_latency.max",
    most=100, unit="us", ask="Which kind of sleep does a SIGKILL end, and what comes after it?",
)  # fmt: skip
HEARD = heard(
    BASE, "SIGUSR1", SIGNAL,
    ask="In which pass is this, and is the lock held? What would the program have to wait for, if it is not let go?",
)  # fmt: skip
WHO_WAITS = "Which signals may end the wait of get_user_pages? How do you tell it from a fault that comes a second time?"


def over(work: Work, draw: Draw) -> Outcome:
    """A fault whose wait a signal has ended does not start again."""
    verdict = explored(work, BASE, SIGNAL)
    outcome = holds(verdict, work.source)
    if outcome is not None:
        return outcome
    path = work.once("unheeded", lambda: unheeded(verdict, 0, "SIGUSR1"))
    if path is None:
        return correct(f"In every interleaving of «{SIGNAL.name}» ({SIGNAL.bounds}).")
    return not_yet(
        f"In «{SIGNAL.name}» a signal ends the wait, and the fault takes mmap_sem once more before the program hears of "
        "the signal.\nWhy has the wait ended, and what does args.reason say of it? Who queues for the lock with you?",
        shown(verdict, path, "a signal unheeded", "a signal has ended the wait, and the fault starts again"),
    )


ONCE = "one retry, nothing stale, and the looper is free"
HEARS = "any signal ends both waits of a program's own fault"
FIRST = all_of(every_interleaving(BASE, "a fault and an unmap"), once, LOOPER_IS_FREE)
BOTH_WAITS = all_of(FIRST, HEARD)

EXERCISE = Exercise(
    name="ex6",
    title="Exercise 6, reasons and signals",
    base=BASE,
    functions=("do_page_fault", "lock_page_or_retry", "drop_and_wait"),
    checks=(
        Check(ONCE, 1, FIRST,
            belief="that a fault may drop the lock whenever it has to wait; after one retry its permission is spent",
        ),
        Check(
            "a kill ends both waits", 1, all_of(every_interleaving(BASE, KILL), DIES_AT_ONCE),
            belief="that a killed task dies; it dies on its way back to user mode, and must get there",
        ),
        Check(
            HEARS, 2, given(FIRST, ONCE, HEARD),
            belief="that who holds the lock must not be woken; it may let go of the lock and say why",
        ),
        Check(
            "and then the fault is over", 2, given(BOTH_WAITS, HEARS, over),
            belief="that it does not matter why a wait has ended; who is told RETRY_IO starts again, and is deaf meanwhile",
        ),
        Check(
            "an ordinary signal does not disturb get_user_pages", 2,
            given(BOTH_WAITS, HEARS, every_interleaving(BASE, GUP_SIGNAL, ask=WHO_WAITS)),
            belief="that user_mode() tells a fault from get_user_pages; it tells whose access it was",
        ),
    ),
    hints=(
        "Make a list of all places where a task can sleep for the page. For each: is mmap_sem held, which signals end "
        "the sleep, and what is in args.reason when you answer? drop_and_wait has one of them, lock_page_or_retry the "
        "other.",
        "lock_page_killable knows fatal signals only, and there is no lock_page_interruptible. You can make one: try "
        "the page lock; if somebody has it, sleep with wait_on_page_locked_interruptible(page); look at the signals; "
        "try again.",
        "user_mode(k.current) tells an access of the program from one of the kernel. It does not tell a fault from "
        "get_user_pages, which is no access at all. But one of the two never comes to a second pass: which field of "
        "args knows that?",
    ),
    kept=5,
    kept_points=12,
)  # fmt: skip
