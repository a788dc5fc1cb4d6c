"""Wrong designs beside each other: what went wrong in each, where it shows, and how soon."""

from __future__ import annotations

from collections.abc import Iterable

from ..designs import mutants
from ..designs.mutants.mutant import Mutant
from ..view.table import Table
from .exploration import explore

COUNTER = (
    "counter_read_after_drop", "counter_compared_before_retake", "counter_not_compared", "bump_before_down_write",
    "bump_after_up_write", "writer_forgets_the_bump", "trylock_not_asked", "narrow_counter",
)  # fmt: skip
"""the mistakes that can be made with the counter of write sections"""


def broken(names: Iterable[str | Mutant] = COUNTER) -> Table:
    """A row for each wrong design: its author's words, the small world, what the explorer finds there, in which step.

    Everything but the words is explored anew. Raises KeyError for an unknown name, with the nearest right spelling.
    """
    chosen = [name if isinstance(name, Mutant) else mutants[name] for name in names]
    rows = []
    for mutant in chosen:
        verdict = explore(mutant.design, mutant.world, progress=False)
        steps = len(verdict.counterexample) if verdict.counterexample else None
        kind = verdict.finding.kind if verdict.finding else "nothing"
        rows.append([mutant.name, mutant.mistake, mutant.world, kind, steps])
    return Table(["design", "what its author says", "world", "finding", "steps"], rows)
