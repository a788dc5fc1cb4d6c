"""Why the explorer cannot see b1f02b95758d: a writer, a reader and two words of memory, with and without order [ours].

A writer changes a vma and then bumps mm_lock_seq, which unlocks it. A processor may let the second store become visible
before the first, unless the code asks it not to (a release store). The model tries every order that is allowed.
"""

from __future__ import annotations

from itertools import combinations, permutations

from ..view.table import Table

STORES = ("vma", "mm_lock_seq")
"""what the writer stores, in the order of its code"""
LOADS = ("mm_lock_seq", "vma")
"""what the reader loads, in the order of its code: first whether the vma is unlocked, then the vma"""
WORDS = {
    (False, False): "still locked, old vma: the fault takes the slow path",
    (False, True): "still locked, new vma: the fault takes the slow path",
    (True, True): "unlocked, new vma: right",
    (True, False): "unlocked, OLD vma: wrong",
}
"""what the reader saw: (the new mm_lock_seq, the new vma)"""


def litmus(release: bool, acquire: bool = True) -> Table:
    """Which outcomes are possible, and in how many orders.

    release: the writer's first store is visible before its second; acquire: the reader's loads happen in the order of
    its code. Without them both orders are allowed.
    """
    found = {}
    for stores in [STORES] if release else permutations(STORES):
        for loads in [LOADS] if acquire else permutations(LOADS):
            for saw in interleaved(stores, loads):
                found[saw] = found.get(saw, 0) + 1
    rows = [[words, "yes" if saw in found else "no", found.get(saw, 0)] for saw, words in WORDS.items()]
    order = f"writer {'with' if release else 'WITHOUT'} release, reader {'with' if acquire else 'WITHOUT'} acquire"
    return Table(["what the reader sees", "possible", "orders"], rows, f"Two stores, two loads: {order}.")


def interleaved(stores, loads):
    """What the loads see, (new mm_lock_seq, new vma), in each interleaving of two stores and two loads."""
    for places in combinations(range(4), 2):  # the places of the stores among the four steps
        memory, seen, left, right = set(), {}, iter(stores), iter(loads)
        for step in range(4):
            if step in places:
                memory.add(next(left))
            else:
                word = next(right)
                seen[word] = word in memory
        yield seen["mm_lock_seq"], seen["vma"]
