"""Knobs: a labelled box for one field of a Scenario, and a slider over some of its values beside it.

Box and slider always show the same value. A box is forgiving about spelling and strict about sense: what makes no
sense raises ValueError in `value`, with one line for the learner.
"""

from __future__ import annotations

from bisect import bisect_left
from contextlib import suppress

import ipywidgets as w

from ..experiment.durations import parse_disk, parse_gap, parse_time
from ..view import units

LEAST_DISK, MOST_DISK = 10_000, 30_000_000


def steps(least: int, most: int, mantissas) -> list[int]:
    """The values `mantissa` x 10**n from `least` to `most`."""
    decades = [10**power for power in range(len(str(most)))]
    found = {round(mantissa * decade) for decade in decades for mantissa in mantissas}
    return sorted(value for value in found if least <= value <= most)


DISK_STEPS = steps(LEAST_DISK, MOST_DISK, (1, 1.2, 1.5, 1.8, 2, 2.5, 3, 4, 5, 6, 8))
"""ns; about eleven to a decade, and 18 ms is one of them"""
RATES = [0, *steps(1, 100_000, (1, 2, 5))]
"""a second"""
TIMES = steps(10_000, 1_000_000_000, (1, 2, 5))
"""ns"""
PAGES = [2**power for power in range(13)]


def compact(ns: int) -> str:
    """18_000_000 -> "18ms", as a Scenario takes it."""
    return units.duration(ns, ascii=True).replace(" ", "").replace(",", "")


def nearest(values: list, value: float) -> int:
    """The index of the one of `values` (ascending) that `value` is nearest to, as a ratio."""
    if value <= values[0]:
        return 0
    above = min(bisect_left(values, value), len(values) - 1)
    below = max(above - 1, 0)
    if not values[below]:
        return above if value >= 0.5 else below
    return above if values[above] / value <= value / values[below] else below


class Knob:
    """A box and a slider, linked. `changed()` is called once for each change that a person makes."""

    def __init__(self, field: str, label: str, hint: str = "") -> None:
        self.field, self.label = field, label
        self.changed = lambda: None
        self.linking = False
        self.box, self.slider = self.widgets()
        self.box.description, self.box.continuous_update = label, False
        self.box.tooltip = hint
        self.box.observe(self._written, "value")
        if self.slider is not None:
            self.slider.observe(self._moved, "value")

    def widgets(self) -> tuple:
        """(box, slider or None)."""
        return w.IntText(), None

    def value(self):
        """What the box says, as a Scenario takes it. Raises ValueError with one line for people."""
        return self.box.value

    def shown(self, value):
        """A value of the Scenario, or a position of the slider, as it stands in the box."""
        return value

    def place(self, value) -> dict:
        """The attribute that puts the slider where it is nearest to `value`."""
        return {"value": value}

    def show(self, value) -> None:
        """Set box and slider, without telling anybody."""
        self._quietly(self.box, value=self.shown(value))
        if self.slider is not None:
            self._quietly(self.slider, **self.place(value))

    def _quietly(self, widget, **values) -> None:
        before, self.linking = self.linking, True
        try:
            for name, value in values.items():
                setattr(widget, name, value)
        finally:
            self.linking = before

    def _moved(self, change) -> None:
        if not self.linking:
            self._quietly(self.box, value=self.shown(change.new))
            self.changed()

    def _written(self, change) -> None:
        if self.linking:
            return
        if self.slider is not None:
            with suppress(ValueError):  # `value` will say what is wrong
                self._quietly(self.slider, **self.place(self.value()))
        self.changed()


class Threads(Knob):
    """A number of threads, with the range that the panel has room for."""

    def __init__(self, field: str, label: str, least: int, most: int) -> None:
        self.least, self.most = least, most
        super().__init__(field, label, f"{least} to {most}")

    def widgets(self):
        return w.IntText(), w.IntSlider(min=self.least, max=self.most, readout=False)

    def place(self, value):
        return {"value": min(max(value, self.least), self.most)}


class Disk(Knob):
    """Disk latency: a time, a distribution or a profile."""

    def widgets(self):
        return w.Text(), w.SelectionSlider(options=[(compact(ns), ns) for ns in DISK_STEPS], readout=False)

    def value(self):
        return with_unit(self.box.value)

    def shown(self, value):
        return compact(value) if isinstance(value, int) else value

    def place(self, value):
        return {"index": nearest(DISK_STEPS, parse_disk(value)[0].mean())}


class Rate(Knob):
    """How many a second come at random; 0 is none."""

    def widgets(self):
        return w.FloatText(), w.SelectionSlider(options=[(units.number(rate), rate) for rate in RATES], readout=False)

    def place(self, value):
        return {"index": nearest(RATES, value)}


class Sometimes(Knob):
    """A time that need not be: `never` is how a Scenario says that."""

    never: str | None = "0"
    options = ((0, "never"), *((ns, compact(ns)) for ns in TIMES))

    def widgets(self):
        return w.Text(), w.SelectionSlider(options=[(text, ns) for ns, text in self.options], readout=False)

    def value(self):
        text = self.box.value.strip().replace("µ", "u")
        return self.never if text.lower() in ("", "0", "never", "off", "none") else text

    def shown(self, value):
        if isinstance(value, int):
            value = compact(value) if value else self.never
        return "never" if value == self.never else value

    def mean(self, value) -> float:
        """ns of a value that is not `never`."""
        return parse_gap(value, self.field).mean()

    def place(self, value):
        return {"index": 0 if value == self.never else 1 + nearest(TIMES, self.mean(value))}


class Once(Sometimes):
    """A moment of the run, or None."""

    never = None

    def mean(self, value):
        return parse_time(value, self.field)


class Pages(Knob):
    """A number of pages; "auto" is what the Scenario takes when nothing is said (None)."""

    options = ((0, "auto"), *((pages, units.count(pages)) for pages in PAGES))

    def widgets(self):
        return w.Text(), w.SelectionSlider(options=[(text, pages) for pages, text in self.options], readout=False)

    def value(self):
        text = self.box.value.strip().replace(",", "")
        if text.lower() in ("", "auto", "none"):
            return None
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"{self.label} is {text}; write a whole number of pages, or auto") from None

    def shown(self, value):
        return units.count(value) if value else "auto"

    def place(self, value):
        return {"index": 0 if value is None else 1 + nearest(PAGES, value)}


def with_unit(text: str) -> str:
    """What stands in the disk's box, as a Scenario takes it. Raises ValueError where a bare number needs a unit."""
    text = text.strip().replace("µ", "u")
    if text and text.replace(".", "", 1).isdigit():
        raise ValueError(f"Disk latency is {text}, of what? Write the unit too: {text}ms or {text}us")
    if not text:
        raise ValueError("Disk latency is empty; write a time such as 18ms or 80us, or hdd, ssd, nvme")
    return text.replace(" ", "") if text[0].isdigit() else text.lower()


def check_threads(label: str, value, least: int, most: int) -> None:
    """Raises ValueError unless a panel has room for so many threads."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{label} is {value!r}; this panel takes {least} to {most} (a Scenario takes more)")


def check_disk(disk) -> None:
    """Raises ValueError unless a panel has room for this disk."""
    mean = parse_disk(disk)[0].mean()
    if not LEAST_DISK <= mean <= MOST_DISK:
        raise ValueError(
            f"Disk latency is {disk}; this panel takes 10us to 30ms (a Scenario takes more), or hdd, ssd, nvme"
        )
