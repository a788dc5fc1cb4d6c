"""A kind of check: a learner's formula against what a run says."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from ..view import units
from .draw import Draw
from .outcome import Outcome, correct, not_yet
from .work import Work

ALLOWED = frozenset(("math", "fractions", "statistics", "itertools", "functools", "collections", "operator", "bisect"))
FORBIDDEN = frozenset(("eval", "exec", "open", "compile", "getattr", "globals", "locals", "vars", "breakpoint"))
LEADS_OUT = frozenset((
    "attrgetter", "methodcaller", "update_wrapper", "wraps", "singledispatch", "singledispatchmethod",
    *(
        name
        for module in map(import_module, sorted(ALLOWED))
        for name, value in vars(module).items()
        if isinstance(value, ModuleType) and name not in {*ALLOWED, "abc"}
    ),
))  # fmt: skip
"""attributes of allowed modules that are other modules, such as statistics.sys, or that take names or code as a text"""
INSIDE = ("__", "gi_", "cr_", "ag_", "tb_", "f_")
"""how the names of attributes begin that show Python's own frames and namespaces"""
FACTORS = {2: "twice", 0.5: "half", 1000: "a thousand times", 0.001: "a thousandth of"}


def predicted(
    function: str, cases: Callable[[Draw], list[tuple]], truth: Callable[[Work, tuple], float], *,
    within: float = 0.02, plus: float = 0.0, unit: str = "", ask: Callable[[tuple], str] | str = "",
    who: str = "a run says",
) -> Callable:  # fmt: skip
    """Correct when `function(*case)` is, for each case that is drawn, what `truth(work, case)` measures.

    within: as a share of what is measured; plus: that much more. `ask`, or `ask(case)`, is the question otherwise;
    `who` says what is measured.
    """

    def run(work: Work, draw: Draw) -> Outcome:
        for case in cases(draw):
            given = work.call(function, *case)
            call = f"{function}({', '.join(map(repr, case))})"
            if isinstance(given, bool) or not isinstance(given, int | float):
                return not_yet(f"{call} answers {given!r:.60}; a number is wanted.", replay=call)
            measured = truth(work, case)
            if abs(given - measured) <= within * abs(measured) + plus:
                continue
            question = ask(case) if callable(ask) else ask
            said = f"{call} answers {figure(given)}; {who} {figure(measured)}{unit and ' ' + unit}"
            return not_yet(f"{said}{compared(given, measured, within)}.\n{question}", replay=call)
        return correct()

    return run


def figure(value: float) -> str:
    """A number of a formula in a few digits."""
    return units.number(value, 4) if abs(value) < 1e12 else f"{value:.4g}"


def compared(given: float, measured: float, within: float) -> str:
    """ ", yours is twice that", where a factor tells something."""
    for factor, words in FACTORS.items():
        if measured and abs(given - factor * measured) <= within * abs(factor * measured):
            return f": yours is {words} that"
    return ""


def pencil_and_paper(work: Work, draw: Draw) -> Outcome:
    """Correct when the functions are arithmetic: nothing of mmlab, no files, no other ways out."""
    try:
        tree = ast.parse(work.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return not_yet(f"Your formulas are not Python: {error}")
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.partition(".")[0] not in ALLOWED]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."] * ((node.module or "").partition(".")[0] not in ALLOWED)
            names += filter(leads_out, (alias.name for alias in node.names))
        elif isinstance(node, ast.Name):
            names = [node.id] * (node.id in FORBIDDEN or node.id.startswith("__"))
        elif isinstance(node, ast.Attribute):
            names = [node.attr] * leads_out(node.attr)
        elif isinstance(node, ast.MatchClass):
            names = [*filter(leads_out, node.kwd_attrs)]
        if names:
            return not_yet(
                f"Line {node.lineno} uses {names[0]}. These formulas are for pencil and paper: arithmetic, and of "
                f"Python's modules {', '.join(sorted(ALLOWED))}. What would you "
                "write down if you had no computer to ask?"
            )
    return correct()


def leads_out(name: str) -> bool:
    """Whether an attribute of that name may lead to something that is no arithmetic."""
    return name in LEADS_OUT or name.startswith(INSIDE)
