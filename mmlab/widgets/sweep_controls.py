"""The controls of a sweep panel: designs, both axes, the range, and the other fields of the Scenario."""

from __future__ import annotations

import ipywidgets as w

from .. import designs as shipped
from ..designs import find
from ..experiment.scenario import Scenario
from ..experiment.sweeping import FIELDS, MEASURES
from .sweep_data import Dots

FITS = "fits"  # a Dropdown shows nothing for the value None
AXES = (("as it fits", FITS), ("logarithmic", True), ("linear", False))
TIMES = {"disk": "Disk latency", "pause": "Fault pause", "mmap_pause": "mmap pause", "dontneed": "DONTNEED gap"}
COUNTS = {"fault_threads": "Fault threads", "mmap_threads": "mmap threads", "seed": "Seed"}
RATES = {"write_rate": "Writes/s"}
MOST_POINTS = 60


class SweepControls:
    """The widgets. `changed()` is called once for each change that a person makes; `dots()` is what they say."""

    def __init__(self, dots: Dots, changed) -> None:
        self.changed = changed
        self.linking = False
        self.known = {name: name for name in shipped.series}
        self.known.update((str(find(one)), one) for one in dots.designs if str(find(one)) not in self.known)
        self.designs = {name: w.Checkbox(description=name, indent=False) for name in self.known}
        self.x = w.Dropdown(description="Across (x)", options=[(one.label, name) for name, one in FIELDS.items()])
        self.y = w.Dropdown(description="Up (y)", options=[(one.label, name) for name, one in MEASURES.items()])
        self.low = w.Text(description="From", continuous_update=False)
        self.high = w.Text(description="To", continuous_update=False)
        self.points = w.IntText(description="Dots", continuous_update=False)
        self.seeds = w.IntText(description="Runs a dot", continuous_update=False)
        self.xlog = w.Dropdown(description="x axis", options=AXES)
        self.ylog = w.Dropdown(description="y axis", options=AXES)
        self.boxes: dict[str, w.Widget] = {
            **{name: w.Text(description=label, continuous_update=False) for name, label in TIMES.items()},
            **{name: w.IntText(description=label, continuous_update=False) for name, label in COUNTS.items()},
            **{name: w.FloatText(description=label, continuous_update=False) for name, label in RATES.items()},
        }
        self.values: list[float] | None = None  # as they were given; None: by From, To and Dots
        self.fixed: dict = {}
        self.show(dots)
        for one in (*self.designs.values(), self.y, self.seeds, self.xlog, self.ylog, *self.boxes.values()):
            one.observe(lambda _: self._tell(), "value")
        for one in (self.low, self.high, self.points):
            one.observe(lambda _: self._range_changed(), "value")
        self.x.observe(lambda _: self._axis_changed(), "value")

    def all(self) -> list:
        """Every widget here."""
        axes = [self.x, self.y, self.low, self.high, self.points, self.seeds, self.xlog, self.ylog]
        return [*self.designs.values(), *axes, *self.boxes.values()]

    def show(self, dots: Dots) -> None:
        """Set every control, without telling anybody."""
        self.linking = True
        try:
            for name, box in self.designs.items():
                box.value = name in dots.bases
            self.x.value, self.y.value = dots.x, dots.y
            self.seeds.value = dots.seeds
            self.xlog.value, self.ylog.value = (FITS if log is None else log for log in (dots.xlog, dots.ylog))
            self.fixed = {name: value for name, value in dots.fields.items() if name not in self.boxes}
            base = {**Scenario().as_dict(), **dots.fields}
            for name, box in self.boxes.items():
                box.value = base[name]
            self._show_values(dots.values)
        finally:
            self.linking = False

    def _show_values(self, values: list[float]) -> None:
        self.values = values
        field = FIELDS[self.x.value]
        self.low.value, self.high.value = str(field.written(values[0])), str(field.written(values[-1]))
        self.points.value = len(values)
        for name, box in self.boxes.items():
            box.disabled = name == self.x.value

    def _tell(self) -> None:
        if not self.linking:
            self.changed()

    def _range_changed(self) -> None:
        if not self.linking:
            self.values = None
            self.changed()

    def _axis_changed(self) -> None:
        """Another field is swept: its own range to begin with."""
        if self.linking:
            return
        self.linking = True
        try:
            self._show_values(list(FIELDS[self.x.value].values))
        finally:
            self.linking = False
        self.changed()

    def dots(self) -> Dots:
        """The sweep that is set. Raises ValueError with one line for people."""
        x = self.x.value
        fields = {name: self._value(name) for name in self.boxes if name != x}
        default = Scenario().as_dict()
        fields = {name: value for name, value in fields.items() if value != default[name]}
        fields |= {name: value for name, value in self.fixed.items() if name != x}
        chosen = [self.known[name] for name, box in self.designs.items() if box.value]
        logs = (None if axis.value == FITS else axis.value for axis in (self.xlog, self.ylog))
        return Dots(chosen, x, self.y.value, self._values(), self.seeds.value, fields, *logs)

    def _value(self, name: str):
        value = self.boxes[name].value
        if name not in TIMES:
            return value
        text = value.strip().replace("µ", "u")
        if text.replace(".", "", 1).isdigit() and float(text):
            raise ValueError(f"{TIMES[name]} is {text}, of what? Write the unit too: {text}ms or {text}us")
        return text or "0"

    def _values(self) -> list[float]:
        if self.values is not None:
            return self.values
        field, points = FIELDS[self.x.value], self.points.value
        low, high = (field.read(box.value, box.description) for box in (self.low, self.high))
        if low > high:
            raise ValueError(f"From {self.low.value} to {self.high.value}: the first must not be above the second")
        if not 1 <= points <= MOST_POINTS:
            raise ValueError(f"Dots is {points}; this panel takes 1 to {MOST_POINTS}")
        return field.spread(low, high, points)
