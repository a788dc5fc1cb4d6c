"""Sentences made from segments: what a timeline shows, for its caption and for readers who cannot see it."""

from . import lanes, states, units


def shares(row, start, stop):
    """{state: share of the window [start, stop) ns} of one task's segments."""
    spent = {}
    for seg_start, seg_end, state in row:
        spent[state] = spent.get(state, 0) + seg_end - seg_start
    return {state: time / (stop - start) for state, time in spent.items()}


def _means(rows, start, stop):
    """{state: share of the window, the mean over several tasks}."""
    total = {}
    for row in rows:
        for state, share in shares(row, start, stop).items():
            total[state] = total.get(state, 0) + share
    return {state: share / len(rows) for state, share in total.items()}


def _who(names):
    return names[0] if len(names) == 1 else f"{len(names)} {lanes.role_of(names[0])} tasks"


def _verb(names, word):
    """ "waits" for one task, "wait" for several."""
    return word if len(names) == 1 else word[:-1]


def describe(tasks, start, stop):
    """One sentence on {task: segment row}: who holds mmap_sem how long, who waits for it, who for a page."""
    if not tasks:
        return "No task runs in this window."
    span = units.duration(stop - start)
    roles = list(lanes.by_role(tasks).values())
    means = {names[0]: _means([tasks[task] for task in names], start, stop) for names in roles}

    def mean(names, *wanted):
        return sum(means[names[0]].get(state, 0) for state in wanted)

    holder = max(roles, key=lambda names: mean(names, *states.HOLDING))
    held = mean(holder, *states.HOLDING)
    each = " each, on average" if len(holder) > 1 else ""
    if held == 0:
        parts = [f"nobody holds mmap_sem in these {span}"]
    else:
        way = ""
        if mean(holder, states.HOLD_READ_DISK) >= 0.8 * held:
            way = ", nearly always while the disk reads"
        elif mean(holder, states.HOLD_WRITE) >= 0.8 * held:
            way = ", for writing"
        verb = _verb(holder, "holds")
        parts = [f"{_who(holder)} {verb} mmap_sem for {units.percent(held)} of these {span}{each}{way}"]
    waiting = sorted(
        (names for names in roles if mean(names, states.WAIT_LOCK) >= 0.01),
        key=lambda names: -mean(names, states.WAIT_LOCK),
    )
    for names in waiting[:2]:
        parts.append(
            f"{_who(names)} {_verb(names, 'waits')} for it {units.percent(mean(names, states.WAIT_LOCK))} of the time"
        )
    if not waiting:
        waits = [(end - begin, task) for task, row in tasks.items() for begin, end, s in row if s == states.WAIT_LOCK]
        longest, who = max(waits, key=lambda wait: wait[0], default=(0, ""))
        parts.append(
            f"nobody waits for it longer than {units.duration(longest)} ({who})" if longest else "nobody waits for it"
        )
    for names in roles:
        asleep = mean(names, states.WAIT_PAGE)
        if asleep >= 0.05:
            parts.append(
                f"{_who(names)} {_verb(names, 'waits')} for the page, holding nothing,"
                f" {units.percent(asleep)} of the time"
            )
    return "; ".join(parts) + "."


def several(runs, start, stop):
    """The sentences of several runs, each after its title: [(title, {task: row}), ...]."""
    if len(runs) == 1:
        text = describe(runs[0][1], start, stop)
        return text[0].upper() + text[1:] if text.startswith("nobody") else text
    return " ".join(f"{title}: {describe(tasks, start, stop)}" for title, tasks in runs)
