"""Kinds of checks that ask more of an exploration than whether it holds: how often, never, and in spite of what."""

from __future__ import annotations

from collections.abc import Callable

from ..experiment.exploration import Verdict
from ..experiment.interleavings import Interleaving
from ..experiment.worlds import World, world_of
from ..kernel.bug import KernelBug
from .draw import Draw
from .findings import place
from .graphs import deaf, some_state, takes
from .kinds import all_of, explored, holds, spelled
from .outcome import CORRECT, Outcome, correct, not_yet
from .work import Work

STEPS = "each of its steps before this one: which should have been another?"


def given(first: Callable, name: str, *runs: Callable) -> Callable:
    """What `runs` say together; but while `first`, the check called `name`, is not correct, only that it comes first.

    For what must not be earned by ignoring the task: nobody has to read the same finding twice.
    """
    rest = all_of(*runs)

    def run(work: Work, draw: Draw) -> Outcome:
        before = first(work, draw)
        if before.status != CORRECT:
            why = f"This is looked at when «{name}» holds."
            return not_yet(why, broke_off=before.broke_off, cause=before.cause)
        return rest(work, draw)

    return run


def never(base: str, world: str | World, is_so: Callable, say: str, **options) -> Callable:
    """Correct when the work holds in this world and no state of it has `is_so(k)`; else `say` what was seen and ask."""

    def run(work: Work, draw: Draw) -> Outcome:
        verdict = explored(work, base, world, **options)
        outcome = holds(verdict, work.source)
        if outcome is not None:
            return outcome
        path = work.once(("never", base, repr(world), say, repr(options)), lambda: some_state(verdict, is_so))
        if path is not None:
            return not_yet(say, shown(verdict, path, "this must not happen", say.partition("\n")[0]))
        return correct(f"In no interleaving of «{verdict.scenario}» ({verdict.bounds}).")

    return run


def heard(base: str, signal: str, *worlds: str | World, ask: str = "", **options) -> Callable:
    """Correct when the work holds in these worlds, and the first task never sleeps for I/O with `signal` pending."""

    def run(work: Work, draw: Draw) -> Outcome:
        for world in worlds:
            verdict = explored(work, base, world, **options)
            outcome = holds(verdict, work.source)
            if outcome is not None:
                return outcome
            path = work.once(("deaf", base, repr(world), signal, repr(options)), lambda v=verdict: deaf(v, 0, signal))
            if path is not None:
                told = shown(
                    verdict, path, "deaf to a signal", f"{signal} is pending, and the task sleeps for the disk"
                )
                return not_yet(
                    f"In «{verdict.scenario}» {told.finding.task} has a {signal} pending and sleeps for the disk all "
                    f"the same.{place(told.finding, work.source)}\n{ask}",
                    told,
                    f'mmlab.step_panel(mine, {spelled(verdict.world)}, moves="{" ".join(told.schedule)}".split())',
                )
        return correct(f"In every interleaving of {', '.join(f'«{world_of(world).name}»' for world in worlds)}.")

    return run


def passes(work: Work, base: str, world: str | World, retries: int, **options) -> Outcome:
    """Correct when the work holds in this world and its first task can start again `retries` times, and never more."""
    verdict = explored(work, base, world, **options)
    outcome = holds(verdict, work.source)
    if outcome is not None:
        return outcome
    ways = work.once(("takes", base, repr(world), retries, repr(options)), lambda: takes(verdict, 0, retries + 2))
    name = world_of(world).name
    if ways[retries + 2] is not None:
        return not_yet(
            f"In «{name}» a fault may start again {times(retries)}; here it does so {times(retries + 1)}.\n"
            "Where do you count a pass, on which path is it not counted, and who looks at the number?",
            shown(verdict, ways[retries + 2], "one retry too many", f"mmap_sem is taken {times(retries + 2)}"),
        )
    if ways[retries + 1] is None:
        had = max(n for n, way in enumerate(ways) if way is not None)
        most = verdict.told(ways[had])
        most.note = "more often it cannot start"
        return not_yet(
            f"In «{name}» a fault should be able to start again {times(retries)}; yours does so at most "
            f"{times(max(had - 1, 0))}.\n"
            "What does the fault know about its earlier passes, and what may the next one still do?",
            most,
        )
    return correct(f"In «{name}» a fault can start again {times(retries)}, and in no interleaving more.")


def shown(verdict: Verdict, path: list[int], kind: str, detail: str) -> Interleaving:
    """The interleaving of a path, with what is wrong at its end, which no debugging aid has seen."""
    comm = verdict.search.stage.k.tasks[0].comm
    return verdict.told(path, None, KernelBug(kind, detail, STEPS, task=comm))


def times(number: int) -> str:
    """2 -> "2 times"."""
    return "once" if number == 1 else f"{number} times"
