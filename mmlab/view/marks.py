"""One lane's segments -> SVG: bars where they can be seen, shares of time where they cannot."""

from . import density, states, units
from .svg import escaped, num, paint

#: from bottom to top in a dense stretch; user mode is the empty rest
STACK = (
    states.HOLD_WRITE,
    states.HOLD_READ_DISK,
    states.HOLD_READ,
    states.WAIT_LOCK,
    states.WAIT_PAGE,
    states.RUNNING,
)

BLIP = 1.6  # px: the least width of a mark that stands for something too short to draw
FULL = 18  # px: the height of a share of 1


class Scale:
    """Time (ns) to pixels: `start` is at `left`, `stop` at `right`; `bucket` px is the finest detail."""

    def __init__(self, start, stop, left, right, bucket):
        self.start, self.stop, self.left, self.right, self.bucket = start, stop, left, right, bucket
        self.per_ns = (right - left) / (stop - start)

    def x(self, time):
        return self.left + (time - self.start) * self.per_ns

    def ns(self, pixels):
        return pixels / self.per_ns


def bars(row, middle, scale, key, who, squeeze=1.0, titled=True):
    """(svg, wide bars, stretches drawn as density) of one task's row, centred on y = `middle`.

    `squeeze` scales heights (for a ghost). A titled bar says who, what and how long when pointed at.
    """
    shown, dense = density.split(row, scale.ns(scale.bucket))
    out, paths, wide = [], {}, []
    for bar in sorted(shown, key=lambda bar: bar.blip):
        look = states.STATES[bar.state]
        height = look.height * squeeze
        left = scale.x(bar.start)
        width = max(scale.x(bar.end) - left, BLIP)
        left = min(left, scale.right - width)
        if width >= 24 and look.height > 10:
            wide.append((left, width, bar.state))
            title = ""
            if titled:
                words = f"{who}: {look.label}, {units.duration(bar.end - bar.start)}"
                title = f"<title>{escaped(words)}</title>"
            out.append(
                f'<rect x="{num(left)}" y="{num(middle - height / 2)}" width="{num(width)}" '
                f'height="{num(height)}" rx="2.5" {paint(bar.state, key)}>{title}</rect>'
            )
        else:
            step = f"M{num(left)} {num(middle - height / 2)}h{num(width)}v{num(height)}h-{num(width)}z"
            paths.setdefault((bar.blip, bar.state), []).append(step)
    # bars first, then blips, the loudest state last, so that nothing important is covered
    for blip, state in sorted(paths, key=lambda k: (k[0], -states.LOUDEST.index(k[1]))):
        out.append(f'<path {paint(state, key)} d="{"".join(paths[blip, state])}"/>')
    for stretch in dense:
        begin, end = stretch[0].start, stretch[-1].end
        out.append(stacked([stretch], begin, end, middle, scale, key, squeeze))
    return "".join(out), wide, len(dense)


def stacked(rows, begin, end, middle, scale, key, squeeze=1.0):
    """The shares of time of several rows between `begin` and `end`, stacked: the full height is 100 %."""
    left, right = scale.x(begin), scale.x(end)
    buckets = max(1, round((right - left) / scale.bucket))
    step, full = (right - left) / buckets, FULL * squeeze
    shares = density.shares(rows, begin, end, buckets)
    bottom = middle + full / 2
    out = [
        f'<rect x="{num(left)}" y="{num(bottom - full)}" width="{num(right - left)}" height="{num(full)}" '
        f'fill="{states.STATES[states.USER].colour}" fill-opacity=".12"/>'
    ]
    below = [0.0] * buckets
    for state in STACK:
        if state not in shares:
            continue
        above = [low + share for low, share in zip(below, shares[state])]
        fill = paint(state, key).split(" stroke=")[0]
        if state == states.RUNNING:  # a line elsewhere: pale here, so that grey print tells it from a held lock
            fill += ' fill-opacity=".4"'
        out.append(f'<path {fill} d="{_band(below, above, left, bottom, step, full)}"/>')
        below = above
    return "".join(out)


def _band(below, above, left, bottom, step, full):
    """The outline of what lies between two step functions; equal neighbours are one step."""

    def walk(levels, order):
        points, last = [], None
        for i in order:
            level = round((bottom - levels[i] * full) * 2) / 2
            if level != last:
                points.append((i, level))
                last = level
        return points

    count = len(below)
    up = walk(above, range(count))
    down = walk(below, range(count - 1, -1, -1))
    path = [f"M{num(left)} {num(up[0][1])}"]
    path += [f"H{num(left + i * step)}V{num(level)}" for i, level in up[1:]]
    path.append(f"H{num(left + count * step)}V{num(down[0][1])}")
    path += [f"H{num(left + (i + 1) * step)}V{num(level)}" for i, level in down[1:]]
    return "".join(path) + f"H{num(left)}z"


def queue(steps, bottom, scale, height, most):
    """The length of the queue over time as a filled curve; `most` is the length that fills `height`."""
    buckets = max(1, round((scale.right - scale.left) / scale.bucket))
    levels = [mean / most for mean in density.means(steps, scale.start, scale.stop, buckets)]
    look = states.STATES[states.WAIT_LOCK]
    band = _band([0.0] * buckets, levels, scale.left, bottom, (scale.right - scale.left) / buckets, height)
    return f'<path fill="{look.colour}" fill-opacity=".45" d="{band}"/>'
