"""The unseen checks of exercise 1, and typical wrong answers with the points that they earn."""

from mmlab.checks import Check
from mmlab.checks.accesses import Access, page_at
from mmlab.checks.ends import Case, end_as_they_should
from mmlab.checks.exercises.ex1 import BASE, FAULT, KERNEL, PERMITTED, kernel
from mmlab.checks.kinds import all_of, answers, every_interleaving
from mmlab.experiment.worlds import World

PAGE = 4096
GAP, LIMIT = 256 * PAGE, 2048 * PAGE
READ, WRITE, GROWSDOWN = 1, 2, 0x100


STACKS = (
    "Draw the area found and the one below it on paper, with the beginning that the stack would have. Which of the "
    "three limits (permission, size, gap) decides here?"
)


def search(vmas, address):
    """The reference."""
    return next((number for number, (_, end, _) in enumerate(vmas) if address < end), None)


def access(vmas, address, write_access):
    """The reference."""
    number = search(vmas, address)
    if number is None:
        return None
    start, end, flags = vmas[number]
    if address < start:
        start = address - address % PAGE
        below = vmas[number - 1][1] if number else -GAP
        if not flags & GROWSDOWN or end - start > LIMIT or start - below < GAP:
            return None
    return start if flags & (WRITE if write_access else READ) else None


def some_areas(draw, top=0x4000_0000):
    """A sorted list of areas with holes and neighbours, below `top`."""
    vmas, at = [], 0x10000
    for number in range(draw.randint(3, 7)):
        at += (9 if number == 1 else draw.choice((0, 1, 2, 9))) * PAGE  # one hole at least
        end = at + draw.randint(1, 6) * PAGE
        vmas.append((at, end, READ if number == 0 else draw.choice((0, READ, READ | WRITE, READ | WRITE))))
        at = end
    return [area for area in vmas if area[1] < top]


def edges(vmas):
    """The addresses at which something changes."""
    return sorted({at + step for start, end, _ in vmas for at in (start, end) for step in (-1, 0, 1)})


def searches(draw):
    vmas = some_areas(draw)
    return [(vmas, address) for address in edges(vmas)]


def accesses_of_lists(draw):
    vmas = some_areas(draw)
    return [(vmas, address, write) for address in edges(vmas) for write in (False, True)]


def stacks(draw):
    """Stacks with something below them, or not, touched near every limit."""
    found = []
    for _ in range(3):
        top = 0x7000_0000 + draw.randint(0, 0xFFF) * PAGE
        start = top - draw.randint(1, 40) * PAGE
        lower = top - draw.randint(300, 2000) * PAGE
        below = [*some_areas(draw), (lower - 3 * PAGE, lower, READ | WRITE)]
        for vmas in ([*below, (start, top, READ | WRITE | GROWSDOWN)], [(start, top, READ | WRITE | GROWSDOWN)]):
            for limit in (lower + GAP, top - LIMIT):
                found += [(vmas, limit + step, True) for step in (-PAGE, -8, 0, draw.randint(1, PAGE - 1))]
    writable = [(start, top, READ | GROWSDOWN)]
    found += [(writable, start - 8, True), (writable, start - 8, False)]
    return found


def first_of_two(draw):
    """Accesses with two things wrong at once."""
    ask = "Two things are wrong with this access. Which of them is found out first, and who finds it out?"
    beyond = page_at(draw.randint(8, 15))
    page = draw.randint(0, 7)
    return [
        Case("A write to a read-only mapping, beyond the end of its file", (Access(beyond, True),), "SIGSEGV", ask),
        Case("A write to a read-only mapping, of a page that the disk cannot read", (Access(page_at(page), True),),
             "SIGSEGV", ask, {"bad": [page]}),
        Case("Two pages on the disk, one after the other, and the second one for a write",
             (Access(page_at(page)), Access(page_at(page), True)), "SIGSEGV", ask),
        Case("A page beyond the end of the file, and no memory for a page table", (Access(beyond),), "OOM", ask,
             {"allocations": 0}),
    ]  # fmt: skip


def kernel_without_memory(draw):
    """The kernel's own access finds no memory."""
    ask = "Lack of memory is the third way to fail. Whom does it kill, if the kernel made the access?"
    page = draw.randint(0, 7)
    return [
        Case(f"The kernel itself reads, and memory is short after {n} allocations", (kernel(page),), "-EFAULT", ask,
             {"allocations": n})
        for n in (1, 0)
    ]  # fmt: skip


