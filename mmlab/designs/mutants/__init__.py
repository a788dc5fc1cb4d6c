"""Wrong designs: `mmlab.designs.mutants["stale_vma"]`, a mapping from names to `Mutant`.

Each is a shipped design with one mistake that a student could make or that Linux did make. They are there to be found,
and to prove that whoever looks for mistakes finds them; no list of designs shows them.
"""

from __future__ import annotations

import difflib
import sys
import types
from collections.abc import Iterator, Mapping

from .answers import MUTANTS as ANSWERS
from .callers import MUTANTS as CALLERS
from .counter import MUTANTS as COUNTER
from .counting import MUTANTS as COUNTING
from .install import MUTANTS as INSTALL
from .liveness import MUTANTS as LIVENESS
from .locks import MUTANTS as LOCKS
from .mutant import Mutant
from .pages import MUTANTS as PAGES
from .per_vma import MUTANTS as PER_VMA
from .stale import MUTANTS as STALE
from .truncated import MUTANTS as TRUNCATED
from .waiting import MUTANTS as WAITING

GROUPS = (
    COUNTER, STALE, LOCKS, ANSWERS, CALLERS, PAGES, INSTALL, TRUNCATED, COUNTING, LIVENESS, WAITING, PER_VMA,
)  # fmt: skip
BY_NAME: dict[str, Mutant] = {mutant.name: mutant for group in GROUPS for mutant in group}


class _Mutants(types.ModuleType, Mapping):
    """Lets people use the package itself as the mapping."""

    __hash__ = types.ModuleType.__hash__  # a Mapping has none, and tools keep modules in sets

    def __getitem__(self, name: str) -> Mutant:
        if name in BY_NAME:
            return BY_NAME[name]
        near = difflib.get_close_matches(str(name), BY_NAME, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ";"
        raise KeyError(f"there is no mutant {name!r}{hint} The mutants are: {', '.join(BY_NAME)}")

    def __iter__(self) -> Iterator[str]:
        return iter(BY_NAME)

    def __len__(self) -> int:
        return len(BY_NAME)


sys.modules[__name__].__class__ = _Mutants
