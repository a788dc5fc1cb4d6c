"""Finding a learner's work by name: the functions of an exercise and what they need, wherever in a notebook they stand.

Split, moved, repeated and extra cells do not matter, nor do cells that fail and have nothing to do with the exercise:
no cell is run here. Of a name that is defined more than once, the last definition counts, as in a notebook that is run
from top to bottom.
"""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterable
from typing import NamedTuple

DEFINITIONS = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign,
    ast.AugAssign,
)  # fmt: skip

HELP = re.compile(r"\s*[\w.*]+\?{1,2}\s*")
"""what asks IPython for help: a name and a question mark, and not a line whose comment ends in one"""
RUN_ALL_THE_SAME = re.compile(r"%%(?:time|capture|prun)\b.*")
"""cells whose other lines are Python, and define what they define"""


class Definition(NamedTuple):
    """One statement that binds names: the number of its cell (from 1), its text, the names that it binds, those that it
    changes (`table[0] = 1`, `number += 1`) and those that it uses."""

    cell: int
    text: str
    binds: frozenset[str]
    changes: frozenset[str]
    uses: frozenset[str]


class Gathered(NamedTuple):
    """`source` is a text that defines what was found; `missing` are the names that no cell defines; `trouble` has a
    line for each cell that is not Python."""

    source: str
    missing: tuple[str, ...]
    trouble: tuple[str, ...]


def gather(cells: Iterable[str], names: Iterable[str]) -> Gathered:
    """The functions called `names`, with everything at the top of a cell that they need, as one text."""
    found: dict[str, list[tuple[int, Definition]]] = {}
    stars: list[tuple[int, Definition]] = []
    trouble, number = [], 0
    for cell, text in enumerate(cells, 1):
        try:
            definitions = definitions_of(text, cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            where = f", line {error.lineno}: {(error.text or '').strip()}" if isinstance(error, SyntaxError) else ""
            trouble.append(f"cell {cell} is not Python{where} ({getattr(error, 'msg', None) or error})"[:300])
            continue
        for definition in definitions:
            number += 1
            stars += [(number, definition)] * ("*" in definition.binds)
            found.update((name, [(number, definition)]) for name in definition.binds)
            for name in definition.changes & found.keys():
                found[name].append((number, definition))
    names = tuple(names)
    needed, wanted = dict(stars), [name for name in names if name in found]  # `import *` may bind any name
    while wanted:
        for number, definition in found[wanted.pop()]:
            if number not in needed:
                needed[number] = definition
                wanted += [name for name in sorted(definition.uses) if name in found]
    source = "\n\n".join(needed[number].text for number in sorted(needed))
    return Gathered(source + "\n", tuple(name for name in names if name not in found), tuple(trouble))


def definitions_of(text: str, cell: int) -> list[Definition]:
    """The statements at the top of a cell that bind names. Raises SyntaxError for a cell that is not Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a learner's "\d" is no business of ours
        try:
            statements = ast.parse(text).body
        except SyntaxError:
            text = without_magics(text)
            statements = ast.parse(text).body
    lines = re.split(r"\r\n?|\n", text)  # as Python counts them; str.splitlines knows further ends of lines
    found = []
    for node in statements:
        if isinstance(node, DEFINITIONS):
            first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
            block = "\n".join(lines[first - 1 : node.end_lineno])
            whole = block if ast_alone(block) else ast.get_source_segment(text, node)
            binds, changes = bound(node)
            found.append(
                Definition(cell, whole, frozenset(binds), frozenset(changes), frozenset(used(whole) | changes))
            )
    return found


def ast_alone(block: str) -> bool:
    """Whether these lines are one statement: `a = 1; b = 2` has two on its line."""
    try:
        return len(ast.parse(block).body) == 1
    except SyntaxError:
        return False


def without_magics(text: str) -> str:
    """The cell without what only IPython understands, line numbers kept."""
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].lstrip().startswith("%%") and not RUN_ALL_THE_SAME.match(lines[first].lstrip()):
        return ""
    return "\n".join("" if line.startswith(("%", "!", "?")) or HELP.fullmatch(line) else line for line in lines)


def bound(node: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement binds in the notebook, and those of which it changes what they stand for."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}, set()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}, set()
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [one for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    kept = {one.id for one in names if isinstance(one.ctx, ast.Load) or isinstance(node, ast.AugAssign)}
    return {one.id for one in names} - kept, kept


def used(text: str) -> set[str]:
    """The names that a statement needs from outside itself. What its functions have for locals is not among them: a
    scratch cell may use the same names, and fail."""
    try:
        top = symtable.symtable(text, "<a cell>", "exec")
    except SyntaxError:  # it parses and does not compile
        return set()
    found, tables = set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {
            one.get_name() for one in table.get_symbols() if (one.is_referenced() if table is top else one.is_global())
        }
    return found
