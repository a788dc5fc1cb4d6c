"""A run as a thumbnail: the lanes of its timeline without a word, for a row of a table."""

import hashlib

from . import lanes, marks, segments, svg

PITCH, SQUEEZE = 11, 0.45
MOST = 5
"""lanes"""


def miniature(title, headline, events, start, stop, width=150):
    """An SVG of `events` between `start` and `stop` (ns), `width` pixels wide; words only for who cannot see it.

    With more than five tasks, those of one role share a lane.
    """
    plan = lanes.lanes(segments.task_segments(events, start, stop), most=MOST, shown=1)
    scale = marks.Scale(start, stop, 1, width - 1, 3)
    key = "mini" + hashlib.sha256(f"{title}{headline}{start}{stop}{len(events)}".encode()).hexdigest()[:10]
    out = []
    for number, lane in enumerate(plan):
        middle = number * PITCH + PITCH / 2
        if lane.many:
            out.append(marks.stacked(lane.rows, start, stop, middle, scale, key, SQUEEZE))
        else:
            out.append(marks.bars(lane.rows[0], middle, scale, key, "", SQUEEZE, titled=False)[0])
    height = max(1, len(plan)) * PITCH
    alt = svg.escaped(f"Small timeline of {title}: {headline}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mmlab-tl mmlab-mini" role="img" aria-label="{alt}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"><style>{svg.STYLE}</style>'
        f"{svg.patterns(key)}{''.join(out)}</svg>"
    )
