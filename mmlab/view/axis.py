"""A time axis: round steps, one unit."""

_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def ticks(start, stop, room, each=110):
    """[(time ns, label), ...] at round times in [start, stop], about one for each `each` pixels of `room`."""
    wanted = max(2, room / each)
    step = next(
        size * lead
        for size in (10**power for power in range(19))
        for lead in (1, 2, 5)
        if (stop - start) / (size * lead) <= wanted
    )
    unit, name = next((unit, name) for unit, name in _UNITS if max(abs(stop), step) >= unit)
    decimals = 0
    while step * 10**decimals % unit:
        decimals += 1
    first = -(-start // step) * step
    return [(time, f"{time / unit:,.{decimals}f} {name}" if time else "0") for time in range(first, stop + 1, step)]
