"""Wrong designs as suspects: a learner's small worlds are to expose them, within a budget of states.

A design is exposed by a world in which the explorer finds something under it, and nothing under the design that it was
made from: where the innocent twin is accused too, the world is to blame and not the mistake.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from ..designs import mutants
from ..experiment.exploration import explore
from ..experiment.worlds import SYSTEM_CALLS, World
from .draw import Draw
from .outcome import Outcome, almost, correct, not_yet
from .work import Unusable, Work

MOST_WORLDS = 8
STATES = 2_000
"""that the explorer looks at for one suspect, all worlds together"""
MOST_THREADS = 3
FIELDS = {field.name: field.default for field in dataclasses.fields(World) if field.name != "name"}
WRITERS = ("", "remap", "unmap", "protect", "mmap", "wrap")
WHOLE = {"pages": (1, 2), "seq_bits": (1, 32)}


class Found(NamedTuple):
    """How the search for one suspect ended: the number of the world that exposes it (from 1) or 0, what was found
    there, how many states that took, and in which worlds its innocent twin is accused as well."""

    world: int
    kind: str
    states: int
    unfair: tuple[int, ...] = ()
    broke_off: bool = False


def worlds_of(answer) -> list[World]:
    """The worlds that a learner's list describes. Raises Unusable: what was given, what is allowed."""
    if not isinstance(answer, list | tuple) or not all(isinstance(one, dict) for one in answer):
        raise Unusable(f"worlds() answers {answer!r:.80}; a list of dicts is wanted, one for each world")
    if not answer:
        raise Unusable("worlds() answers an empty list: no world exposes nobody")
    if len(answer) > MOST_WORLDS:
        raise Unusable(
            f"worlds() answers {len(answer)} worlds; {MOST_WORLDS} are allowed. Which two disturbances can come in the "
            "same world, and which world exposes nobody that another does not?"
        )
    return [world_from(one, number) for number, one in enumerate(answer, 1)]


def world_from(told: dict, number: int) -> World:
    """One world, its fields checked. Raises Unusable."""
    for name, value in told.items():
        if name not in FIELDS:
            near = difflib.get_close_matches(str(name), FIELDS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise Unusable(f"world {number} has {name!r:.40}, which a World has not{hint} It has: {', '.join(FIELDS)}")
        fault = fault_of(name, value)
        if fault:
            raise Unusable(f"world {number}: {name}={value!r:.40} is not allowed; {fault}")
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    world = World(f"world {number}", **fields)
    threads = len(world.faults) + len(world.system_calls)
    if not 1 <= threads <= MOST_THREADS:
        raise Unusable(f"world {number} has {threads} threads that fault; 1 to {MOST_THREADS} are allowed")
    if any(page >= world.pages for page in world.faults):
        raise Unusable(f"world {number}: faults={world.faults!r} names a page that a file of {world.pages} has not")
    return world


def fault_of(name: str, value) -> str:
    """What would be allowed for this field, if the value is not; else ""."""
    default = FIELDS[name]
    whole = type(value) is int
    if isinstance(default, bool):
        return "" if type(value) is bool else "it is True or False"
    if name == "writer":
        return "" if isinstance(value, str) and value in WRITERS else f"it is one of {', '.join(map(repr, WRITERS))}"
    if name in WHOLE:
        least, most = WHOLE[name]
        return "" if whole and least <= value <= most else f"it is a whole number from {least} to {most}"
    items = value if isinstance(value, list | tuple) else [None]
    if name == "faults":
        good = all(type(page) is int and -1 <= page < 2 for page in items)
        return "" if good else "it is a list of pages, 0 or 1, or -1 for an address that is not mapped"
    good = all(isinstance(call, str) and call in SYSTEM_CALLS for call in items)
    return "" if good else f"it is a list of {', '.join(map(repr, SYSTEM_CALLS))}"


@lru_cache(1_000)
def search_for(name: str, worlds: tuple[World, ...]) -> Found:
    """Look for the suspect `name` in one world after the other, until it is exposed or the budget is spent.

    Remembered: it depends on nothing else, and nothing of the learner's runs here.
    """
    design, spent, unfair = mutants[name].design, 0, []
    for number, world in enumerate(worlds, 1):
        verdict = explore(design, world, most=STATES - spent, progress=False)
        spent += verdict.states
        if verdict.finding is not None:
            if is_innocent(design.base.name, world):
                return Found(number, verdict.finding.kind, spent, tuple(unfair))
            unfair.append(number)
        if spent >= STATES:
            return Found(0, "", spent, tuple(unfair), broke_off=number < len(worlds) or not verdict.complete)
    return Found(0, "", spent, tuple(unfair))


@lru_cache(1_000)
def is_innocent(base: str, world: World) -> bool:
    """Whether nothing is found under a correct design in this world."""
    return explore(base, world, most=STATES, progress=False).finding is None


def exposed(suspects: Iterable[str] | Callable[[Draw], list[str]], nearly: int, named: bool = True) -> Callable:
    """Correct when each suspect is exposed, almost when `nearly` of them are. `named`: the learner has seen them."""

    def run(work: Work, draw: Draw) -> Outcome:
        worlds = work.once("worlds", lambda: tuple(worlds_of(work.call("worlds"))))
        names = list(suspects(draw) if callable(suspects) else suspects)
        found = {name: search_for(name, worlds) for name in names}
        caught = sum(one.world > 0 for one in found.values())
        total = f"{caught} of {len(names)} {'is' if caught == 1 else 'are'} exposed."
        message = "\n".join([total, *(said(n, one, named) for n, one in found.items())])
        if caught == len(names):
            return correct(message + (unused(worlds) if named else ""))
        message += (
            "\nQuestion: when is the line that was changed run at all, and who must do what just then for it to matter?"
        )
        return almost(message) if caught >= nearly else not_yet(message)

    return run


def unused(worlds: Iterable[World]) -> str:
    """The fields that no world uses, as a question: the suspects that are kept for grading go wrong elsewhere."""
    never = [name for name, default in FIELDS.items() if all(getattr(world, name) == default for world in worlds)]
    never = [name for name in never if name not in WHOLE]
    if not never:
        return ""
    return (
        f"\nNone of your worlds has {', '.join(never)}. Could a mistake show nowhere else? Others are kept for grading."
    )


def said(name: str, found: Found, named: bool) -> str:
    """How it went for one suspect, in a line. One that was never shown is told by what it was made from."""
    who = name if named else f"one made from {mutants[name].design.base.name}"
    if found.world:
        return f"{who}: world {found.world} exposes it ({found.kind}), {found.states:,} states."
    text = f"{who}: not exposed, {min(found.states, STATES):,} of {STATES:,} states."
    if found.broke_off:
        text += " The states were used up: which of your worlds is larger than it must be, or stands too far in front?"
    for number in found.unfair:
        text += f" World {number} accuses {mutants[name].design.base.name} too, from which it was made."
    return text
