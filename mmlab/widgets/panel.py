"""The panel: move a control, and see at once what the design does with it."""

from __future__ import annotations

import asyncio

import ipywidgets as w

from ..designs import Design
from ..experiment import Scenario
from ..kernel.bug import KernelBug
from ..view import timeline, units
from . import output, quick
from .controls import Controls, check_disk, check_range
from .static import Static
from .turns import Turns

SETTLE_SECONDS = 0.4
WIDTH = 920


def panel(designs=("synchronous", "nopage_retry"), **scenario) -> Panel:
    """A live panel for one design or two side by side; `scenario` are the fields of a Scenario to begin with.

    Fields that have no control (pause, channels, cache_pages, ...) stay as they are given. Raises ValueError for
    no design or more than two, for what a Scenario refuses, and for what is outside the range of a control.
    """
    return Panel(designs, **scenario)


class Panel:
    """Controls, a sentence, a picture and a table. `static` is the same without widgets.

    `widget` is what is shown; `caption` says what happened, `results` are its runs, `scenarios` what was run.
    `close()` takes everything away.
    """

    def __init__(self, designs=("synchronous", "nopage_retry"), **scenario) -> None:
        designs = [designs] if isinstance(designs, str | Design) else list(designs)
        if not 1 <= len(designs) <= 2:
            raise ValueError(f"a panel shows one design or two side by side; {len(designs)} were given")
        self.scenarios = [Scenario(design=design, **scenario) for design in designs]
        first = self.scenarios[0]
        for name in ("fault_threads", "mmap_threads"):
            check_range(name, getattr(first, name))
        check_disk(first.disk)
        self._begin = (designs, first.as_dict())
        fixed = {name: value for name, value in scenario.items() if name not in ("disk", "seed")}
        self.controls = Controls(designs, fixed, self._changed)
        self.message = w.HTML()
        self.message.add_class("mmlab-message")
        self.screen = w.HTML()
        self.line = w.Text(description="Scenario", tooltip="Copy this line to run the first design again")
        self.line.add_class("mmlab-line")
        self.controls.reset.on_click(lambda _: self.reset())
        self.widget = output.arrange(self.controls, self.message, self.screen, self.line)
        self.results = []
        self._turns = Turns(self._answer)
        self._due = 0  # a full run that was asked for earlier than this one is not wanted any more
        self._settled = None  # the picture of the last full run: the ghost under the next
        self.reset()

    def reset(self) -> None:
        """Back to the scenario that the panel was made with; the ghost goes."""
        self._settled = None
        self.controls.show(*self._begin)
        self._turns.ask(full=True)

    def close(self) -> None:
        """Take the panel and its widgets away; a run that was due is dropped."""
        self._due += 1
        for one in (*self.controls.all(), self.message, self.screen, self.line):
            one.close()
        output.close(self.widget)

    @property
    def static(self) -> Static:
        """The same scenario as a picture, a sentence and a table without widgets, from `mmlab.compare`."""
        return Static(self.scenarios)

    def _changed(self) -> None:
        """Somebody changed a control: a short run now, a full one when nothing moves any more."""
        self._turns.ask(full=_loop() is None)

    def _answer(self, full: bool) -> None:
        """Run what the controls say and show it; what makes no sense becomes a line, and the picture stays."""
        try:
            designs, fields = self.controls.values()
            scenarios = [Scenario(design=design, **fields) for design in designs]
            stop = (lambda: self._turns.overtaken) if full else (lambda: False)
            results = quick.share(scenarios, full, stop)
        except quick.BrokenOff:
            return
        except Exception as error:  # a learner's own design may raise anything
            if not self.results:
                raise  # in the cell that makes the panel
            told = isinstance(error, ValueError | KernelBug)
            self.message.value = output.message(str(error) if told else f"{type(error).__name__}: {error}")
            return
        self.scenarios, self.results = scenarios, results
        self._show(full)
        if not full:
            self._settle_later()

    def _settle_later(self) -> None:
        """Ask for a full run when no other has been asked for until then."""
        self._due = due = self._due + 1
        _loop().call_later(SETTLE_SECONDS, lambda: due == self._due and self._turns.ask(full=True))

    def _show(self, full: bool) -> None:
        stop = min(max(map(quick.picture_ns, self.scenarios)), *(quick.pictured_ns(result) for result in self.results))
        runs = [(result.design, result.headline, result.metrics.opening) for result in self.results]
        ghost = self._settled  # the last full run: while a control moves, the place where it came from
        self.picture = timeline(runs, 0, stop, width=WIDTH, ghost=ghost)
        if full:
            self._settled = self.picture
        self.caption = output.sentence(self.results)
        note = (
            f"Measured over {quick.over(self.results)} of simulated time; "
            f"the picture shows the first {units.duration(stop, 2)}."
            + (" Pale strips under the lanes: the run before." if ghost else "")
        )
        self.screen.value = output.screen(self.caption, self.picture, self.results, note)
        self.line.value = f"mmlab.{self.scenarios[0]!r}"
        self.message.value = ""

    def __repr__(self) -> str:
        return self.caption

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {**self.widget._repr_mimebundle_(), "text/plain": self.caption}


def _loop():
    """The running event loop of a notebook's kernel, or None in a plain program."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
