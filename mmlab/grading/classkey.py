"""The class key: the secret from which follows what the checks draw by lot. It is in no repository and in no result."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

SHORTEST = 16


def default() -> Path:
    """Where the key is kept unless --key says otherwise."""
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "mmlab" / "class.key"


def class_key(path: Path | str) -> tuple[str, bool]:
    """The key in a file, and whether it was just made: a file that is not there is made, for the owner alone to read.

    Raises ValueError for a file that holds no key, or can be neither read nor made.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read(path), False
    except OSError as error:
        raise ValueError(f"the class key {path} can be neither read nor made ({error.strerror}): see --key") from None
    try:
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(24) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return read(path), True


def read(path: Path) -> str:
    """The key of a file."""
    try:
        key = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        key = ""
    except OSError as error:
        raise ValueError(f"the class key {path} cannot be read ({error.strerror}): see --key") from None
    if len(key) < SHORTEST or "\n" in key:
        raise ValueError(
            f"{path} holds no class key: one line of {SHORTEST} characters or more is wanted. Without the file, a new "
            "key is made"
        )
    return key


def fingerprint(key: str) -> str:
    """What results say of the key: enough to notice that it was changed, and slow to guess from."""
    return hashlib.pbkdf2_hmac("sha256", key.encode(), b"mmlab class key", 200_000).hex()[:16]
