"""explore(): every interleaving of a small world under one design, and what that proves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakSet

from ..designs import Design, find
from ..engine.explore import GRAINS, Lasso, Search, Stage, ask_again, fair_cycle, never_again, run_code
from ..engine.explore.movers import Unprotected
from ..engine.explore.search import deadlock
from ..kernel.bug import KernelBug
from .interleavings import Interleaving
from .progress import bar
from .scenario import is_whole
from .verdict_views import VerdictViews
from .world_programs import PROGRAMS
from .worlds import World, populate, world_of

MOST_STATES = 1_000_000
UNPROTECTED: WeakSet[Design] = WeakSet()
"""designs that were seen to write a counter without mmap_sem"""


@dataclass(repr=False)
class Verdict(VerdictViews):
    """What the exploration of one world proves, within its bounds.

    `safe`: no interleaving breaks a rule; `live`: no fair run goes on for ever without resolving a fault; `killable`: a
    task with a SIGKILL never sleeps for I/O. Each is True, False, or None where it is not known: a search that was cut
    off proves nothing, `killable` is only asked where somebody is killed, and `live` only of what is safe.
    `finding` is the KernelBug of the first False, `counterexample` the shortest interleaving that leads to it.
    `states`, `transitions` and `seconds` say how large the world was, `places` how many different places the code has,
    `runs` how often it was run to learn them; `complete` is False when the search was cut off. `asked`: somebody asked
    whether something can happen, and `witness` is the shortest interleaving in which it does, or None.
    """

    design: str
    world: World
    grain: str
    safe: bool | None = None
    live: bool | None = None
    killable: bool | None = None
    finding: KernelBug | None = None
    counterexample: Interleaving | None = None
    witness: Interleaving | None = None
    states: int = 0
    transitions: int = 0
    places: int = 0
    runs: int = 0
    seconds: float = 0.0
    complete: bool = False
    asked: bool = False
    search: Search | None = None
    of: Design | None = None

    @property
    def scenario(self) -> str:
        """The name of the world."""
        return self.world.name

    @property
    def bounds(self) -> str:
        """How much the verdict covers, in words."""
        return self.world.bounds

    @property
    def holds(self) -> bool:
        """Whether everything that was asked is proved: safe, live, and killable where somebody is killed."""
        return self.complete and self.safe is True and self.live is True and self.killable is not False

    @property
    def sentence(self) -> str:
        """The verdict in one line, with its bounds."""
        if self.safe is False or self.live is False or self.killable is False:
            steps = f", after {len(self.counterexample)} steps" if self.counterexample else ""
            return f"{self.design}: {self.finding.kind} in «{self.scenario}»{steps}"
        if self.witness is not None:
            return f"{self.design}: it can happen in «{self.scenario}», after {len(self.witness)} steps"
        if not self.complete:
            return f"{self.design}: cut off: nothing found in the first {self.states:,} states of «{self.scenario}»"
        never = "it cannot happen; " if self.asked else ""
        return f"{self.design}: {never}safe and live in every interleaving of «{self.scenario}» ({self.bounds})"

    def __str__(self) -> str:
        how = "all" if self.complete else "CUT OFF after"
        size = f"{self.states:,} states, {self.transitions:,} transitions"
        lines = [self.sentence, f"  {how} {size}, grain {self.grain}"]
        lines += [f"  within {self.bounds}"] if not self.holds else []
        if self.finding is not None:
            lines += ["", self.finding.report()]
        return "\n".join(lines)

    __repr__ = __str__

    def as_dict(self) -> dict:
        """For JSON."""
        return {
            "design": self.design, "scenario": self.scenario, "grain": self.grain, "bounds": self.bounds,
            "safe": self.safe, "live": self.live, "killable": self.killable, "complete": self.complete,
            "states": self.states, "transitions": self.transitions, "places": self.places, "runs": self.runs,
            "finding": self.finding and self.finding.kind,
            "schedule": list(self.counterexample.schedule) if self.counterexample else None,
            "loop_from": self.counterexample.loop_from if self.counterexample else None,
        }  # fmt: skip


def explore(
    design: str | Design, scenario: str | World = "two faults and a remap", *, grain: str = "access",
    most: int = MOST_STATES, can: Callable | None = None, progress: bool | None = None,
) -> Verdict:  # fmt: skip
    """Try every interleaving of `scenario` under `design` and return the Verdict.

    grain: "access" (each look at what others may change is a step), "await" (coarser and faster: a task runs alone
    between two awaits; it may miss bugs), "all" (no reduction). most: how many states at most. can: "can this happen?",
    a predicate of the machine; the verdict's `witness` is then the shortest way to the first state for which it is
    true, or None. progress: a progress bar; by default when it takes longer than a moment.

    Raises ValueError for unknown names, with the nearest right spelling.
    """
    design, world = find(design), world_of(scenario)
    if grain not in GRAINS:
        raise ValueError(f"grain={grain!r} is not one of {', '.join(GRAINS)}")
    if not is_whole(most) or most < 1:
        raise ValueError(f"most={most!r} is not allowed; it is how many states to look at, a whole number from 1")
    begin = time.perf_counter()
    with bar(f"{design} in «{world.name}»", progress) as tell:
        tell = tell and (lambda done, known, tell=tell: tell(done / known))
        try:
            search, stage, victims = search_in(design, world, grain, most=most, goal=can, tell=tell)
        except Unprotected:
            UNPROTECTED.add(design)
            search, stage, victims = search_in(design, world, grain, most=most, goal=can, tell=tell)
    verdict = Verdict(
        design.name, world, grain, search=search, complete=search.complete, asked=can is not None, of=design
    )
    verdict.states, verdict.transitions = len(search.graph.parent), len(search.graph.target)
    verdict.places, verdict.runs = len(stage.tree.places), stage.tree.runs
    judge(verdict, design, stage, victims)
    if search.witness is not None:
        verdict.witness = verdict.told(search.witness)
    verdict.seconds = time.perf_counter() - begin
    return verdict


def search_in(design: Design, world: World, grain: str, **more) -> tuple[Search, Stage, list[int]]:
    """A search that was run, its stage, and the numbers of the tasks that fault."""
    stage, victims = prepare(design, world, grain)
    search = Search(stage, **more)
    search.run()
    return search, stage, victims


def prepare(design: Design, world: World, grain: str) -> tuple[Stage, list[int]]:
    """A stage with the world on it, and the numbers of the tasks that fault."""
    run = runner(design, design.elsewhere and design.elsewhere.run)
    stage = Stage(design, run, seq_bits=world.seq_bits)
    stage.movers.grain = grain
    stage.movers.counters_are_protected = design not in UNPROTECTED
    return stage, populate(stage, world)


def runner(design: Design, elsewhere: Callable | None, shapes: bool = True) -> Callable:
    """What runs a piece of code with a history: `elsewhere` the design's own, if that is given, and here the rest.

    shapes: see run_code.
    """
    functions = design.guarded

    def run(name: str, arguments: tuple, is_kernel: bool, history: tuple):
        if elsewhere is not None and not is_kernel:
            return elsewhere(name, arguments, history)
        return run_code((PROGRAMS if is_kernel else functions)[name], arguments, functions, is_kernel, history, shapes)

    return run


def judge(verdict: Verdict, design: Design, stage: Stage, victims: list[int]) -> None:
    """Read the verdict off the search: safety first, then liveness, then what a kill does."""
    search, world = verdict.search, verdict.world
    path = None
    if search.found is not None:
        verdict.safe = False
        verdict.finding, path = search.found
    elif search.complete:
        verdict.finding = kept_elsewhere(design, stage)
        verdict.safe = verdict.finding is None
        if verdict.safe:
            path = judge_liveness(verdict, stage, victims)
    if world.kill and search.complete:
        verdict.killable = search.unkillable is None
        if not verdict.killable and verdict.finding is None:
            path = search.unkillable
            verdict.finding = KernelBug(
                "unkillable",
                f"{stage.k.tasks[victims[0]].comm} has a SIGKILL pending and sleeps for the disk all the same",
                "each wait on this path: the killable kind, and what the code does when it answers -EINTR",
                task=stage.k.tasks[victims[0]].comm,
            )
    if path is None:
        return
    loop_from = None
    if isinstance(path, Lasso):
        path, loop_from = [*path.stem, *path.loop], len(path.stem)
    told = verdict.told(path, loop_from, verdict.finding)
    verdict.finding, verdict.counterexample = told.finding, told


def kept_elsewhere(design: Design, stage: Stage) -> KernelBug | None:
    """Ask all code again: the finding, if it keeps state outside itself, or None. mmlab's own is known not to."""
    if design.is_shipped and design.elsewhere is None:
        return None
    try:
        if design.elsewhere is None:
            ask_again(stage.tree, runner(design, None, shapes=False))
        else:
            with design.elsewhere.again() as fresh:
                ask_again(stage.tree, runner(design, fresh, shapes=False))
    except KernelBug as bug:
        return bug
    return None


def livelock(comm: str) -> KernelBug:
    """The finding that the fault of this task is never resolved."""
    return KernelBug(
        "livelock",
        f"{comm} moves for ever and its fault is never resolved, though everybody gets a turn",
        "what bounds the number of retries, and who can take away what the last pass waited for",
        task=comm,
    )


def judge_liveness(verdict: Verdict, stage: Stage, victims: list[int]) -> Lasso | list[int] | None:
    """Look for a fair cycle and for tasks that can never move again. Returns the path that shows one, or None."""
    graph, processes = verdict.search.graph, len(stage.frames) + 1
    verdict.live = True
    for victim in victims:
        found = fair_cycle(graph, victim, processes)
        if found is not None:
            verdict.live = False
            verdict.finding = livelock(stage.k.tasks[victim].comm)
            return found
    for task, state in never_again(graph, list(range(len(stage.frames)))):
        stage.freezer.thaw(verdict.search.states[state])
        if stage.is_alive(task):
            verdict.safe, verdict.live = False, None
            verdict.finding = deadlock(stage, [task])
            return graph.path_to(state)
    return None
