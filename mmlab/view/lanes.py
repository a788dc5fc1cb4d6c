"""Which tasks get a lane of their own, and which ones share one."""

import re
from functools import lru_cache
from typing import NamedTuple

_KNOWN = ("fault", "mmap", "ps")

#: what a task of that role does, as the second line of a lane's label
ROLES = {
    "fault": "page faults",
    "mmap": "mmap / munmap loop",
    "ps": "reads /proc",
    "mprotect": "mprotect loop",
    "fork": "forks",
    "gup": "get_user_pages",
    "nowait": "the same, NOWAIT",
    "copy": "copy_from_user",
    "spu": "uses an SPE",
}


#: who sends signals from outside: a lane would show nothing
SENDERS = ("signals", "kill")


class Lane(NamedTuple):
    """One lane: a label, the role of its tasks, and one segment row for each task that it stands for."""

    label: str
    role: str
    rows: list

    @property
    def many(self):
        return len(self.rows) > 1


@lru_cache(maxsize=4096)
def role_of(task):
    """ "fault12" -> "fault"."""
    return re.sub(r"\d+$", "", task) or task


def _order(task):
    role = role_of(task)
    number = task[len(role) :]
    return (_KNOWN.index(role) if role in _KNOWN else len(_KNOWN), role, int(number or 0), task)


def by_role(tasks):
    """{role: [task, ...]} in the order of lanes: faulting tasks, mmap tasks, ps, then the rest by name."""
    roles = {}
    for task in sorted(tasks, key=_order):
        roles.setdefault(role_of(task), []).append(task)
    return roles


def lanes(tasks, most=12, shown=3):
    """The lanes for {task: segment row}.

    With more than `most` tasks each role shows its first `shown` ones, and its others share a lane.
    """
    tasks = {task: row for task, row in tasks.items() if role_of(task) not in SENDERS} or tasks
    roles = by_role(tasks)
    if len(tasks) <= most:
        return [Lane(task, role, [tasks[task]]) for role, names in roles.items() for task in names]
    result = []
    for role, names in roles.items():
        keep = len(names) if len(names) <= shown + 1 else shown
        result += [Lane(task, role, [tasks[task]]) for task in names[:keep]]
        if names[keep:]:
            label = f"… and {len(names) - keep} more like it"
            result.append(Lane(label, role, [tasks[task] for task in names[keep:]]))
    if len(result) > most:
        rest = [row for lane in result[most - 1 :] for row in lane.rows]
        result[most - 1 :] = [Lane(f"… and {len(rest)} more tasks", "", rest)]
    return result
