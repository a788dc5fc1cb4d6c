"""What a score follows from beside the submission and the key: the checks, and the mmlab that runs them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
NO_MATTER = {"cli", "course", "widgets", "live"}
"""rooms of mmlab that no score depends on"""
MATTER = {"cgroup.py", "one.py", "sandbox.py", "scoring.py", "unseen.py"}
"""files of the grader on which one does"""


def checks_version(unseen: str | None) -> str:
    """A hash of mmlab's code and of the text of unseen checks."""
    return hashlib.sha256(f"{code_version()}\n{unseen}".encode()).hexdigest()[:16]


@lru_cache(1)
def code_version() -> str:
    """A hash of all of mmlab's code that a score can depend on."""
    found = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if name.parts[0] not in NO_MATTER and (name.parts[0] != "grading" or name.name in MATTER):
            found.update(f"{name.as_posix()}\n".encode() + path.read_bytes())
    return found.hexdigest()
