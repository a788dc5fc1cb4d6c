"""What is known of mmlab's own designs, and of the learner's earlier ones, so that the board need not wait for it.

`kept_designs.json` is made by `python -m mmlab.course.kept`, never by hand; a test makes parts of it anew and compares.
The learner's own results are in `board.json` in the work folder.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from ..designs import Design, everything, find
from ..designs.fingerprint import fingerprint
from ..experiment.design_check import DesignCheck, check
from ..experiment.design_entry import Entry
from ..experiment.design_measures import Measures, from_dict, measure
from .files import put_aside, write_whole
from .guesses import work_folder

SHIPPED = Path(__file__).with_name("kept_designs.json")
KIND = "mmlab board 1"

own: dict[str, dict] = {}
"""rows of the learner's designs by their fingerprints, where there is no work folder to keep them in"""


def version() -> str:
    """mmlab's. (To import it from the top of the package would be an arrow that points up.)"""
    return sys.modules["mmlab"].__version__


def row_of(design: Design, checked: DesignCheck, measured: Measures) -> dict:
    """What is kept of a design."""
    return {
        "name": design.name, "fingerprint": fingerprint(design), "base": design.base and design.base.name,
        "mmlab": version(), "check": checked.as_dict(), "values": measured.as_dict(),
    }  # fmt: skip


def entry_of(row: dict, *, mine: bool = False, note: str = "") -> Entry:
    """A row as the board takes it. Raises KeyError, TypeError or ValueError for a row that is none."""
    values = from_dict(row["name"], row["values"]).values
    checked = row["check"]
    return Entry(row["name"], checked["safe"], checked["live"], values, checked["finding"] or "", mine, note)


def shipped_rows() -> dict[str, dict]:
    """The rows of mmlab's own designs, by name."""
    return json.loads(SHIPPED.read_text(encoding="utf-8"))


def shipped_entry(name: str, *, fresh: bool = False, progress: bool | None = None) -> Entry:
    """The entry of one of mmlab's designs: the kept one, unless its code is another by now or `fresh` asks for more."""
    design = find(name)
    row = None if fresh else shipped_rows().get(design.name)
    if row is None or row["fingerprint"] != fingerprint(design):
        row = row_of(design, check(design, progress=progress), measure(design, progress=progress))
    return entry_of(row)


def board_file() -> Path | None:
    """board.json in the learner's work folder, or None where there is none."""
    folder = work_folder()
    return folder and folder / "board.json"


def own_rows(rescue: bool = False) -> dict[str, dict]:
    """The rows of the learner's designs by fingerprint, oldest first. With `rescue` a damaged file is put aside."""
    file = board_file()
    if file is None:
        return dict(own)
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["file"] != KIND:
            raise ValueError
        for row in kept["designs"].values():
            entry_of(row)
        return kept["designs"]
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError, KeyError):
        if rescue:
            put_aside(file)
        return {}


def keep(row: dict) -> None:
    """Keep the row of a learner's design; one with the same fingerprint is replaced and becomes the newest."""
    file = board_file()
    rows = own if file is None else own_rows(rescue=True)
    rows.pop(row["fingerprint"], None)
    rows[row["fingerprint"]] = row | {"at": datetime.now().isoformat(timespec="seconds")}
    if file is not None:
        write_whole(file, json.dumps({"file": KIND, "designs": rows}, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    """Make kept_designs.json anew; some minutes."""
    rows = {}
    for name, design in everything().items():
        if not name.startswith("spufs_"):  # they need a driver's mapping, which these worlds do not have
            rows[name] = row_of(design, check(design, progress=False), measure(design, progress=False))
            print(f"{name}: {rows[name]['check']['sentence']}", file=sys.stderr, flush=True)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    write_whole(SHIPPED, f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
