"""The exercises of the course, by name. Their unseen checks are not here, and in no package: see solutions/checks."""

from __future__ import annotations

import difflib
from importlib import import_module
from pkgutil import iter_modules

from ..check import Exercise


def names() -> list[str]:
    """The names of all exercises, in order."""
    return sorted((one.name for one in iter_modules(__path__)), key=lambda name: int(name.removeprefix("ex")))


def exercise(name: str) -> Exercise:
    """The exercise of that name. Raises ValueError for an unknown one, with the nearest right spelling."""
    known = names()
    if name not in known:
        near = difflib.get_close_matches(str(name), known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"there is no exercise {name!r}{hint} There are: {', '.join(known)}")
    return import_module(f"{__name__}.{name}").EXERCISE
