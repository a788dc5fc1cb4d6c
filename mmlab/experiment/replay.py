"""An interleaving again, under SimPy's clock: the explorer's schedule, checked by the engine that measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..engine.explore.search import python_error
from ..engine.replay import STEP, Replayed, ReplayedDisk
from ..kernel.bug import KernelBug
from ..trace import Event
from ..view.table import Table
from ..view.units import plural

if TYPE_CHECKING:
    from ..view.timeline import Timeline
    from .interleavings import Interleaving

AT_THE_END = ("deadlock", "unkillable")
"""findings that are a sleep without end: the tasks go on after the schedule, and one must still be asleep"""
SLEEPS = ("start", "exit", "page_wait", "page_woken", "queue_wait", "queue_woken")
"""events that the explorer does not have: there, who would sleep is not moved"""


@dataclass(repr=False)
class Replay:
    """What came of a schedule under SimPy's clock.

    `same`: the same events came in the same order at the same times, and the same finding at the end; `differences`
    says what did not, in words. `events` is the trace, sleeps included; `finding` the KernelBug that was raised, or,
    for a livelock, what the repeated rounds confirm.
    """

    design: str
    world: str
    rounds: int
    ns: int
    events: list[Event] = field(default_factory=list)
    finding: KernelBug | None = None
    differences: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether the timed engine agrees with the explorer."""
        return not self.differences

    def timeline(self, *, width: int = 920, lock=True) -> Timeline:
        """The lock timeline of the replay; a step is a microsecond."""
        from ..view.timeline import timeline

        return timeline(
            [(f"{self.design} in «{self.world}»", self.headline, self.events)], 0, self.ns, width=width, lock=lock
        )

    @property
    def headline(self) -> str:
        """What it came to."""
        return self.finding.kind if self.finding is not None else "nothing wrong"

    def table(self) -> Table:
        """The trace as a table."""
        rows = [
            [event.time / 1000, event.task, event.what, event.object, event.holders, event.queued]
            for event in self.events
        ]
        return Table(["time (us)", "task", "what", "object", "holders", "queued"], rows, str(self))

    def __str__(self) -> str:
        words = "the timed engine agrees" if self.same else f"the timed engine DIFFERS: {'; '.join(self.differences)}"
        size = f"{plural(self.ns // STEP - 1, 'step')}, {plural(len(self.events), 'event')}"
        return f"{self.design} in «{self.world}»: {words}: {self.headline} ({size})"

    __repr__ = __str__


def replay(told: Interleaving, rounds: int = 3) -> Replay:
    """Run an interleaving's schedule under SimPy's clock, a microsecond a step, and compare.

    The code of every task runs on the real primitives, which sleep in their own queues and are woken by one another;
    nobody takes a step before its time. What repeats is run `rounds` times, and every round must leave the same
    events. This guarantees that the schedule is one of the kernel itself, not an artefact of how the explorer keeps and
    restores states; it says nothing about how likely the schedule is in real time.

    Raises ValueError for rounds below 1.
    """
    if not isinstance(rounds, int) or isinstance(rounds, bool) or rounds < 1:
        raise ValueError(f"rounds={rounds!r} is not allowed; it is how often to repeat what repeats, from 1")
    stage = told.fresh()
    k, steps = stage.k, told.steps
    loop = [] if told.loop_from is None else steps[told.loop_from :] * (rounds - 1)
    schedule = [*steps, *loop]
    ns = (len(schedule) + 1) * STEP
    never = ns + 1_000 * STEP
    goes_on = told.finding is not None and told.finding.kind in AT_THE_END
    events: list[tuple] = []
    ends = [number * STEP for number, step in enumerate(schedule, 1) if step.task == "disk"]
    engine = ReplayedDisk(k, events.extend, ends, never)
    k.debug = True
    for number, task in enumerate(k.tasks):
        own = [(n * STEP, s.answers, s.queued) for n, s in enumerate(schedule, 1) if s.task == task.comm]
        k.emit_for(task, "start", task.role)
        engine.spawn(task, Replayed(stage, number, own, never, goes_on).run())
    outcome = Replay(told.design, told.world, rounds, ns)
    try:
        engine.run(ns + 20 * STEP * goes_on)
    except Exception as error:
        outcome.finding = error if isinstance(error, KernelBug) else python_error(stage, error)
        outcome.finding.task = outcome.finding.task or k.current.comm
        outcome.finding.where = outcome.finding.where or k.current.line
    outcome.events = [Event(*event) for event in events]
    judge(outcome, told, schedule, k)
    return outcome


def judge(outcome: Replay, told: Interleaving, schedule: list, k) -> None:
    """Compare events and finding with what the explorer said."""
    wanted = [
        plain(event, number * STEP) for number, step in enumerate(schedule, 1) for event in step.events
        if event.what not in SLEEPS
    ]  # fmt: skip
    got = [plain(event, event.time) for event in outcome.events if event.what not in SLEEPS and event.time < outcome.ns]
    for one, other in zip(wanted, got):
        if one != other:
            outcome.differences.append(f"the explorer has {one}, the timed engine {other}")
            break
    else:
        if len(wanted) != len(got):
            outcome.differences.append(f"the explorer has {len(wanted)} events, the timed engine {len(got)}")
    expected, found = told.finding, outcome.finding
    if expected is None or told.loop_from is not None:
        if found is not None:
            outcome.differences.append(f"the timed engine finds {found.kind}: {found.detail}")
        elif expected is not None:
            outcome.finding = expected  # each round left the same events, and none of them is the end of the fault
    elif expected.kind in AT_THE_END:
        asleep = [task.comm for task in k.tasks if task.waits_for is not None]
        if expected.task in asleep or (expected.task is None and asleep):
            outcome.finding = expected
        else:
            outcome.differences.append(f"{expected.task} is not asleep at the end")
    elif found is None or signature(found) != signature(expected):
        words = "nothing" if found is None else f"{found.kind}: {found.detail}"
        outcome.differences.append(f"the explorer finds {expected.kind}: {expected.detail}, the timed engine {words}")


def signature(bug: KernelBug) -> tuple:
    """What makes two findings the same: which rule, which task, at which line of the reader's code."""
    return bug.kind, bug.task, bug.where


def plain(event: Event, time: int) -> tuple:
    """What is compared of an event: not its value, which measures time."""
    return (time, event.task, event.what, event.object, event.holders, event.queued)
