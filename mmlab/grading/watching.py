"""What a process and all that it started use, told from outside, by Linux's /proc; and an end to all of them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import NamedTuple

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Used(NamedTuple):
    """`cpu` seconds so far, `memory` bytes and `processes` now. All 0 where there is no /proc."""

    cpu: float
    memory: int
    processes: int


class Family:
    """A process and its descendants. `used` counts the cpu time of those that have ended, too."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.seen: dict[tuple[int, int], int] = {}

    def used(self) -> Used:
        """What they use. The memory is that of the descendants alone."""
        there = members(self.root)
        for pid, stat in there.items():
            self.seen[pid, stat.started] = stat.ticks
        memory = sum(stat.pages for pid, stat in there.items() if pid != self.root) * PAGE
        return Used(sum(self.seen.values()) / TICK, memory, len(there))

    def kill(self) -> None:
        """End them all. Twice, for one of them may just have started another."""
        for _ in range(2):
            for pid in {self.root, *members(self.root)}:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)


class Stat(NamedTuple):
    """Of one process: its parent, when it started, ticks of cpu, pages of memory."""

    parent: int
    started: int
    ticks: int
    pages: int


def members(root: int) -> dict[int, Stat]:
    """The process and its descendants that live."""
    every = {pid: stat for pid in numbers() if (stat := stat_of(pid)) is not None}
    children: dict[int, list[int]] = {}
    for pid, stat in every.items():
        children.setdefault(stat.parent, []).append(pid)
    found, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        if pid in every:
            found[pid] = every[pid]
            waiting += children.get(pid, ())
    return found


def numbers() -> list[int]:
    """Of all processes."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def stat_of(pid: int) -> Stat | None:
    """What /proc tells of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return Stat(int(fields[1]), int(fields[19]), int(fields[11]) + int(fields[12]), int(fields[21]))
