"""What a design is, in twelve letters: two designs with the same fingerprint run the same code.

A name is not enough: in a notebook a cell is changed and run again, and the design called "mine" is another one.
"""

from __future__ import annotations

import hashlib
import inspect
import types
from collections.abc import Callable

from ..kernel.bug import is_ours
from .design import Design
from .review import source_of

PLAIN = (int, float, str, bytes, bool, tuple, frozenset, type(None))
LENGTH = 12


def fingerprint(design: Design) -> str:
    """A hash of the source of every function of `design`, and of the values and helpers that they use.

    Comments count, the name of the design does not. What a function does with a list or a dict outside itself is not
    seen: such a function answers differently when asked again, which the explorer finds.
    """
    told = hashlib.sha256()
    for name, function in design.functions.items():
        told.update(f"{name}\n".encode())
        for line in told_of(function, set()):
            told.update(line.encode("utf-8", "replace"))
    told.update(repr(sorted(design.answers)).encode() + design.after_retry.encode())
    return told.hexdigest()[:LENGTH]


def told_of(function: Callable, seen: set[int]) -> list[str]:
    """The source of a function, its defaults, and what its names mean, as far as that is plain or the reader's own."""
    function = inspect.unwrap(function)
    if id(function) in seen:
        return []
    seen.add(id(function))
    code = function.__code__
    lines = source_of(function)
    if lines and lines[0].startswith("# the source of"):  # typed into a bare interpreter
        lines = [code.co_code.hex(), repr([const for const in code.co_consts if isinstance(const, PLAIN)])]
    told = ["\n".join(lines), repr(function.__defaults__), repr(function.__kwdefaults__)]
    if is_ours(code.co_filename) or function.__module__.startswith("mmlab."):
        return told
    for name, value in used(function).items():
        if isinstance(value, types.FunctionType):
            told += [f"{name}:", *told_of(value, seen)] if not value.__module__.startswith("mmlab.") else [name]
        elif isinstance(value, PLAIN):
            told.append(f"{name}={value!r}")
    return told


def used(function: types.FunctionType) -> dict[str, object]:
    """What the names in a function's code mean now: its globals and what it closes over, those of inner code too."""
    found, codes = {}, [function.__code__]
    while codes:
        code = codes.pop()
        found |= {name: function.__globals__[name] for name in code.co_names if name in function.__globals__}
        codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not yet assigned
            continue
    return dict(sorted(found.items()))


def defined_again(design: Design) -> list[str]:
    """The names of the functions that whoever wrote the patch has defined anew since: `design` still has the old ones.

    (In a notebook: a cell with the function was changed and run, the cell with `.patched(...)` was not.)
    """
    stale = []
    for function in design.functions.values():
        function = inspect.unwrap(function)
        if function.__module__.startswith("mmlab.") or "<locals>" in function.__qualname__:
            continue
        now = function.__globals__.get(function.__name__)
        if isinstance(now, types.FunctionType) and now is not function and source_of(now) != source_of(function):
            stale.append(function.__name__)
    return stale
