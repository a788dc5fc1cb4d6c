"""The reasons of struct pagefault_args as a picture, read from the kernel's own file: names, values and meanings."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise

from ..kernel import pagefault
from ..view.bits import Bits

PREFIX = "PAGEFAULT_"


def reasons() -> Bits:
    """The PAGEFAULT_ bits of mmlab/kernel/pagefault.py: who says each to whom, and what it means."""
    rows = [(name, getattr(pagefault, name), *text.partition(": ")[::2]) for name, text in explained().items()]
    downwards = sum(way.startswith("caller") for _, _, way, _ in rows)
    caption = (
        f"{len(rows)} bits of one word: {downwards} of them go down with the fault (permission, wish), "
        f"{len(rows) - downwards} come up with the answer."
    )
    return Bits(rows, caption, "pagefault_args.reason")


def explained() -> dict[str, str]:
    """name -> the text below it, in the order of the file."""
    body = ast.parse(inspect.getsource(pagefault)).body
    found = {}
    for statement, after in pairwise(body):
        if not isinstance(statement, ast.Assign) or not isinstance(after, ast.Expr):
            continue
        name = statement.targets[0].id
        if name.startswith(PREFIX):
            found[name] = " ".join(ast.literal_eval(after.value).split())
    return found
