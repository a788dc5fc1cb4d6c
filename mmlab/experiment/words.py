"""The sentences of a Result: its headline and its caption."""

from __future__ import annotations

import re

from ..view.units import duration, plural, rate
from .durations import PROFILES, constant, parse_disk, uniform


def spaced(text: str) -> str:
    """Times as people print them: "18ms" becomes "18 ms"."""
    return re.sub(r"([0-9.])(ns|us|µs|ms|s)\b", r"\1 \2", text)


def time_words(distribution) -> str:
    """ "18 ms", "18 ms on average", "4 ms to 20 ms"."""
    if isinstance(distribution, constant):
        return spaced(distribution.time)
    if isinstance(distribution, uniform):
        return f"{spaced(distribution.low)} to {spaced(distribution.high)}"
    return f"{spaced(distribution.time)} on average"


def disk_words(disk: str) -> str:
    """A scenario's disk in a sentence: "18 ms a read", "an ssd, 60 us to 140 us a read"."""
    profile = f"an {disk.lower()}, " if disk.lower() in PROFILES else ""
    return f"{profile}{time_words(parse_disk(disk)[0])} a read"


def pages(per_second: float) -> str:
    return rate(per_second).replace("/s", " pages/s")


def pairs(per_second: float) -> str:
    return rate(per_second).replace("/s", " mmap+munmap pairs/s")


def headline(result) -> str:
    """The two or three numbers that belong in a picture's title."""
    scenario = result.scenario
    parts = []
    if scenario.fault_threads:
        parts.append(rate(result.faults_per_second).replace("/s", " faults/s"))
    if scenario.mmap_threads:
        parts.append(pairs(result.mmaps_per_second))
    for who, wait in (("mmap", result.mmap_wait), ("ps", result.ps_wait)):
        if wait.count:
            parts.append(f"longest {who} wait {duration(round(wait.max * 1000))}" if wait.max else f"no {who} waits")
            break
    return " | ".join(parts)


def caption(result) -> str:
    """What happened, in one or two sentences with the numbers."""
    s = result.scenario
    parts = []
    if s.fault_threads:
        one = s.fault_threads == 1
        who = "one thread faults" if one else f"{s.fault_threads:,} threads fault"
        gets = "gets" if one else "get"
        got = f"no page at all ({in_vain(result)})" if result.is_stuck else pages(result.faults_per_second)
        parts.append(f"{who} ({disk_words(s.disk)}) and {gets} {got}")
    if s.mmap_threads:
        who = "one thread manages" if s.mmap_threads == 1 else f"{s.mmap_threads:,} threads manage"
        parts.append(f"{who} {pairs(result.mmaps_per_second)}")
    parts += others(result)
    if s.write_rate:
        parts.append(f"single write sections come at random, {rate(s.write_rate)}")
    if s.ps_readers:
        reads = rate(result.metrics.reads_of_proc / result.seconds).replace("/s", " times/s")
        who = "one ps reads" if s.ps_readers == 1 else f"{s.ps_readers:,} ps read"
        parts.append(f"{who} /proc/PID/maps {reads}")
    share = [f"All tasks share {plural(s.cpus, 'cpu')}."] if s.cpus else []
    return " ".join([f"{result.design}: {'; '.join(parts)}.", *waits(result.mmap_wait), *share])


def in_vain(result) -> str:
    """What became of the reads and the faults of a run in which reads ended and no fault was resolved."""
    m = result.metrics
    parts = [f"{plural(m.reads, 'read')} came to an end"]
    if m.lost:
        parts.append(f"{plural(m.lost, 'time')} the page was thrown out before anybody mapped it")
    if result.started_over:
        parts.append(f"{plural(result.started_over, 'time')} a fault was started over")
    return ", ".join([*parts, "none was resolved"])


def others(result) -> list[str]:
    """What the less common kinds of tasks did, one part of a sentence for each kind that there is."""
    s = result.scenario
    parts = []
    readers = ((s.copy_threads, "the kernel reads the memory of"), (s.spu_threads, "an SPE is used by"))
    for number, what in readers:
        if number:
            parts.append(f"{what} {plural(number, 'thread')}")
    if parts and not s.fault_threads:
        parts[-1] += f" ({rate(result.faults_per_second).replace('/s', ' faults/s')} in all)"
    if s.gup_threads or s.nowait_threads:
        words = f"{plural(s.gup_threads + s.nowait_threads, 'thread')} in get_user_pages"
        parts.append(f"{words} got {pages(result.gups_per_second)}")
    if s.mprotect_threads:
        calls = rate(result.writes_per_second).replace("/s", " mprotect calls/s")
        parts.append(f"{calls} in all" if s.write_rate else calls)
    if s.fork_every != "0":
        parts.append(f"{rate(result.forks_per_second).replace('/s', ' forks/s')}")
    return parts


def waits(durations) -> list[str]:
    """A sentence on how long the writers waited, in a list; an empty list if there were none."""
    if not durations.count:
        return []
    half, most = (duration(round(us * 1000)) for us in (durations.p50, durations.max))
    if durations.max == 0:
        return ["No writer waited for mmap_sem."]
    if durations.count == 1:
        return [f"The only writer waited {most} for mmap_sem."]
    if durations.p50 == 0:
        return [f"At least half of the writers did not wait for mmap_sem at all, the unluckiest waited {most}."]
    if half == most:
        return [f"At least half of the writers waited {half} for mmap_sem, none longer."]
    return [f"Half of the writers waited at most {half} for mmap_sem, the unluckiest {most}."]
