"""The designs: `mmlab.designs.series` in the order of the course, `mmlab.designs["nopage_retry"]`, and `diff`."""

from __future__ import annotations

import difflib
import importlib
import sys
import types

from .descendants import ORDER as DESCENDANTS
from .design import Design
from .review import Diff
from .review import diff as diff_designs
from .series import ORDER
from .variants import ORDER as VARIANTS

series: dict[str, Design] = {design.name: design for design in ORDER}
descendants: dict[str, Design] = {design.name: design for design in DESCENDANTS}
variants: dict[str, Design] = {design.name: design for design in VARIANTS}


def everything() -> dict[str, Design]:
    """Every design by name: the series, then the descendants, then the variants."""
    return {**series, **descendants, **variants}


def find(name: str | Design) -> Design:
    """The design of that name; a Design is given back as it is.

    Raises ValueError for an unknown name, with the nearest right spelling and the list of names.
    """
    if isinstance(name, Design):
        return name
    known = everything()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(str(name), known, 1)
    raise ValueError(
        f"there is no design {name!r}"
        + (f"; did you mean {near[0]!r}?" if near else ";")
        + f" The designs are: {', '.join(known)}"
    )


def diff(a: str | Design, b: str | Design) -> Diff:
    """The patch that turns design `a` into design `b`; names or Design objects."""
    return diff_designs(find(a), find(b))


def __getattr__(name: str):
    """`mmlab.designs.mutants`, the wrong designs, imported when somebody asks for them."""
    if name == "mutants":
        return importlib.import_module(".mutants", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Catalogue(types.ModuleType):
    """Lets people write mmlab.designs["nopage_retry"]."""

    def __getitem__(self, name: str) -> Design:
        return find(name)


sys.modules[__name__].__class__ = _Catalogue
