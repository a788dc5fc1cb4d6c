"""What one design changes in another, shown as a reviewer reads it."""

from __future__ import annotations

import ast
import difflib
import html
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

from .design import Design


def source_of(function: Callable | None) -> list[str]:
    """The source lines of a function; a learner's function that was typed into an interpreter has none."""
    if function is None:
        return []
    try:
        return textwrap.dedent(inspect.getsource(function)).rstrip().splitlines()
    except (OSError, TypeError):
        return [f"# the source of {function.__name__} is not available"]


def docstring_lines(lines: list[str]) -> set[int]:
    """The indices of the lines that belong to the function's docstring."""
    try:
        body = ast.parse("\n".join(lines)).body[0].body
    except (SyntaxError, IndexError, AttributeError):
        return set()
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return set(range(first.lineno - 1, first.end_lineno))
    return set()


@dataclass
class Diff:
    """The patch from design `a` to design `b`: hunks of (mark, line, is_docstring), by function."""

    a: str
    b: str
    hunks: dict[str, list[tuple[str, str, bool]]] = field(default_factory=dict)

    @property
    def stat(self) -> dict[str, tuple[int, int]]:
        """Lines of code added and removed, by function; docstrings are not counted."""
        return {
            name: tuple(
                sum(mark == sign and not doc and bool(line.strip()) for mark, line, doc in hunk) for sign in "+-"
            )
            for name, hunk in self.hunks.items()
        }

    def stat_text(self) -> str:
        """The summary that `git diff --stat` would print."""
        width = max(map(len, self.stat), default=0)
        rows = [f" {name:<{width}} | +{added} -{removed}" for name, (added, removed) in self.stat.items()]
        added, removed = (sum(column) for column in zip(*self.stat.values(), strict=True)) if self.stat else (0, 0)
        return "\n".join([*rows, f" {len(self.stat)} functions changed, {added} lines added, {removed} removed"])

    def __str__(self) -> str:
        lines = [f"--- {self.a}", f"+++ {self.b}"]
        for name, hunk in self.hunks.items():
            lines.append(f"@@ {name} @@")
            lines += [f"{mark}{line}" for mark, line, _ in hunk]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colours = {"+": "rgba(0,158,115,.18)", "-": "rgba(213,94,0,.18)", " ": "transparent"}
        rows = []
        for name, hunk in self.hunks.items():
            rows.append(f'<div style="font-weight:600;padding:.5em 0 .1em">{html.escape(name)}</div>')
            for mark, line, doc in hunk:
                opacity = "opacity:.55;" if doc else ""
                rows.append(
                    f'<div style="background:{colours[mark]};{opacity}white-space:pre">{mark} {html.escape(line)}</div>'
                )
        title = (
            f"{html.escape(self.a)} → {html.escape(self.b)}: {html.escape(self.stat_text().splitlines()[-1].strip())}"
        )
        return (
            '<figure style="margin:0"><div role="group" tabindex="0" '
            'style="font:12px/1.45 var(--jp-code-font-family,monospace);'
            f'overflow-x:auto">{"".join(rows)}</div><figcaption>{title}</figcaption></figure>'
        )


def diff(a: Design, b: Design, context: int = 3) -> Diff:
    """The patch that turns design `a` into design `b`, function by function, in the order of the call path."""
    result = Diff(a.name, b.name)
    for name in {**a.functions, **b.functions}:
        old, new = a.functions.get(name), b.functions.get(name)
        if old is not new:
            result.hunks[name] = hunk(source_of(old), source_of(new), context)
    return result


def hunk(old: list[str], new: list[str], context: int) -> list[tuple[str, str, bool]]:
    """The changed lines with `context` lines around them, each marked and told apart from docstrings."""
    old_doc, new_doc = docstring_lines(old), docstring_lines(new)
    rows: list[tuple[str, str, bool]] = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context):
        if rows:
            rows.append((" ", "...", False))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                rows += [(" ", line, j1 + n in new_doc) for n, line in enumerate(new[j1:j2])]
                continue
            rows += [("-", line, i1 + n in old_doc) for n, line in enumerate(old[i1:i2])]
            rows += [("+", line, j1 + n in new_doc) for n, line in enumerate(new[j1:j2])]
    return rows
