"""The capstone: a learner's design is checked, measured, put on the board, and written down.

    from mmlab import course
    course.check_design(mine)       # safe? live? every interleaving of some small worlds
    course.measure_design(mine)     # twelve figures
    course.board([mine])            # beside the series
    course.save_report(mine)        # work/capstone-report.html

Each step does the earlier ones if they are missing, and nothing is done twice for the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ..designs import Design, descendants, everything, find, series
from ..designs.fingerprint import defined_again, fingerprint
from ..experiment.design_board import Board
from ..experiment.design_check import DesignCheck, check
from ..experiment.design_entry import Entry
from ..experiment.design_measures import Measures, judged_by, measure
from ..experiment.worlds import World
from . import kept
from .document import DesignDocument
from .files import write_new
from .guesses import work_folder
from .show import Shown

__all__ = ["board", "check_design", "judged_by", "measure_design", "save_report"]
EXAMPLE = 'mmlab.designs["pagefault_args"].patched("mine", do_page_fault=do_page_fault)'
checked: dict[tuple, DesignCheck] = {}
measured: dict[tuple, Measures] = {}


class NotADesign(ValueError):
    """What was given cannot be judged; the message is one line. A notebook shows that line alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"ValueError: {self}"]


def understood(design) -> Design:
    """The design that was meant. Raises NotADesign, in one line, for anything else."""
    if isinstance(design, str):
        try:
            return find(design)
        except ValueError as error:
            raise NotADesign(str(error)) from None
    if not isinstance(design, Design):
        if isinstance(design, Callable):
            name = getattr(design, "__name__", "it")
            raise NotADesign(f"{name} is a function; patch it onto a base first, such as {EXAMPLE}")
        raise NotADesign(f"{design!r} is not a design; make one, such as {EXAMPLE}")
    if not is_ours(design) and design.name in everything():
        raise NotADesign(f"your design is called {design.name!r}, as one of mmlab's; give it a name of its own")
    return design


def is_ours(design: Design) -> bool:
    """Whether it is the design of mmlab's of that name."""
    return everything().get(design.name) is design


def watched() -> bool | None:
    """Whether a progress bar is wanted: a learner sees one, a notebook that is stored has none."""
    return True if work_folder() else None


def check_design(
    design: str | Design, *, worlds: Iterable[str | World] | None = None, thorough: bool = False
) -> DesignCheck:
    """Is it safe, is it live? Every interleaving of nineteen small worlds, up to the first that breaks it.

    worlds: others, by name; thorough: larger ones too, some minutes. The outcome shows itself: the sentence with its
    bounds, or what is wrong with the line of your code and the shortest interleaving that leads there.
    Raises ValueError for what is no design, and for unknown worlds.
    """
    design = understood(design)
    worlds = tuple(worlds) if worlds is not None else None
    key = design.name, fingerprint(design), worlds, thorough
    if key not in checked:
        checked[key] = check(design, worlds, thorough=thorough, progress=watched())
    return replace(checked[key], notes=remarks(design))


def remarks(design: Design) -> list[str]:
    """What a learner should know who changed a cell and forgot another."""
    return [
        f"Note: your notebook has another {name} by now than {design.name} was made with. "
        "To judge the new one, run the cell with .patched(...) again."
        for name in defined_again(design)
    ]


def measure_design(design: str | Design) -> Measures:
    """Twelve figures: headline, random disk, DONTNEED, kill, fast disks. Raises ValueError for what is no design."""
    design = understood(design)
    key = design.name, fingerprint(design)
    if key not in measured:
        measured[key] = measure(design, progress=watched())
    return measured[key]


def board(
    designs: Iterable[str | Design] | str | Design = (), *, with_series: bool = True, with_descendants: bool = False,
    earlier: bool = True, fresh: bool = False,
) -> Board:  # fmt: skip
    """The learner's designs beside the series, and beside what Linux did if `with_descendants`.

    earlier: with those that were on the board in earlier sessions. fresh: run everything of mmlab's own designs again
    (minutes) instead of taking what is kept of them. In a work folder the results go to board.json.
    Raises ValueError for what is no design, and for two designs of one name.
    """
    given = [designs] if isinstance(designs, str | Design) else list(designs)
    chosen = list(dict.fromkeys(understood(design) for design in given))
    names = [*(series if with_series else ()), *(descendants if with_descendants else ())]
    names += [design.name for design in chosen if is_ours(design) and design.name not in names]
    mine = [design for design in chosen if not is_ours(design)]
    twice = next((d.name for n, d in enumerate(mine) if d.name in [other.name for other in mine[:n]]), None)
    if twice:
        raise NotADesign(f"two of your designs are called {twice!r}; give one of them another name")
    entries = [kept.shipped_entry(name, fresh=fresh, progress=watched()) for name in names]
    for design in mine:
        row = kept.row_of(design, check_design(design), measure_design(design))
        kept.keep(row)
        entries.append(kept.entry_of(row, mine=True))
    if earlier:
        entries += earlier_entries({entry.name for entry in entries})
    if not entries:
        raise NotADesign("the board is empty; give it a design, or with_series=True")
    return Board(entries)


def earlier_entries(there: set[str]) -> list[Entry]:
    """What the learner had on the board before, the newest of each name that is not there now."""
    rows = {row["name"]: row for row in kept.own_rows().values() if row["name"] not in there}
    return [kept.entry_of(row, mine=True, note=noted(row)) for row in rows.values()]


def noted(row: dict) -> str:
    """When it was put on the board."""
    return f"of {row['at'][:10]}" if kept.board_file() else "earlier"


def save_report(
    design: str | Design, document: DesignDocument | str | None = None, *, path: str | Path | None = None
) -> Shown:
    """Write the report of a design: its source and diff, verdicts, counter-example, figures, board, and your words.

    document: what `design_document` gave, or a text. It goes to capstone-report.html in the work folder, or to `path`;
    a report that is there already stays, and the new one gets a number. Elsewhere, and without `path`, nothing is
    written, and a line says so. Raises ValueError for what is no design, OSError if it cannot be written.
    """
    from .report import report

    design = understood(design)
    folder = work_folder()
    if path is None and folder is None:
        return said(
            "Not written: this is not your work folder (course.py lab opens it). "
            'Give a path: save_report(design, path="capstone-report.html")'
        )
    file = folder / "capstone-report.html" if path is None else Path(path)
    if file.is_dir():
        file /= "capstone-report.html"
    text = report(design, check_design(design), measure_design(design), board([design]), document)
    written = write_new(file, text)
    shown = Path("work", written.name) if path is None else written
    number = " An earlier one was there and stays." if written.name != file.name else ""
    return said(f"Written: {shown.as_posix()}.{number}")


def said(line: str) -> Shown:
    """One line as an output."""
    from html import escape

    return Shown(line, f"<p>{escape(line)}</p>")
