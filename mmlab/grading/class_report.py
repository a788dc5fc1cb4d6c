"""How the class did: which check failed for how many and what they may think, how points are spread, who is missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import mean, median

from ..checks import Check
from ..checks.exercises import exercise
from ..checks.outcome import ALMOST, CORRECT, NOT_YET
from . import chart
from .beliefs import belief, kind_of
from .final import Final
from .page import page, table, text
from .plain import shown
from .score import GRADED, MISSING, PARTLY, STATUSES
from .scoring import LOST
from .table import in_order

MOST_NAMES = 200


@dataclass
class CheckRow:
    """One check: how many got which result, and of those who failed, how often which kind of finding."""

    name: str
    unseen: bool
    counts: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    belief: str = ""

    @property
    def failed(self) -> int:
        """How many did not pass it."""
        return sum(self.counts.values()) - self.counts[CORRECT]

    @property
    def beliefs(self) -> list[str]:
        """What those who failed may think, the most frequent first, with how many."""
        found: Counter = Counter()
        for kind, number in self.kinds.items():
            found[belief(kind, None) or self.belief] += number
        return [f"{words} ({number})" for words, number in sorted(found.items(), key=lambda one: -one[1]) if words]


@dataclass
class ClassRow:
    """One exercise."""

    name: str
    title: str
    possible: int
    statuses: Counter
    points: list[float]
    checks: list[CheckRow]
    missing: list[str]
    waiting: int
    others: list[str]
    """who was neither graded in full nor is missing, and why, a line each"""

    @property
    def sentence(self) -> str:
        """How it went."""
        said = ", ".join(f"{self.statuses[status]} {status}" for status in STATUSES if self.statuses[status])
        if self.points and self.possible:
            middle, average = median(self.points), mean(self.points)
            said += f". Points by checks: median {middle:g}, mean {average:.1f} of {self.possible}"
        if self.waiting:
            said += f". {self.waiting} wait for a person's points"
        return said + "."


def class_rows(finals: list[Final], unseen: dict[str, tuple[Check, ...]] | None = None) -> list[ClassRow]:
    """What the report says, an exercise a row. unseen: the unseen checks, for what they say of beliefs."""
    rows = []
    for name in in_order({one.score.exercise for one in finals}):
        ones = [one for one in finals if one.score.exercise == name]
        about = exercise(name)
        known = {check.name: check for check in (*about.checks, *(unseen or {}).get(name, ()))}
        checks: dict[str, CheckRow] = {}
        for one in ones:
            for mark in one.score.marks:
                row = checks.setdefault(
                    mark.check,
                    CheckRow(mark.check, mark.unseen, belief=known[mark.check].belief if mark.check in known else ""),
                )
                what = mark.status if mark.status in (CORRECT, ALMOST) else NOT_YET
                row.counts[chart.LOST if mark.status in LOST else what] += 1
                if mark.status != CORRECT:
                    row.kinds[kind_of(mark)] += 1
        rows.append(
            ClassRow(
                name,
                about.title,
                max((one.score.possible for one in ones), default=0),
                Counter(one.score.status for one in ones),
                [one.score.points for one in ones if one.score.status in (GRADED, PARTLY)],
                sorted(checks.values(), key=lambda row, order=[*known, *checks]: order.index(row.name)),
                sorted(one.score.student for one in ones if one.score.status == MISSING),
                sum(one.waiting > 0 for one in ones),
                [
                    ": ".join(filter(None, (shown(one.score.student), one.score.status, shown(one.score.note))))
                    for one in ones if one.score.status not in (GRADED, MISSING)
                ],
            )
        )  # fmt: skip
    return rows


def as_text(rows: list[ClassRow]) -> str:
    """class.txt"""
    out = []
    for row in rows:
        out += [row.title, "=" * len(row.title), row.sentence, ""]
        if row.points and row.possible:
            for name, count in chart.spread(row.points, row.possible):
                out.append(f"  {name:>18} points  {count:4}  {'#' * count if count <= 60 else '#' * 60 + '...'}")
            out.append("")
        for check in sorted(row.checks, key=lambda one: -one.failed):
            total = sum(check.counts.values())
            out.append(f"  {check.failed:4} of {total} failed: {check.name}{' [unseen]' if check.unseen else ''}")
            out += [f"       they may think {words}" for words in check.beliefs[:3]]
        if row.missing:
            out += ["", f"  missing: {', '.join(map(shown, row.missing[:MOST_NAMES]))}{more(row.missing)}"]
        out += ["", *(f"  {line}" for line in row.others[:MOST_NAMES]), ""] if row.others else [""]
    return "\n".join(out)


def more(names: list[str]) -> str:
    """How many names are not shown."""
    return f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""


def as_html(rows: list[ClassRow]) -> str:
    """class.html"""
    out = ["<h1>How the class did</h1>"]
    for row in rows:
        out += [f"<h2>{text(row.title)}</h2>", f"<p>{text(row.sentence)}</p>"]
        if row.points and row.possible:
            spread = chart.spread(row.points, row.possible)
            label = f"Histogram of the points of {len(row.points)} submissions. {row.sentence}"
            out.append(f"<figure>{chart.histogram(spread, label)}</figure>")
            out.append(
                "<details><summary>The numbers</summary>"
                + table(["points", "submissions"], [list(one) for one in spread], (1,))
                + "</details>"
            )
        if row.checks:
            worst = max(row.checks, key=lambda one: one.failed)
            label = f"How each check went. Most failed: {worst.name}, {worst.failed} of {sum(worst.counts.values())}."
            bars = [chart.Bar(f"{one.name}{' [unseen]' if one.unseen else ''}", dict(one.counts)) for one in row.checks]
            out += ["<h3>How each check went</h3>", chart.legend(), f"<figure>{chart.bars(bars, label)}</figure>"]
            out.append(
                table(
                    ["check", "failed", "of", "they may think"],
                    [
                        [
                            f"{one.name}{' [unseen]' if one.unseen else ''}", one.failed, sum(one.counts.values()),
                            "; ".join(one.beliefs[:3]),
                        ]
                        for one in sorted(row.checks, key=lambda one: -one.failed)
                    ],
                    (1, 2),
                )
            )  # fmt: skip
        if row.missing:
            out.append(f"<h3>Missing: {len(row.missing)}</h3>")
            out.append(f"<p>{text(', '.join(map(shown, row.missing[:MOST_NAMES])) + more(row.missing))}</p>")
        if row.others:
            out.append(f"<h3>Not graded, or not in full: {len(row.others)}</h3>")
            lines = "".join(f"<li>{text(line)}</li>" for line in row.others[:MOST_NAMES])
            out.append(f"<ul>{lines}</ul>{more(row.others)}")
    return page("How the class did", "\n".join(out))
