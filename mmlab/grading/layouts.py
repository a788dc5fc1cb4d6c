"""Finding what was handed in: in nbgrader's folders, in a flat folder, in the zip of a learning platform.

    submitted/ANN/ex4/ex4.ipynb                     nbgrader
    ANN_ex4.ipynb                                   flat
    Ann Lee_123_assignsubmission_file_/ex4.ipynb    Moodle
    annlee_LATE_123_456_ex4-1.ipynb                 Canvas
    any of these in a zip

Names come from strangers: they are told, never obeyed. What is no submission is listed and stops nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import NamedTuple

from .intake import LARGEST

WANTED = "STUDENT/exN/exN.ipynb, STUDENT_exN.ipynb, or the zip of a learning platform is wanted"
MOST_FILES = 200_000
"""entries of a folder or a zip"""
MOST_BYTES = 8 << 30
"""of all notebooks of a zip together, unpacked"""
DEEPEST = 6
LONGEST = 200
"""characters of a student's name"""
COPY = re.compile(r"(?is)(?P<name>.+?)(?: ?\((?P<a>\d{1,4})\)|-copy(?P<b>\d{0,4})|-(?P<c>\d{1,3})| - copy)")
BARE = re.compile(r"(?i)(?P<exercise>ex\d+)")
CANVAS = re.compile(r"(?is)(?P<student>.+?)(?:_LATE)?_\d+_\d+_(?P<exercise>ex\d+)")
FLAT = re.compile(r"(?is)(?P<student>.+)_(?P<exercise>ex\d+)")
MOODLE = re.compile(r"(?s)(?P<student>.+?)_\d+_assignsubmission_file_?")
TOPS = {"submitted", "submissions"}
"""folders that only hold all the others"""
IGNORED = {".ipynb_checkpoints", "__MACOSX", "__pycache__", ".git"}
BROKEN = (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError)
SILENT = {"timestamp.txt", ".DS_Store", "Thumbs.db", "desktop.ini"}


class Found(NamedTuple):
    """A file that a student handed in for an exercise. `refused` says why it cannot be taken at all, or is ""."""

    student: str
    exercise: str
    path: Path
    note: str = ""
    refused: str = ""


@dataclass
class Harvest:
    """`found`, one for each student and exercise; `students` that were seen; `stray` files, each with a reason."""

    found: list[Found] = field(default_factory=list)
    students: set[str] = field(default_factory=set)
    stray: list[str] = field(default_factory=list)


class Candidate(NamedTuple):
    """One file that could be the work of a student on an exercise. `rank`: the smallest is taken; `shown` is its name
    for a note."""

    student: str
    exercise: str
    rank: tuple
    shown: str
    path: Path
    refused: str = ""


class Entry(NamedTuple):
    """A file as a path of words from the top, and where its bytes are. `refused` as in Found."""

    parts: tuple[str, ...]
    path: Path
    refused: str = ""


@contextmanager
def harvest(place: Path | str, exercises: list[str]) -> Iterator[Harvest]:
    """Find the submissions in a folder or a zip; what is unpacked of a zip goes when the context ends.

    exercises: the names that there are. Raises ValueError where `place` is neither, is broken, or has no submission.
    """
    place = Path(place)
    unpacked = None
    try:
        if place.is_dir():
            entries = in_folder(place)
        elif place.is_file() and zipfile.is_zipfile(place):
            unpacked = Path(mkdtemp(prefix="mmlab-grade-"))
            entries = in_zip(place, unpacked)
        else:
            what = "is neither a folder nor a zip" if place.exists() else "is not there"
            raise ValueError(f"{place} {what}: give the folder or the zip of what was handed in")
        told = sorted_out(entries, exercises)
        if not told.found:
            raise ValueError("; ".join([f"there is no submission in {place}: {WANTED}", *told.stray[:1]]))
        yield told
    finally:
        if unpacked is not None:
            shutil.rmtree(unpacked, ignore_errors=True)


