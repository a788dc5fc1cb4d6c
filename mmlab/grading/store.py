"""The folder of results: one JSON file for each student and exercise, written whole or not at all.

    GRADES/results/ex4/ANN-1a2b3c4d.json    a Score, and what it follows from
    GRADES/log.txt                          for the instructor: what went wrong, with tracebacks
    GRADES/.lock                            held by the grader that works here

A name of a student is never a path: it is quoted, shortened, and told apart by a hash.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .score import Score

RESULTS, LOG, LOCK = "results", "log.txt", ".lock"
LONGEST = 60
"""characters of a student's name in the name of a file"""


@dataclass(frozen=True)
class Basis:
    """All that a score follows from: hashes of the submission, of the checks with the mmlab that runs them, and of the
    class key. The same basis gives the same score."""

    content: str
    checks: str
    key: str


class Busy(ValueError):
    """Another grader works in this folder."""


class Unreadable(ValueError):
    """A result is there and cannot be read."""


def results(folder: Path | str) -> list[Score]:
    """The scores in a folder that `mmlab grade --out` wrote, in order of student and exercise.

    Raises ValueError when there is no such folder, or a file in it is no result.
    """
    there = Path(folder) / RESULTS
    if not there.is_dir():
        raise ValueError(f"{folder} has no results: it is no folder that mmlab grade --out made")
    found = [read(path)[0] for path in sorted(there.glob("*/*.json"))]
    return sorted(found, key=lambda score: (score.student, len(score.exercise), score.exercise))


def path_of(folder: Path, student: str, exercise: str) -> Path:
    """Where the result of a student's exercise is."""
    plain = student.encode("utf-8", "surrogatepass")
    short = quote(plain, safe=" ").replace(".", "%2E")[:LONGEST]
    return folder / RESULTS / quote(exercise, safe="") / f"{short}-{hashlib.sha256(plain).hexdigest()[:8]}.json"


def read(path: Path) -> tuple[Score, Basis]:
    """A result and its basis. Raises Unreadable, with the advice to delete it, and OSError."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Score.from_dict(told["score"]), Basis(**told["basis"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{path} is no result of this grader ({error}): delete it and grade again") from None


def known(folder: Path, student: str, exercise: str) -> tuple[Score, Basis] | None:
    """The result that is there; None where there is none, or none that can be read."""
    try:
        return read(path_of(folder, student, exercise))
    except (Unreadable, OSError):
        return None


def write(folder: Path, score: Score, basis: Basis) -> None:
    """Keep a result. Raises OSError, and then what was there before is there still."""
    path = path_of(folder, score.student, score.exercise)
    told = {"score": score.as_dict(), "basis": vars(basis)}
    whole(path, json.dumps(told, indent=1, sort_keys=True) + "\n")


def whole(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with open(partial, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        error.filename = str(path)  # a write that fails does not say of what
        raise
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def log(folder: Path, text: str) -> None:
    """Add lines to the instructor's log."""
    with open(folder / LOG, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text.rstrip("\n") + "\n")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the only grader in this folder, which is made if it is not there.

    Raises Busy while another process is, and ValueError where nothing can be written. The lock goes with its owner,
    however that ends; the file stays.
    """
    try:
        import fcntl
    except ImportError:
        raise ValueError("this needs Linux or macOS: elsewhere, see docs/grading-in-a-container.md") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ValueError(
            f"nothing can be written in {folder} ({error.strerror}): give a folder of your own for the grades"
        ) from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(file, 200).decode("utf-8", "replace").strip()
            raise Busy(f"another grader works in {folder} ({owner or 'it does not say who'}): wait for it") from None
        os.ftruncate(file, 0)
        os.write(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        yield
    finally:
        os.close(file)
