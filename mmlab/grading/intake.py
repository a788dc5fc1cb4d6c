"""Intake: a file that a student handed in becomes the texts of its code cells, or a reason that a student understands.

Nothing of the file is run or trusted. A rejected file is not a zero.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import NamedTuple

LARGEST = 20 << 20
"""bytes; a notebook of this course has some hundred thousand with all its pictures"""
MOST_CELLS = 2_000
MOST_CODE = 1_000_000
"""characters in all code cells together; a solution has some thousand"""
LONGEST_ANSWER = 20_000
"""characters"""


class Accepted(NamedTuple):
    """`cells` are the texts of the code cells, `content` a hash of the file, `answers` the texts of markdown cells by
    their nbgrader name: what is graded by hand. `texts` are those of the markdown cells without one."""

    cells: tuple[str, ...]
    content: str
    answers: dict[str, str]
    texts: tuple[str, ...] = ()


class Rejected(NamedTuple):
    """`reason` is for the student: what is wrong, what is wanted, what to do."""

    reason: str
    content: str = ""


def take(path: Path | str) -> Accepted | Rejected:
    """Read one file. Raises OSError only for what is not the file's fault (no permission, a disk that fails)."""
    data = contents(Path(path))
    if isinstance(data, Rejected):
        return data
    content = hashlib.sha256(data).hexdigest()
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Rejected("The file is not UTF-8 text. Save it in JupyterLab and hand that file in.", content)
    except (ValueError, RecursionError):
        return Rejected("The file is not a notebook: it is not JSON. Is it the .ipynb file, and whole?", content)
    fault = fault_of(notebook)
    if fault:
        return Rejected(fault, content)
    cells = notebook["cells"]
    if len(cells) > MOST_CELLS:
        return Rejected(f"The notebook has {len(cells):,} cells; {MOST_CELLS:,} are allowed.", content)
    code = tuple(text_of(cell) for cell in cells if cell.get("cell_type") == "code")
    if sum(map(len, code)) > MOST_CODE:
        return Rejected(
            f"The code cells have {sum(map(len, code)):,} characters; {MOST_CODE:,} are allowed. Is a data set in one?",
            content,
        )
    written = [(name_of(cell), text_of(cell)) for cell in cells if cell.get("cell_type") == "markdown"]
    answers = {name: readable_part(text) for name, text in written if name}
    return Accepted(code, content, answers, tuple(readable_part(text) for name, text in written if not name))


def contents(path: Path) -> bytes | Rejected:
    """The bytes of a regular file of a sensible size, and of nothing else: a link could lead anywhere."""
    try:
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        if path.is_symlink():
            return Rejected("This is a link to another file. Hand in the notebook itself.")
        raise
    about = os.fstat(opened)
    if not stat.S_ISREG(about.st_mode):
        os.close(opened)
        return Rejected("This is not a file. Hand in the notebook itself.")
    with os.fdopen(opened, "rb") as file:
        if about.st_size > LARGEST:
            return Rejected(
                f"The file has {about.st_size / 1e6:,.0f} MB; {LARGEST / 1e6:.0f} MB are allowed. In JupyterLab: "
                "Edit, Clear Outputs of All Cells, save, and hand it in again."
            )
        data = file.read(LARGEST + 1)
    return data if data.strip() else Rejected("The file is empty. Save the notebook and hand it in again.")


def fault_of(notebook) -> str:
    """What is wrong with the JSON of a notebook, or ""."""
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        return "The file is JSON, but not a notebook. Hand in the .ipynb file."
    if notebook["nbformat"] != 4:
        return (
            f"The notebook has format {notebook['nbformat']!r:.20}; 4 is wanted. Open it in JupyterLab, save it, and "
            "hand it in again."
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return "The notebook is broken: it has no list of cells. Open it in JupyterLab, save it, and hand it in again."
    for number, cell in enumerate(cells, 1):
        source = cell.get("source", "")
        if not isinstance(source, str) and not (isinstance(source, list) and all(isinstance(s, str) for s in source)):
            return (
                f"The notebook is broken: cell {number} has no text. Open it in JupyterLab, save it, hand it in again."
            )
    return ""


def readable_part(text: str) -> str:
    """As much of an answer as a person may be asked to read."""
    return (
        text if len(text) <= LONGEST_ANSWER else f"{text[:LONGEST_ANSWER]}\n(cut off here, of {len(text):,} characters)"
    )


def text_of(cell: dict) -> str:
    """The text of a cell, stored as a string or as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def name_of(cell: dict) -> str:
    """nbgrader's name of a cell, or ""."""
    metadata = cell.get("metadata")
    told = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = told.get("grade_id") if isinstance(told, dict) else None
    return name if isinstance(name, str) else ""
