"""The unseen checks of exercise 4, and typical wrong answers with the points that they earn."""

from mmlab.checks import Check, correct, not_yet
from mmlab.checks.exercises.ex4 import BASE, LOOPER_IS_FREE
from mmlab.checks.kinds import all_of, every_interleaving, measured, number


def alone(draw):
    return {"fault_threads": 1, "mmap_threads": 0, "disk": f"{draw.randint(2, 9)}ms", "seed": draw.randint(1, 999)}


def company(work, draw):
    """Others who hold the address space are company, even if they have no thread here."""
    scenario = alone(draw)
    walks = [
        measured(work, BASE, 0.04, {**scenario, "outside_holders": holders}).walks_per_fault
        for holders in (0, draw.randint(1, 5))
    ]
    if walks == [1, 2]:
        return correct()
    return not_yet(
        f"Alone a fault walks {walks[0]:g} times, with an outside holder of the address space {walks[1]:g} times. "
        "What exactly tells you that nobody else can be waiting for mmap_sem?"
    )


def crowd(draw):
    return {"disk": "18ms", "fault_threads": draw.randint(2, 3), "mmap_threads": 1, "ps_readers": 1}


CHECKS = (
    Check(
        "alone, on other disks", 3, all_of(number(BASE, 0.03, alone, "walks_per_fault", most=1.0), LOOPER_IS_FREE),
        unseen=True, belief="that to drop a lock costs nothing",
    ),
    Check(
        "an outside holder is company", 5, company, unseen=True,
        belief="that who shares an address space can be counted in threads, or that it never matters",
    ),
    Check(
        "a file that is cut short meanwhile", 1, every_interleaving(BASE, "a fault and a truncate"), unseen=True,
        belief="that a file is as long after the sleep as it was before",
    ),
    Check(
        "two faults and a remap", 2, every_interleaving(BASE, "two faults and a remap"), unseen=True,
        belief="that the range maps the same file when the lock is taken again",
    ),
    Check(
        "a crowd does not bring the convoy back", 1,
        number(BASE, 0.1, crowd, "mmap_wait.max", most=1_000, unit="us"), unseen=True,
        belief="that one reader that holds on does no harm; behind a queued writer all others wait for it",
    ),
)  # fmt: skip

HEAD = "from mmlab.kernel import *\nfrom mmlab.kernel import PageLocked, PageUptodate\n"

LOOP = (
    HEAD
    + """
async def do_page_fault(k, address, write_access):
    tsk = k.current
    mm = tsk.mm
    waited = False
    while True:
        await mm.mmap_sem.down_read()
        vma = await find_vma(mm, address)
        if not await good_area(vma, address, write_access):
            await mm.mmap_sem.up_read()
            force_sig(SIGSEGV, tsk)
            return
        fault = await k.handle_mm_fault(mm, vma, address, write_access)
        if fault != VM_FAULT_RETRY:
            break
        waited = True
    await mm.mmap_sem.up_read()
    mm_account_fault(k, fault, waited)
"""
)

NOPAGE = """
async def filemap_nopage(k, vma, address):
    mapping = vma.vm_file
    index = linear_page_index(vma, address)
    fault = VM_FAULT_MINOR
    while not beyond_i_size(mapping, index):
        page = await find_get_page(mapping, index)
        if page is None:
            fault = VM_FAULT_MAJOR
            page = await page_cache_read(mapping, index)
            if page is None:
                return NOPAGE_OOM, fault
        if PageUptodate(page):
            return page, fault
        fault = VM_FAULT_MAJOR
        {drop}
        await lock_page(page)
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


def answer(drop):
    """A whole answer with this at the place where the lock may be dropped."""
    return LOOP + NOPAGE.format(drop=drop.replace("\n", "\n        "))


ALWAYS = "if PageLocked(page):\n    await k.drop_and_wait(vma.vm_mm, page)\n    return NOPAGE_RETRY, fault"
KEEPS = (
    "if PageLocked(page) and vma.vm_mm.mm_users > 1:\n    await wait_on_page_locked(page)\n"
    "    await put_page(page)\n    return NOPAGE_RETRY, fault"
)
FORGETS = (
    "if PageLocked(page) and vma.vm_mm.mm_users > 1:\n    await vma.vm_mm.mmap_sem.up_read()\n"
    "    await wait_on_page_locked(page)\n    return NOPAGE_RETRY, fault"
)

WRONG = {
    "always drops": (answer(ALWAYS), 9),
    "never drops": (answer("pass"), 6),
    "answers RETRY with the lock held": (answer(KEEPS), 1),
    "keeps a reference to the page": (answer(FORGETS), 1),
    "waits for a page that nobody reads": (answer(ALWAYS.replace("PageLocked(page)", "vma.vm_mm.mm_users > 1")), 19),
}
"""name -> (source, points of all checks together)"""