def in_folder(top: Path) -> Iterator[Entry]:
    """The files below a folder. No link is followed."""
    number = 0
    for folder, folders, files in os.walk(top, followlinks=False):
        here = Path(folder)
        below = here.relative_to(top).parts
        folders[:] = sorted(name for name in folders if name not in IGNORED)
        links = [name for name in folders if (here / name).is_symlink()]
        if len(below) >= DEEPEST:
            folders[:] = []
        for name in sorted([*files, *links]):
            number += 1
            if number > MOST_FILES:
                raise ValueError(f"{top} has more than {MOST_FILES:,} files: is it the folder of what was handed in?")
            yield Entry((*below, name), here / name)


def in_zip(place: Path, to: Path) -> Iterator[Entry]:
    """The files of a zip. Each notebook is unpacked under a number: no name in the zip becomes a path."""
    total = 0
    try:
        with zipfile.ZipFile(place) as archive:
            if len(archive.infolist()) > MOST_FILES:
                raise ValueError(f"{place} has more than {MOST_FILES:,} files: is it the zip of what was handed in?")
            for number, info in enumerate(sorted(archive.infolist(), key=lambda info: info.filename)):
                if info.is_dir():
                    continue
                name = info.filename.replace("\\", "/")
                parts = PurePosixPath(name).parts
                path = to / f"{number}.ipynb"
                if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
                    yield Entry((name,), path, "its name leads out of the zip")
                    continue
                if IGNORED & set(parts[:-1]) or not name.lower().endswith(".ipynb"):
                    yield Entry(parts, path)
                    continue
                if stat.S_ISLNK(info.external_attr >> 16):
                    yield Entry(parts, path, "This is a link to another file. Hand in the notebook itself.")
                    continue
                try:
                    total += unpack(archive, info, path)
                except Exception as error:
                    if not isinstance(error, BROKEN) and type(error).__module__ not in ("zlib", "lzma"):
                        raise
                    yield Entry(parts, path, f"It cannot be unpacked: {error}. Hand in the notebook itself.")
                    continue
                if total > MOST_BYTES:
                    raise ValueError(f"the notebooks in {place} have more than {MOST_BYTES >> 30} GB unpacked")
                yield Entry(parts, path)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{place} is no whole zip: {error}") from None


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> int:
    """Write one file of a zip; of one that is too large just so much that intake will say so. Returns its bytes."""
    size = 0
    with archive.open(info) as source, open(path, "xb") as out:
        while size <= LARGEST and (some := source.read(1 << 20)):
            size += out.write(some)
    return size


def sorted_out(entries: Iterator[Entry], exercises: list[str]) -> Harvest:
    """Which file is whose, and which of several is taken."""
    told = Harvest()
    candidates: dict[tuple[str, str], list[Candidate]] = {}
    others: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if IGNORED & set(entry.parts[:-1]) or entry.parts[-1] in SILENT:
            continue
        shown = "/".join(entry.parts)
        if entry.refused and len(entry.parts) == 1 and "/" in shown:
            told.stray.append(f"{readable(shown)}: {entry.refused}")
            continue
        one = candidate(entry, exercises)
        if isinstance(one, Candidate):
            told.students.add(one.student)
            candidates.setdefault((one.student, one.exercise), []).append(one)
        elif isinstance(one, tuple):
            told.students.add(one[0])
            others.setdefault(one, []).append(entry)
        else:
            told.stray.append(f"{readable(shown)}: {one}")
    for (student, exercise), ones in candidates.items():
        told.found.append(chosen(student, exercise, ones))
    for (student, exercise), entries_there in others.items():
        if (student, exercise) in candidates:
            told.stray += [f"{readable('/'.join(one.parts))}: not the notebook" for one in entries_there]
        else:
            told.found.append(misnamed(student, exercise, entries_there))
    told.found.sort(key=lambda one: (one.student, len(one.exercise), one.exercise))
    told.stray.sort()
    return told


