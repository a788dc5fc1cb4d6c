"""Pairs of submissions that are more alike than the exercise makes them. A pair is a question, never a verdict.

What the released notebook, the solution and the shipped designs have says nothing; nor does a passage that more than a
tenth of the class has (and more than ten): that is how one writes it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from ..checks import gather
from ..checks.exercises import exercise, names
from .fingerprints import fingerprints, names_in
from .intake import Accepted, take
from .layouts import harvest
from .page import page, text
from .plain import put, shown
from .table import in_order

LEAST, FEWEST, IDIOM = 0.5, 8, 10
"""a pair is told from this share on, with at least so many fingerprints; a passage of at most so many is no idiom"""


class Pair(NamedTuple):
    """Two students whose work on an exercise shares `common` of `of` fingerprints of the shorter one."""

    exercise: str
    one: str
    other: str
    common: int
    of: int
    prints: frozenset[int]

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.common / self.of


@dataclass
class Similar:
    """`pairs`, the most alike first; `texts` by (exercise, student); `left_out` are lines on what was not compared."""

    pairs: list[Pair] = field(default_factory=list)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    prints: dict[tuple[str, str], list] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def as_dict(self) -> dict:
        """For JSON."""
        pairs = [{**one._asdict(), "prints": sorted(one.prints), "share": round(one.share, 3)} for one in self.pairs]
        return {"pairs": pairs, "compared": len(self.texts), "left_out": self.left_out}

    def __str__(self) -> str:
        alike = "1 pair is alike" if len(self.pairs) == 1 else f"{len(self.pairs)} pairs are alike"
        out = [f"{len(self.texts)} submissions compared, {alike}"]
        out += [
            f"  {one.share:4.0%}  {one.exercise}  {shown(one.one)} and {shown(one.other)} "
            f"({one.common} of {one.of} fingerprints)"
            for one in self.pairs
        ]
        return "\n".join(out)


def similar(
    submissions: Path | str, *, exercises: Iterable[str] | None = None, solutions: Path | str = "solutions",
    released: Path | str = "exercises", least: float = LEAST,
) -> Similar:  # fmt: skip
    """Compare what is in a folder or zip. `solutions` and `released` are the folders with the notebooks that do not
    count. Raises ValueError and OSError."""
    if not 0 < least <= 1:
        raise ValueError(f"--least {least:g}: a share above 0, up to 1, is wanted")
    for name in exercises or ():
        exercise(name)
    found = Similar()
    sources: dict[str, dict[str, str]] = defaultdict(dict)
    with harvest(submissions, names()) as there:
        for one in there.found:
            if exercises and one.exercise not in exercises:
                continue
            taken = None if one.refused else take(one.path)
            if not isinstance(taken, Accepted):
                reason = one.refused or taken.reason
                found.left_out.append(f"{shown(one.student)} {one.exercise}: {reason}")
                continue
            sources[one.exercise][one.student] = gather(taken.cells, exercise(one.exercise).functions).source
    for name in in_order(sources):
        compare(found, name, sources[name], given_to_all(name, Path(solutions), Path(released)), least)
    found.pairs.sort(key=lambda one: (-one.share, -one.common, one.exercise, one.one, one.other))
    return found


def given_to_all(name: str, solutions: Path, released: Path) -> list[str]:
    """Texts that everybody has, or the instructor: the stub, the solution, all shipped designs."""
    from .. import designs

    texts = []
    for folder in (released, solutions):
        taken = take(path) if (path := folder / name / f"{name}.ipynb").is_file() else None
        if isinstance(taken, Accepted):
            texts.append("\n\n".join(taken.cells))
    package = Path(designs.__file__).parent
    return texts + [path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py"))]


def compare(found: Similar, name: str, sources: dict[str, str], ours: list[str], least: float) -> None:
    """Add the pairs of one exercise."""
    known = frozenset().union(*map(names_in, ours))
    base = {passage.print for one in ours for passage in fingerprints(one, known)}
    holders: dict[int, list[str]] = defaultdict(list)
    sizes = {}
    for student, source in sorted(sources.items()):
        prints = fingerprints(source, known)
        found.texts[name, student], found.prints[name, student] = source, prints
        for one in {passage.print for passage in prints} - base:
            holders[one].append(student)
    idiom = max(IDIOM, len(sources) // 10)
    common: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one, students in holders.items():
        if len(students) <= idiom:
            for pair in combinations(students, 2):
                common[pair].add(one)
    sizes = Counter(student for students in holders.values() if len(students) <= idiom for student in students)
    for (a, b), prints in common.items():
        of = min(sizes[a], sizes[b])
        if len(prints) >= FEWEST and len(prints) >= least * of:
            found.pairs.append(Pair(name, a, b, len(prints), of, frozenset(prints)))


def report(found: Similar, path: Path) -> None:
    """Write the pairs, with both passages side by side, as a page. Raises OSError."""
    out = [
        "<h1>Submissions that are alike</h1>",
        "<p>Marked is what both have, whatever their names, comments and layout, and what neither the exercise, nor "
        "the solution, nor a shipped design, nor much of the class has. A pair is a question to ask, not an answer: "
        "short answers to a narrow task are alike by themselves.</p>",
        f"<p>{text(str(found).splitlines()[0])}.</p>",
    ]
    for one in found.pairs:
        out.append(
            f"<h2>{text(one.exercise)}: {text(one.one)} and {text(one.other)}, {one.share:.0%}</h2>"
            f"<p>{one.common} of {one.of} fingerprints of the shorter one.</p><div class='pair'>"
        )
        out += [
            f"<div><h3>{text(student)}</h3><pre>{marked(found, one, student)}</pre></div>"
            for student in (one.one, one.other)
        ]
        out.append("</div>")
    if found.left_out:
        out.append(f"<h2>Not compared</h2><p class='said'>{text(chr(10).join(found.left_out))}</p>")
    put(path, page("Submissions that are alike", "\n".join(out)))


def marked(found: Similar, pair: Pair, student: str) -> str:
    """A text with the lines of the shared passages marked."""
    key = (pair.exercise, student)
    lines = {
        line
        for passage in found.prints[key]
        if passage.print in pair.prints
        for line in range(passage.first, passage.last + 1)
    }
    return "\n".join(
        f"<mark>{text(line)}</mark>" if number in lines and line.strip() else text(line)
        for number, line in enumerate(found.texts[key].split("\n"), 1)
    )
