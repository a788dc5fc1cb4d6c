"""Where everything in a timeline goes: titles, lanes, the lock's lane, grid, axis, legend."""

from typing import NamedTuple

from . import axis, lanes, marks, segments, states, svg, units
from .segments import Segment

TITLE, LANE, TIGHT, GHOST, QUEUE = 32, 36, 29, 9, 26


class Panel(NamedTuple):
    """One run in the window: what is written above it, {task: segment row}, and the lock's own LockSteps."""

    title: str
    headline: str
    tasks: dict
    lock: list


class Window(NamedTuple):
    """From when to when, ns, and how many pixels wide the whole picture is."""

    start: int
    stop: int
    width: int


def draw(panels, window, ghost, with_lock, key):
    """(svg body, height, whether a stretch is drawn as density). Panels are drawn in order, top to bottom."""
    plans = [lanes.lanes(panel.tasks) for panel in panels]
    total = sum(map(len, plans)) + 2 * with_lock * len(panels)
    names = [lane.label for plan in plans for lane in plan] + (["mmap_sem", "its queue"] if with_lock else [])
    roomy = max(map(len, plans)) <= 4  # then there is a second line under each name
    below = []
    if roomy:
        below = [lanes.ROLES.get(lane.role, "") for plan in plans for lane in plan]
    wide = [svg.width_of(name, svg.SIZE, bold=True) for name in names] + [svg.width_of(b, svg.SMALL) for b in below]
    left = min(max(wide, default=0) + 20, window.width * 0.3)
    right = window.width - 26
    # the more lanes there are, the coarser the detail: the size of the picture stays bounded
    scale = marks.Scale(window.start, window.stop, left, right, max(4, total * 0.75))
    pen = _Pen(scale, key, roomy, ghost, with_lock)
    for number, (panel, plan) in enumerate(zip(panels, plans)):
        pen.panel(number, panel, plan)
    bottom = pen.y
    ticks = axis.ticks(window.start, window.stop, right - left)
    grid = [svg.line(scale.x(time), top, scale.x(time), end) for top, end in pen.spans for time, _ in ticks]
    labels = [svg.text(scale.x(time), bottom + 16, label, svg.SMALL, "middle", dim=True) for time, label in ticks]
    used = [name for name in states.STATES if name in pen.used]
    legend, height = svg.legend(used, left, bottom + 44, right, key)
    return "".join(grid + pen.out + labels) + legend, bottom + 32 + height, pen.dense


class _Pen:
    """Draws panels downwards from y = 0 and remembers what was used."""

    def __init__(self, scale, key, roomy, ghost, with_lock):
        self.scale, self.key, self.roomy, self.ghost, self.with_lock = scale, key, roomy, ghost, with_lock
        self.y, self.out, self.used, self.spans, self.dense = 0, [], set(), [], False

    def panel(self, number, panel, plan):
        """Title, headline, lanes and the lock of one run."""
        self._title(panel.title, panel.headline)
        top = self.y
        past = self.ghost[number].tasks if number < len(self.ghost) else {}
        told = set()  # each state is named once a panel: twice would be noise
        for lane in plan:
            self._lane(lane, past, told)
        if not plan:
            self._name("no task", "", self.y + LANE / 2)
            self.y += LANE
        if self.with_lock:
            self._lock(panel.lock)
        self.spans.append((top, self.y))
        self.y += 8

    def _title(self, title, headline):
        left, right = self.scale.left, self.scale.right
        wide = svg.width_of(headline, svg.SIZE) if headline else 0
        together = svg.width_of(title, 15, bold=True) + wide + 24 <= right - left
        self.out.append(svg.text(left, self.y + 22, svg.fit(title, right - left, 15, True), 15, bold=True))
        if headline and not together:
            self.y += 20
        if headline:
            words = svg.fit(headline, right - left)
            self.out.append(
                svg.text(right, self.y + 22, words, anchor="end", dim=True)
                if together
                else svg.text(left, self.y + 22, words, dim=True)
            )
        self.y += TITLE

    def _name(self, name, below, middle):
        edge = self.scale.left - 10
        second = self.roomy and below
        fitting = svg.fit(name, edge - 4, svg.SIZE, True)
        shared = name.startswith("…")
        self.out.append(
            svg.text(
                edge,
                middle + (-2 if second else 5),
                fitting,
                svg.SMALL if shared else svg.SIZE,
                "end",
                bold=not shared,
                dim=shared,
            )
        )
        if second:
            self.out.append(
                svg.text(edge, middle + 13, svg.fit(below, edge - 4, svg.SMALL), svg.SMALL, "end", dim=True)
            )

    def _lane(self, lane, past, told):
        pitch = LANE if self.roomy else TIGHT
        middle = self.y + pitch / 2
        self._name(lane.label, lanes.ROLES.get(lane.role, ""), middle)
        self.used.update(segment.state for row in lane.rows for segment in row)
        if lane.many:
            self.out.append(marks.stacked(lane.rows, self.scale.start, self.scale.stop, middle, self.scale, self.key))
            self.dense = True
        else:
            drawn, wide, stretches = marks.bars(lane.rows[0], middle, self.scale, self.key, lane.label)
            self.out.append(drawn)
            self.dense = self.dense or stretches > 0
            for left, width, state in wide:
                words = next((w for w in states.STATES[state].short if svg.width_of(w, svg.SMALL) + 16 <= width), None)
                if words and state not in told:
                    told.add(state)
                    self.out.append(svg.plate(left + 8, middle, words))
            if lane.label in past:
                self._past(past[lane.label], middle + pitch / 2 + 1)
        self.y += pitch + (GHOST if past else 0)

    def _past(self, row, middle):
        stop = self.scale.stop
        row = [Segment(start, min(end, stop), state) for start, end, state in row if start < stop]
        drawn, _, _ = marks.bars(row, middle, self.scale, self.key, "", squeeze=0.36, titled=False)
        self.out.append(f'<g opacity=".55">{drawn}</g>')

    def _lock(self, steps):
        self.y += 6
        self.out.append(svg.line(8, self.y - 2, self.scale.right, self.y - 2))
        middle = self.y + TIGHT / 2
        self._name("mmap_sem", "", middle)
        row = segments.lock_segments(steps)
        drawn, _, stretches = marks.bars(row, middle, self.scale, self.key, "mmap_sem")
        self.dense = self.dense or stretches > 0
        self.used.update(segment.state for segment in row if segment.state != states.USER)
        self.out.append(drawn)
        self.y += TIGHT
        longest = max(step.queued for step in steps)
        self._name("its queue", "", self.y + QUEUE / 2)
        words = f"up to {units.plural(longest, 'task')}" if longest else "always empty"
        if longest:
            self.out.append(marks.queue(steps, self.y + QUEUE - 2, self.scale, QUEUE - 6, longest))
        self.out.append(svg.plate(self.scale.left + 8, self.y + QUEUE - 12, words))
        self.y += QUEUE
