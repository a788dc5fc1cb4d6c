"""A path through the states, told step by step: who did what, at which line, and what the locks were after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ...kernel.bug import KernelBug
from ...trace import Event
from .search import python_error


class Step(NamedTuple):
    """One step of an interleaving.

    `task` did `did` (a few words for each question, the ones that count first), at `line` = (function, number, source)
    of the reader's code or None in the kernel's own; `events` is what it left in the trace, `locks` who holds and waits
    for what after it, `state` what each task does now: a word of STATES.
    """

    number: int
    task: str
    did: tuple[str, ...]
    line: tuple[str, int, str] | None
    events: tuple[Event, ...]
    locks: str
    state: dict[str, str]


STATES = ("user mode", "kernel", "holds read", "holds write", "waits for mmap_sem", "waits for page", "done")
"""what a task may be doing between two steps"""


@dataclass
class Interleaving:
    """A schedule and what it leads to.

    `tasks` in order, `schedule` who moves at each step (a task's comm, or "disk"), `steps` the story; the steps from
    `loop_from` on repeat for ever (None: they do not); `finding` is the KernelBug at its end, or None.
    """

    design: str
    world: str
    tasks: tuple[str, ...]
    schedule: tuple[str, ...]
    steps: list[Step] = field(default_factory=list)
    loop_from: int | None = None
    finding: KernelBug | None = None

    def __len__(self) -> int:
        return len(self.schedule)

    @property
    def events(self) -> list[Event]:
        """The trace of the whole interleaving; its clock counts a microsecond for each step."""
        return [event for step in self.steps for event in step.events]


def tell_path(stage, path: list[int], *, world: str, loop_from: int | None = None) -> Interleaving:
    """Walk `path` (who moves, by number) on a fresh stage, and tell what happens.

    The last step may be one that finds something: its KernelBug is completed and kept.
    """
    k = stage.k
    tasks = tuple(task.comm for task in k.tasks)
    told = Interleaving(stage.design.name, world, tasks, (), loop_from=loop_from)
    k.tracing = k.debug = True
    events: list[tuple] = []
    k.record = events.append
    schedule = []
    for number, who in enumerate(path):
        k.now = (number + 1) * 1_000
        events.clear()
        stage.log = log = []
        name = tasks[who] if who < len(tasks) else "disk"
        if name == "disk":
            log.append((f"completes the read of {stage.reads[who - len(tasks)].name}", None, True))
        schedule.append(name)
        try:
            if name == "disk":
                stage.complete(who - len(tasks))
            else:
                stage.move(who)
        except Exception as error:
            told.finding = error if isinstance(error, KernelBug) else python_error(stage, error)
        lines = [line for _, line, counts in log if counts and line] or [line for _, line, _ in log if line]
        did = [words for words, _, counts in log if counts] or [words for words, _, _ in log[-1:]]
        told.steps.append(
            Step(
                number + 1, name, tuple(did), lines[0] if lines else None,
                tuple(Event(*event) for event in events), k.lock_state(), {t.comm: doing(stage, t) for t in k.tasks},
            )
        )  # fmt: skip
        if told.finding is not None:
            complete(told.finding, stage, told)
            break
    told.schedule = tuple(schedule)
    stage.log = None
    return told


def doing(stage, task) -> str:
    """What a task is doing, as one of STATES."""
    k = stage.k
    frames = stage.frames[k.tasks.index(task)]
    sem = k.mm.mmap_sem
    if not frames:
        return "done"
    if frames[-1][0].kind == "raise":
        return "kernel"
    if task.waits_for is sem:
        return "waits for mmap_sem"
    if sem in task.held:
        return "holds write" if sem.writer is task else "holds read"
    op, *arguments = frames[-1][0].what
    if op in ("wait_on_page_locked", "lock_page"):
        page = stage.resolve(arguments[0], frames[-1][1], task)
        if type(page).__name__ == "page" and page.flags & 1:
            return "waits for page"
    return "kernel" if len(frames) > 1 else "user mode"


def complete(bug: KernelBug, stage, told: Interleaving) -> None:
    """Fill in what a report says of the moment."""
    k = stage.k
    task = k.current
    if task is not None:
        bug.task = bug.task or task.comm
        bug.where = bug.where or getattr(task, "line", None)
    bug.time = bug.time or k.now
    bug.locks = bug.locks or k.lock_state()
    bug.events = bug.events or told.events[-8:]
