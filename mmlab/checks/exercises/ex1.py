"""Exercise 1: find_vma and the access check, with a guard gap below the stack, and accesses of the kernel itself."""

from ...experiment.anatomy import ANON_AT, STACK_AT
from ..accesses import Access, page_at
from ..check import Check, Exercise
from ..ends import Case, end_as_they_should
from ..kinds import all_of, in_table

BASE = "synchronous"
R, RW, STACK = 1, 3, 0x103
THREE = [(0x1000, 0x3000, R), (0x5000, 0x6000, RW), (0x9000, 0xA000, R)]
MB = 1 << 20
TOP = 0x8000_0000
"""the end of the stack in the lists below"""
NOTHING_THERE = 0x3000_0000


def stack(lower_end: int | None = None, start: int = TOP - 0x4000) -> list[tuple[int, int, int]]:
    """A list of areas: perhaps one that ends at `lower_end`, and the stack."""
    lower = [] if lower_end is None else [(lower_end - 0x2000, lower_end, RW)]
    return [*lower, (start, TOP, STACK)]


FOUND = in_table("search_vmas", [
    ((THREE, 0x1000), 0, "The first address of an area: does it belong to it?"),
    ((THREE, 0x2FFF), 0, "The last byte of an area: does it belong to it?"),
    ((THREE, 0x3000), 1, "Is the end of an area the last address inside, or the first one outside?"),
    ((THREE, 0x4000), 1, "Nothing is mapped here. What does find_vma answer, and who finds out that it does not fit?"),
    ((THREE, 0xA000), None, "Every area lies below this address."),
    (([], 0x1000), None, "What if nothing is mapped at all?"),
], hexadecimal=True)  # fmt: skip
PERMITTED = in_table("check_access", [
    ((THREE, 0x1008, False), 0x1000, "A read of an area that may be read: where does the area begin afterwards?"),
    ((THREE, 0x5008, True), 0x5000, "A write to an area that may be written: where does the area begin afterwards?"),
    ((THREE, 0x1008, True), None, "What do the flags of the area say about writes?"),
    ((THREE, 0x3000, False), None, "This is the end of an area. Is it covered?"),
    ((THREE, 0x4000, False), None, "search_vmas finds an area here. Does it cover the address?"),
    ((THREE, 0xB000, False), None, "What if search_vmas finds nothing?"),
    (([(0x1000, 0x2000, 0)], 0x1000, False), None, "An area of which not even reads are permitted (PROT_NONE)."),
], hexadecimal=True)  # fmt: skip
GROWS = in_table("check_access", [
    ((stack(), TOP - 0x5000, True), TOP - 0x5000, "A push below the stack: it may grow. Where does it begin then?"),
    ((stack(), TOP - 0x6FF8, True), TOP - 0x7000, "Areas begin at a page. Which page is it that grows in?"),
    ((stack(), TOP - 8 * MB, True), TOP - 8 * MB, "How large is the stack with this page, and how large may it be?"),
    ((stack(), TOP - 8 * MB - 8, True), None, "How large would the stack be with this page?"),
    ((stack(TOP - 4 * MB), TOP - 2 * MB, True), TOP - 2 * MB, "How much is free between the area below and the stack?"),
    ((stack(TOP - 4 * MB), TOP - 3 * MB, True), TOP - 3 * MB, "A gap of just 256 pages stays. Is that enough?"),
    ((stack(TOP - 4 * MB), TOP - 3 * MB - 0x1000, True), None,
     "What lies below the stack, and how much would be free between the two?"),
    ((stack(TOP - 4 * MB), TOP - 3 * MB + 8, True), TOP - 3 * MB, "Where would the stack begin with this page?"),
    ((stack(TOP - 2 * MB), TOP - 2 * MB - 8, True), TOP - 2 * MB - 0x2000,
     "Another area covers this address; it has nothing to do with the stack."),
    ((stack(TOP - MB // 2), TOP - 0x3000, False), TOP - 0x4000,
     "The address is inside the stack: does anything have to grow? Does the gap matter?"),
], hexadecimal=True)  # fmt: skip


def cases(draw) -> list[Case]:
    """One access of each kind, by the program."""
    one, two = Access(page_at(3)), Access(page_at(5))
    answer = "What did handle_mm_fault answer, and what does the table say about it?"
    access = "What does good_area say, and what follows for the program?"
    return [
        Case("A page that is in the cache", (one,), "minor", answer, {"cached": [3]}),
        Case("A page that is on the disk", (two,), "major", answer),
        Case("Fresh memory, written", (Access(ANON_AT, True),), "minor", answer),
        Case("A push that lets the stack grow", (Access(STACK_AT - 0x1000, True),), "minor", access),
        Case("An address where nothing is mapped", (Access(NOTHING_THERE),), "SIGSEGV", access),
        Case("A write to a mapping that may be read only", (Access(page_at(3), True),), "SIGSEGV", access),
        Case("A page beyond the end of the file", (Access(page_at(9)),), "SIGBUS", answer),
        Case("A page that the disk cannot read", (two,), "SIGBUS", answer, {"bad": [5]}),
        Case("A page for which there is no memory", (two,), "OOM", answer, {"allocations": 1}),
    ]


def kernel_cases(draw) -> list[Case]:
    """The same by the kernel itself."""
    ask = "Who made this access, and whom would a signal reach? What does the kernel want to be told instead?"
    good = "This access can be made possible, whoever makes it."
    return [
        Case("The kernel itself reads a page on the disk", (kernel(5),), "major", good),
        Case("The kernel itself reads where nothing is mapped", (Access(NOTHING_THERE, in_kernel=True),), "-EFAULT",
             ask),
        Case("The kernel itself reads beyond the end of the file", (kernel(9),), "-EFAULT", ask),
        Case("The kernel itself reads a page that the disk cannot read", (kernel(5),), "-EFAULT", ask, {"bad": [5]}),
    ]  # fmt: skip


def kernel(index: int) -> Access:
    """The kernel's own access to that page of the file."""
    return Access(page_at(index), in_kernel=True)


ENDS = end_as_they_should(BASE, cases)
KERNEL = all_of(end_as_they_should(BASE, kernel_cases), ENDS)
FAULT = ("do_page_fault",)

EXERCISE = Exercise(
    name="ex1",
    title="Exercise 1, may this access go through?",
    base=BASE,
    functions=("search_vmas", "check_access", "do_page_fault"),
    checks=(
        Check(
            "the first area that ends above the address is found", 1, FOUND, needs=("search_vmas",),
            belief="that find_vma finds the area that covers the address; it finds the first one that ends above it",
        ),
        Check(
            "an access is allowed where it is covered and permitted", 1, PERMITTED, needs=("check_access",),
            belief="that an area which was found covers the address and permits the access; both are still to be asked",
        ),
        Check(
            "the stack grows, and keeps its distance", 3, all_of(PERMITTED, GROWS), needs=("check_access",),
            belief="that a stack may grow down to any address; its size is limited, and its distance to the area below",
        ),
        Check(
            "each fault of the program ends as it should", 2, ENDS, needs=FAULT,
            belief="that a fault fails in one way; where it fails decides what the program gets",
        ),
        Check(
            "the kernel's own access gets an error and no signal", 4, KERNEL, needs=FAULT,
            belief="that each failed access is the program's own; in a system call the kernel wants an error, no signal",
        ),
    ),
    hints=(
        "search_vmas does not ask whether an area covers the address: only whether it *ends* above it. check_access "
        "takes what it found and asks the other questions, one after the other. In do_page_fault, down_read comes "
        "first, and every way out passes one up_read.",
        "A stack that grows begins at address & ~(PAGE_SIZE - 1) afterwards. Compute that new beginning first, and "
        "compare *it*, with the end of the stack for the limit and with the end of the area below for the gap. The "
        "area below is the one before it in the list, if there is one.",
        "k.current.in_kernel says who made the access. At the three places where do_page_fault would send a signal, "
        "ask it: for the kernel, fixup_exception(tsk) takes the place of force_sig. A small ordinary function of your "
        "own can do that for all three.",
    ),
    kept=5,
    kept_points=9,
)  # fmt: skip
