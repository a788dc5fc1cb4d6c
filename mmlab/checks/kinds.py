"""The kinds of checks: every interleaving of a small world, a number of a run, the answers of a function.

Each function here gives the `run` of a Check. Messages name the symptom and the question to ask, never the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from ..experiment import Result, Scenario
from ..experiment.exploration import Verdict, explore
from ..experiment.worlds import WORLDS, World, world_of
from ..kernel.bug import KernelBug
from ..view import units
from .draw import Draw
from .findings import found
from .outcome import CORRECT, Outcome, almost, correct, not_yet
from .work import Work

MOST_STATES = 100_000
"""where an exploration of a learner's work gives up: the usual answers have a tenth of it"""


def explored(work: Work, base: str, world: str | World, most: int = MOST_STATES, **options) -> Verdict:
    """The verdict on the work in a small world; asked for once, however many checks want it."""
    world = world_of(world)
    key = ("explored", base, repr(world), repr(options), most)
    return work.once(key, lambda: explore(work.design(base, **options), world, most=most, progress=False))


def every_interleaving(
    base: str, *worlds: str | World, most: int = MOST_STATES, ask: str = "", **options
) -> Callable:  # fmt: skip
    """Correct when the work, patched onto `base`, holds in each of these worlds: safe, live, killable.

    `ask` is the question to ask when it does not.
    """

    def run(work: Work, draw: Draw) -> Outcome:
        for world in worlds:
            outcome = holds(explored(work, base, world, most, **options), work.source)
            if outcome is not None:
                return replace(outcome, message=f"{outcome.message}\n{ask}") if ask and outcome.cause else outcome
        names = ", ".join(f"«{world_of(world).name}»" for world in worlds)
        return correct(f"In every interleaving of {names} ({world_of(worlds[-1]).bounds}).")

    return run


def holds(verdict: Verdict, source: str = "") -> Outcome | None:
    """None if the verdict holds; else what to say of it. source: the learner's, to tell it from what was given."""
    if verdict.holds:
        return None
    if verdict.finding is None:
        return not_yet(
            f"Cut off: «{verdict.scenario}» has more than {verdict.states:,} states with your code; with shipped "
            "designs a small part of that. What does your code count or keep that grows from one pass to the next?",
            broke_off=True,
        )
    steps = verdict.counterexample.steps if verdict.counterexample else ()
    outcome = found(verdict.finding, source, f"In «{verdict.scenario}»", steps)
    if not outcome.cause:  # still to be written
        return outcome
    return replace(outcome, shown=verdict.counterexample, replay=f"mmlab.explore(mine, {spelled(verdict.world)})")


def spelled(world: World) -> str:
    """A world as a learner can write it: its name, or all that is special about it."""
    if WORLDS.get(world.name) == world:
        return f'"{world.name}"'
    special = [f"{part.name}={getattr(world, part.name)!r}" for part in fields(world)[1:]
               if getattr(world, part.name) != part.default]  # fmt: skip
    return f"mmlab.World({', '.join([repr(world.name), *special])})"


def measured(work: Work, base: str, seconds: float, scenario: dict, **options) -> Result:
    """A run of the work in a scenario; asked for once. Raises what the run raises."""
    key = ("measured", base, seconds, repr(sorted(scenario.items())), repr(options))

    def run() -> Result:
        return Scenario(design=work.design(base, **options), **scenario).run(seconds=seconds, progress=False)

    return work.once(key, run)


def number(
    base: str, seconds: float, scenario: dict | Callable[[Draw], dict], quantity: str | Callable[[Result], float],
    least: float = float("-inf"), most: float = float("inf"), *, unit: str = "", nearly: float = 0.0, ask: str = "",
    **options,
) -> Callable:  # fmt: skip
    """Correct when a run's number lies in [least, most]; almost when it misses by the share `nearly` of the bound.

    scenario: the fields of a Scenario, or a function that draws them. quantity: the name of a Result's attribute
    ("mmap_wait.max"), or a function. `ask` is the question to ask when it does not.
    """

    def run(work: Work, draw: Draw) -> Outcome:
        fields = scenario(draw) if callable(scenario) else scenario
        given = ", ".join(f"{name}={value!r}" for name, value in fields.items())
        line = f"mmlab.Scenario(design=mine, {given}).run(seconds={seconds})"
        try:
            result = measured(work, base, seconds, fields, **options)
        except KernelBug as bug:
            outcome = found(bug, work.source)
            return replace(outcome, replay=line) if outcome.cause else outcome
        value = quantity(result) if callable(quantity) else attribute(result, quantity)
        if value is None:
            return not_yet(f"There is no {quantity} in this run: {result.caption}\n{ask}")
        wanted = bounds(least, most, unit)
        name = quantity if isinstance(quantity, str) else quantity.__name__
        said = f"{name} is {units.number(value, 4)}{unit and ' ' + unit}; wanted: {wanted}."
        if least <= value <= most:
            return correct(said)
        said += f" ({result.caption})"
        line += ".timeline()"
        if least - nearly * abs(least) <= value <= most + nearly * abs(most):
            return almost(f"{said}\n{ask}", replay=line)
        return not_yet(f"{said}\n{ask}", replay=line)

    return run


