"""Names of students as names of folders, and files that are written only when they change."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,58}[A-Za-z0-9]|[A-Za-z0-9]")
LONGEST = 40


def plain(student: str) -> str:
    """A name that is safe in a path and in an address, different for different students.

    A name of letters, digits, dots, @, - and _ stays as it is; any other is shortened to these, and "~" and a hash
    follow, which no name that stays has.
    """
    if PLAIN.fullmatch(student):
        return student
    found = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    ascii_only = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-")[:LONGEST].strip("-")
    return f"{words or 'student'}~{found}"


def shown(text: str) -> str:
    """A student's name in one line: what cannot be printed is told by its code."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def put(path: Path, text: str, private: bool = False) -> bool:
    """Write a text file whole, unless it says the same already. Returns whether it was written. Raises OSError.

    private: for its owner alone, as what holds a password is.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        if not path.is_symlink() and path.read_bytes() == data:
            return False
    except OSError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600 if private else 0o666)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        error.filename = str(path)  # a write that fails does not say of what
        raise
    finally:
        partial.unlink(missing_ok=True)
    return True
