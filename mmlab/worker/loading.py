"""Inside the worker: the code that it is to run. Nothing of the kind is ever loaded in the trusted process."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import types
from collections.abc import Callable

from .. import designs
from ..designs import find
from ..designs.design import Design
from ..kernel.bug import beginning

CELL = "<your code>"
"""the file name of a source text; a function or class in it has one of its own, which begins in the same way"""


def shipped(name: str | Design) -> Design:
    """The design of that name, or the mutant. Raises ValueError for an unknown one, with the nearest right spelling."""
    try:
        return find(name)
    except ValueError:
        if name in designs.mutants:
            return designs.mutants[name].design
        raise


def load(task: dict) -> Design:
    """The design that a task tells of.

    {"design": NAME}: one of mmlab's, wrong ones too.
    {"base": NAME, "name": ..., "source": TEXT, "options": {...}}: the `async def`
    functions of the text are patched onto the base: those that it has are replaced, the others added; the options go to
    Design.patched. Raises whatever the text raises, and ValueError for what cannot be patched.
    """
    if "design" in task:
        return shipped(task["design"])
    base = shipped(task["base"])
    module = module_of(task["source"])
    functions = {**plain_ones(module, base), **functions_of(module)}
    added = {name: function for name, function in functions.items() if name not in base.functions}
    replaced = {name: function for name, function in functions.items() if name in base.functions}
    return base.patched(task["name"], added=added, **task.get("options", {}), **replaced)


def module_of(source: str) -> types.ModuleType:
    """A module made of a source text. Raises whatever the text raises.

    The text comes from many cells: the lines of a function are counted from its own first one, as its reader does.
    """
    module = types.ModuleType("yours")
    sys.modules["yours"] = module
    lines = source.splitlines(True)
    linecache.cache[CELL] = (len(source), None, lines, CELL)
    for node in ast.parse(source, CELL).body:
        file = CELL
        if name := getattr(node, "name", ""):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            file = f"{CELL[:-1]}: {name}>"
            own = lines[first - 1 : node.end_lineno]
            linecache.cache[file] = (sum(map(len, own)), None, own, file)
            ast.increment_lineno(node, 1 - first)
        exec(compile(ast.Module([node], []), file, "exec", dont_inherit=True), module.__dict__)
    return module


def functions_of(module: types.ModuleType) -> dict[str, Callable]:
    """The `async def` functions that the text itself defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.iscoroutinefunction(value) and value.__module__ == module.__name__
    }


def plain_ones(module: types.ModuleType, base: Design) -> dict[str, Callable]:
    """What the text defines under the name of a function of the base, and not with `async def`: patching refuses it."""
    return {
        name: value
        for name, value in vars(module).items()
        if name in base.functions and not inspect.iscoroutinefunction(value)
        and getattr(value, "__module__", module.__name__) == module.__name__
    }  # fmt: skip


def places_of(design: Design) -> dict[str, tuple]:
    """Where each function of the design begins: (function, line number, source line)."""
    return {name: beginning(function) for name, function in design.functions.items()}
