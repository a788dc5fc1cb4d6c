"""How long mmap_sem is held, by whom, and how much of that time the holder slept for the disk: from the trace."""

from typing import NamedTuple

from .charts import histogram_rows, sweep_chart
from .lanes import role_of
from .study import Study
from .table import Table
from .units import duration, percent

MODES = {"read": "reading", "write": "writing"}


class Hold(NamedTuple):
    """One hold: `held` ns from getting the lock to letting go, `asleep` of them waiting for the disk."""

    task: str
    mode: str
    start: int
    held: int
    asleep: int


def holds(events, lock="mmap_sem"):
    """[Hold, ...] of the lock in the order of their ends; a hold whose begin or end is not in `events` is left out."""
    begun, asleep, done = {}, {}, []
    for time, task, what, obj, value, _, _ in events:
        name, _, mode = obj.partition("/")
        if what == "acquire" and name == lock:
            begun[task], asleep[task] = time, 0
        elif what in ("page_woken", "queue_woken") and task in begun:
            asleep[task] += value
        elif what == "release" and name == lock and task in begun:
            done.append(Hold(task, mode, begun[task], time - begun.pop(task), asleep[task]))
    return done


def hold_table(events, lock="mmap_sem"):
    """A Table with a row for each kind of task and mode: how many holds, how long, how much of it asleep."""
    groups = {}
    for hold in holds(events, lock):
        groups.setdefault((role_of(hold.task), hold.mode), []).append(hold)
    columns = ["who", "holds it for", "how often", "shortest (us)", "mean (us)", "longest (us)", "asleep for the disk"]
    rows = []
    for (role, mode), some in sorted(groups.items()):
        times = [hold.held / 1000 for hold in some]
        total = sum(times)
        share = sum(hold.asleep for hold in some) / 1000 / total if total else 0
        spread = (min(times), total / len(some), max(times))
        rows.append([role, MODES.get(mode, mode), len(some), *spread, f"{100 * share:.2f} %"])
    return Table(columns, rows)


def hold_chart(events, bins=16, lock="mmap_sem", mode="read"):
    """A Study: how the holds in one mode are spread over their length. Raises ValueError when there are none."""
    times = [hold.held for hold in holds(events, lock) if hold.mode == mode]
    if not times:
        raise ValueError(f"nobody holds {lock} for {mode} in these {len(events)} events; give a longer run")
    rows = histogram_rows(times, bins)
    times.sort()
    half = times[len(times) // 2]
    caption = (
        f"{len(times)} holds of {lock}: the shortest {duration(times[0])}, half of them longer than {duration(half)}, "
        f"the longest {duration(times[-1])}; {percent(sum(time > 1_000_000 for time in times) / len(times))} last "
        "longer than 1 ms."
    )
    chart = sweep_chart(
        rows, "x", "count", kind="bars", xunit="ns", xlog=False, caption=caption,
        xlabel=f"how long {lock} is held", ylabel="holds", title=f"How long {lock} is held, once taken",
    )  # fmt: skip
    columns = ("held from", "to", "holds", "share")
    friendly = []
    for row in rows:
        ends = (duration(edge, ascii=True) for edge in (row["x"], row["x"] + row["width"]))
        friendly.append(dict(zip(columns, [*ends, row["count"], percent(row["share"])])))
    return Study(chart, friendly)
