"""A control group of Linux for the workers of one submission: a limit of memory and processes for all of them together.

Only root, or who was given a part of the tree, can make one; elsewhere what they use is watched (watching.py), which
notices a little later.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

TOP = Path("/sys/fs/cgroup")
MEMBERS = "cgroup.procs"
NEXT = count(1)
JOIN = ("sh", "-c", 'echo $$ > "$0" && exec "$@"')
"""words that put a process into the group whose list of members comes next, and make it what comes after"""


def made(memory: int, processes: int) -> Path | None:
    """A new group with these limits; None where none can be made."""
    for parent, files in places():
        group = parent / f"mmlab-{os.getpid()}-{next(NEXT)}"
        for left in parent.glob("mmlab-*-*"):  # by a grader that was killed
            if not os.path.exists(f"/proc/{left.name.split('-')[1]}"):
                with suppress(OSError):
                    left.rmdir()
        try:
            group.mkdir()
            (group / files[0]).write_text(str(memory))
            with suppress(OSError):
                (group / files[1]).write_text(str(processes))
            if subprocess.run([*JOIN, str(group / MEMBERS), "true"], capture_output=True, timeout=20).returncode == 0:
                return group
        except (OSError, subprocess.TimeoutExpired):
            pass
        removed(group)
    return None


def places() -> list[tuple[Path, tuple[str, str]]]:
    """Where groups may be made: below our own, of version 2 and of version 1, with the names of their limits."""
    found = []
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, own = line.split(":", 2)
            if not controllers:
                found.append((TOP / own.lstrip("/"), ("memory.max", "pids.max")))
            elif "memory" in controllers.split(","):
                found.append((TOP / "memory" / own.lstrip("/"), ("memory.limit_in_bytes", "pids.max")))
    return found


def joining(group: str | None) -> tuple[str, ...]:
    """Words before a command that put it into a group."""
    return (*JOIN, str(Path(group) / MEMBERS)) if group else ()


def possible() -> bool:
    """Whether a group can be made here."""
    group = made(1 << 30, 64)
    return group is not None and removed(group)


def removed(group: Path) -> bool:
    """Remove a group whose members have just been killed. Returns whether it is gone."""
    for _ in range(100):
        try:
            group.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            time.sleep(0.01)
        else:
            return True
    return False
