"""The unseen checks of exercise 7, and typical wrong answers with the points that they earn."""

from mmlab.checks import Check
from mmlab.checks.asking import given, never
from mmlab.checks.exercises.ex7 import BASE, GOES_ON, NOTICES, WALKS, noticed
from mmlab.checks.kinds import all_of, every_interleaving, number
from mmlab.experiment.worlds import World

READ = 1
UNMAPPED = World("a narrow counter comes round, and the mapping goes", writer="wrap and unmap", seq_bits=1)
FORBIDDEN = World("a narrow counter comes round, and access goes", writer="wrap and forbid", seq_bits=1)
LATE = World("a write, an mprotect and DONTNEED", writes=True, writer="protect", dontneed=True)

COUNTS = all_of(GOES_ON, noticed)
BOTH = f"{WALKS}» and «{NOTICES}"


def readable_all_the_same(k):
    """A pte in a vma that permits no access."""
    return any(
        vma.vm_start <= vpn << 12 < vma.vm_end and not vma.vm_flags & READ
        for vma in k.mm.mmap for table in k.mm.pgd.values() for vpn in table.ptes
    )  # fmt: skip


FORBIDS = never(
    BASE, FORBIDDEN, readable_all_the_same,
    "A page is mapped where the vma permits no access any more: the counter had come round.\n"
    "The number says that nothing happened. What in the vma could say that something did?",
)  # fmt: skip


def elsewhere(draw):
    return {
        "disk": f"{draw.randint(2, 4)}ms", "fault_threads": draw.randint(1, 2), "channels": 2, "mmap_threads": 2,
        "seed": draw.randint(1, 999),
    }  # fmt: skip


CHECKS = (
    Check(
        "a narrow counter comes round, and the mapping is gone", 3,
        given(COUNTS, BOTH, every_interleaving(BASE, UNMAPPED)), unseen=True,
        belief="that equal numbers mean that nothing happened",
    ),
    Check(
        "a narrow counter comes round, and access is forbidden", 2, given(COUNTS, BOTH, FORBIDS), unseen=True,
        belief="that a vma which is still there still permits the access",
    ),
    Check(
        "a file cut short, and a page that cannot be read", 2,
        given(GOES_ON, WALKS, every_interleaving(BASE, "a fault and a truncate", "a fault and a read error")),
        unseen=True,
        belief="that a file has not changed where its vma has not",
    ),
    Check(
        "whoever changes this very vma is noticed, and every fault ends", 2,
        given(COUNTS, BOTH, every_interleaving(BASE, LATE)), unseen=True,
        belief="that who goes on without a second walk only saves time; after a change of this vma it must not go on",
    ),
    Check(
        "more threads, more loopers, other disks", 3,
        given(GOES_ON, WALKS, number(
            BASE, 0.02, elsewhere, "walks_per_fault", most=1.25,
            ask="Nobody changes the vma of these faults. Why do they look it up again?",
        )), unseen=True,
        belief="that changes elsewhere are too rare to matter; with many loopers there is one during each read",
    ),
)  # fmt: skip
GET, COMES_BACK = "    await get_vma(vma)\n", "    seq = vma.vm_lock_seq  # before the lock is dropped\n"
COMPARED = "vma.vm_lock_seq == seq and not vma.detached"
AGAIN = "    same = same and await good_area(vma, args.address, args.write_access)\n"
ON_A_SIGNAL = "        await put_vma(vma)\n"

WRONG = {
    "the number is believed": ([(COMPARED, "vma.vm_lock_seq == seq"), (AGAIN, "")], 15),
    "permissions are not looked at": ([(AGAIN, "")], 18),
    "nothing is counted": ([("    vma.vm_lock_seq = (vma", "    (vma")], 11),
    "the struct is not kept": ([(GET, ""), ("    await put_vma(vma)", "    pass")], 2),
    "the counter is read without the lock": (
        [(COMES_BACK, ""), ("    await wait(page)\n", "    await wait(page)\n" + COMES_BACK)], 11,
    ),
    "a reference leaks on a signal": ([(ON_A_SIGNAL, "")], 19),
    "never goes on": ([(COMPARED, "False")], 4),
    "one counter for all": (
        [("vma.vm_lock_seq = (vma.vm_lock_seq + 1)", "vma.vm_mm.mm_lock_seq = (vma.vm_mm.mm_lock_seq + 1)"),
         ("vma.vm_lock_seq", "vma.vm_mm.mm_lock_seq")], 4,
    ),
}  # fmt: skip
"""name -> (what is changed in the solution, points of all checks together)"""
