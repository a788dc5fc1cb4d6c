"""The unseen checks of exercise 10, and typical wrong answers with the points that they earn."""

from mmlab import Scenario
from mmlab.checks import Check, correct, not_yet
from mmlab.checks.exercises.ex10 import BASE, SAFE
from mmlab.checks.kinds import all_of, every_interleaving, measured
from mmlab.view.units import number as digits


def other_crowds(work, draw):
    """As the seen check, on a drawn disk and among others."""
    disk = draw.randrange(150, 400, 10)
    fields = {"fault_threads": 1, "mmap_threads": draw.randint(3, 6), "disk": f"{disk}us"}
    longest = measured(work, BASE, 8 * disk / 1e6, fields).fault_call.max
    if longest <= disk + 10:
        return correct()
    return not_yet(
        f"With a disk of {disk} us the longest fault takes {digits(longest, 4)} us. For what else did it queue, when?"
    )


def attack(work, draw):
    """Its page is thrown out again and again while many map memory: better than both of 2006, for both sides."""
    fields = {
        "fault_threads": 1, "mmap_threads": draw.randint(6, 8), "disk": "100us", "dontneed": "50us",
        "seed": draw.randint(1, 99),
    }  # fmt: skip
    seconds = 0.0012
    yours = measured(work, BASE, seconds, fields)
    for name in ("synchronous", "page_flag"):
        other = Scenario(design=name, **fields).run(seconds, progress=False)
        if yours.faults < 2 * other.faults:
            return not_yet(
                f"Under FADV_DONTNEED, with {fields['mmap_threads']} threads that map memory, yours resolves "
                f"{yours.faults} faults and {name} {other.faults}. In which queue does yours spend the time?"
            )
    return correct()


CHECKS = (
    Check(
        "on other disks, in other crowds", 3, all_of(SAFE, other_crowds), unseen=True,
        belief="that mmap_sem is free when the page comes; the more threads map memory, the longer is its queue",
    ),
    Check(
        "a page that is cached already", 2, every_interleaving(BASE, "a cached page and a remap"), unseen=True,
        belief="that a fault which need not sleep cannot be overtaken; a remap can come between any two of its steps",
    ),
    Check(
        "rights that are taken away meanwhile", 3,
        every_interleaving(BASE, "a fault and a protection", "a bad address"), unseen=True,
        belief="that a good area is good in the next pass; its rights may be gone, and then its lock is still held",
    ),
    Check(
        "a kill, and a read that fails", 2, every_interleaving(BASE, "a fault and a kill", "a fault and a read error"),
        unseen=True,
        belief="that the second pass finds the page; the task may be dying, or the read may have failed",
    ),
    Check(
        "under attack, better than synchronous and than page_flag", 2, all_of(SAFE, attack), unseen=True,
        belief="that what is fast alone is fast under attack; there the second pass is the usual one",
    ),
)  # fmt: skip

TAKES = "        vma = await k.lock_vma_under_rcu(mm, address) if user_mode(tsk) else None"
LETS_GO = """            await k.vma_end_read(vma)
            vma = None
"""
ONLY_AT_FIRST = TAKES.replace("user_mode(tsk)", "user_mode(tsk) and not vmf.flags & FAULT_FLAG_TRIED")
KEEPS = TAKES.replace("await", "vmf.vma or await")

WRONG = {
    "mmap_sem after the disk, as in Linux": ([(TAKES, ONLY_AT_FIRST)], 9),
    "no bound: TRIED is never set": ([("        vmf.flags |= FAULT_FLAG_TRIED", "        pass")], 16),
    "the flag of the pass before stays": ([("            vmf.flags &= ~FAULT_FLAG_VMA_LOCK\n", "")], 18),
    "a bad area keeps the vma's lock": ([(LETS_GO, "            vma = None\n")], 17),
    "the vma of the first pass": ([(TAKES, KEEPS)], 0),
}
"""name -> (what is changed in the solution, points of all checks together)"""
