"""The unseen checks of exercise 6, and typical wrong answers with the points that they earn."""

from mmlab.checks import Check
from mmlab.checks.asking import given, never
from mmlab.checks.exercises.ex6 import BASE, BOTH_WAITS, HEARS
from mmlab.checks.kinds import every_interleaving, number
from mmlab.experiment.worlds import World

COPY = World("a kernel-mode fault, a signal and DONTNEED", (), system_calls=("copy",), signal=True, dontneed=True)
COPY_KILL = World("a kernel-mode fault, a kill and DONTNEED", (), system_calls=("copy",), kill=True, dontneed=True)
NOWAIT = World("get_user_pages without waiting, and a signal", (), system_calls=("gup nowait",), signal=True)
GUP_KILL = World("get_user_pages and a kill", (), system_calls=("gup",), kill=True)
UNREADABLE = World("a page that cannot be read, and a signal", bad_page=True, signal=True)

GOES_ON = never(
    BASE, COPY, lambda k: k.tasks[0].fixup,
    "A system call copies from the program's memory, an ordinary signal comes, and the call fails with EFAULT, though "
    "the page is there.\nWhich signals can wait until the system call is over?",
)  # fmt: skip


ASKS_WHY = """
from mmlab.kernel import (
    PAGEFAULT_RETRY_NOWAIT, PAGEFAULT_RETRY_SIGNALPENDING, PF_FAULT_RETRIED, VM_FAULT_RETRY, pagefault_args,
)

async def faultin_page(k, mm, vma, address, write_access, nowait):
    args = pagefault_args(mm, address, write_access, PAGEFAULT_RETRY_NOWAIT if nowait else 0, vma)
    fault = await k.handle_mm_fault(args)
    if fault == VM_FAULT_RETRY and not args.reason & PAGEFAULT_RETRY_SIGNALPENDING:
        k.current.flags = PF_FAULT_RETRIED
    return fault
"""
"""a faultin_page that flags its task when it is sent home, and not told that it was a signal"""

SENT_HOME = never(
    BASE, GUP_KILL, lambda k: k.tasks[0].flags,
    "A kill ends the wait of get_user_pages, and args.reason does not say so.\n"
    "Who reads the reason there, and what would it do after RETRY_IO?",
)  # fmt: skip


def says_why(work, draw):
    """get_user_pages is told why it has to go home."""
    return SENT_HOME(work.also(ASKS_WHY), draw)


def rain(draw):
    return {
        "disk": f"{draw.randint(4, 6)}ms", "channels": 2, "signal_rate": draw.randint(150, 250),
        "seed": draw.randint(1, 999),
    }  # fmt: skip


def counted_too_often(result):
    """Faults that were counted, less the pages that were mapped."""
    return max(0, result.faults - sum(event.what == "pte" for event in result.events))


CHECKS = (
    Check(
        "the kernel's own access goes on, and fails only for a kill", 3,
        given(BOTH_WAITS, HEARS, GOES_ON, every_interleaving(BASE, COPY_KILL)), unseen=True,
        belief="that the kernel can be sent home for a signal; only a kill may fail its access",
    ),
    Check(
        "get_user_pages: NOWAIT keeps the lock, a kill ends the wait", 2,
        given(BOTH_WAITS, HEARS, every_interleaving(BASE, NOWAIT, GUP_KILL), says_why), unseen=True,
        belief="that RETRY always means the same; after it the lock is held with NOWAIT, and not held else",
    ),
    Check(
        "a fault that a signal ended is not counted", 2,
        given(BOTH_WAITS, HEARS, number(
            BASE, 0.05, rain, counted_too_often, most=0, unit="faults",
            ask="A fault that goes home for a signal is not done; its replay is a new one. When do you count?",
        )), unseen=True,
        belief="that a fault counts whenever it returns; one that a signal ended is not done, and its replay counts",
    ),
    Check(
        "in a rain of signals the looper is free", 3,
        given(BOTH_WAITS, HEARS, number(
            BASE, 0.05, rain, "mmaps_per_second", least=14_000, unit="pairs/s",
            ask="After a signal the instruction is run again. What may that new fault do, and what may it not?",
        )), unseen=True,
        belief="that the replay after a signal is a second pass; it is a new fault, and may drop the lock again",
    ),
    Check(
        "a page that cannot be read ends in SIGBUS, signal or not", 2,
        given(BOTH_WAITS, HEARS, every_interleaving(BASE, UNREADABLE)), unseen=True,
        belief="that a wait ends with the page or with a signal; it may also end with a page that cannot be read",
    ),
)  # fmt: skip


SECOND = "args.tried and user_mode(tsk)"
FIRST = "await wait_on_page_locked_interruptible(page)\n        signal"
TELLS = "args.reason |= PAGEFAULT_RETRY_SIGNALPENDING\n    return False\n    ### END"
OR_NOT = " if args.tried else PAGEFAULT_RETRY_IO"

WRONG = {
    "the second wait knows fatal signals only": ([(SECOND, "False")], 2),
    "get_user_pages is taken for a fault": ([(SECOND, "user_mode(tsk)")], 18),
    "any signal ends a system call": (
        [
            ("wait_on_page_locked_killable(page)", "wait_on_page_locked_interruptible(page)"),
            ("fatal_signal_pending(tsk)", "signal_pending(tsk)"),
            (SECOND, "args.tried"),
        ], 17,
    ),
    "a fault that a signal ended is counted": (
        [("break  # over", "mm_account_fault(k, 3)\n            break  # over")], 18,
    ),
    "the first wait does not tell of a signal": ([("if signal else", "if False else")], 18),
    "the second wait does not tell of a signal": ([(TELLS, TELLS.replace("SIGNALPENDING", "IO"))], 1),
    "get_user_pages is not told of a kill": ([(TELLS, TELLS.replace("PENDING", f"PENDING{OR_NOT}"))], 18),
    "no fixup": ([("        fixup_exception(tsk)", "        pass")], 17),
    "the lock is kept when a signal comes": ([("await args.mm.mmap_sem.up_read()  # w", "pass  # w")], 1),
    "the first wait knows fatal signals only": ([(FIRST, FIRST.replace("interruptible", "killable"))], 2),
}  # fmt: skip
"""name -> (what is changed in the solution, points of all checks together)"""
