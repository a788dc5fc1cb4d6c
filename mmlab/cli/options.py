"""The options that several commands share, and a parser that complains in one line."""

from __future__ import annotations

import argparse
import re

OPTIONS = (
    # (field of Scenario, options, placeholder, help)
    ("fault_threads", "--faults --fault-threads", "N", "threads that touch cold pages of a file (1)"),
    ("mmap_threads", "--mmaps --mmap-threads", "N", "threads that loop over mmap + munmap (1)"),
    ("ps_readers", "--ps --ps-readers", "N", "processes that keep reading /proc/PID/maps (0)"),
    ("disk", "--disk", "TIME", "one read: 18ms, exponential(18ms), uniform(10ms,26ms), hdd, ssd, nvme (18ms)"),
    ("channels", "--channels", "N", "reads that the disk serves at once (1, or the profile's)"),
    ("queue_depth", "--queue-depth", "N", "submissions that the disk takes before one sleeps (128)"),
    ("pause", "--pause", "TIME", "a fault thread's time in user mode between two touches (0)"),
    ("mmap_pause", "--mmap-pause", "TIME", "an mmap thread's time in user mode between two pairs (0)"),
    ("ps_pause", "--ps-pause", "TIME", "a ps reader's time between two reads (1ms)"),
    ("write_rate", "--write-rate", "RATE", "single write sections a second, arriving at random (0)"),
    ("mprotect_threads", "--mprotects --mprotect-threads", "N", "threads that loop over mprotect (0)"),
    ("fork_every", "--fork-every", "TIME", "time between two forks of one more thread (0: nobody forks)"),
    ("fork_hold", "--fork-hold", "TIME", "time that one fork holds mmap_sem for writing (1ms)"),
    ("gup_threads", "--gups --gup-threads", "N", "threads in get_user_pages, which may not drop mmap_sem (0)"),
    ("nowait_threads", "--nowaits --nowait-threads", "N", "the same, but they ask again rather than wait (0)"),
    ("copy_threads", "--copies --copy-threads", "N", "threads whose system calls read cold pages (0)"),
    ("spu_threads", "--spus --spu-threads", "N", "threads that use an SPE's memory; for designs spufs_* (0)"),
    ("spu_off", "--spu-off", "TIME", "how long that SPE's context is not running (20ms)"),
    ("spu_on", "--spu-on", "TIME", "and how long it is running then (1ms)"),
    ("access_pause", "--access-pause", "TIME", "time between two accesses of these four kinds of threads (1ms)"),
    ("cpus", "--cpus", "N", "processors (as many as tasks)"),
    ("cache_pages", "--cache-pages", "N", "pages that the page cache holds (256, or 4 for each reading thread)"),
    ("dontneed", "--dontneed", "TIME", "mean time between two FADV_DONTNEED on the file (0: nobody does)"),
    ("foreign_rate", "--foreign-rate", "RATE", "pages a second that another process brings into the cache (0)"),
    ("signal_rate", "--signal-rate", "RATE", "signals a second for each fault or spu thread (0)"),
    ("kill_at", "--kill-at", "TIME", "when all threads that fault are killed (never)"),
    ("truncate_at", "--truncate-at", "TIME", "when the file is cut to half of its length (never)"),
    ("read_errors", "--read-errors", "SHARE", "share of the file's pages that cannot be read (0)"),
    ("alloc_failures", "--alloc-failures", "SHARE", "share of allocations that find no memory (0)"),
    ("outside_holders", "--outside-holders", "N", "others that hold a reference to the address space (0)"),
    ("seq_bits", "--seq-bits", "N", "width of the counter of write sections in bits (32)"),
    ("seed", "--seed", "N", "of everything that is random (1)"),
)
TEXTS = {field for field, _, placeholder, _ in OPTIONS if placeholder == "TIME"}


class Parser(argparse.ArgumentParser):
    """Takes no abbreviations, keeps the examples' lines, and complains in one line with exit status 2."""

    def __init__(self, *args, **options) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, allow_abbrev=False, **options)

    def error(self, message: str):
        stop = "" if message.endswith((".", "?")) else "."
        self.exit(2, f"{self.prog}: {message}{stop} See {self.prog} --help\n")


def number(text: str):
    """A whole number, a number, or the text itself, about which Scenario knows more to say."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def add_workload(sub: argparse.ArgumentParser) -> None:
    """The options that make a Scenario, and how long it runs."""
    group = sub.add_argument_group("workload and machine", "times are written 18ms, 66.7us, 5s")
    for field, options, placeholder, about in OPTIONS:
        kind = str if field in TEXTS else number
        group.add_argument(
            *options.split(), dest=field, metavar=placeholder, type=kind, default=argparse.SUPPRESS, help=about
        )
    group.add_argument("--seconds", metavar="S", type=number, default=5, help="simulated time (5)")


def scenario_values(args) -> dict:
    """What the options say of the Scenario; only what was given."""
    return {field: getattr(args, field) for field, *_ in OPTIONS if hasattr(args, field)}


def as_option(message: str) -> str:
    """A Scenario's complaint about `fault_threads=0`, told to somebody who wrote --faults 0."""
    words = {field: options.split()[0] for field, options, *_ in OPTIONS} | {
        "seconds": "--seconds",
        "workers": "--workers",
    }
    return re.sub(r"\b(\w+)=", lambda match: f"{words.get(match[1], match[1])}=", message)
