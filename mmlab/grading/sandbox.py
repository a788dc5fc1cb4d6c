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
USER = ("--unshare-all", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL")
ROOT = (
    "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL",
    "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP",
)  # fmt: skip
"""what becomes of each kind of caller; root gives up these three capabilities when it becomes somebody else"""
FIRST_UID = 2_000_000
PACKAGE = Path(__file__).resolve().parent.parent
HIDDEN = ("checks", "grading")
"""what is not seen of mmlab: a worker needs neither"""
HOW_TO = (
    "install bubblewrap (Debian, Ubuntu: apt install bubblewrap); macOS, Windows: docs/grading-in-a-container.md; or "
    "--unsafe-local, for code that you trust"
)


class NoSandbox(ValueError):
    """There is no sandbox on this machine; the message says what to do."""


def command() -> tuple[str, ...]:
    """What stands before the interpreter of a worker. Raises NoSandbox where bubblewrap is missing or cannot work."""
    walls, fault = found()
    if fault:
        raise NoSandbox(fault)
    limits = [
        "prlimit", f"--as={MEMORY}", f"--nproc={PROCESSES}", f"--fsize={FILE}", f"--cpu={SECONDS}", "--core=0",
    ]  # fmt: skip
    return (*walls, *(limits if shutil.which("prlimit") else ()))


@lru_cache(1)
def found() -> tuple[tuple[str, ...], str]:
    """The walls that work here, and ""; or nothing, and why there is no sandbox.

    Root becomes another user inside: the kernel does not limit the number of root's processes. In a container root
    may not be allowed to, and then does what everybody does.
    """
    program = shutil.which("bwrap")
    if program is None:
        return (), f"grading runs students' code inside bubblewrap, and it is not there: {HOW_TO}"
    kinds = [walls(program, as_root=False)]
    if os.geteuid() == 0 and shutil.which("setpriv"):
        kinds.insert(0, walls(program, as_root=True))
    fault = ""
    for words in kinds:
        fault = fault_of(words)
        if not fault:
            return words, ""
    return (), f"bubblewrap is there and cannot work ({fault}): {HOW_TO}"


def walls(program: str, as_root: bool) -> tuple[str, ...]:
    """bubblewrap and all that it is told."""
    packages = [path for path in ROOTS if os.path.basename(path) == "site-packages"]
    ours = {path for path in (sys.prefix, sys.base_prefix, *packages, str(PACKAGE)) if path != "/usr"}
    words = [program, *(ROOT if as_root else USER), "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--dir", "/etc"]
    for path in filter(os.path.exists, SYSTEM):
        words += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind", path, path]
    size = ["--perms", "1777", "--size", str(TMP)] if can_size(program) else []
    words += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", *size, "--tmpfs", "/tmp"]
    words += ["--dir", "/home", "--chdir", "/tmp"]
    for path in sorted(filter(os.path.exists, ours)):  # after /tmp: the course may lie there
        for above in reversed(Path(path).parents[:-1]):
            words += ["--dir", str(above)]  # or it would be root's alone
        words += ["--ro-bind", os.path.realpath(path), path]
    for name in HIDDEN:
        words += ["--tmpfs", str(PACKAGE / name), "--remount-ro", str(PACKAGE / name)]
    words += ["--remount-ro", "/"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    return (*words, "--", *(somebody(FIRST_UID + os.getpid()) if as_root else ()))


def somebody(uid: int) -> list[str]:
    """Words that make root somebody who has nothing and can do nothing, and whose processes are counted alone."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--bounding-set=-all"]


def can_size(program: str) -> bool:
    """Whether this bubblewrap can limit a tmpfs (0.7 and newer can)."""
    return "--size" in subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20).stdout


def fault_of(words: tuple[str, ...]) -> str:
    """What a trial of the walls says when it fails, or "": can mmlab be read and Python be run behind them?"""
    trial = ["sh", "-c", 'test -r "$0" && exec "$1" -I -c ""', str(PACKAGE / "__init__.py"), sys.executable]
    done = subprocess.run([*words, *trial], capture_output=True, text=True, timeout=60)
    return (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1] if done.returncode else ""
