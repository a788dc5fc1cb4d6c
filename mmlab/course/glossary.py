"""glossary(): the words of the course, as a table in a notebook and as docs/glossary.md."""

from __future__ import annotations

import difflib

from ..view.drawing import LinkedTable
from .source import ELIXIR
from .terms import TERMS, Term

NOTEBOOKS = (
    "00-start-here", "01-anatomy-of-a-page-fault", "02-the-naive-synchronous-fault", "03-the-convoy",
    "04-drop-the-lock", "05-livelock", "06-one-retry-and-a-hacky-flag", "07-pagefault-args", "08-the-sequence-counter",
    "09-the-final-design", "10-what-linux-did", "11-your-own-kernel", "12-design-your-own-fault-path",
)  # fmt: skip
COLUMNS = ["word", "what it means", "explained in", "in Linux 2.6.18"]


def glossary(term: str | None = None) -> LinkedTable:
    """All words of the course, or one: what it means, the notebook that explains it, its place in Linux 2.6.18.

    Upper and lower case do not matter. Raises ValueError for a word that is not there, with the nearest right spelling.
    """
    chosen = sorted(TERMS, key=lambda one: one.name.lower()) if term is None else [find(term)]
    links = {f"notebook {one.notebook:02}": f"{NOTEBOOKS[one.notebook]}.ipynb" for one in chosen}
    links |= {one.file: ELIXIR + one.file for one in chosen if one.file}
    rows = [[one.name, one.meaning, f"notebook {one.notebook:02}", one.file or "-"] for one in chosen]
    return LinkedTable(COLUMNS, rows, links)


def find(term: str) -> Term:
    """The Term of that name. Raises ValueError with the nearest right spelling."""
    names = {one.name.lower(): one for one in TERMS}
    word = str(term).strip().lower()
    if word in names:
        return names[word]
    near = difflib.get_close_matches(word, names, 1, 0.5) or [name for name in names if word and word in name]
    hint = f"; did you mean {names[near[0]].name!r}?" if near else ";"
    raise ValueError(f"the glossary has no {term!r}{hint} course.glossary() shows all {len(TERMS)} words")


def markdown() -> str:
    """docs/glossary.md."""
    lines = [
        "# Glossary",
        "",
        f"The {len(TERMS)} words of the course: what each means, the notebook that explains it, and its place in Linux "
        '2.6.18. In a notebook: `course.glossary()` or `course.glossary("convoy")`.',
        "",
        "Made by `mmlab glossary --markdown docs/glossary.md`; the words stand in `mmlab/course/terms.py`.",
        "",
        "| word | what it means | explained in | in Linux 2.6.18 |",
        "|---|---|---|---|",
    ]
    for one in sorted(TERMS, key=lambda one: one.name.lower()):
        notebook = f"[notebook {one.notebook:02}](../notebooks/{NOTEBOOKS[one.notebook]}.ipynb)"
        place = f"[`{one.file}`]({ELIXIR}{one.file})" if one.file else ""
        lines.append(f"| **{one.name}** | {one.meaning} | {notebook} | {place} |".replace("  |", " |"))
    return "\n".join(lines) + "\n"