def all_of(*runs: Callable) -> Callable:
    """Correct when each of these is; else what the first says that is not. For what only counts together."""

    def run(work: Work, draw: Draw) -> Outcome:
        said = []
        for one in runs:
            outcome = one(work, draw)
            if outcome.status != CORRECT:
                return outcome
            said += [outcome.message] * bool(outcome.message)
        return correct("\n".join(dict.fromkeys(said)))

    return run


def attribute(result: Result, path: str):
    """result.mmap_wait.p99 for "mmap_wait.p99"."""
    value = result
    for name in path.split("."):
        value = getattr(value, name)
    return value


def bounds(least: float, most: float, unit: str) -> str:
    """An interval in words."""
    tail = unit and f" {unit}"
    if least == float("-inf"):
        return f"at most {units.number(most, 4)}{tail}"
    if most == float("inf"):
        return f"at least {units.number(least, 4)}{tail}"
    return f"{units.number(least, 4)} to {units.number(most, 4)}{tail}"


def answers(
    function: str, cases: Callable[[Draw], list[tuple]], right: Callable, *, nearly: Callable | None = None,
    ask: Callable[[tuple, object], str] | str = "", hexadecimal: bool = False,
) -> Callable:  # fmt: skip
    """Correct when `function(*case)` answers `right(*case)` for each case that is drawn.

    `nearly(given, wanted)` says whether a wrong answer is almost right. `ask(case, given)`, or a text, is the question.
    Numbers are compared as numbers; nothing of the learner's compares them. hexadecimal: show large ones so.
    """
    show = in_hex if hexadecimal else repr

    def run(work: Work, draw: Draw) -> Outcome:
        weak = None
        for case in cases(draw):
            given, wanted = work.call(function, *case), right(*case)
            if same(given, wanted):
                continue
            call = f"{function}({', '.join(map(show, case))})"
            question = ask(case, given) if callable(ask) else ask
            outcome = f"{call} answers {show(given):.80}.\n{question}".strip(), call
            if nearly is None or not nearly(given, wanted):
                return not_yet(outcome[0], replay=outcome[1])
            weak = weak or almost(outcome[0], replay=outcome[1])
        return weak or correct()

    return run


def in_hex(value) -> str:
    """A value as Python writes it, with large whole numbers in hexadecimal: addresses are read so."""
    if isinstance(value, list | tuple):
        inside = ", ".join(map(in_hex, value)) + "," * (isinstance(value, tuple) and len(value) == 1)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return hex(value) if type(value) is int and value >= 0x100 else repr(value)


def in_table(function: str, rows: list[tuple[tuple, object, str]], **options) -> Callable:
    """Correct when `function(*case)` answers what is wanted, for each row (case, wanted, question to ask)."""

    def run(work: Work, draw: Draw) -> Outcome:
        for case, wanted, question in rows:
            one = answers(function, lambda draw, case=case: [case], lambda *_, it=wanted: it, ask=question, **options)
            outcome = one(work, draw)
            if outcome.status != CORRECT:
                return outcome
        return correct()

    return run


def same(given, wanted) -> bool:
    """Whether an answer is the wanted one; True is not 1, and a float may be off by rounding."""
    if isinstance(given, bool) != isinstance(wanted, bool):
        return False
    if isinstance(given, int | float) and isinstance(wanted, int | float):
        return abs(given - wanted) <= 1e-9 * max(1.0, abs(wanted))
    if isinstance(given, list | tuple) and isinstance(wanted, list | tuple):
        return len(given) == len(wanted) and all(map(same, given, wanted))
    return type(given) is type(wanted) and given == wanted
