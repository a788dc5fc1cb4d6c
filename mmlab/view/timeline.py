"""The picture of the course: designs stacked on one time axis, a lane a task, from nothing but the trace."""

import hashlib

from . import caption, layout, segments, svg, units
from .layout import Panel

_KEY = "\0"  # stands for the picture's own id while it is drawn; no escaped text contains it


class Timeline:
    """A finished timeline: `svg` (one string), `caption` (what it shows, with numbers), `alt` (the same for
    readers who cannot see it).

    Shows itself in a notebook. `panels`, `start` and `stop` (ns) are what it was drawn from, so that it can
    serve as the ghost of the next one.
    """

    def __init__(self, panels, start, stop, width, ghost=None, lock=None):
        self.panels, self.start, self.stop, self.width = panels, start, stop, width
        if lock is None:  # where three queue for it, the lock itself is worth a lane
            lock = any(step.queued >= 3 for panel in panels for step in panel.lock)
        runs = [(panel.title, panel.tasks) for panel in panels]
        self.caption = caption.several(runs, start, stop)
        headlines = "; ".join(f"{panel.title}: {panel.headline}" for panel in panels if panel.headline)
        self.alt = (
            f"Timeline of {units.duration(stop - start)}, {units.plural(len(panels), 'run')}, a lane a task."
            f" {self.caption}{' ' + headlines + '.' if headlines else ''}"
        )
        body, height, dense = layout.draw(panels, layout.Window(start, stop, width), ghost or [], lock, _KEY)
        if dense:
            self.caption += " Where bars would be too narrow, height is the share of time in each state."
        if ghost:
            self.caption += " The pale strip under a lane is the run before."
        key = "mm" + hashlib.sha256(f"{body}{self.alt}{width}".encode()).hexdigest()[:10]
        height = svg.num(height)
        self.svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl" role="img" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'aria-label="{svg.escaped(self.alt)}" font-family="{svg.FONT}" font-size="{svg.SIZE}" '
            f'fill="{svg.INK}"><style>{svg.STYLE}</style>{svg.patterns(key)}'
            f'<rect class="ground" fill="{svg.GROUND}" width="100%" height="100%"/>'
            f"{body.replace(_KEY, key)}</svg>"
        )

    def __repr__(self):
        return self.caption

    def _repr_html_(self):
        return (
            f'<figure class="mmlab-figure" style="margin:0">{self.svg}'
            f'<figcaption style="max-width:64em">{svg.escaped(self.caption)}</figcaption></figure>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.caption, "text/html": self._repr_html_(), "image/svg+xml": self.svg}


def timeline(runs, start=None, stop=None, width=920, ghost=None, lock=None):
    """A Timeline of `runs`: [(title, headline, events), ...], drawn below each other on one time axis.

    start, stop: the window, ns or text like "18ms"; by default from the beginning to the end of the third
    disk read (later when many tasks fault). width: pixels, 320 or more. ghost: an earlier Timeline, or runs
    like these, shown as a pale strip under the lanes of the same panel and task. lock: True or False to ask
    for mmap_sem's own lane, which otherwise comes when three or more tasks queue. More than 12 tasks
    share lanes.

    Raises ValueError for no runs, an empty window or a width that cannot hold a picture.
    """
    runs = [
        (str(title), str(headline or ""), events if isinstance(events, (list, tuple)) else list(events))
        for title, headline, events in runs
    ]
    if not runs:
        raise ValueError("no runs were given; a timeline needs at least one (title, headline, events)")
    if not isinstance(width, int) or width < 320:
        raise ValueError(f"width is {width!r}; allowed: 320 pixels or more")
    start = 0 if start is None else units.ns(start, "start")
    stop = _stop(runs, start) if stop is None else units.ns(stop, "stop")
    if start >= stop:
        raise ValueError(
            f"the window is {units.duration(start)} to {units.duration(stop)}; its start must be before its stop"
        )
    if ghost is not None:
        ghost = ghost.panels if isinstance(ghost, Timeline) else [_panel(*run, start, stop) for run in ghost]
    picture = Timeline([_panel(*run, start, stop) for run in runs], start, stop, width, ghost, lock)
    return picture


def _panel(title, headline, events, start, stop):
    return Panel(title, headline, segments.task_segments(events, start, stop), segments.lock_steps(events, start, stop))


def _stop(runs, start):
    """The end of the default window: enough disk reads to see the pattern, three for one faulting task."""
    enough, last = [], start + 1
    for _, _, events in runs:
        faulting = {event[1] for event in events if event[2] == "page_wait"}
        reads = [event[0] for event in events if event[2] == "io_done" and event[0] > start]
        wanted = max(3, len(faulting) + 2)
        enough += reads[wanted - 1 : wanted]
        last = max(last, events[-1][0] if events else 0)
    span = max(enough, default=last) - start
    unit = 10 ** max(0, len(str(span)) - 2)
    rounded = start + -(-span * 102 // (100 * unit)) * unit  # a little more than the last read, rounded up
    return min(rounded, last)  # but not past the end of the trace, where nothing is known
