"""The unseen checks of exercise 2, and typical wrong answers with the points that they earn."""

from mmlab.checks import Check, correct, not_yet
from mmlab.checks.exercises.ex2 import BASE, NEXT, NOPAGE, hold_as_predicted, touched
from mmlab.checks.kinds import all_of, every_interleaving


def end_of_file(work, draw):
    """The file has 8 pages."""
    reads = touched(work, 7)[0].reads
    if reads == (7,):
        return correct()
    return not_yet(f"A touch of the last page, page 7, makes the disk read {list(reads)}. What is there behind it?")


def not_this_fault_s_trouble(work, draw):
    """No memory for the next page, or a disk that cannot read it."""
    page = draw.randint(0, 5)
    alone = touched(work, page, allocations=2)[0]
    if alone.outcome != "major":
        return not_yet(
            f"There is memory for the page that is touched, and none for the next one: the fault ends as "
            f"{alone.outcome}. Who needs the next page now?"
        )
    ends = touched(work, page, page + 1, bad=(page + 1,))
    if [end.outcome for end in ends] != ["major", "SIGBUS"]:
        return not_yet(
            f"The disk cannot read page {page + 1}. A touch of page {page} and then of page {page + 1} end as: "
            f"{', '.join(end.outcome for end in ends)}. Which of the two should notice?"
        )
    return correct()


def holds(draw):
    """One case of each kind, and a few more."""
    found = [
        (draw.randint(2, 20) * 1_000, channels, busy, bad)
        for channels, busy, bad in (
            (1, 0, False), (1, draw.randint(1, 6), False), (draw.randint(2, 4), draw.randint(3, 9), False),
            (1, draw.randint(1, 5), True), (2, draw.randint(1, 6), True),
            (draw.randint(3, 5), draw.randint(0, 9), True),
        )
    ]  # fmt: skip
    draw.shuffle(found)
    return found


CHECKS = (
    Check(
        "behind the end of the file nothing is read", 2, all_of(NEXT, end_of_file), unseen=True, needs=NOPAGE,
        belief="that behind each page there is another one; a file has an end",
    ),
    Check(
        "trouble with the next page is not this fault's", 2, all_of(NEXT, not_this_fault_s_trouble), unseen=True,
        needs=NOPAGE,
        belief="that whoever meets an error has to tell of it; nobody has touched the next page yet",
    ),
    Check(
        "the hold on other disks", 3, hold_as_predicted(holds), unseen=True,
        belief="that a queue takes as long as there are reads in it; the channels share them",
    ),
    Check(
        "whoever remaps, reclaims or takes the memory", 1,
        every_interleaving(
            BASE, "two faults on two pages", "two faults and a remap", "a fault under reclaim", "a fault without memory"
        ),
        unseen=True, needs=NOPAGE,
        belief="that a page stays where it was found while one sleeps",
    ),
)  # fmt: skip

HEAD = "from mmlab.kernel import *\nfrom mmlab.kernel import PageLocked, PageUptodate\n"
NOPAGE_TEXT = """
async def filemap_nopage(k, vma, address):
    mapping = vma.vm_file
    index = linear_page_index(vma, address)
    fault = VM_FAULT_MINOR
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            fault = VM_FAULT_MAJOR
            {before}
            page = await page_cache_read(mapping, index)
            if page is None:
                return NOPAGE_OOM, fault
            {after}
        if PageUptodate(page):
            return page, fault
        fault = VM_FAULT_MAJOR
        {sleep}
        if page.mapping != mapping:
            await unlock_page(page)
            await put_page(page)
            continue
        if PageUptodate(page):
            await unlock_page(page)
            return page, fault
        await readpage(page)
        await wait_on_page_locked(page)
        if PageUptodate(page):
            return page, fault
        await put_page(page)
        break
    return NOPAGE_SIGBUS, fault
"""
AHEAD = """if not beyond_i_size(mapping, index + 1):
    ahead = await page_cache_read(mapping, index + 1)
    if ahead is not None:
        await put_page(ahead)"""
HOLD = """
def hold(disk, channels, busy, bad):
    first = -(-(busy + 1) // channels) * disk
    if not bad:
        return first
    return first + (2 if channels == 1 else 1) * disk
"""


def answer(before="pass", after=AHEAD, sleep="await lock_page(page)", hold=HOLD):
    """A whole answer, with these parts."""
    return HEAD + NOPAGE_TEXT.format(
        before=before.replace("\n", "\n            "), after=after.replace("\n", "\n            "), sleep=sleep
    ) + hold  # fmt: skip


WAITS = AHEAD.replace("    await put", "    await wait_on_page_locked(ahead)\n        await put")
KEEPS = "if not beyond_i_size(mapping, index + 1):\n    await page_cache_read(mapping, index + 1)"
DIES = AHEAD.replace(
    "if ahead is not None:",
    "if ahead is None:\n        await put_page(page)\n        return NOPAGE_OOM, fault\n    else:",
)
ASLEEP = "await wait_on_page_locked(page)\n        if page.mapping == mapping:\n            return page, fault"

WRONG = {
    "no read-ahead": (answer(after="pass"), 4),
    "the next page first": (answer(before=AHEAD, after="pass"), 10),
    "waits for the next page": (answer(after=WAITS), 12),
    "keeps a reference to the next page": (answer(after=KEEPS), 0),
    "reads behind the end of the file": (answer(after=AHEAD.replace("not beyond_i_size", "True or beyond_i_size")), 18),
    "no memory for the next page is the end": (answer(after=DIES), 18),
    "believes that a read that is over went well": (answer(sleep=ASLEEP + "\n        await lock_page(page)"), 9),
    "the failed read's way is forgotten in the formula": (
        answer(hold=HOLD.replace("(2 if channels == 1 else 1)", "1")), 14,
    ),
    "a queue as if there were one channel": (answer(hold=HOLD.replace("-(-(busy + 1) // channels)", "(busy + 1)")), 14),
}  # fmt: skip
"""name -> (source, points of all checks together)"""
