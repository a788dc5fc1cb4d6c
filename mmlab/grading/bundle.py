"""What a student gets: one zip with the notebooks, the exercises, mmlab, and the one file that sets it all up."""

from __future__ import annotations

import json
import os
import zipfile
from importlib.metadata import version
from pathlib import Path

FILES = ("course.py", "pyproject.toml", "constraints.txt", "environment.yml", "README.md", "LICENSE")
FOLDERS = ("mmlab", "notebooks", "exercises", "docs")
NOT_FOR_STUDENTS = ("mmlab/grading/", "docs/hostile.md", "docs/grading-in-a-container.md", "docs/for-students.md")
STANDS_FOR = {"README.md": "docs/for-students.md"}
"""name in the bundle -> the file that is there under this name"""
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints")
WHEN = (1980, 1, 1, 0, 0, 0)
"""the date of every file in it, so that the same course makes the same zip, byte for byte"""


def bundle(root: Path | str = ".", to: Path | str | None = None) -> Path:
    """Write the zip and return its path (mmlab-VERSION.zip in `root`, unless `to` says otherwise).

    Everything in it is in one folder. There are no solutions, no unseen checks, no tests and no grader in it.
    Raises ValueError where the folder is no course, OSError where the zip cannot be written; nothing half-written is
    left.
    """
    root = Path(root)
    missing = [name for name in (*FILES, *FOLDERS) if not (root / name).exists()]
    if missing:
        raise ValueError(f"{root.resolve()} is not the folder of the course: it has no {', '.join(missing)}")
    folder = f"mmlab-{version('mmlab')}"
    path = Path(to) if to is not None else root / f"{folder}.zip"
    partial = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in contents(root):
                entry = zipfile.ZipInfo(f"{folder}/{name}", WHEN)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, text_of(root / STANDS_FOR.get(name, name)))
        os.replace(partial, path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a write that fails does not say of what
        raise
    finally:
        partial.unlink(missing_ok=True)
    return path


def contents(root: Path) -> list[str]:
    """The files of the bundle, by their names from `root`."""
    found = list(FILES)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            hidden = any(part.startswith(".") or part in LEFT_OUT for part in path.relative_to(root).parts)
            if path.is_file() and not hidden and not name.startswith(NOT_FOR_STUDENTS):
                found.append(name)
    return found


def text_of(path: Path) -> bytes:
    """A file as it goes into the bundle: notebooks without their outputs, or no guess would be a guess."""
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(execution_count=None, outputs=[])
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
