"""The pen that draws an interleaving: names, boxes, bands, the bracket round a loop, the finding."""

from . import folding, states, svg
from .boxes import PAD, PITCH, Box, wrap_words
from .columns import plan

GAP, LOOP, NUMBER = 9, 26, 38
"""pixels between two boxes, for the bracket, for the numbers of the steps"""


class Pen:
    """Draws downwards from y = 0; `marks` has for each row (top, middle, bottom)."""

    def __init__(self, told, rows, width, key):
        self.told, self.rows, self.width, self.key = told, rows, width, key
        left = 8 + NUMBER + (LOOP if told.loop_from is not None else 0)
        self.left = left
        self.columns, self.lanes = plan(folding.lanes_of(told), rows, left, width - 8)
        self.y, self.under, self.out, self.used, self.marks = 0, [], [], set(), []
        self.function, self.last = {}, None

    def heads(self):
        """The title, the finding in a few words, and the names of the columns."""
        room = self.width - 24
        for number, line in enumerate(wrap_words(folding.title(self.told), room, 15, True)):
            self.out.append(svg.text(12, 22 + 20 * number, line, 15, bold=True))
            self.y = 22 + 20 * number
        for line in wrap_words(folding.headline(self.told), room, svg.SIZE):
            self.y += 20
            self.out.append(svg.text(12, self.y, line))
        self.y += 26
        self.out.append(svg.text(self.left - 8, self.y, "step", svg.SMALL, "end", dim=True))
        for column in self.columns.values():
            bold = column.name not in ("mmap_sem",)
            self.out.append(svg.text(column.left + 2, self.y, column.name, svg.SIZE, bold=bold, dim=not bold))
        self.y += 8
        self.out.append(svg.line(8, self.y, self.width - 8, self.y))
        self.y += 8
        self.top = self.y

    def row(self, row):
        """One box, and its number at the left."""
        column = self.columns[row.task]
        state = folding.SEEN.get(row.state.get(row.task)) if row.task != "disk" else None
        colour = states.STATES[state].colour if state else svg.DIM
        place = None if self.lanes else row.task  # where all boxes stand together, each names its function anew
        who = row.task if self.lanes and row.task != self.last else ""
        shown = None if who else self.function.get(place)
        box = Box(row.said, column.room, shown, bold=row.strikes or row.breaks, who=who)
        self.function[place], self.last = box.shown, row.task
        middle = self.y + box.height / 2
        self.out.append(svg.text(self.left - 8, middle + 4.5, row.numbers, svg.SMALL, "end", dim=True))
        if self.lanes:
            self.out.append(pointer(column.band, column.inner, middle, colour))
        self.out.append(box.draw(column.inner, self.y, colour, row.strikes or row.breaks, row.folded))
        if row.breaks:
            self.cross(column.inner + column.room - 4, self.y + 4)
        self.marks.append((self.y, middle, self.y + box.height))
        self.y += box.height + GAP

    def cross(self, x, y):
        """The mark of a broken rule: a cross on a plate, heavier than anything else."""
        self.out.append(
            f'<circle class="ground" fill="{svg.GROUND}" stroke="currentColor" stroke-width="1.6" cx="{svg.num(x)}" '
            f'cy="{svg.num(y)}" r="8.5"/><path d="M{svg.num(x - 4)} {svg.num(y - 4)}l8 8m0-8l-8 8" '
            'stroke="currentColor" stroke-width="2.4"/>'
        )

    def bands(self):
        """What each task is in, down its column, and who holds mmap_sem."""
        for name in self.told.tasks:
            begin = folding.SEEN.get(self.told.begin.get(name, "user mode"))
            self.band(self.columns[name], [begin, *(folding.SEEN.get(row.state[name]) for row in self.rows)])
        modes = {"read": states.HOLD_READ, "write": states.HOLD_WRITE, "": None}
        self.band(
            self.columns["mmap_sem"], [None, *(modes[row.sem[0]] for row in self.rows)], [row.sem for row in self.rows]
        )

    def band(self, column, values, sems=None):
        """A vertical band: values[i] holds until the middle of row i, the last one to the end."""
        cuts = [self.top, *(middle for _, middle, _ in self.marks), self.y]
        at = 0
        while at < len(values):
            end = at
            while end + 1 < len(values) and values[end + 1] == values[at] and not (sems and sems_differ(sems, at, end)):
                end += 1
            if values[at] is not None:
                self.piece(column, values[at], cuts[at], cuts[end + 1])
                if sems is None:
                    self.label(column, values[at], at, end, cuts[end + 1])
            if sems and at:
                self.holders(column, sems[at - 1], cuts[at], cuts[end + 1])
            at = end + 1

    def piece(self, column, state, top, bottom):
        look = states.STATES[state]
        self.used.add(state)
        wide = look.height * (0.78 if look.height > 10 else 1)
        self.under.append(
            f'<rect x="{svg.num(column.band - wide / 2)}" y="{svg.num(top)}" width="{svg.num(wide)}" '
            f'height="{svg.num(bottom - top)}" {svg.paint(state, self.key)}>'
            f"<title>{svg.escaped(f'{column.name}: {look.label}')}</title></rect>"
        )

    def label(self, column, state, at, end, bottom):
        """The name of a state beside its band, where the column has room for it."""
        if self.lanes or state in (states.RUNNING, states.USER):
            return
        rows = range(at, min(end + 1, len(self.rows)))
        first = next((n for n in rows if self.rows[n].task != column.name), None)
        if first is None:
            return
        own = next((self.marks[n][0] for n in rows if n > first and self.rows[n].task == column.name), bottom)
        top = self.marks[first][0]
        for words in states.STATES[state].short:
            lines = wrap_words(words, column.room - 4)
            if top + len(lines) * PITCH <= min(own, bottom) + 4:
                for number, line in enumerate(lines):
                    self.out.append(svg.text(column.inner + 2, top + 12 + number * PITCH, line, svg.SMALL, dim=True))
                return

    def holders(self, column, sem, top, bottom):
        """Who holds mmap_sem, who queues."""
        mode, holders, queue = sem
        words = f"{', '.join(holders)}: {'writing' if mode == 'write' else 'reading'}" if mode else "free"
        lines = wrap_words(words, column.room)
        if queue:
            lines += wrap_words(f"queue: {', '.join(queue)}", column.room)
        for number, line in enumerate(lines):
            if top + number * PITCH + 6 <= bottom:
                self.out.append(svg.text(column.inner, top + 11 + number * PITCH, line, svg.SMALL, dim=not mode))

    def loop(self):
        """The bracket round what repeats."""
        if self.told.loop_from is None:
            return
        first = next(n for n, row in enumerate(self.rows) if row.first == self.told.loop_from + 1)
        top, bottom, x = self.marks[first][0] + 2, self.marks[-1][2] - 2, 22
        self.under.append(
            f'<rect x="10" y="{svg.num(top - 6)}" width="{self.width - 20}" height="{svg.num(bottom - top + 12)}" '
            'fill="currentColor" fill-opacity=".05" rx="4"/>'
        )
        self.out.append(
            f'<path d="M{x + 10} {svg.num(bottom)}H{x}V{svg.num(top)}h10m-5 -4l6 4l-6 4" fill="none" '
            'stroke="currentColor" stroke-width="2"/>'
        )
        middle = (top + bottom) / 2
        words = svg.text(0, 0, "again and again", svg.SMALL, "middle", bold=True)
        self.out.append(f'<g transform="translate({x - 5} {svg.num(middle)}) rotate(-90)">{words}</g>')

    def finding(self):
        """What was found, below everything."""
        bug = self.told.finding
        if bug is None:
            return
        room = self.width - 24 - 2 * PAD
        lines = [("bold", part) for part in wrap_words(f"{bug.kind}: {bug.detail}", room, svg.SIZE, True)]
        lines += (
            [("plain", part) for part in wrap_words(folding.how(self.told), room)] if folding.how(self.told) else []
        )
        if bug.advice:
            lines += [("dim", part) for part in wrap_words(f"look at {bug.advice}", room)]
        height = len(lines) * (PITCH + 2) + 2 * PAD + 2
        self.out.append(
            f'<rect x="12" y="{svg.num(self.y)}" width="{self.width - 24}" height="{height}" rx="4" '
            'fill="currentColor" fill-opacity=".06" stroke="currentColor" stroke-width="2"/>'
        )
        at = self.y + PAD + 13
        for kind, line in lines:
            size = svg.SIZE if kind == "bold" else svg.SMALL
            self.out.append(svg.text(12 + PAD + 2, at, line, size, bold=kind == "bold", dim=kind == "dim"))
            at += PITCH + 2
        self.y += height + 6


def pointer(x, end, y, colour):
    """From a lane to the box that belongs to it."""
    return (
        f'<path d="M{svg.num(x)} {svg.num(y)}H{svg.num(end)}" stroke="{colour}" stroke-width="1.3"/>'
        f'<circle class="plate" cx="{svg.num(x)}" cy="{svg.num(y)}" r="4.5" fill="{colour}" stroke="{svg.GROUND}"/>'
    )


def sems_differ(sems, at, end):
    """Whether the holders or the queue change between two neighbours: values are one longer than sems."""
    return sems[end] != (sems[end - 1] if end else ("", (), ()))
