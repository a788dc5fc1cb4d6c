"""A path through the states, told step by step: who did what, at which line, and what the locks were after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ...kernel.bug import KernelBug
from ...kernel.page import PG_locked
from ...kernel.rwsem import rw_semaphore
from ...trace import Event
from .movers import Unprotected
from .search import python_error
from .stage import Deed, Move

STATES = (
    "user mode", "kernel", "holds read", "holds read, waits for page", "holds write", "waits for mmap_sem",
    "waits for page", "done",
)  # fmt: skip
"""what a task may be doing between two steps"""


TELLING = ("find_vma", "mas_walk", "leave_fault")
"""questions that belong to the story though nobody else can tell their place"""


class Hold(NamedTuple):
    """Who holds mmap_sem, in which `mode` ("read", "write" or "" when it is free), and who stands in its queue."""

    mode: str
    holders: tuple[str, ...]
    queue: tuple[str, ...]


class Step(NamedTuple):
    """One step of an interleaving.

    `task` did `did` (a few words for each question, the ones that count first), at `line` = (function, number, source)
    of the reader's code or None in the kernel's own; `events` is what it left in the trace, `locks` who holds and waits
    for what after it, `sem` the same of mmap_sem alone, `state` what each task does now: a word of STATES. `answers` is
    how many questions were answered, `queued` whether the task stood in the queue of a lock at its end, `moved` False
    for a task that could not move, `resolved` whether its fault was resolved by it.
    """

    number: int
    task: str
    did: tuple[str, ...]
    line: tuple[str, int, str] | None
    events: tuple[Event, ...]
    locks: str
    state: dict[str, str]
    sem: Hold
    answers: int = 0
    queued: bool = False
    moved: bool = True
    resolved: bool = False


@dataclass
class Interleaving:
    """A schedule and what it leads to.

    `tasks` in order, `schedule` who moves at each step (a task's comm, or "disk"), `path` the same as numbers, `steps`
    the story; the steps from `loop_from` on repeat for ever (None: they do not); `finding` is the KernelBug at its end,
    or None. `begin` is what each task did before the first step; `note` says what it leads to where that is no finding.
    """

    design: str
    world: str
    tasks: tuple[str, ...]
    schedule: tuple[str, ...]
    steps: list[Step] = field(default_factory=list)
    loop_from: int | None = None
    finding: KernelBug | None = None
    path: tuple[int, ...] = ()
    begin: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def __len__(self) -> int:
        return len(self.schedule)

    @property
    def events(self) -> list[Event]:
        """The trace of the whole interleaving; its clock counts a microsecond for each step."""
        return [event for step in self.steps for event in step.events]


class Teller:
    """Moves tasks on a fresh stage, and tells each step. `finding` is the KernelBug of the last one, or None."""

    def __init__(self, stage) -> None:
        self.stage = stage
        self.k = k = stage.k
        self.tasks = tuple(task.comm for task in k.tasks)
        self.steps: list[Step] = []
        self.finding: KernelBug | None = None
        self.recorded: list[tuple] = []
        k.tracing = k.debug = True
        k.record = self.recorded.append
        self.begin = self.states()

    def states(self) -> dict[str, str]:
        """What each task does now."""
        return {task.comm: doing(self.stage, task) for task in self.k.tasks}

    def step(self, who: int) -> Step:
        """Let a task (by its number; from the number of tasks on, the disk) take its next step."""
        stage, k = self.stage, self.k
        number = len(self.steps) + 1
        k.now = number * 1_000
        self.recorded.clear()
        stage.log = log = []
        move = Move(True)
        try:
            if who < len(self.tasks):
                move = stage.move(who)
            else:
                log.append(
                    Deed("complete", f"finishes the read of {stage.reads[who - len(self.tasks)].name}", None, True)
                )
                stage.complete(who - len(self.tasks))
        except Unprotected:
            raise  # not the reader's doing: the stage must be set up for it
        except Exception as error:
            self.finding = error if isinstance(error, KernelBug) else python_error(stage, error)
        finally:
            stage.log = None
        told = self.tell(number, who, log, move)
        self.steps.append(told)
        if self.finding is not None:
            complete(self.finding, stage, [event for step in self.steps for event in step.events])
        return told

    def tell(self, number: int, who: int, log: list[Deed], move: Move) -> Step:
        """The step in words: the questions that count, or the last one, and what it did to others."""
        from .words import consequences

        k = self.k
        events = tuple(Event(*event) for event in self.recorded)
        chosen = [deed for deed in log if deed.counts or deed.op in TELLING] or log[-1:]
        if self.finding is not None and log and log[-1] not in chosen:
            chosen.append(log[-1])
        line = next((deed.line for deed in chosen if deed.line), None)
        if self.finding is not None:
            line = self.finding.where or getattr(k.current, "line", None) or line
        return Step(
            number, self.tasks[who] if who < len(self.tasks) else "disk",
            (*dict.fromkeys(deed.words for deed in chosen), *consequences(events)), line, events, k.lock_state(),
            self.states(), hold(k), self.questions(log),
            any(deed.queued for deed in log), *move,
        )  # fmt: skip

    def questions(self, log: list[Deed]) -> int:
        """How many questions the step put to the end: those that were answered, and the one that found a bug."""
        broke = self.finding is not None and bool(log) and not (log[-1].answered or log[-1].queued)
        return sum(deed.answered and deed.op != "call" for deed in log) + broke


def tell_path(stage, path: list[int], *, world: str, loop_from: int | None = None) -> Interleaving:
    """Walk `path` (who moves, by number) on a fresh stage, and tell what happens.

    The last step may be one that finds something: its KernelBug is completed and kept.
    """
    teller = Teller(stage)
    for who in path:
        teller.step(who)
        if teller.finding is not None:
            break
    steps = teller.steps
    return Interleaving(
        stage.design.name, world, teller.tasks, tuple(step.task for step in steps), steps, loop_from, teller.finding,
        tuple(path[: len(steps)]), teller.begin,
    )  # fmt: skip


def hold(k) -> Hold:
    """The state of mmap_sem."""
    sem = k.mm.mmap_sem
    holders = tuple(task.comm for task in k.tasks if sem in task.held)
    return Hold(
        "write" if sem.writer is not None else "read" if holders else "", holders,
        tuple(task.comm for task, *_ in sem.wait_list),
    )  # fmt: skip


def doing(stage, task) -> str:
    """What a task is doing, as one of STATES."""
    k = stage.k
    frames = stage.frames[k.tasks.index(task)]
    sem = k.mm.mmap_sem
    if not frames:
        return "done"
    if isinstance(task.waits_for, rw_semaphore):
        return "waits for mmap_sem"
    asleep = sleeps_for_page(stage, task, *frames[-1])
    if sem in task.held:
        if sem.writer is task:
            return "holds write"
        return "holds read, waits for page" if asleep else "holds read"
    if asleep:
        return "waits for page"
    return "kernel" if len(frames) > 1 or k.mm.mmap_sem in task.held else "user mode"


def sleeps_for_page(stage, task, place, refs: list) -> bool:
    """Whether a task stands before a page that is locked."""
    if place.kind != "ask" or place.what[0] not in ("wait_on_page_locked", "lock_page"):
        return False
    page = stage.resolve(place.what[1], refs, task)
    return type(page).__name__ == "page" and page.flags & PG_locked != 0


def complete(bug: KernelBug, stage, events: list[Event]) -> None:
    """Fill in what a report says of the moment."""
    k = stage.k
    task = k.current
    if task is not None:
        bug.task = bug.task or task.comm
        bug.where = bug.where or getattr(task, "line", None)
    bug.time = bug.time or k.now
    bug.locks = bug.locks or k.lock_state()
    bug.events = bug.events or events[-8:]