CHECKS = (
    Check(
        "the search on other lists", 1,
        answers("search_vmas", searches, search,
            ask="Which areas end above this address, and which is the first?",
            hexadecimal=True,),
        unseen=True, needs=("search_vmas",),
        belief="that the end of an area is its last address; it is the first one outside",
    ),
    Check(
        "accesses and stacks in other lists", 3,
        all_of(
            PERMITTED,
            answers(
                "check_access", accesses_of_lists, access, ask="Is the address covered, and the access permitted?",
                hexadecimal=True,
            ),
            answers("check_access", stacks, access, ask=STACKS, hexadecimal=True),
        ),
        unseen=True, needs=("check_access",),
        belief="that the gap is measured from where the stack begins now; what counts is what stays when it has grown",
    ),
    Check(
        "of two errors the first decides", 1, end_as_they_should(BASE, first_of_two), unseen=True, needs=FAULT,
        belief="that the order of the questions does not matter; the first that fails decides how the access ends",
    ),
    Check(
        "whoever unmaps meanwhile", 1,
        every_interleaving(BASE, "a fault and an unmap", "a fault without memory", "two faults"), unseen=True,
        needs=FAULT,
        belief="that mmap_sem is needed for the search alone; until the page is mapped the vma must not go away",
    ),
    Check(
        "the kernel's own access without memory, and while somebody unmaps", 3,
        all_of(
            KERNEL, end_as_they_should(BASE, kernel_without_memory),
            every_interleaving(
                BASE, World("the kernel's own access and an unmap", (), system_calls=("copy",), writer="unmap")
            ),
        ),
        unseen=True, needs=FAULT,
        belief="that lack of memory kills whoever made the access; the kernel itself wants to be told an error",
    ),
)  # fmt: skip

HEAD = """
from mmlab.kernel import *

GUARD_GAP = 256 * PAGE_SIZE
STACK_LIMIT = 8 << 20
"""
SEARCH = """
def search_vmas(vmas, address):
    for number, (start, end, flags) in enumerate(vmas):
        if {covers}:
            return number
    return None
"""
ACCESS = """
def check_access(vmas, address, write_access):
    number = search_vmas(vmas, address)
    if number is None:
        return None
    start, end, flags = vmas[number]
    if address < start:
        if not flags & VM_GROWSDOWN:
            return None
        start = address & ~(PAGE_SIZE - 1)
        if end - start > STACK_LIMIT:
            return None
        {gap}
    if not flags & (VM_WRITE if write_access else VM_READ):
        return None
    return start
"""
GUARDED = "if number > 0 and start - vmas[number - 1][1] < GUARD_GAP:\n            return None"
FAULTS = """
async def do_page_fault(k, address, write_access):
    tsk = k.current
    mm = tsk.mm
    await mm.mmap_sem.down_read()
    vma = await find_vma(mm, address)
    if not await good_area(vma, address, write_access):
        {release}
        {segv}
        return
    fault = await k.handle_mm_fault(mm, vma, address, write_access)
    await mm.mmap_sem.up_read()
    if fault == VM_FAULT_MAJOR:
        tsk.maj_flt += 1
    elif fault == VM_FAULT_MINOR:
        tsk.min_flt += 1
    elif tsk.in_kernel{kernel}:
        fixup_exception(tsk)
    elif fault == VM_FAULT_SIGBUS:
        force_sig(SIGBUS, tsk)
    elif fault == VM_FAULT_OOM:
        force_sig(SIGKILL, tsk)
"""
SEGV = "fixup_exception(tsk) if tsk.in_kernel else force_sig(SIGSEGV, tsk)"


def answer(
    covers="address < end", gap=GUARDED, release="await mm.mmap_sem.up_read()", segv=SEGV, kernel="",
):  # fmt: skip
    """A whole answer, with these parts."""
    faults = FAULTS.format(release=release, segv=segv, kernel=kernel)
    return HEAD + SEARCH.format(covers=covers) + ACCESS.format(gap=gap) + faults


WRONG = {
    "no guard gap": (answer(gap="pass"), 14),
    "the gap is measured before the stack grows": (
        answer(gap=GUARDED.replace("start - vmas", "vmas[number][0] - vmas")),
        14,
    ),
    "the search wants an area that covers the address": (answer(covers="start <= address < end"), 12),
    "the end belongs to the area": (answer(covers="address <= end"), 11),
    "signals inside the kernel": (answer(segv="force_sig(SIGSEGV, tsk)", kernel=" and False"), 13),
    "only a bad address is an error for the kernel": (answer(kernel=" and False"), 13),
    "lack of memory kills, whoever asked": (answer(kernel=" and fault == VM_FAULT_SIGBUS"), 17),
    "SIGSEGV with the lock held": (answer(release="pass"), 9),
}
"""name -> (source, points of all checks together)"""
