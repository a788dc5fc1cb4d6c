"""docs/hostile.md: what each submission of the corpus got."""

from __future__ import annotations

from mmlab.checks.exercises import exercise
from mmlab.grading.plain import shown

from . import KINDS
from .entry import NOT_TAKEN, Entry
from .running import BUDGETS, ROOT, Graded, told

FILE = ROOT / "docs" / "hostile.md"
LONGEST = 150
"""characters of what a student reads that are shown"""
HEAD = """# Hostile and broken submissions

Made by `tests/hostile_table.py`; do not edit. {number} submissions, graded as one batch by two workers inside
bubblewrap. `tests/test_hostile.py` grades them again and compares each status and each number of points with what was
written down for it beforehand (`tests/hostile/`), and this page letter by letter.

- Most are of exercise 1, which has 20 points: 2 for `search_vmas`, 7 for `check_access`, 11 for `do_page_fault`. Wicked
  code stands in one of them, and right code beside it: so **7** means that a wicked `search_vmas` lost its 2 points and
  nothing else was touched, **2** the same of a wicked fault handler, and **9** that both functions are right. What
  nobody wrote earns nothing.
- Work that answers differently when it is asked again earns nothing from there on: nobody can say what it is.
- "partly graded": some checks could not be judged, because the process was gone or did not come back. They have no
  points, and that is no earned 0.
- The budgets are smaller than in a real batch: {check:g} s of processor time a check in place of 20, {answer:g} s for
  an answer in place of 8.
- Meanwhile a port of the machine listened and nobody called, and no file of the course, of a neighbour and of the
  gradebook changed. Afterwards no process was left.

| | submissions | graded | partly graded | crashed | rejected | not there | grader's fault |
|---|---|---|---|---|---|---|---|
"""


def page(graded: Graded) -> str:
    """The whole page."""
    head = HEAD.format(number=sum(map(len, KINDS.values())), check=BUDGETS["CHECK"], answer=BUDGETS["ANSWER"])
    sums = [sum_of(title, entries, graded) for title, entries in KINDS.items()]
    parts = [head + "\n".join(sums)]
    for title, entries in KINDS.items():
        lines = [f"## {title}", "", "| submission | what it is, or tries | status | points | its student reads |"]
        lines += ["|---|---|---|---|---|", *(row(entry, graded) for entry in entries)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def status_of(entry: Entry, graded: Graded) -> str:
    """What it got."""
    score = graded.scores.get((entry.name, entry.exercise))
    return score.status if score else NOT_TAKEN


def sum_of(title: str, entries: list[Entry], graded: Graded) -> str:
    """How many of a kind got which status."""
    found = [status_of(entry, graded) for entry in entries]
    columns = (["graded"], ["partly graded", "timeout"], ["crashed"], ["rejected"], ["missing", NOT_TAKEN])
    counts = [sum(one in column for one in found) for column in columns]
    return f"| {title} | {len(found)} | {' | '.join(map(str, counts))} | {len(found) - sum(counts)} |"


def row(entry: Entry, graded: Graded) -> str:
    """One submission."""
    score = graded.scores.get((entry.name, entry.exercise))
    points = "" if score is None or score.points is None else f"{score.points:g} of {score.possible}"
    one = exercise(entry.exercise)
    where = "" if entry.exercise == "ex1" else f" ({one.name})"
    name = shown(entry.name) if len(entry.name) < 40 else f"{entry.name[:8]}..."
    cells = [f"`{name}`", entry.tries + where, status_of(entry, graded), points, read(entry, graded)]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def read(entry: Entry, graded: Graded) -> str:
    """The part of what its student reads that tells of it."""
    if not entry.reads:
        return ""
    score = graded.scores.get((entry.name, entry.exercise))
    lines = [shown(line) for part in (told(score) if score else graded.summary.stray) for line in part.split("\n")]
    text = next((line for line in lines if shown(entry.reads) in line), "")
    if entry.volatile:
        text = text[: text.index(entry.reads) + len(entry.reads)] + " ..."
    for name, value in graded.place._asdict().items():
        text = text.replace(str(value), f"@{name.upper()}@")
    text = text if len(text) <= LONGEST else text[:LONGEST] + " ..."
    return f"`` {text} ``" if "`" in text else f"`{text}`"
