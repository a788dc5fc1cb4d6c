"""Asking again: does code that was taken for a pure function answer as it did before?

State that outlives a call shows when every question is put once more, in another order, best to a fresh process. And
two runs that were taken for one place, because their coroutines had one shape, must go on alike: each of them is led
along the answers that the other one had.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random

from .code import Stop, differs, said
from .tree import Merge, Tree, led_on
from .wire import renumber

MOST_RUNS = 4_000
"""runs for the comparison of merged places: beyond that it is a spot check"""
MOST_STEPS = 60
"""runs for one merged place"""


def ask_again(tree: Tree, run: Callable, most: int = MOST_RUNS) -> None:
    """Put every question of `tree` once more to `run`, and follow its merged places. Raises KernelBug for a difference.

    The order is a shuffled one, the same each time.
    """
    shuffled = Random("ask again").sample
    for place in shuffled(tree.places, len(tree.places)):
        compare(place, place.raws, run(*place.function, place.history))
    for merge in shuffled(tree.merges, len(tree.merges)):
        if most <= 0:
            return
        most -= follow(merge, run)


def follow(merge: Merge, run: Callable) -> int:
    """Lead a merged run along every answer that its place was given, and theirs. Returns the number of runs."""
    waiting = deque([(merge.place, merge.history, merge.raws, merge.spent)])
    seen = {merge.place.index}
    runs = 0
    while waiting and runs < MOST_STEPS:
        place, history, raws, spent = waiting.popleft()
        compare(place, raws, run(*merge.function, history))
        runs += 1
        for answer, (after, picks) in place.answers.items():
            if after.index not in seen:
                seen.add(after.index)
                longer, known, more = led_on(place, answer, history, raws, spent)
                waiting.append((after, longer, tuple(known[n] for n in picks), more))
    return runs


def compare(place, raws: tuple, stop: Stop) -> None:
    """Raise KernelBug unless `stop` is the same as `place`, whose structs have the numbers `raws` there."""
    if stop.kind == "raise" and place.kind != "raise":
        raise stop.what
    if stop.kind == place.kind and (stop.kind == "raise" or stop.what == renumber(place.what, raws.__getitem__)):
        return
    before, now = in_words(place.kind, place.what), in_words(stop.kind, stop.what)
    raise differs(before, now, stop.place or place.line)


def in_words(kind: str, what) -> str:
    """What the code did, in a few words."""
    return {"ask": "asked {0}", "return": "returned {1!r}", "raise": "raised {1!r}"}[kind].format(
        said(what) if kind == "ask" else "", what
    )
