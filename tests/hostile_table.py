"""What each submission of the hostile corpus got: `python tests/hostile_table.py` makes docs/hostile.md anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hostile import CORPUS
from hostile.page import FILE, page
from hostile.running import faults, graded


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        batch = graded(Path(folder), CORPUS)
    for entry in CORPUS:
        for fault in faults(entry, batch):
            print(f"{entry.name!r}: {fault}")
    FILE.write_text(page(batch), encoding="utf-8")


if __name__ == "__main__":
    main()
