"""What a fault must look at again after it slept without mmap_sem, and what happens to whoever does not.

Each row leaves one look out, in a wrong design of mmlab.designs.mutants, and lets the explorer find the interleaving
that shows it. The wrong designs are patches of several right ones; the mistake does not depend on which.
"""

from __future__ import annotations

from ..view.table import Table
from .exploration import explore

RECHECKS = {
    "stale_vma": ("the vma may be gone, or another one", "munmap, mmap over it", "find_vma, good_area"),
    "stale_page_table": ("the page of ptes may be freed", "munmap", "the walk from the top"),
    "no_pte_none_check": ("the pte may point to a page by now", "a sibling's fault", "pte_none, under the pte lock"),
    "no_truncate_check": ("the file may end before the page", "truncate", "i_size and truncate_count"),
    "page_put_before_the_wait": ("the page may be freed", "reclaim, DONTNEED", "a reference, and a new look-up"),
    "no_uptodate_check": ("the page may have no data in it", "a read error", "PageUptodate"),
}
"""wrong design: what may have changed, who changes it, the look that nopage_retry takes again"""


def rechecks() -> Table:
    """A row for each look: what changed meanwhile, who did it, which look finds out, and what the explorer finds in
    the wrong design that leaves it out, with the length of its shortest counter-example.

    Raises KeyError if a wrong design is no longer there.
    """
    from ..designs import mutants

    rows = []
    for name, (what, who, look) in RECHECKS.items():
        mutant = mutants[name]
        verdict = explore(mutant.design, mutant.world, progress=False)
        found = verdict.finding.kind if verdict.finding else "nothing"
        rows.append([what, who, look, name, str(mutant.design.base), found, len(verdict.counterexample or ())])
    found = sum(row[-2] != "nothing" for row in rows)
    columns = ["what may have changed", "by whom", "looked at again", "left out in", "a patch of", "found", "steps"]
    return Table(columns, rows, f"{len(rows)} looks, each left out once: the explorer finds {found} of {len(rows)}.")
