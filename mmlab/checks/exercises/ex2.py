"""Exercise 2: the synchronous filemap_nopage, which reads one page ahead, and how long it holds mmap_sem."""

from ...view.units import duration
from ..accesses import Access, accesses, page_at
from ..check import Check, Exercise
from ..kinds import all_of, every_interleaving
from ..outcome import Outcome, correct, not_yet
from ..predictions import predicted
from ..work import Work

BASE = "synchronous"
NOPAGE = ("filemap_nopage",)
AT_ONCE = 100_000
"""ns: a fault that takes less has not waited for a disk of milliseconds"""


def touched(work: Work, *pages: int, **prepared):
    """How touches of these pages end, one after the other."""
    key = ("touched", pages, repr(prepared))
    return work.once(key, lambda: accesses(work.design(BASE), [Access(page_at(page)) for page in pages], **prepared))


def next_page_is_on_its_way(work: Work, draw) -> Outcome:
    """On a disk with two channels the next page comes along."""
    first, *more = touched(work, 2, 3, channels=2)
    if first.outcome != "major":
        return not_yet(f"The touch of a page that is on the disk ends as: {first.outcome}. What must have been waited for?")
    if sorted(first.reads) != [2, 3]:
        return not_yet(
            f"A touch of page 2, when nothing is cached, makes the disk read the pages {list(first.reads)}. "
            "Which page will the program want next?"
        )
    if more[0].held > AT_ONCE:
        return not_yet(
            f"The disk has two channels. Page 2 is touched, and then page 3: that takes {duration(more[0].held)} more. "
            "When was page 3 asked for?"
        )
    cached = touched(work, 2, cached=[2])[0]
    if cached.reads:
        return not_yet(
            f"A touch of page 2, which is in the cache already, makes the disk read the pages {list(cached.reads)}. "
            "Which fault pays for the disk anyway, and which should stay a minor one?"
        )
    return correct()


def nobody_waits_for_it(work: Work, draw) -> Outcome:
    """On a disk with one channel the hold is not longer than without read-ahead."""
    held = touched(work, 2, channels=1)[0].held
    if held > 2_000_000 + AT_ONCE:
        return not_yet(
            f"The disk has one channel and needs 2 ms for a read; mmap_sem is held for {duration(held, 3)}. "
            "Which page does this fault need, and what does it wait for?"
        )
    return correct()


def held_us(work: Work, case: tuple) -> float:
    """How long one fault of the work holds mmap_sem, in us."""
    disk, channels, busy, bad = case
    ends = touched(work, 3, disk=f"{disk}us", channels=channels, busy=busy, bad=(3,) * bad)
    return ends[0].held / 1000


def holds(draw) -> list[tuple]:
    """Idle and busy disks, good pages and bad ones."""
    return [
        (2_000, 1, 0, False), (9_000, 1, 0, False), (4_000, 1, 3, False), (6_000, 2, 3, False), (6_000, 2, 2, False),
        (2_000, 2, 0, True), (5_000, 1, 0, True),
    ]  # fmt: skip


def about_the_hold(case: tuple) -> str:
    """The question for one case."""
    _, channels, busy, bad = case
    if bad:
        return "The read of this page fails. How often is it asked for, and what is in the queue then?"
    if busy:
        return f"{busy} reads of others came first. How many of these reads can this disk do at the same time?"
    return "Nobody else uses the disk. Which reads does this fault wait for?"


NEXT = next_page_is_on_its_way
PROMPT = all_of(NEXT, nobody_waits_for_it)


def hold_as_predicted(cases):
    """The learner's formula against the learner's own code, which must read ahead."""
    return all_of(PROMPT, predicted("hold", cases, held_us, plus=30, unit="us", ask=about_the_hold))


EXERCISE = Exercise(
    name="ex2",
    title="Exercise 2, a page and the next one",
    base=BASE,
    functions=("filemap_nopage", "hold"),
    checks=(
        Check(
            "correct on every interleaving", 3,
            every_interleaving(BASE, "two faults", "a fault and a truncate", "a fault and a read error"),
            needs=NOPAGE,
            belief="that a page which was waited for can be mapped; it may be unread, or out of its file meanwhile",
        ),
        Check(
            "the next page is on its way", 4, NEXT, needs=NOPAGE,
            belief="that a fault should read only what was touched; the program will want the next page, too",
        ),
        Check(
            "and nobody waits for it", 2, PROMPT, needs=NOPAGE,
            belief="that to start a read is to wait for it; this fault needs one page only",
        ),
        Check(
            "the lock is held as long as predicted", 3, hold_as_predicted(holds),
            belief="that a fault waits for its own read alone; it waits for what the disk was asked for before, too",
        ),
    ),
    hints=(
        "Write it without the next page first, with the list of steps beside you; the first check tells you when it "
        "stands. A page that was looked up or added comes with a reference: on every way out it is handed on (as the "
        "answer) or put.",
        "The disk serves first come, first served. page_cache_read starts a read and does not wait for it, so the order "
        "of two calls is the order of two reads. What page_cache_read gives for the next page is yours to put, and may "
        "be None.",
        "For hold, draw the channels as lanes and put in the reads in the order in which they are asked for: those of "
        "others, the page, the next page. The fault ends with the lane of its page. If the read fails, put it in once "
        "more, at the moment when its first read ended, behind what is still in the queue.",
    ),
    kept=4,
    kept_points=8,
)  # fmt: skip
