"""The wrong models: what is wrong, in which world it shows, and as what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A model with one thing wrong.

    `design` is the model, `switches` turn the fault on, `world` exposes it, `finding` is what SPIN must say, `story`
    says what was done wrong; `again`: another mutant shows the same in another design.
    """

    design: str
    switches: tuple[str, ...]
    world: str
    finding: str
    story: str
    again: bool = False

    @property
    def macros(self) -> tuple[str, ...]:
        """What the model is compiled with."""
        return (*self.switches, *(() if "get_user_pages" in self.world else ("NO_GET_USER_PAGES",)))


MUTANTS = {
    "no re-check after retaking": Mutant(
        "sequence_counter", ("NO_RECHECK",), "a fault and an unmap", "pte through a stale vma",
        "mmap_sem is taken again and the fault goes on, whatever the counter says"),
    "counter read after the drop": Mutant(
        "sequence_counter", ("COUNTER_READ_AFTER_DROP",), "a fault and an unmap", "pte through a stale vma",
        "a writer between the drop and the reading goes unseen"),
    "counter read after the drop, final": Mutant(
        "final", ("COUNTER_READ_AFTER_DROP",), "two faults and a remap", "pte through a stale vma",
        "the same in final", again=True),
    "bump forgotten": Mutant(
        "sequence_counter", ("BUMP_FORGOTTEN",), "two faults and a remap", "pte through a stale vma",
        "one writer does not know the protocol"),
    "bump after up_write": Mutant(
        "sequence_counter", ("BUMP_AFTER_UP_WRITE",), "a fault and an unmap", "pte through a stale vma",
        "a reader that gets the lock first finds the old number"),
    "narrow counter": Mutant(
        "sequence_counter", ("NARROW_COUNTER",), "a fault, a remap and an mmap", "pte through a stale vma",
        "one bit: two writers and it looks unchanged"),
    "MAYRETRY never cleared": Mutant(
        "pagefault_args", ("MAYRETRY_NEVER_CLEARED",), "a fault under DONTNEED", "livelock",
        "every pass may drop the lock"),
    "task flag never cleared": Mutant(
        "retry_once", ("MAYRETRY_NEVER_CLEARED",), "a fault under reclaim", "livelock",
        "the same with the flag of the task", again=True),
    "no mapping re-check after the wait": Mutant(
        "sequence_counter", ("NO_MAPPING_RECHECK_AFTER_WAIT",), "a fault and a truncate", "page beyond i size",
        "the counter guards the vmas only, not the page cache"),
    "no mapping re-check after the wait, final": Mutant(
        "final", ("NO_MAPPING_RECHECK_AFTER_WAIT",), "a fault and a truncate", "page beyond i size",
        "the same in final", again=True),
    "no mapping re-check under the page lock": Mutant(
        "pagefault_args", ("NO_MAPPING_RECHECK",), "a fault and a truncate", "page beyond i size",
        "looked up, then locked: truncate was faster"),
    "truncate_count sampled late": Mutant(
        "synchronous", ("TRUNCATE_COUNT_SAMPLED_LATE",), "a fault and a truncate", "page beyond i size",
        "sampled after ->nopage, it says nothing about the sleep in there"),
    "lock leaked on SIGSEGV": Mutant(
        "pagefault_args", ("LOCK_LEAKED_ON_SIGSEGV",), "a fault and an unmap", "lock leaked",
        "the way out for a bad address forgets up_read"),
    "no uptodate check": Mutant(
        "synchronous", ("NO_UPTODATE_CHECK",), "two faults", "page not uptodate",
        "a page in the cache is taken for a page that was read"),
    "no uptodate check after an error": Mutant(
        "pagefault_args", ("NO_UPTODATE_CHECK",), "a fault and a read error", "page not uptodate",
        "an unlocked page is taken for a page that was read", again=True),
    "page put twice": Mutant(
        "nopage_retry", ("PAGE_PUT_TWICE",), "one fault", "use after free",
        "after the wait two references are given back, and one was the cache's"),
    "page never put": Mutant(
        "nopage_retry", ("PAGE_NEVER_PUT",), "one fault", "page reference leaked",
        "RETRY forgets the reference of the wait"),
    "page not put when killed": Mutant(
        "final", ("PAGE_NOT_PUT_WHEN_KILLED",), "a fault and a kill", "page reference leaked",
        "the way out for a fatal signal keeps the reference"),
    "RETRY mapped to MINOR": Mutant(
        "nopage_retry", ("RETRY_IS_MINOR",), "one fault", "released by a stranger",
        "do_page_fault releases a lock that was dropped already"),
    "RETRY keeps the lock": Mutant(
        "pagefault_args", ("KEEPS_LOCK",), "one fault", "recursive locking",
        "the caller believes that RETRY dropped it"),
    "drop without permission": Mutant(
        "pagefault_args", ("DROPS_WITHOUT_PERMISSION", "GUP_UNAWARE"), "get_user_pages", "lock not held",
        "get_user_pages did not allow it and goes on as if it had the lock"),
    "caller unaware of the drop": Mutant(
        "nopage_retry", ("GUP_UNAWARE",), "get_user_pages", "lock not held",
        "get_user_pages ignores RETRY", again=True),
    "counted twice": Mutant(
        "retry_once", ("COUNTED_TWICE",), "one fault", "fault counted twice",
        "each pass that waited is a major fault"),
    "unkillable wait": Mutant(
        "unshared_mm", ("UNKILLABLE",), "a fault and a kill", "unkillable",
        "a wait that nobody allowed to drop the lock does not look for a fatal signal"),
    "page locked before mmap_sem": Mutant(
        "sequence_counter", ("PAGE_LOCKED_ACROSS",), "get_user_pages and a remap", "deadlock",
        "the page lock is kept while mmap_sem is waited for"),
    "kept page not compared": Mutant(
        "final", ("KEPT_PAGE_NOT_COMPARED", "NO_MAPPING_RECHECK"), "two faults and a remap", "page not in the mapping",
        "the second pass takes the page that it kept, not the one that the cache has"),
}  # fmt: skip
