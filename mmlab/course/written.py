"""The answers that a person reads: how many words they have, as far as that can be seen from inside the notebook."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from ..checks import Exercise

EMPTY = "*Write your answer here.*"


def word_counts(exercise: Exercise, path: Path | None = None) -> list[str]:
    """A line for each written answer: its words, and the limit. One line alone where the notebook cannot be read.

    path: of the notebook; by default the one that JupyterLab runs here.
    """
    if not exercise.written:
        return []
    cells = markdown_of(path or notebook_here())
    if not cells:
        return [f"Each answer has at most {max(exercise.written.values())} words."]
    lines = []
    for name, most in exercise.written.items():
        text = cells.get(name, "").replace(EMPTY, "")
        words = len(re.findall(r"\S*\w\S*", text))
        state = "is still to be written" if not words else f"has {words} of {most} words"
        lines.append(f"{name}: {state}{', that is too many' if words > most else ''}.")
    return [*lines, "(As the notebook was saved last.)"]


def notebook_here() -> Path | None:
    """The file of the notebook that runs here; None where that is not told."""
    told = os.environ.get("JPY_SESSION_NAME", "")
    path = Path(told)
    return path if told.endswith(".ipynb") and path.is_file() else None


def markdown_of(path: Path | None) -> dict[str, str]:
    """The markdown cells that nbgrader has a name for; nothing where there is no notebook."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path else []
        return {
            cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
            for cell in cells
            if cell["cell_type"] == "markdown" and "nbgrader" in cell["metadata"]
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}
