"""The results file of a sweep: a header that says which sweep it is, then one line for each finished scenario.

An interrupted sweep goes on where it was. A last line that the interruption broke off is dropped and its scenario run
again; any other line that cannot be read, and a file of another sweep, is refused, because somebody may need it.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from .scenario import Scenario

KIND = "mmlab sweep 1"


class ResultsFile:
    """Finished figures by scenario. Use `done` to look one up, `add` to write one, `close` at the end."""

    def __init__(self, path: str | os.PathLike, scenarios: list[Scenario], seconds: float, figures: list[str]) -> None:
        """Open or begin the file at `path`.

        Raises ValueError, in one line, for a file of another sweep, a broken line before the last, or a design that is
        not in the catalogue (a file cannot hold it); OSError for a file that cannot be read or written.
        """
        self.path = Path(path)
        self.keys = {scenario: scenario.to_json() for scenario in scenarios}
        print_of_all = hashlib.sha256("\n".join(self.keys.values()).encode()).hexdigest()[:16]
        self.header = {
            "file": KIND,
            "seconds": seconds,
            "figures": figures,
            "of": len(self.keys),
            "sweep": print_of_all,
        }
        self.finished: dict[str, dict] = {}
        good = self._read()
        self.file = self.path.open("r+b" if good else "wb")
        self.file.seek(good)
        self.file.truncate()
        if not good:
            self._write(self.header)

    def _read(self) -> int:
        """Fill `finished` from what is there; how many bytes of it are good."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return 0
        *lines, rest = data.split(b"\n")  # `rest` has no newline: it was being written when the sweep was interrupted
        if not lines:
            if rest and not json.dumps(self.header).encode().startswith(rest):
                raise self._refused("is not the results file of a sweep")
            return 0
        if _object(lines[0]) != self.header:
            known = _object(lines[0]).get("file") == KIND
            raise self._refused("belongs to another sweep" if known else "is not the results file of a sweep")
        keys = set(self.keys.values())
        good = len(lines[0]) + 1
        for number, line in enumerate(lines[1:], 2):
            row = _object(line)
            key, figures = json.dumps(row.get("scenario")), row.get("figures")
            fits = key in keys and isinstance(figures, dict) and list(figures) == self.header["figures"]
            if not fits:
                if number == len(lines):
                    break
                raise self._refused(f"has a line that cannot be read, number {number},")
            self.finished[key] = figures
            good += len(line) + 1
        return good

    def _refused(self, what: str) -> ValueError:
        return ValueError(f"results={str(self.path)!r} {what} and is left alone; give another name, or remove it first")

    def _write(self, value: dict) -> None:
        self.file.write(json.dumps(value).encode() + b"\n")
        self.file.flush()

    def done(self, scenario: Scenario) -> dict | None:
        """The figures of a scenario that was finished before, or None."""
        return self.finished.get(self.keys[scenario])

    def add(self, scenario: Scenario, figures: dict) -> None:
        """Write a finished scenario, at once."""
        key = self.keys[scenario]
        if key not in self.finished:
            self.finished[key] = figures
            self._write({"scenario": json.loads(key), "figures": figures})

    def close(self) -> None:
        """Nothing more will be added."""
        self.file.close()


def _object(line: bytes) -> dict:
    """The JSON object on a line; an empty one if it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
