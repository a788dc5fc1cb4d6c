"""The controls of a panel: what a learner can set, each with a visible label, a box and a slider where one helps.

A first look shows few of them; the others are behind the button "More controls".
"""

from __future__ import annotations

import dataclasses

import ipywidgets as w

from .. import designs as shipped
from ..designs import Design
from ..experiment import Scenario
from ..experiment.durations import parse_disk
from ..view import units
from .knobs import Disk, Knob, Once, Pages, Rate, Sometimes, Threads, check_disk, check_threads

MOST_DESIGNS = 4
NO_DESIGN = "(none)"
DESIGN_LABELS = ("Design", "Compare with", "Third design", "Fourth design")
PRESETS = (("HDD", "hdd"), ("SSD", "ssd"), ("NVMe", "nvme"))
MORE, FEWER = "More controls", "Fewer controls"


THREADS = {"fault_threads": ("Fault threads", 1, 64), "mmap_threads": ("mmap threads", 0, 8)}


def knobs() -> list[Knob]:
    """A fresh knob for each field that has one; the first three are always in sight."""
    return [
        Disk("disk", "Disk latency", "a time (18ms), a distribution (exponential(18ms)), or hdd, ssd, nvme"),
        *(Threads(name, *words) for name, words in THREADS.items()),
        Pages("cache_pages", "Cache pages", "pages that the page cache holds; auto: enough for all threads"),
        Sometimes("dontneed", "DONTNEED", "mean time between two FADV_DONTNEED that empty the page cache, or never"),
        Rate("foreign_rate", "Foreign reads", "pages a second that another process brings in: each pushes one out"),
        Rate("signal_rate", "Signals", "a second, for each fault thread, at random"),
        Once("kill_at", "Kill at", "when all fault threads get a SIGKILL, or never"),
        Knob("seed", "Seed", "of everything that is random"),
    ]


IN_SIGHT = ("disk", "fault_threads", "mmap_threads")
BEHIND = ("cache_pages", "dontneed", "foreign_rate", "signal_rate", "kill_at", "seed")
DEFAULTS = {field.name: field.default for field in dataclasses.fields(Scenario)}


class Controls:
    """The widgets, linked to each other. `changed()` is called once for each change that a person makes."""

    def __init__(self, designs, fixed: dict, changed) -> None:
        self.changed = changed
        self.linking = False
        self.fixed = fixed
        self.known = {name: name for name in shipped.series}
        self.known.update((str(one), one) for one in designs if one not in shipped.series.values())
        self.designs = [
            w.Dropdown(options=[*([NO_DESIGN] if number else []), *self.known], description=label)
            for number, label in enumerate(DESIGN_LABELS)
        ]
        self.knobs = {knob.field: knob for knob in knobs()}
        self.presets = [
            w.Button(description=label, tooltip=f"{label}: {_profile(name)}", layout=w.Layout(width="auto"))
            for label, name in PRESETS
        ]
        self.ps = w.Checkbox(description="somebody runs ps", indent=False)
        self.reset = w.Button(description="Reset", tooltip="Back to where this panel began; pins stay")
        self.pin = w.Button(description="Pin", tooltip="Keep this run in a table below")
        self.more = w.ToggleButton(description=MORE, tooltip="Page cache, signals, seed, more designs")
        self._observe()

    def _observe(self) -> None:
        for button, (_, name) in zip(self.presets, PRESETS):
            button.on_click(lambda _, name=name: setattr(self.disk, "value", name))
        for knob in self.knobs.values():
            knob.changed = self._tell
        for one in (*self.designs, self.ps):
            one.observe(lambda _: self._tell(), "value")

    design = property(lambda self: self.designs[0])
    other = property(lambda self: self.designs[1])
    disk = property(lambda self: self.knobs["disk"].box)
    disk_slider = property(lambda self: self.knobs["disk"].slider)
    seed = property(lambda self: self.knobs["seed"].box)

    @property
    def boxes(self) -> dict:
        """The box of each field."""
        return {name: knob.box for name, knob in self.knobs.items()}

    @property
    def sliders(self) -> dict:
        """The slider of each field that has one."""
        return {name: knob.slider for name, knob in self.knobs.items() if knob.slider is not None}

    def all(self) -> list:
        """Every widget here."""
        pairs = [*self.boxes.values(), *self.sliders.values()]
        return [*self.designs, self.ps, self.reset, self.pin, self.more, *self.presets, *pairs]

    def _tell(self) -> None:
        if not self.linking:
            self.changed()

    def show(self, designs, values: dict) -> None:
        """Set every control, without telling anybody."""
        self.linking = True
        try:
            names = [*map(str, designs), *[NO_DESIGN] * MOST_DESIGNS]
            for dropdown, name in zip(self.designs, names):
                dropdown.value = name
            for name, knob in self.knobs.items():
                knob.show(values[name])
            self.ps.value = bool(values["ps_readers"])
        finally:
            self.linking = False

    def values(self) -> tuple[list, dict]:
        """(designs, the fields of a Scenario) as they are set. Raises ValueError with one line for people."""
        fields = {name: knob.value() for name, knob in self.knobs.items()}
        fields["ps_readers"] = max(1, self.fixed.get("ps_readers", 1)) if self.ps.value else 0
        check(fields)
        names = [dropdown.value for dropdown in self.designs if dropdown.value != NO_DESIGN]
        chosen = [self.known[name] for name in dict.fromkeys(names)]
        return chosen, {**self.fixed, **fields}


def check(fields: dict) -> None:
    """Raises ValueError unless the panel has room for these fields of a Scenario."""
    check_disk(fields["disk"])
    for name, (label, least, most) in THREADS.items():
        check_threads(label, fields[name], least, most)


def unfolded(designs, values: dict) -> bool:
    """Whether something behind "More controls" is not as it always is."""
    return len(designs) > 2 or any(values[name] != DEFAULTS[name] for name in BEHIND)


def chosen(designs, fields: dict) -> tuple[list, list[Scenario]]:
    """(designs, a Scenario for each) of what was given; the same design twice is one.

    Raises ValueError for none or too many, for two that share a name, and for what a Scenario refuses.
    """
    if not isinstance(designs, str | Design) and not hasattr(designs, "__iter__"):
        raise ValueError(f"designs={designs!r} is not a list of designs; give one such as ['synchronous', 'final']")
    scenarios = []
    for design in [designs] if isinstance(designs, str | Design) else designs:
        scenario = Scenario(design=design, **fields)
        if not any(scenario.design is earlier.design or scenario == earlier for earlier in scenarios):
            scenarios.append(scenario)
    if not 1 <= len(scenarios) <= MOST_DESIGNS:
        raise ValueError(f"a panel shows one to {MOST_DESIGNS} designs side by side; {len(scenarios)} were given")
    names = [str(scenario.design) for scenario in scenarios]
    double = next((name for name in names if names.count(name) > 1), None)
    if double:
        raise ValueError(f"two of the designs are called {double!r}; give one of them another name")
    return [scenario.design for scenario in scenarios], scenarios


def _profile(name: str) -> str:
    service, channels = parse_disk(name)
    return f"a read takes {units.duration(service.mean())} on average, {units.plural(channels, 'read')} at a time"
