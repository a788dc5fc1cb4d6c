"""Row 10 of the mail: with one struct instead of many arguments, is it less code, faster code, less stack?

Counted from the designs' own signatures and patches, and measured on two small C programs.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from ... import designs
from ...view.table import Table
from .stack import CHAIN, Compiled, compile_and_run

BEFORE, AFTER = "retry_once", "pagefault_args"
SAME = 0.03
"""share: two medians closer than this are called the same"""


@dataclass(frozen=True)
class Row10:
    """The three answers. `compiled` is one line of text where there is no gcc."""

    arguments: dict[str, tuple[int, int]]
    lines: dict[str, tuple[int, int, int]]
    compiled: Compiled | str

    @property
    def passed(self) -> tuple[int, int]:
        """Arguments that one fault hands down the call chain, before and after."""
        before, after = zip(*self.arguments.values())
        return sum(before), sum(after)

    def verdict(self) -> list[str]:
        """The mail's hope, point by point."""
        before, after = self.passed
        added, removed, _ = self.lines[AFTER]
        said = [
            f"Arguments: {before} in {BEFORE}, {after} in {AFTER}, down one call chain.",
            f"Less code? {hope(added, removed)}: the patch adds {added} lines and removes {removed}. (It also adds "
            "reasons, killable waits and the page lock, which many arguments would need too.)",
        ]
        if isinstance(self.compiled, str):
            return [*said, f"{self.compiled[0].upper()}{self.compiled[1:]}."]
        many, one = (self.compiled.total(name) for name in ("many", "one"))
        ns = self.compiled.ns
        return [
            *said,
            f"Less stack? {hope(one, many)}: {many} bytes with many arguments, {one} with one struct, over the chain.",
            f"Faster? {hope(ns['one'], ns['many'], SAME)}: {ns['many']:.2f} ns a chain with many arguments, "
            f"{ns['one']:.2f} with one struct. On x86-64 up to six arguments "
            "travel in registers, the struct is memory. A 2006 kernel on i386 had three registers for them, and more "
            "arguments went over the stack: that machine is not measured here.",
        ]

    def as_dict(self) -> dict:
        """For JSON."""
        compiled = self.compiled
        measured = compiled if isinstance(compiled, str) else {**vars(compiled)}
        return {
            "arguments": self.arguments, "passed": self.passed, "lines": self.lines, "compiled": measured,
            "verdict": self.verdict(),
        }  # fmt: skip

    def __str__(self) -> str:
        rows = [[name, *counts] for name, counts in self.arguments.items()]
        columns = ["function", f"arguments in {BEFORE}", f"in {AFTER}"]
        if not isinstance(self.compiled, str):
            columns += ["stack, many.c (bytes)", "one.c"]
            stack = self.compiled.stack
            rows = [[*row, stack["many"].get(row[0]), stack["one"].get(row[0])] for row in rows]
        tables = [
            Table(columns, rows, "Arguments passed down the call chain (k, the machine, is not counted)"),
            Table(
                ["design", "lines added", "removed", "functions"],
                [[name, *counts] for name, counts in self.lines.items()],
                "Each patch of the series against its base, docstrings not counted",
            ),
        ]
        return "\n\n".join([*map(str, tables), "\n".join(self.verdict())])


def hope(after: float, before: float, same: float = 0) -> str:
    """Whether less came of it."""
    if abs(after - before) <= same * before:
        return "The same"
    return "Yes" if after < before else "No"


def arguments(design: str) -> dict[str, int]:
    """How many arguments each function of the call chain takes in a design, without k."""
    functions = designs.find(design).functions
    return {name: len(inspect.signature(functions[name]).parameters) - 1 for name in CHAIN}


def patch_lines() -> dict[str, tuple[int, int, int]]:
    """design -> lines added, removed, functions touched, against its base, for all of the series but the first."""
    found = {}
    for name, design in designs.series.items():
        if design.base:
            stat = designs.diff(design.base, design).stat
            added, removed = (sum(column) for column in zip(*stat.values()))
            found[name] = added, removed, len(stat)
    return found


def measure() -> Row10:
    """Count and measure."""
    before, after = arguments(BEFORE), arguments(AFTER)
    return Row10({name: (before[name], after[name]) for name in CHAIN}, patch_lines(), compile_and_run())
