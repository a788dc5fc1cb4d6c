"""The walls around a worker: bubblewrap. No network, no files but Python's own, no other process, an empty home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from ..worker.process import ENVIRONMENT, ROOTS

MEMORY = 300 << 20
"""bytes of address space of one process"""
PROCESSES = 16
FILE = 1 << 20
"""bytes of the largest file that can be written (there is only an empty /tmp to write to)"""
TMP = 16 << 20
"""bytes in /tmp, which is memory"""
SECONDS = 120
"""of processor time of the whole process; each answer has its own, smaller, limit"""
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/alternatives", "/etc/ld.so.cache")
PACKAGE = Path(__file__).resolve().parent.parent
"""mmlab itself: all of it is seen but the grader"""
HOW_TO = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap), or say --unsafe-local and what that gives up"


class NoSandbox(ValueError):
    """There is no sandbox on this machine; the message says what to do."""


def command() -> tuple[str, ...]:
    """What stands before the interpreter of a worker. Raises NoSandbox where bubblewrap is missing or cannot work."""
    program, fault = found()
    if program is None:
        raise NoSandbox(fault)
    packages = [path for path in ROOTS if os.path.basename(path) == "site-packages"]
    ours = {path for path in (sys.prefix, sys.base_prefix, *packages, str(PACKAGE)) if path != "/usr"}
    walls = [program, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    for path in filter(os.path.exists, SYSTEM):
        walls += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind", path, path]
    size = ["--size", str(TMP)] if can_size(program) else []
    walls += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--remount-ro",
        "/dev",
        *size,
        "--tmpfs",
        "/tmp",
        "--dir",
        "/home",
        "--chdir",
        "/tmp",
    ]
    for path in sorted(filter(os.path.exists, ours)):  # after /tmp: the course may lie there
        walls += ["--ro-bind", os.path.realpath(path), path]
    walls += ["--tmpfs", str(PACKAGE / "grading"), "--remount-ro", str(PACKAGE / "grading"), "--remount-ro", "/"]
    for name, value in ENVIRONMENT.items():
        walls += ["--setenv", name, value]
    walls += ["--uid", "65534", "--gid", "65534", "--"]
    limits = [
        "prlimit", f"--as={MEMORY}", f"--nproc={PROCESSES}", f"--fsize={FILE}", f"--cpu={SECONDS}", "--core=0",
    ]  # fmt: skip
    return (*walls, *(limits if shutil.which("prlimit") else ()))


@lru_cache(1)
def can_size(program: str) -> bool:
    """Whether this bubblewrap can limit a tmpfs (0.7 and newer can)."""
    return "--size" in subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20).stdout


@lru_cache(1)
def found() -> tuple[str | None, str]:
    """(the path of bubblewrap, ""), or (None, why there is no sandbox)."""
    program = shutil.which("bwrap")
    if program is None:
        return None, f"grading runs students' code inside bubblewrap, and it is not there: {HOW_TO}"
    trial = [program, "--unshare-all", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(trial, capture_output=True, text=True, timeout=20)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        return None, f"bubblewrap is there and cannot work ({said}): {HOW_TO}"
    return program, ""
