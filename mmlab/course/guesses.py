"""Where a learner's guesses are kept: `guesses.json` in the work folder that `course.py lab` handed out.

Every guess ever made stays in that file, oldest first. Where there is no such folder (the committed notebooks are being
executed, a browser without a file system) nothing is written, and guesses live as long as the Python process.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

LEDGER = ".handed-out.json"
"""the file by which a folder is known to be a learner's: course.py writes it"""

of_this_session: dict[str, list[dict]] = {}


def work_folder() -> Path | None:
    """The nearest folder above that is a learner's `work`, or None when there is none."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if folder.name == "work" and (folder / LEDGER).is_file():
            return folder
    return None


def guesses_file() -> Path | None:
    """guesses.json in the learner's work folder, or None when there is none."""
    folder = work_folder()
    return folder and folder / "guesses.json"


def all_guesses() -> dict[str, list[dict]]:
    """Every guess by the name of its question, oldest first."""
    file = guesses_file()
    kept = of_this_session if file is None else read(file)
    return {name: list(guesses) for name, guesses in kept.items()}


def guess_of(name: str):
    """The latest guess for the question `name`, a number or a text; None when there is none."""
    guesses = all_guesses().get(name)
    return guesses[-1]["guess"] if guesses else None


def keep(name: str, question: str, guess, unit: str) -> bool:
    """Add a guess; the earlier ones stay. Returns whether it was written to a file. A repeated guess is kept once.

    Raises OSError when the file cannot be written (disk full, no permission).
    """
    entry = {"guess": guess, "unit": unit, "question": question, "at": datetime.now().isoformat(timespec="seconds")}
    file = guesses_file()
    guesses = of_this_session if file is None else read(file, rescue=True)
    earlier = guesses.setdefault(name, [])
    if not earlier or earlier[-1]["guess"] != guess:
        earlier.append(entry)
        if file is not None:
            write(file, guesses)
    return file is not None


def read(file: Path, rescue: bool = False) -> dict[str, list[dict]]:
    """The guesses in a file; none when it is missing or damaged. With `rescue` a damaged file is put aside."""
    try:
        guesses = json.loads(file.read_text(encoding="utf-8"))
        _ = [entry["guess"] for entries in guesses.values() for entry in entries]
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError, KeyError):
        if rescue:
            number = 1
            while (aside := file.with_name(f"guesses.damaged-{number}.json")).exists():
                number += 1
            os.replace(file, aside)
        return {}
    return guesses


def write(file: Path, guesses: dict) -> None:
    """Write the whole file or nothing."""
    partial = file.with_name(".guesses.json.partial")
    partial.write_text(json.dumps(guesses, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, file)
