"""Two loops, one lock: exact rates of a reader A and a writer B that take turns.

A is the faulting thread under `synchronous`, B the mmap+munmap looper. Neither does anything random, so the
pair of them is a clockwork: after a few turns it comes back to a position where it has been, and from there
on it repeats. The rates of that cycle are exact; no simulator is asked.
"""

from typing import NamedTuple

from mmlab.theory._arguments import count, whole_ns


class Section(NamedTuple):
    """One round of a loop, in whole ns."""

    outside: int  # from the last release to asking for the lock
    held: int  # with the lock


class Alternation(NamedTuple):
    """One cycle of the clockwork, and what follows from it."""

    faults_per_second: float
    pairs_per_second: float
    cycle: int  # ns until everything repeats
    faults: int  # read sections of A in a cycle
    sections: int  # write sections of B in a cycle
    writer_wait: float  # mean ns from B's asking to B's getting the lock


def fault_section(disk, pause=0, *, entry, find_vma, lookup, submit, install):
    """The Section of one `synchronous` major fault; all arguments and the answer in ns.

    outside = pause + entry: thinking in user mode, then the exception entry; down_read comes after it.
    held = find_vma + lookup + max(submit, disk) + install: the read starts when it is submitted, and the cpu
    time of submitting is charged meanwhile, so only the longer of the two counts.
    Assumes  a cpu is free, the disk has nobody else to serve, the pte is still none when the page is there.
    Source   the path do_page_fault, find_vma, filemap_nopage, do_no_page of Linux 2.6.18.
    Raises   ValueError: a time that is negative, not finite or not whole.
    """
    costs = {"disk": disk, "pause": pause, "entry": entry, "find_vma": find_vma}
    costs |= {"lookup": lookup, "submit": submit, "install": install}
    ns = {name: whole_ns(name, value) for name, value in costs.items()}
    held = ns["find_vma"] + ns["lookup"] + max(ns["submit"], ns["disk"]) + ns["install"]
    return Section(ns["pause"] + ns["entry"], held)


def alternate(fault, writes, most_steps=10_000_000):
    """Exact rates of A, which repeats the Section `fault`, against B, which goes round the Sections `writes`.

    Each step of the recurrence serves one section:
      1. the lock is FIFO and each loop has one request at a time, so the next holder is whoever asked first;
      2. it gets the lock when it asked, or when the lock became free, whichever is later;
      3. it releases `held` later: that is when the lock is free again;
      4. it asks anew `outside` after that (B for its next section: mmap, munmap, mmap, ...).
    Step 2 forgets how long ago the other loop asked, if it waits already. So the position of the clockwork is
    only: who was served last, which section B is at, and how far in the future the other one asks (0 if it
    waits). The first position seen twice closes the cycle; rates are counts per cycle / length of the cycle.
    What of B's cycle is neither outside nor with the lock, it has waited.

    What it shows: at 18 ms and no pause, B finds A's read in front of each section, so a pair waits twice
    (27.7/s, not 55). If A pauses so long that B gets through two sections, a pair waits once; three sections,
    and so on: see staircase.py.

    Units    Sections in whole ns; rates per second; one pair is one whole round of `writes`.
    Assumes  constant times, strict FIFO with hand-off and no cost of hand-off, a cpu for each. If both ask in
             the same ns, the one that did not have the lock last goes first (the kernel allows either: keep
             away from exact ties).
    Holds    for one reader and one writer. More readers share the lock: see convoy.py.
    Source   [ours] it follows from the FIFO hand-off of the kernel's rw_semaphore alone.
    Raises   ValueError: times not whole ns >= 0, no write section, a round that takes no time at all, or no
             cycle within `most_steps` sections (a pause many seconds long: B alone then runs hundreds of
             thousands of sections).
    """
    fault = whole_section("fault", fault)
    writes = [whole_section(f"writes[{i}]", section) for i, section in enumerate(writes)]
    if not writes:
        raise ValueError("writes=[]: give at least one Section(outside, held)")
    if sum(fault) == 0 or sum(sum(section) for section in writes) == 0:
        raise ValueError("a round that takes 0 ns: give a time outside or with the lock")
    count("most_steps", most_steps)

    free = 0  # when the lock is free again
    asks = [fault.outside, writes[0].outside]  # when A and B ask next
    last = 1  # who had the lock last: 0 is A, 1 is B
    turn = 0  # B's next section
    faults = sections = 0
    seen = {}
    for _ in range(most_steps):
        other = 1 - last
        position = last, turn, max(0, asks[other] - free)
        if position in seen:
            then, faults_then, sections_then = seen[position]
            cycle, faults, sections = free - then, faults - faults_then, sections - sections_then
            rounds = sections // len(writes)  # whole ones: B is at the same section again
            wait = (cycle - rounds * sum(sum(section) for section in writes)) / sections if sections else 0.0
            return Alternation(1e9 * faults / cycle, 1e9 * rounds / cycle, cycle, faults, sections, wait)
        seen[position] = free, faults, sections

        served = other if asks[other] <= asks[last] else last
        start = max(asks[served], free)
        if served == 0:
            free = start + fault.held
            asks[0] = free + fault.outside
            faults += 1
        else:
            free = start + writes[turn].held
            turn = (turn + 1) % len(writes)
            asks[1] = free + writes[turn].outside
            sections += 1
        last = served
    raise ValueError(f"no cycle within {most_steps} sections: give shorter times outside, or more most_steps")


def whole_section(name, section):
    """The Section, checked: whole ns >= 0. Raises ValueError otherwise."""
    try:
        outside, held = section
    except (TypeError, ValueError):
        raise ValueError(f"{name}={section!r}: give Section(outside, held) in ns") from None
    return Section(whole_ns(f"{name}.outside", outside), whole_ns(f"{name}.held", held))
