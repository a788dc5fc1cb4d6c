"""Files in the learner's work folder: written whole or not at all, and never over something that is there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write the whole file or nothing; what was there is replaced."""
    partial = beside(file)
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)


def write_new(file: Path, text: str) -> Path:
    """Write the whole text to `file`, or, if that is there, to file-2, file-3 and so on. Returns where it is."""
    partial = beside(file)
    try:
        partial.write_text(text, encoding="utf-8")
        number = 1
        while True:
            name = file if number == 1 else file.with_stem(f"{file.stem}-{number}")
            number += 1
            with suppress(FileExistsError):
                return publish(partial, name)
    finally:
        partial.unlink(missing_ok=True)


def publish(partial: Path, name: Path) -> Path:
    """Give a finished file its name. Raises FileExistsError if something has that name already."""
    try:
        os.link(partial, name)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if name.exists():
            raise FileExistsError(name) from None
        os.replace(partial, name)
    return name


def beside(file: Path) -> Path:
    """Where a file is written until it is whole."""
    return file.with_name(f".{file.name}.{os.getpid()}.partial")


def put_aside(file: Path) -> Path:
    """Rename a damaged file, so that nothing in it is lost. Returns its new name."""
    number = 1
    while (aside := file.with_name(f"{file.stem}.damaged-{number}{file.suffix}")).exists():
        number += 1
    os.replace(file, aside)
    return aside
