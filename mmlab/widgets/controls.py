"""The controls of a panel: what a learner can set, each with a visible label, a box and a slider where one helps.

A slider and its box always show the same value. Boxes are forgiving about spelling and strict about sense: what
makes no sense raises ValueError in `values`, with one line for the learner.
"""

from __future__ import annotations

from bisect import bisect_left
from contextlib import suppress

import ipywidgets as w

from .. import designs as shipped
from ..experiment.durations import parse_disk
from ..view import units

NO_DESIGN = "(none)"
MANTISSAS = (1, 1.2, 1.5, 1.8, 2, 2.5, 3, 4, 5, 6, 8)
LEAST_DISK, MOST_DISK = 10_000, 30_000_000
DISK_STEPS = [
    step
    for decade in (10_000, 100_000, 1_000_000, 10_000_000)
    for step in (round(mantissa * decade) for mantissa in MANTISSAS)
    if LEAST_DISK <= step <= MOST_DISK
]
"""ns; about eleven to a decade, and 18 ms is one of them"""
PRESETS = (("HDD", "hdd"), ("SSD", "ssd"), ("NVMe", "nvme"))
RANGES = {"fault_threads": (1, 64), "mmap_threads": (0, 8)}
NAMES = {"fault_threads": "Fault threads", "mmap_threads": "mmap threads"}


def compact(ns: int) -> str:
    """18_000_000 -> "18ms", as a Scenario takes it."""
    return units.duration(ns, ascii=True).replace(" ", "").replace(",", "")


def nearest_step(disk: str) -> int:
    """The index in DISK_STEPS of the step next to what `disk` takes on average."""
    mean = parse_disk(disk)[0].mean()
    above = min(bisect_left(DISK_STEPS, mean), len(DISK_STEPS) - 1)
    below = max(above - 1, 0)
    return above if DISK_STEPS[above] / mean <= mean / DISK_STEPS[below] else below


