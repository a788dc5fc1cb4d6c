"""Exercise 7: the sequence counter, one for each vma."""

from collections.abc import Callable
from dataclasses import replace

from ...experiment.exploration import explore
from ...experiment.worlds import World
from ..asking import given, shown
from ..check import Check, Exercise
from ..draw import Draw
from ..graphs import overlooks
from ..kinds import MOST_STATES, all_of, every_interleaving, holds, number
from ..outcome import Outcome, correct, not_yet
from ..work import Work

BASE = "pagefault_args"
HEADLINE = {"disk": "2ms", "fault_threads": 1, "mmap_threads": 1}


def in_time(run: Callable) -> Callable:
    """The same check; to a use of a freed vma it adds what this exercise is about."""

    def more(work: Work, draw: Draw) -> Outcome:
        outcome = run(work, draw)
        if outcome.cause != "use after free":
            return outcome
        also = "Or, for that would be a second walk: what keeps a struct in memory, though not its mapping?"
        return replace(outcome, message=f"{outcome.message}\n{also}")

    return more


STALE = in_time(every_interleaving(BASE, "a fault and a remap", "a fault and an unmap"))
MPROTECT = World("a fault and an mprotect", writer="protect")


def noticed(work: Work, draw: Draw) -> Outcome:
    """A change of the vma while the lock is dropped makes the fault start again."""
    verdict = work.once(
        "each step", lambda: explore(work.design(BASE), MPROTECT, grain="all", most=MOST_STATES, progress=False)
    )
    outcome = holds(verdict, work.source)
    if outcome is not None:
        return outcome
    path = work.once("overlooks", lambda: overlooks(verdict, 0, 1))
    if path is None:
        return correct(f"In every interleaving of «{MPROTECT.name}» ({MPROTECT.bounds}).")
    return not_yet(
        f"In «{MPROTECT.name}» the vma was changed while the lock was dropped, and the fault went on as if it was not."
        "\nWho counts a change, and when? What do you compare, and between which of your lines did the change come?",
        shown(verdict, path, "a change overlooked", "the vma was changed meanwhile, and the fault goes on"),
    )


WALKS_ONCE = number(
    BASE, 0.015, HEADLINE, "walks_per_fault", most=1.15,
    ask="The looper never touches this vma. What makes the fault start again? And who has to look the vma up again?",
)  # fmt: skip
LOOPER_IS_FREE = number(
    BASE, 0.015, HEADLINE, "mmaps_per_second", least=14_000, unit="pairs/s",
    ask="Who holds mmap_sem while the disk works?",
)  # fmt: skip
WALKS = "among writers elsewhere a fault looks its vma up once"
NOTICES = "a change of this very vma is counted and noticed"
GOES_ON = all_of(STALE, LOOPER_IS_FREE, WALKS_ONCE)

EXERCISE = Exercise(
    name="ex7",
    title="Exercise 7, a counter for each vma",
    base=BASE,
    functions=("vma_start_write", "drop_and_wait"),
    checks=(
        Check(
            "nothing stale, whoever comes", 2, STALE,
            belief="that a pointer that one has is good as long as one has it",
        ),
        Check(
            NOTICES, 2, all_of(LOOPER_IS_FREE, noticed),
            belief="that it does not matter when a counter is read; between reading and dropping nobody may come",
        ),
        Check(
            WALKS, 3, GOES_ON,
            belief="that any change is a change of what I look at",
        ),
        Check(
            "a signal or a kill ends the wait", 1, given(GOES_ON, WALKS, every_interleaving(BASE, "a fault and a kill")),
            belief="that only the page ends the wait; a signal ends it too, and what was taken has to be given back",
        ),
    ),
    hints=(
        "Begin with drop_and_wait of sequence_counter (notebook 08): what it reads, where, and what it does with the "
        "lock on each way out. Which of its lines are about the whole address space, and should be about one vma?",
        "Once mmap_sem is dropped the struct may be freed, so you cannot even look at its counter again. get_vma(vma), "
        "before up_read, keeps the struct. Every reference must be given back with put_vma, on every way out: count "
        "them.",
        "A counter of one bit comes round after two changes, and then says that nothing happened. What happened is in "
        "the vma itself: vma.detached is true once munmap has removed it, and good_area says whether it still covers "
        "the address and permits the access.",
    ),
    kept=5,
    kept_points=12,
)  # fmt: skip
