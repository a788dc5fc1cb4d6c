"""The words of the course: what each means, where it is explained, and where Linux 2.6.18 has it."""

from __future__ import annotations

from typing import NamedTuple


class Term(NamedTuple):
    """One word. `notebook` is the number of the one that explains it; `file` the place in Linux 2.6.18, or ""."""

    name: str
    notebook: int
    meaning: str
    file: str = ""


MM, FILEMAP, MMAP = "mm/memory.c", "mm/filemap.c", "mm/mmap.c"
HEADER, FAULT, RWSEM = "include/linux/mm.h", "arch/i386/mm/fault.c", "lib/rwsem-spinlock.c"
FLAGS, SCHED, PGTABLE = "include/linux/page-flags.h", "include/linux/sched.h", "include/asm-i386/pgtable.h"

TERMS = (
    # ------------------------------------------------------------------ who and what
    Term(
        "address space", 1,
        "All addresses that a process may use, and what is behind each. All its threads share it; the "
        "kernel's struct for it is mm_struct.", SCHED,
    ),
    Term(
        "mm_struct", 1,
        "The kernel's struct for one address space: the list of mappings, the page table, and the lock that "
        "guards them, mmap_sem.", SCHED,
    ),
    Term(
        "vma", 1,
        "vm_area_struct, one mapping: a range of addresses with rights, and perhaps a file behind it.", HEADER,
    ),
    Term("page", 1, "4096 bytes of memory, the unit in which the kernel maps, reads and throws away.", HEADER),
    Term(
        "page table", 1,
        "The table that the hardware looks in: for each page of addresses an entry, or nothing.", PGTABLE,
    ),
    Term(
        "pte", 1,
        "Page-table entry: says which page of memory is behind an address; none means that touching it "
        "faults.", PGTABLE,
    ),
    Term(
        "page cache", 1,
        "Pages of files that are in memory already. Who finds its page there need not ask the disk.", FILEMAP,
    ),
    Term(
        "mm_users", 7,
        "How many use an address space: its threads, and whoever looks into it from outside. 1: nobody else.", SCHED,
    ),
    Term("thread", 0, "A task that shares its address space with others of the same process."),
    Term(
        "simulation", 0,
        "A run of the model on a clock that is only a number; the same start gives the same run, byte for "
        "byte.",
    ),
    Term("disk", 0, "What a read waits for: 18 ms in most of our runs, a hard disk of 2006."),
    # ------------------------------------------------------------------ a fault
    Term(
        "page fault", 1,
        "The hardware finds no way to an address and asks the kernel, in the middle of an instruction. "
        "Afterwards the instruction is tried again, or the program gets a signal.", FAULT,
    ),
    Term("minor fault", 1, "A fault that needs no disk: the page is in memory, only the pte was missing.", MM),
    Term(
        "major fault", 1,
        "A fault that waits for the disk. maj_flt counts it, once, however often it was retried.", MM,
    ),
    Term(
        "do_page_fault", 1,
        "The first function of every fault: takes mmap_sem, finds the vma, checks the rights, hands down, and"
        " tells the program how it ended.", FAULT,
    ),
    Term("find_vma", 1, "The look-up of the mapping that covers an address, or of the next one above it.", MMAP),
    Term("handle_mm_fault", 1, "Finds or makes the page table for an address and lets handle_pte_fault decide.", MM),
    Term(
        "do_no_page", 1,
        "Asks the owner of a vma for a page that is not there, checks that it is still wanted, and installs "
        "the pte.", MM,
    ),
    Term(
        "filemap_nopage", 1,
        "The ->nopage of ordinary files: looks in the page cache, starts the read, waits for it. In today's "
        "Linux filemap_fault.", FILEMAP,
    ),
    Term("SIGSEGV", 1, "The signal for an address that is not mapped, or may not be used in that way.", FAULT),
    Term(
        "SIGBUS", 1,
        "The signal for a page that is mapped but cannot be had: beyond the end of the file, or the disk "
        "cannot read it.", FAULT,
    ),
    Term("OOM", 1, "Out of memory: nothing can be found to make room, so somebody is killed.", "mm/oom_kill.c"),
    # ------------------------------------------------------------------ locks
    Term(
        "mmap_sem", 1,
        "The lock of an address space: held for reading by each fault, for writing by each change of the "
        "mappings. Called mmap_lock since 5.8.", SCHED,
    ),
    Term("down_read", 1, "Take a reader-writer lock together with other readers, or wait for it.", RWSEM),
    Term("down_write", 4, "Take a reader-writer lock alone, or wait for it.", RWSEM),
    Term("up_read", 1, "Let go of a reader-writer lock that is held for reading.", RWSEM),
    Term(
        "lock_page", 2,
        "Take the lock of one page; whoever reads it from the disk holds that lock, so this is also how one "
        "waits for the disk.", FILEMAP,
    ),
    Term("wait_on_page_locked", 2, "Sleep until a page is unlocked, without taking its lock.", FILEMAP),
    Term("PG_locked", 1, "The flag of a page that says: somebody has its lock, mostly the disk.", FLAGS),
    Term("PG_uptodate", 1, "The flag of a page that says: what is in it is what is in the file.", FLAGS),
    Term(
        "pte lock", 3,
        "A spinlock over the page table, held for the few instructions in which an entry is looked at and "
        "written.", MM,
    ),
    Term("hold time", 2, "How long a lock is held; what everybody else in the queue waits for.", RWSEM),
    Term("reader-writer lock", 3, "A lock that many may hold for reading, or one for writing.", RWSEM),
    # ------------------------------------------------------------------ waiting
    Term(
        "convoy", 3,
        "Many that are fast, one behind the other, behind one that is slow: here all threads of a process "
        "behind a disk read.",
    ),
    Term("hand-off", 3, "The lock is given to the head of the queue by whoever lets go; nobody can overtake.", RWSEM),
    Term(
        "staircase", 3,
        "A rate that goes in steps, because the number of write sections that fit between two faults is a "
        "whole number.",
    ),
    Term(
        "residual life", 3,
        "What is left of a wait when you arrive in its midst: with random waits as much as a whole one, "
        "because you are likelier to arrive in a long one.",
    ),
    Term(
        "calibration", 3,
        "A number of the model that was chosen so that a published figure comes out; it proves nothing. The "
        "rest is prediction.",
    ),
    # ------------------------------------------------------------------ the mail's ideas
    Term(
        "NOPAGE_RETRY", 4,
        "What ->nopage answers when it let go of the lock: all that you know is stale, start again.",
    ),
    Term(
        "VM_FAULT_MINOR", 4,
        "The answer of a fault that needed no disk. The first proposal of 2006 gave it for RETRY as well: the"
        " instruction faults again.", HEADER,
    ),
    Term("retry", 4, "Start the fault again from the top, because the lock was dropped in between."),
    Term(
        "walk", 4,
        "One search for the mapping of an address, and the way from there down to its page. A retry walks again.", MMAP,
    ),
    Term("busy wait", 4, "To ask again and again instead of sleeping until there is something to know."),
    Term(
        "livelock", 5,
        "Everybody moves and nothing gets done: a fault that reads its page again and again, because it is "
        "thrown out each time.",
    ),
    Term(
        "FADV_DONTNEED", 5,
        "posix_fadvise's way to throw the pages of a file out of the cache; anybody who may open the file may"
        " do so.", "mm/fadvise.c",
    ),
    Term(
        "reclaim", 5,
        "The kernel takes pages back when memory is short, by rmap and without mmap_sem; pages that are "
        "locked or referred to stay.", "mm/vmscan.c",
    ),
    Term(
        "fair", 3,
        "A lock is fair when whoever came first gets it first. A run is fair when everybody who can move gets"
        " to move at some time; a livelock must survive that.",
    ),
    Term(
        "possible", 5,
        "What the explorer shows: there is an interleaving. How often it happens is another question, which "
        "the simulation answers (likely).",
    ),
    Term("explorer", 5, "Tries every interleaving of a small world and tells the shortest one that breaks a rule."),
    Term("interleaving", 5, "One order in which the steps of several tasks can happen."),
    Term("current->flags", 6, "The flags of the running task; the posted patch remembered the retry there.", SCHED),
    Term("fallback", 6, "The second pass that may not retry: it waits for the disk with the lock held, as of old."),
    Term(
        "signal handler", 6,
        "A function of the program that runs when a signal comes, also in the middle of a fault's retry.",
        "arch/i386/kernel/signal.c",
    ),
    Term(
        "pagefault_args", 7,
        "The mail's one struct for a fault: permission, reason, page locked, tried once. Linux has it as "
        "struct vm_fault since 2.6.23.",
    ),
    Term("PAGEFAULT_MAYRETRY_IO", 7, "The caller's permission to let go of the lock for the disk."),
    Term("PAGEFAULT_RETRY_IO", 7, "The answer: the lock was dropped for the disk, start again."),
    Term("PAGEFAULT_RETRY_SIGNALPENDING", 7, "The answer: a signal came, deliver it and replay the instruction."),
    Term("killable", 10, "A wait that a SIGKILL ends."),
    Term(
        "get_user_pages", 6,
        "The kernel itself wants a page of a program, as direct I/O does; its caller may not expect that the "
        "lock is dropped.", MM,
    ),
    Term(
        "sequence counter", 8,
        "A number that each writer bumps. Read it before you let go, compare it under the lock: unchanged "
        "means that nobody changed anything.",
    ),
    Term("wrap", 8, "A counter of n bits is back where it was after 2^n bumps, and then says unchanged."),
    Term("stale", 8, "A pointer or number that was true when you looked, before you let go of the lock."),
    Term(
        "truncate", 8,
        "Cut a file: pages beyond the new end lose their mapping, whether or not the counter of the mm moved.",
        "mm/truncate.c",
    ),
    Term("page->flags", 9, "The bits of a page; the mail ends with the thought of one more of them.", FLAGS),
    Term(
        "liveness", 9,
        "Something good happens in the end: each fault is resolved. The bound on retries is a rule of "
        "liveness.",
    ),
    # ------------------------------------------------------------------ what Linux did
    Term("VM_FAULT_RETRY", 10, "Linux's NOPAGE_RETRY since 2.6.37: the lock is not held, start again."),
    Term("FAULT_FLAG_ALLOW_RETRY", 10, "Linux's PAGEFAULT_MAYRETRY_IO since 2.6.37."),
    Term("fault_flag_allow_retry_first", 10, "May retry, and has not yet: the page cache drops its lock only then."),
    Term("per-VMA lock", 10, "A lock for each vma (6.4): a fault tries it, and takes mmap_lock only if that fails."),
    Term(
        "mm_lock_seq", 10,
        "The counter of write sections of an mm (6.4). A vma whose vm_lock_seq equals it is locked for "
        "writing; one bump unlocks all.",
    ),
    Term("mmap_lock", 10, "What mmap_sem is called since 5.8."),
    Term("pin", 10, "Take a reference to something so that it cannot be freed: the file, while no lock holds the vma."),
    Term("userfaultfd", 10, "Faults of one program are served by another; it may take as many rounds as it likes."),
    Term("fork", 10, "Copies an address space, with mmap_lock held for writing and every vma locked.", "kernel/fork.c"),
    Term(
        "acquire and release", 10,
        "Orders of loads and stores that a lock, or a counter used like one, must ask the processor for.",
    ),
    Term(
        "sequentially consistent", 10,
        "Everybody sees all stores in one order. The explorer assumes it; processors do not grant it by "
        "themselves.",
    ),
)  # fmt: skip
