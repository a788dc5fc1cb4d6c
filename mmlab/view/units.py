"""Numbers as people read them: "18 ms", "66.7 µs", "15,000/s", "98 %".

Durations are nanoseconds inside. Pictures write the micro sign; plain text tables and terminals get
`ascii=True` ("66.7 us"). Three significant digits unless told otherwise; trailing zeros go.
"""

import math

_STEPS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))
_PARSE = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "µs": 1_000, "μs": 1_000, "ns": 1}


def number(x, digits=3):
    """`x` with `digits` significant digits and thousands separators; integers below 10**digits stay exact."""
    if x is None or (isinstance(x, float) and math.isnan(x)):
        return "-"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    if x == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(x)))
    x = round(x, decimals)
    text = f"{x:,.{max(decimals, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(ns, digits=3, ascii=False):
    """A time span of `ns` nanoseconds in the largest unit that keeps the number at or above one."""
    if ns is None or (isinstance(ns, float) and not math.isfinite(ns)):
        return number(ns)
    if ns == 0:
        return "0"
    if abs(ns) < 1:
        return f"{number(ns, digits)} ns"
    # the number is rounded first: 999.96 us is 1 ms, never "1,000 us"
    rounded = abs(round(ns, digits - 1 - math.floor(math.log10(abs(ns)))))
    for size, unit in _STEPS:
        if rounded >= size:
            return f"{number(ns / size, digits)} {unit.replace('µ', 'u') if ascii else unit}"
    return f"{number(ns, digits)} ns"


def rate(per_second, digits=3):
    """Events per second: 55.4/s, 15,000/s."""
    return f"{number(per_second, digits)}/s"


def count(n):
    """How many, exactly: 150,000."""
    return f"{int(n):,}"


def percent(fraction):
    """A share between 0 and 1 as "98 %"; not quite nothing is "<1 %", not quite everything ">99 %"."""
    if fraction <= 0:
        return "0 %"
    if fraction < 0.01:
        return "<1 %"
    if 0.99 < fraction < 1:
        return ">99 %"
    return f"{fraction * 100:.0f} %"


def plural(n, one, many=None):
    """ "1 design", "2 designs"."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def ns(value, name="time"):
    """`value` as integer nanoseconds: an int already is, "18ms" or "66.7 us" is parsed.

    Raises ValueError for anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = value.replace(" ", "").replace(",", "").replace("_", "")
        digits = text.rstrip("abcdefghijklmnopqrstuvwxyzµμ")
        unit = _PARSE.get(text[len(digits) :])
        try:
            if unit and math.isfinite(float(digits)):
                return round(float(digits) * unit)
        except ValueError:
            pass
    raise ValueError(f"{name} is {value!r}; allowed: integer nanoseconds, or text like '18ms', '66.7us', '5s'")
