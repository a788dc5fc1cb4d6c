"""An interleaving's steps as the rows that are shown: what nobody else can notice is folded together.

`told` is anything like engine/explore's Interleaving; its states of a task become the seven of states.py.
"""

from itertools import groupby
from typing import NamedTuple

from . import states, units

SEEN = {
    "user mode": states.USER,
    "kernel": states.RUNNING,
    "holds read": states.HOLD_READ,
    "holds read, waits for page": states.HOLD_READ_DISK,
    "holds write": states.HOLD_WRITE,
    "waits for mmap_sem": states.WAIT_LOCK,
    "waits for page": states.WAIT_PAGE,
    "done": None,
}
"""which of the seven states is drawn for a word of the explorer; None: the task is gone"""
ASLEEP = ("unkillable", "deadlock")
"""findings whose story is where a task sleeps"""
ABOUT_LOCKS = ("lock", "stranger")
"""findings whose story is what the task did to its locks"""
SILENT = ("walk", "start")
"""events that change nothing for anybody"""


class Row(NamedTuple):
    """Steps `first` to `last` of one `task`, shown as one box.

    `said` has for each source line (or None) what was done there; `state` and `sem` are as after the last step.
    `strikes`: it changed something under the feet of others. `breaks`: it is where the rule was broken.
    """

    first: int
    last: int
    task: str
    said: tuple
    state: dict
    sem: tuple
    folded: bool
    strikes: bool
    breaks: bool

    @property
    def numbers(self):
        """ "7" or "7-9"."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def is_quiet(step, before):
    """Whether nobody else can tell that the step was taken."""
    same = before is not None and (step.state, step.locks) == (before.state, before.locks)
    return same and not strikes(step) and all(event.what in SILENT for event in step.events)


def strikes(step):
    """Whether the step takes something away that others may still be using."""
    return any(event.what in ("evict", "unmap") for event in step.events) or any("freed" in did for did in step.did)


def fold(told):
    """The rows of an interleaving, in order: neighbours that belong together share one."""
    steps = told.steps
    alone = {told.loop_from, len(steps) - 1 if told.finding is not None and told.loop_from is None else None}
    quiet = [is_quiet(step, before) for before, step in zip([None, *steps], steps)]
    groups = []
    for number, step in enumerate(steps):
        before = number - 1
        joins = number > 0 and number not in alone and step.task == steps[before].task
        if joins and quiet[before] == quiet[number] and (quiet[number] or same_place(steps[before], step)):
            groups[-1].append(number)
        else:
            groups.append([number])
    return [row(told, [steps[number] for number in group], quiet[group[0]]) for group in groups]


def same_place(one, other):
    """Whether two steps come from the same line of the reader's code and leave everybody in the same state."""
    return one.line is not None and one.line == other.line and one.state == other.state


def row(told, steps, quiet):
    """One row for a few steps."""
    said = {}
    for step in steps:
        said.setdefault(step.line, []).extend(did for did in step.did if did not in said.get(step.line, ()))
    last = steps[-1]
    breaks = told.finding is not None and told.loop_from is None and last is told.steps[-1]
    return Row(
        steps[0].number, last.number, last.task, tuple((line, tuple(did)) for line, did in said.items()), last.state,
        last.sem, quiet and len(steps) > 1, any(map(strikes, steps)), breaks,
    )  # fmt: skip


def lanes_of(told):
    """The columns: the tasks, and the disk if it does anything."""
    return [*told.tasks, *(["disk"] if "disk" in told.schedule else [])]


def title(told):
    """What the interleaving is of."""
    return f"{told.design} in «{told.world}»"


def headline(told):
    """The finding in a few words."""
    if told.finding is None:
        return f"{units.plural(len(told.steps), 'step')}, {told.note or 'nothing wrong'}"
    if told.loop_from is not None:
        return f"{told.finding.kind}: steps {told.loop_from + 1} to {len(told.steps)} again and again"
    return f"{told.finding.kind} at step {len(told.steps)}"


def how(told):
    """How it came to that, in one sentence made from the steps; "" where there is nothing to tell."""
    if told.finding is None:
        return ""
    if told.loop_from is not None:
        return f"What repeats: {'; '.join(turns(told.steps[told.loop_from :]))}."
    who = told.finding.task
    if told.finding.kind in ASLEEP and told.finding.where:
        function, number, source = told.finding.where
        return f"{who} sleeps in {function}, line {number}: {source}"
    if any(word in told.finding.kind for word in ABOUT_LOCKS):
        locks = [f"{did} (step {step.number})" for step in told.steps for did in lock_words(step, who)]
        return f"The locks of {who}: {', '.join(locks)}." if locks else ""
    dropped = [step.number for step in told.steps[:-1] if step.task == who and has(step, "release")]
    since = dropped[-1] if dropped else next((s.number for s in told.steps if s.task == who), 0)
    others = [step for step in told.steps[since:-1] if step.task != who]
    struck = [step for step in others if strikes(step) or ("pte" in told.finding.kind and has(step, "pte"))]
    if not struck:
        return ""
    then = "; ".join(f"{step.task}: {told_shortly(step)} (step {step.number})" for step in struck[-3:])
    begin = f"{who} dropped mmap_sem at step {since}" if dropped else f"{who} began at step {since}"
    return f"{begin}. Meanwhile, {then}. At step {len(told.steps)} {who} goes on as if nothing had happened."


NOTICED = ("evict", "submit", "io_done", "acquire", "release", "leave", "unmap", "signal", "gave_up")
"""events by which others notice a step"""


def turns(steps):
    """What each task did in its turn: the steps that others notice."""
    for task, group in groupby((step for step in steps if has(step, *NOTICED)), key=lambda step: step.task):
        yield f"{task}: {', '.join(dict.fromkeys(map(told_shortly, group)))}"


def told_shortly(step):
    """What a step did, in its most telling words."""
    telling = ("freed", "leaves", "cleared", "maps ")
    return next((did for did in step.did if any(word in did for word in telling)), step.did[0])


def has(step, *words):
    """Whether a step left such an event."""
    return any(event.what in words for event in step.events)


def lock_words(step, who):
    """What a step did to the locks of a task."""
    if step.task != who:
        return []
    verbs = ("takes ", "drops ", "asks for ", "lets go of ", "locks ", "unlocks ", "tries to lock ")
    return [did for did in step.did if did.startswith(verbs) and "reference" not in did]
