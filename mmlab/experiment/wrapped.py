"""A counter that is too narrow: after a whole number of turns it shows the old number, and the fault goes on."""

from __future__ import annotations

from collections.abc import Iterable

from ..view.bumps import reads_of
from ..view.table import Table
from ..view.units import duration
from .durations import parse_time
from .scenario import Scenario

DISKS = ("8ms", "8.52ms", "9ms", "17.05ms")
READS = 6


def wrapped(disks: Iterable[str] = DISKS, bits: Iterable[int] = (8, 32)) -> Table:
    """One faulting thread and one mmap looper, with counters of so many bits: how many write sections fall into a read,
    and how many faults go on all the same. Write sections are counted from the trace, never from the counter.

    Raises ValueError for a disk that is no time, or a width that a Scenario refuses.
    """
    rows = []
    for disk in disks:
        ns = parse_time(disk, "disk", least=1)
        for width in bits:
            run = Scenario(design="sequence_counter", disk=disk, seq_bits=width).run(READS * ns / 1e9, progress=False)
            fallen = sorted({len(read.sections) for read in reads_of(run.opening)})
            spread = " to ".join(f"{number}" for number in dict.fromkeys((fallen[0], fallen[-1])))
            rows.append([duration(ns, 4, ascii=True), width, spread, run.faults, run.continued])
    return Table(["one read", "bits", "write sections in a read", "faults", "went on"], rows)
