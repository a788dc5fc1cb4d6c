"""How long each idea waited: a row for each, a bar from the day it was said to the day it came, or to today."""

from . import boxes, states, svg
from .drawing import KEY, Drawing

TOP, PITCH, LEAST = 52, 15.5, 38
IDEA, BAR, RIGHT = 34, 356, 14
"""where the columns begin, and the margin at the right"""
LOOKS = {
    "came": (states.HOLD_READ, "came"),
    "in part": (states.HOLD_READ_DISK, "came in part, or in another form"),
    "not": (states.WAIT_LOCK, "never came"),
    "open": (states.WAIT_PAGE, "open again"),
}
"""fate: the state whose colour and pattern it borrows, words of the legend"""


def scorecard(rows, begin, end, caption, alt, table, width=920):
    """A Drawing of `rows`: dicts with number, idea, at (years, or None: not yet), fate (a key of LOOKS) and became.

    `begin` and `end` are the years of the axis. Raises ValueError for no rows, or an unknown fate.
    """
    if not rows:
        raise ValueError("there are no rows to draw; at least one is needed")
    wrong = [row["fate"] for row in rows if row["fate"] not in LOOKS]
    if wrong:
        raise ValueError(f"fate {wrong[0]!r} is not one of {', '.join(LOOKS)}")
    scale = (width - BAR - RIGHT) / (end - begin)

    def x(year):
        return BAR + (year - begin) * scale

    out, y = [], TOP
    for row in rows:
        ideas = boxes.wrap_words(row["idea"], BAR - IDEA - 22)
        became = boxes.wrap_words(row["became"], width - BAR - RIGHT)
        height = max(LEAST, len(ideas) * PITCH + 12, len(became) * PITCH + 24)
        out.append(svg.line(8, y, width - 8, y))
        out.append(svg.text(IDEA - 10, y + 19, str(row["number"]), svg.SMALL, "end", bold=True))
        out += [svg.text(IDEA, y + 19 + n * PITCH, line, svg.SMALL) for n, line in enumerate(ideas)]
        state = LOOKS[row["fate"]][0]
        stop = end if row["at"] is None else row["at"]
        out.append(
            f'<rect x="{svg.num(x(begin))}" y="{svg.num(y + 6)}" width="{svg.num(max(3, (stop - begin) * scale))}" '
            f'height="11" rx="2" {svg.paint(state, KEY)}/>'
        )
        out += [svg.text(BAR, y + 31 + n * PITCH, line, svg.SMALL, dim=True) for n, line in enumerate(became)]
        y += height
    head = _head(begin, end, x, y)
    legend, height = _legend(rows, 12, y + 22, width - 12)
    return Drawing(head + "".join(out) + legend, width, y + 12 + height, caption, alt, table)


def _head(begin, end, x, foot):
    out = [svg.text(IDEA, 36, "in the mail", svg.SMALL, bold=True)]
    out.append(svg.text(BAR, 18, "how long it took, and what became of it", svg.SMALL, bold=True))
    for year in range(int(begin) + (begin > int(begin)), int(end) + 1):
        if year % 4 == 2:
            out.append(svg.line(x(year), 42, x(year), foot))
            anchor = "start" if year - begin < 1 else "end" if end - year < 1.2 else "middle"
            out.append(svg.text(x(year), 36, str(year), svg.SMALL, anchor, dim=True))
    return "".join(out)


def _legend(rows, x, y, right):
    out, at, height = [], x, 24
    used = {row["fate"] for row in rows}
    for fate, (state, words) in LOOKS.items():
        if fate not in used:
            continue
        needs = 30 + svg.width_of(words, svg.SMALL) + 18
        if at > x and at + needs > right:
            at, y, height = x, y + 24, height + 24
        out.append(
            f'<rect x="{svg.num(at)}" y="{svg.num(y - 6)}" width="22" height="11" rx="2" {svg.paint(state, KEY)}/>'
        )
        out.append(svg.text(at + 30, y + 4.5, words, svg.SMALL, dim=True))
        at += needs
    return "".join(out), height