def candidate(entry: Entry, exercises: list[str]) -> Candidate | tuple[str, str] | str:
    """A candidate; (student, exercise) of a file in the right folder under another name; or why it is neither."""
    *above, name = entry.parts
    if above and above[0] in TOPS:
        del above[0]
    known = {one.lower(): one for one in exercises}
    bare = read_as(name, BARE)
    if len(above) >= 2 and above[1].lower() in known:
        student, wanted = above[0], above[1]
    elif len(above) == 1:
        moodle = MOODLE.fullmatch(above[0])
        student, wanted = moodle["student"] if moodle else above[0], bare[0]["exercise"] if bare else ""
    elif above:
        return "there is no exercise where it lies: STUDENT/exN/exN.ipynb is wanted"
    else:
        bare = read_as(name, CANVAS) or read_as(name, FLAT)
        if not bare:
            return "it does not say whose it is and of which exercise: STUDENT_exN.ipynb is wanted"
        student, wanted = bare[0]["student"], bare[0]["exercise"]
    if fault := name_fault(student):
        return fault
    exercise = known.get(wanted.lower())
    if exercise is None:
        return f"it is of none of the exercises {', '.join(exercises)}"
    if not bare or bare[0]["exercise"].lower() != exercise.lower() or len(above) > 2:
        return student, exercise
    copy = bare[1]
    return Candidate(student, exercise, (copy > 0, -copy, name), readable(name), entry.path, entry.refused)


def read_as(name: str, form: re.Pattern) -> tuple[re.Match, int] | None:
    """The name of a notebook read as `form`, and its number as a copy: "ex4 (2).ipynb" is copy 2, "ex4.ipynb" 0."""
    if not name.lower().endswith(".ipynb"):
        return None
    stem = name[: -len(".ipynb")]
    if match := form.fullmatch(stem):
        return match, 0
    copy = COPY.fullmatch(stem)
    match = copy and form.fullmatch(copy["name"])
    return match and (match, max(1, *(int(copy[key] or 0) for key in "abc")))


def chosen(student: str, exercise: str, ones: list[Candidate]) -> Found:
    """The one of several files that is taken: that of the right name, else the copy with the largest number."""
    first, *rest = sorted(ones, key=lambda one: one.rank)
    note = ""
    if rest:
        note = f"{first.shown} was taken; also there: {', '.join(one.shown for one in rest[:5])}"
        note += f" and {len(rest) - 5} more" if len(rest) > 5 else ""
    elif first.rank[0]:
        note = f"{first.shown} was taken"
    return Found(student, exercise, first.path, note, first.refused)


def misnamed(student: str, exercise: str, entries: list[Entry]) -> Found:
    """Files in the right folder, none with the right name: a single notebook is taken, of several none."""
    notebooks = [one for one in entries if one.parts[-1].lower().endswith(".ipynb")]
    names = ", ".join(readable("/".join(one.parts[2:]) or one.parts[-1]) for one in entries[:5])
    if len(notebooks) == 1:
        only = notebooks[0]
        return Found(student, exercise, only.path, f"{readable(only.parts[-1])} was taken", only.refused)
    wanted = f"{exercise}.ipynb is wanted, and there is {names}."
    return Found(student, exercise, entries[0].path, refused=f"{wanted} Rename the notebook and hand it in again.")


def name_fault(student: str) -> str:
    """Why this cannot be the name of a student, or ""."""
    if student.strip() in ("", ".", ".."):
        return "this is no name of a student"
    if len(student) > LONGEST:
        return f"the name of the student has more than {LONGEST} characters"
    return ""


def readable(text: str) -> str:
    """A name of a stranger's file, for a line of text."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)[:300]


def read_students(path: Path | str) -> list[str]:
    """The students of a list, one a line. Raises ValueError for an empty list and for a name that can be none."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text: a list of students has one name a line") from None
    students = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not students:
        raise ValueError(f"{path} is empty: a list of students has one name a line")
    for student in students:
        fault = name_fault(student)
        if fault:
            raise ValueError(f"{path}: {student[:40]!r}: {fault}")
    return students
