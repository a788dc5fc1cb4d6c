"""The staircase: pairs/s of the mmap looper under `synchronous` as the faulting thread pauses between two faults.

Constant and random disk times, constant and random pauses: only a random pause wears the stairs down. Why, and the
formulas: mmlab.theory.staircase.
"""

from __future__ import annotations

from collections.abc import Iterable

from .. import theory
from ..view.charts import sweep_chart
from ..view.study import Study, widest
from ..view.units import number
from .durations import parse_duration
from .published import COMMIT, PAIRS_BEFORE
from .studies import HANDLER, WRITES, over_seeds

PAUSES = (0, 10, 20, 29, 33, 45, 62, 68, 80, 93, 100, 112, 125)
"""us: three dots or so on each step"""
FEW = (0, 15, 29, 33, 62, 68, 93, 100, 125)
"""the ends of the flats, for where each dot is several runs"""
PUBLISHED = {"x": 39_000, "y": PAIRS_BEFORE, "label": f"published {PAIRS_BEFORE}/s"}
"""drawn on the step that has its height; the commit says nothing of a pause"""


def staircase(
    disks: Iterable[str] = ("18ms",), *, random_pause: bool = False, pauses: Iterable[int] | None = None,
    seconds: float = 20, seeds: int = 1, published: bool = True,
) -> Study:  # fmt: skip
    """Study of the looper's pairs/s over the faulting thread's pause (us), a series for each of `disks`.

    Without `pauses` it takes PAUSES, or FEW with several seeds. With `random_pause` the pauses are exponential with
    these means (a mean of 0 is no pause). More than one seed gives error bars (95 %). Raises ValueError for a disk that
    is no time or distribution.
    """
    disks, rows, laws = list(disks), [], {}
    pauses = list(pauses or (FEW if seeds > 1 else PAUSES))
    for disk in disks:
        laws[disk] = _law(round(parse_duration(disk, "disk").mean()), random_pause)
        for pause in pauses:
            text = f"exponential({pause}us)" if random_pause and pause else f"{pause}us"
            chance = "(" in text or "(" in disk  # without any, every seed gives the same
            scenario = {"disk": disk, "pause": text}
            mean, half = over_seeds(lambda r: r.mmaps_per_second, scenario, seconds, seeds if chance else 1)
            rows.append(
                {"disk": disk, "pause": pause * 1000, "pairs": mean, "pairs_err": half, "law": laws[disk](pause * 1000)}
            )
    caption = _caption(rows, random_pause, published)
    means = "mean pause" if random_pause else "pause"
    chart = sweep_chart(
        rows, "pause", "pairs", by="disk" if len(disks) > 1 else None, published=[PUBLISHED] if published else [],
        caption=caption, theory=laws if len(disks) > 1 else laws[disks[0]],
        xunit="ns", yunit="/s", xlog=False, ylog=False,
        xlabel=f"{means} of the faulting thread between two faults", ylabel="mmap+munmap pairs/s",
        title="A ramp: the pause is random" if random_pause else "A staircase: the pause is constant",
    )  # fmt: skip
    table = []
    for row in rows:
        shown = {"disk": row["disk"], f"{means} (us)": row["pause"] // 1000, "simulated pairs/s": row["pairs"]}
        if seeds > 1:
            shown["+- (95 %)"] = row["pairs_err"]
        table.append(shown | {"theory": row["law"]})
    return Study(chart, table)


def _caption(rows: list[dict], random_pause: bool, published: bool) -> str:
    levels = list(dict.fromkeys(number(row["law"]) for row in sorted(rows, key=lambda row: row["pause"])))
    longest = max(row["pause"] for row in rows) // 1000
    near = f"within {widest(rows, 'pairs', 'law')} of the theory"
    if random_pause:
        words = f"The rate rises without a step, from {levels[0]} to {levels[-1]} pairs/s at {longest} µs; {near}."
    else:
        words = f"The looper's rate goes in steps, {', '.join(levels)} pairs/s, for pauses up to {longest} µs; {near}."
    where = f" Published: {PAIRS_BEFORE}/s, commit {COMMIT}; at which pause is not known." if published else ""
    return words + where


def _law(disk: int, random_pause: bool):
    fault = theory.fault_section(disk, **HANDLER)

    def law(pause):
        if random_pause and pause > 0:
            return theory.staircase_random_pause(pause, fault, WRITES)
        return theory.staircase_constant_pause([round(pause)], fault, WRITES)[0][1]

    return law
