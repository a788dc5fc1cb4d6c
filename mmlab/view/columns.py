"""Where the columns of an interleaving go: as wide as their boxes want, as far as there is room.

Where there is not, the columns become narrow lanes, and all boxes stand to the right of them, with their tasks' names.
"""

from typing import NamedTuple

from . import boxes, svg

BAND = 22
"""pixels for the band at the left of a column"""
LEAST, IDLE, MOST, COMFORT = 100, 78, 420, 215


class Column(NamedTuple):
    """A column: its band is centred on `band`, its boxes begin at `inner` and are `room` wide."""

    name: str
    left: float
    band: float
    inner: float
    room: float


def plan(names, rows, left, right):
    """({name: Column}, whether they are lanes) for the tasks and for mmap_sem, between `left` and `right`."""
    heads = {name: svg.width_of(name, svg.SIZE, bold=True) + 10 for name in names}
    holders = max((svg.width_of(f"{name}:", svg.SMALL) for name in names), default=40)
    sem = BAND + max(70, min(110, holders + 20))
    wants = {name: wanted(name, rows, heads[name]) for name in names}
    least = {name: min(wants[name], COMFORT) for name in names}
    spare = right - left - sem - sum(least.values())
    if spare < 0:
        return lanes(heads, sem, left, right), True
    missing = sum(wants.values()) - sum(least.values())
    columns, at = {}, left
    for name in names:
        extra = (wants[name] - least[name]) * min(1, spare / missing) if missing else 0
        width = least[name] + extra + max(0, spare - missing) * wants[name] / sum(wants.values())
        columns[name] = Column(name, at, at + 11, at + BAND + 4, width - BAND - 14)
        at += width
    columns["mmap_sem"] = Column("mmap_sem", at, at + 11, at + BAND + 4, sem - BAND - 6)
    return columns, False


def wanted(name, rows, head):
    """How wide a column would like to be."""
    own = [row for row in rows if row.task == name]
    if not own:
        return max(IDLE, head)
    texts = [boxes.code_width(line[2]) for row in own for line, _ in row.said if line]
    texts += [svg.width_of(did, svg.SMALL) * 0.6 for row in own for _, dids in row.said for did in dids]
    return min(MOST, max(LEAST + BAND, head, max(texts) + BAND + 40))


def lanes(heads, sem, left, right):
    """Narrow lanes, then mmap_sem, then one place for all boxes."""
    places, at = {}, left
    for name, head in heads.items():
        places[name] = at
        at += max(40, head)
    inner = at + sem
    columns = {
        name: Column(name, place, place + 11, inner, right - inner)
        for name, place in places.items()
    }  # fmt: skip
    columns["mmap_sem"] = Column("mmap_sem", at, at + 11, at + BAND + 4, sem - BAND - 6)
    return columns
