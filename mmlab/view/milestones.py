"""A time line in two lanes: years run down the middle, each event is a card beside its year."""

from . import boxes, states, svg
from .drawing import Drawing

YEAR, TOP, GAP = 37, 78, 7
"""pixels of a year, above the first year, between two cards"""
PITCH, PAD = 15.5, 7
BLUE = states.STATES[states.HOLD_READ].colour
ORANGE = states.STATES[states.WAIT_PAGE].colour
GREEN = states.STATES[states.RUNNING].colour
GREY = states.STATES[states.USER].colour
LOOKS = {
    "mail": (GREEN, "square", "the mail"),
    "merged": (BLUE, "disc", "merged into Linux"),
    "removed": (GREY, "disc", "merged, removed later"),
    "posted": (ORANGE, "ring", "posted, not merged"),
    "open": (ORANGE, "diamond", "under discussion"),
}
"""fate: colour, mark, words of the legend"""


def milestones(events, lanes, caption, alt, table, width=920):
    """A Drawing of `events`: dicts with at (years, 2011.0), lane (0 or 1), head, title, note and fate (a key of LOOKS).

    `lanes` are the two headings, (words, more words). Raises ValueError for no events, or an unknown fate or lane.
    """
    if not events:
        raise ValueError("there are no events to draw; at least one is needed")
    for event in events:
        if event["fate"] not in LOOKS or event["lane"] not in (0, 1):
            raise ValueError(f"fate {event['fate']!r}, lane {event['lane']!r}; allowed: {', '.join(LOOKS)}; 0 or 1")
    first = int(min(event["at"] for event in events))
    last = max(event["at"] for event in events)
    middle, card = width / 2, width / 2 - 62
    out, bottom = [_headings(lanes, middle, card)], 0
    for lane in (0, 1):
        drawn, foot = _lane([e for e in events if e["lane"] == lane], lane, middle, card, first)
        out += drawn
        bottom = max(bottom, foot)
    foot = TOP + (last + 0.5 - first) * YEAR
    axis = _axis(first, int(last), middle, foot)
    legend, height = _legend(events, 16, max(bottom, foot) + 26, width - 16)
    return Drawing(axis + "".join(out) + legend, width, max(bottom, foot) + 26 + height, caption, alt, table)


def _headings(lanes, middle, card):
    out = []
    for lane, (words, more) in enumerate(lanes):
        x = middle - 46 - card if lane == 0 else middle + 46
        out.append(svg.text(x, 20, words, svg.SIZE, bold=True))
        out.append(svg.text(x, 38, more, svg.SMALL, dim=True))
    return "".join(out)


def _axis(first, last, middle, foot):
    out = [
        f'<line class="grid" stroke="{svg.GRID}" stroke-width="2" x1="{svg.num(middle)}" y1="{TOP - 16}" '
        f'x2="{svg.num(middle)}" y2="{svg.num(foot)}"/>'
    ]
    for year in range(first, last + 1):
        y = TOP + (year - first) * YEAR
        if (year - first) % 2 == 0:
            out.append(svg.plate(middle - 15, y, str(year)))
    return "".join(out)


def _lane(events, lane, middle, width, first):
    """(svg, foot): the cards of one lane, pushed down where they would overlap."""
    out, free = [], 50
    for event in sorted(events, key=lambda event: event["at"]):
        y = TOP + (event["at"] - first) * YEAR
        room = width - 2 * PAD - 6
        lines = [("head", line) for line in boxes.wrap_words(event["head"], room, bold=True)]
        lines += [("title", line) for line in boxes.wrap_words(event["title"], room)]
        lines += [("note", line) for line in boxes.wrap_words(event["note"], room) if line]
        height = len(lines) * PITCH + 2 * PAD - 3
        top = max(free, y - height / 2)
        out.append(_card(event, lines, lane, middle, width, y, top, height))
        free = top + height + GAP
    return out, free


def _card(event, lines, lane, middle, width, y, top, height):
    colour, mark, _ = LOOKS[event["fate"]]
    side = -1 if lane == 0 else 1
    edge = middle + side * 46
    x = edge - width if lane == 0 else edge
    dash = ' stroke-dasharray="5 3"' if mark in ("ring", "diamond") else ""
    start, end = middle + side * 24, edge - side * 4
    out = [
        f'<path d="M{svg.num(start)} {svg.num(y)} L{svg.num(end)} {svg.num(top + height / 2)}" '
        f'fill="none" stroke="{colour}" stroke-width="1.4"{dash}/>',
        f'<rect class="ground" fill="{svg.GROUND}" stroke="{colour}" stroke-width="1.6"{dash} x="{svg.num(x)}" '
        f'y="{svg.num(top)}" width="{svg.num(width)}" height="{svg.num(height)}" rx="4"/>',
        _mark(mark, middle + side * 24, y, colour),
    ]
    at = top + PAD + 10
    for kind, words in lines:
        out.append(svg.text(x + PAD + 3, at, words, svg.SMALL, dim=kind == "note", bold=kind == "head"))
        at += PITCH
    return "".join(out)


def _mark(mark, x, y, colour):
    if mark == "square":
        return f'<rect x="{svg.num(x - 6)}" y="{svg.num(y - 6)}" width="12" height="12" fill="{colour}"/>'
    fill = f'fill="{colour}"' if mark == "disc" else f'class="ground" fill="{svg.GROUND}"'
    if mark == "diamond":
        return f'<path d="M{svg.num(x)} {svg.num(y - 7)}l7 7l-7 7l-7 -7z" {fill} stroke="{colour}" stroke-width="2"/>'
    return f'<circle cx="{svg.num(x)}" cy="{svg.num(y)}" r="5.5" {fill} stroke="{colour}" stroke-width="2"/>'


def _legend(events, x, y, right):
    out, at = [], x
    used = {event["fate"] for event in events}
    for fate, (colour, mark, words) in LOOKS.items():
        if fate not in used:
            continue
        needs = 24 + svg.width_of(words, svg.SMALL) + 16
        if at > x and at + needs > right:
            at, y = x, y + 24
        out.append(_mark(mark, at + 7, y, colour) + svg.text(at + 20, y + 4.5, words, svg.SMALL, dim=True))
        at += needs
    return "".join(out), 18
