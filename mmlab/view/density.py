"""When there are more events than pixels: shares of time instead of bars.

A bar narrower than a pixel tells nothing, and a thousand of them smear into one colour that is a lie. So a
row of segments is split into *bars* (wide enough to be seen) and *dense stretches* (drawn as stacked shares
of each bucket's time). A few tiny segments between two wide ones become one *blip* in the state that blocks
others most. Shares are summed in integers, so the picture is the same on every machine.
"""

from typing import NamedTuple

from . import states


class Bar(NamedTuple):
    """One visible bar, ns. `blip` marks one that stands for several tiny segments, or is tiny itself."""

    start: int
    end: int
    state: str
    blip: bool


def split(row, bucket):
    """(bars, dense) of a row of touching segments: lists of Bar, and of segments for each dense stretch.

    `bucket` (ns) is the finest detail wanted. Segments not much longer are collected: a
    long stretch of them is dense, a short one becomes bars, and blips for what is too narrow even there.
    """
    bars, dense, small = [], [], []
    for segment in row:
        if 4 * (segment.end - segment.start) < 5 * bucket:
            small.append(segment)
            continue
        _flush(small, bucket, bars, dense)
        bars.append(Bar(*segment, False))
    _flush(small, bucket, bars, dense)
    return bars, dense


def _flush(small, bucket, bars, dense):
    if not small:
        return
    together = small[-1].end - small[0].start
    if together >= 4 * bucket and 4 * together < 3 * bucket * len(small):
        dense.append(small[:])
        small.clear()
        return
    tiny = []
    for segment in small:
        if together >= bucket and 2 * (segment.end - segment.start) >= bucket:
            if tiny:
                bars.append(_blip(tiny))
                tiny = []
            bars.append(Bar(*segment, False))
        else:
            tiny.append(segment)
    if tiny:
        bars.append(_blip(tiny))
    small.clear()


def _blip(small):
    spent = {}
    for start, end, state in small:
        spent[state] = spent.get(state, 0) + end - start
    state = next(name for name in states.LOUDEST if name in spent)
    first = next(segment.start for segment in small if segment.state == state)
    return Bar(first, first + spent[state], state, True)


def shares(rows, start, stop, buckets):
    """{state: [share of bucket 0, 1, ...]} for [start, stop) ns cut into equal buckets.

    `rows` is a list of segment rows (one for each task); a bucket that every row fills has shares that sum to
    1. Costs O(segments + states x buckets): a long segment is entered at its two ends only.
    """
    span = stop - start
    partial, edges = {}, {}
    for row in rows:
        for seg_start, seg_end, state in row:
            left = (max(seg_start, start) - start) * buckets  # in units where one bucket is `span` wide
            right = (min(seg_end, stop) - start) * buckets
            if right <= left:
                continue
            if state not in partial:
                partial[state], edges[state] = [0] * (buckets + 1), [0] * (buckets + 1)
            part, edge = partial[state], edges[state]
            first, last = left // span, right // span
            if first == last:
                part[first] += right - left
            else:
                part[first] += (first + 1) * span - left
                part[last] += right - last * span
                edge[first + 1] += 1
                edge[last] -= 1
    whole = span * len(rows)
    result = {}
    for state in states.STATES:
        if state in partial:
            full, values = 0, []
            for part, edge in zip(partial[state][:buckets], edges[state]):
                full += edge
                values.append((part + full * span) / whole)
            result[state] = values
    return result


def means(steps, start, stop, buckets):
    """The time-weighted mean of `queued` over LockSteps, in each of `buckets` equal parts."""
    span = stop - start
    sums = [0] * (buckets + 1)
    for step in steps:
        if not step.queued:
            continue
        left, right = (step.start - start) * buckets, (step.end - start) * buckets
        first, last = left // span, right // span
        if first == last:
            sums[first] += (right - left) * step.queued
            continue
        sums[first] += ((first + 1) * span - left) * step.queued
        sums[last] += (right - last * span) * step.queued
        for bucket in range(first + 1, last):
            sums[bucket] += span * step.queued
    return [total / span for total in sums[:buckets]]