class Controls:
    """The widgets, linked to each other. `changed()` is called once for each change that a person makes."""

    def __init__(self, designs, fixed: dict, changed) -> None:
        self.changed = changed
        self.linking = False
        self.known = {name: name for name in shipped.series}
        self.known.update((str(one), one) for one in designs if one not in shipped.series.values())
        self._make(fixed)
        self._observe()

    def _make(self, fixed: dict) -> None:
        self.fixed = fixed
        self.design = w.Dropdown(options=list(self.known), description="Design")
        self.other = w.Dropdown(options=[NO_DESIGN, *self.known], description="Compare with")
        self.disk = w.Text(description="Disk latency", continuous_update=False)
        self.disk_slider = w.SelectionSlider(options=[(compact(ns), ns) for ns in DISK_STEPS], readout=False)
        self.presets = [
            w.Button(description=label, tooltip=f"{label}: {_profile(name)}", layout=w.Layout(width="auto"))
            for label, name in PRESETS
        ]
        self.boxes, self.sliders = {}, {}
        for name, (least, most) in RANGES.items():
            self.boxes[name] = w.IntText(description=NAMES[name], continuous_update=False)
            self.sliders[name] = w.IntSlider(min=least, max=most, readout=False)
        self.seed = w.IntText(description="Seed", continuous_update=False)
        self.ps = w.Checkbox(description="somebody runs ps", indent=False)
        self.reset = w.Button(description="Reset", tooltip="Back to where this panel began")

    def _observe(self) -> None:
        self.disk_slider.observe(self._disk_moved, "value")
        for button, (_, name) in zip(self.presets, PRESETS):
            button.on_click(lambda _, name=name: setattr(self.disk, "value", name))
        self.disk.observe(self._disk_written, "value")
        for name in RANGES:
            self.sliders[name].observe(lambda change, name=name: self._link(self.boxes[name], change.new), "value")
            self.boxes[name].observe(lambda change, name=name: self._slide(name, change.new), "value")
        for one in (self.design, self.other, self.seed, self.ps):
            one.observe(lambda _: self._tell(), "value")

    def all(self) -> list:
        """Every widget here."""
        pairs = [*self.boxes.values(), *self.sliders.values()]
        one = [self.design, self.other, self.disk, self.disk_slider, self.seed, self.ps, self.reset]
        return [*one, *self.presets, *pairs]

    def _tell(self) -> None:
        if not self.linking:
            self.changed()

    def _quietly(self, widget, **values) -> None:
        before, self.linking = self.linking, True
        try:
            for name, value in values.items():
                setattr(widget, name, value)
        finally:
            self.linking = before

    def _link(self, widget, value) -> None:
        if not self.linking:
            self._quietly(widget, value=value)
            self.changed()

    def _disk_moved(self, change) -> None:
        self._link(self.disk, compact(change.new))

    def _disk_written(self, change) -> None:
        if self.linking:
            return
        with suppress(ValueError):  # `values` will say what is wrong
            self._quietly(self.disk_slider, index=nearest_step(_with_unit(change.new)))
        self.changed()

    def _slide(self, name: str, value: int) -> None:
        least, most = RANGES[name]
        if not self.linking:
            self._quietly(self.sliders[name], value=min(max(value, least), most))
            self.changed()

    def show(self, designs, values: dict) -> None:
        """Set every control, without telling anybody."""
        self._quietly(self.design, value=str(designs[0]))
        self._quietly(self.other, value=str(designs[1]) if len(designs) > 1 else NO_DESIGN)
        self._quietly(self.disk, value=values["disk"])
        self._quietly(self.disk_slider, index=nearest_step(values["disk"]))
        for name in RANGES:
            self._quietly(self.boxes[name], value=values[name])
            self._quietly(self.sliders[name], value=values[name])
        self._quietly(self.seed, value=values["seed"])
        self._quietly(self.ps, value=bool(values["ps_readers"]))

    def values(self) -> tuple[list, dict]:
        """(designs, the fields of a Scenario) as they are set. Raises ValueError with one line for people."""
        names = [self.design.value, *([self.other.value] if self.other.value != NO_DESIGN else [])]
        fields = {name: check_range(name, self.boxes[name].value) for name in RANGES}
        fields.update(
            disk=_with_unit(self.disk.value),
            seed=self.seed.value,
            ps_readers=max(1, self.fixed.get("ps_readers", 1)) if self.ps.value else 0,
        )
        check_disk(fields["disk"])
        chosen = [self.known[name] for name in dict.fromkeys(names)]
        return chosen, {**self.fixed, **fields}


def check_range(name: str, value) -> int:
    """`value` if the panel has room for it. Raises ValueError."""
    least, most = RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{NAMES[name]} is {value!r}; this panel takes {least} to {most} (a Scenario takes more)")
    return value


def check_disk(disk) -> None:
    """Raises ValueError unless the panel has room for this disk."""
    mean = parse_disk(disk)[0].mean()
    if not LEAST_DISK <= mean <= MOST_DISK:
        raise ValueError(
            f"Disk latency is {disk}; this panel takes 10us to 30ms (a Scenario takes more), or hdd, ssd, nvme"
        )


def _with_unit(text: str) -> str:
    """What was written in the box, as a Scenario takes it. Raises ValueError where a bare number needs a unit."""
    text = text.strip().replace("µ", "u")
    if text and text.replace(".", "", 1).isdigit():
        raise ValueError(f"Disk latency is {text}, of what? Write the unit too: {text}ms or {text}us")
    if not text:
        raise ValueError("Disk latency is empty; write a time such as 18ms or 80us, or hdd, ssd, nvme")
    return text.replace(" ", "") if text[0].isdigit() else text.lower()


def _profile(name: str) -> str:
    service, channels = parse_disk(name)
    return f"a read takes {units.duration(service.mean())} on average, {units.plural(channels, 'read')} at a time"
