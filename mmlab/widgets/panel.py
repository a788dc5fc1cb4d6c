"""The panel: move a control, and see at once what the design does with it."""

from __future__ import annotations

import asyncio

import ipywidgets as w

from ..experiment import Scenario
from ..kernel.bug import KernelBug
from . import output, quick
from .controls import Controls, check, chosen, unfolded
from .pins import Pins
from .static import Static
from .turns import Turns

SETTLE_SECONDS = 0.4


def panel(designs=("synchronous", "nopage_retry"), **scenario) -> Panel:
    """A live panel for up to four designs side by side; `scenario` are the fields of a Scenario to begin with.

    Fields that have no control (pause, channels, cpus, ...) stay as they are given. Raises ValueError for no design
    or more than four, for what a Scenario refuses, and for what is outside the range of a control.
    """
    return Panel(designs, **scenario)


class Panel:
    """Controls, a sentence, a picture and a table. `static` is the same without widgets.

    `widget` is what is shown; `caption` says what happened, `results` are its runs, `scenarios` what was run, `pins`
    what was pinned. A panel keeps the designs that it was made with: a design that is written anew in a later cell is
    another object, for another panel. `close()` takes everything away.
    """

    def __init__(self, designs=("synchronous", "nopage_retry"), **scenario) -> None:
        designs, self.scenarios = chosen(designs, scenario)
        first = self.scenarios[0].as_dict()
        check(first)
        self._begin = (designs, first)
        fixed = {name: value for name, value in scenario.items() if name not in ("disk", "seed")}
        self.controls = Controls(designs, fixed, self._changed)
        self.controls.more.value = unfolded(designs, first)
        self.message = w.HTML()
        self.message.add_class("mmlab-message")
        self.screen = w.HTML()
        self.line = w.Text(description="Scenario", tooltip="Run this line to run the first design again")
        self.pins = Pins()
        self.controls.reset.on_click(lambda _: self.reset())
        self.controls.pin.on_click(lambda _: self.pin())
        self.widget = output.arrange(self.controls, self.message, self.screen, self.line, self.pins.widget)
        self.results = []
        self._full = False  # whether `results` come from a full run
        self._pin_next = False
        self._turns = Turns(self._answer)
        self._due = 0  # a full run that was asked for earlier than this one is not wanted any more
        self._settled = None  # the picture of the last full run: the ghost under the next
        try:
            self.reset()
        except BaseException:
            self.close()
            raise

    def reset(self) -> None:
        """Back to the scenario that the panel was made with; the ghost goes, pinned runs stay."""
        self._settled = None
        self.controls.show(*self._begin)
        self._turns.ask(full=True)

    def pin(self) -> None:
        """Keep the runs that are shown as rows below; a short run is made a full one first."""
        if self._full and not self.message.value:
            self._pin()
        else:
            self._pin_next = True
            self._turns.ask(full=True)

    def _pin(self) -> None:
        self._pin_next = False
        if not self.pins.add(self.results, self.picture.stop):
            self.message.value = output.message("This run is pinned already: see the table below.")

    def close(self) -> None:
        """Take the panel and its widgets away; a run that was due is dropped."""
        self._due += 1
        self.pins.clear()
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
        except KeyboardInterrupt:
            if not self.results:
                raise
            self.message.value = output.message("Interrupted: the picture is still that of the run before.")
            return
        except Exception as error:  # a learner's own design may raise anything
            self._pin_next = False
            if not self.results:
                raise  # in the cell that makes the panel
            told = isinstance(error, ValueError | KernelBug)
            self.message.value = output.message(str(error) if told else f"{type(error).__name__}: {error}")
            return
        self.scenarios, self.results, self._full = scenarios, results, full
        self._show(full)
        if full and self._pin_next:
            self._pin()
        if not full:
            self._settle_later()

    def _settle_later(self) -> None:
        """Ask for a full run when no other has been asked for until then."""
        self._due = due = self._due + 1
        _loop().call_later(SETTLE_SECONDS, lambda: due == self._due and self._turns.ask(full=True))

    def _show(self, full: bool) -> None:
        ghost = self._settled  # the last full run: while a control moves, the place where it came from
        self.picture = output.picture(self.results, ghost)
        if full:
            self._settled = self.picture
        self.caption = output.sentence(self.results)
        note = output.measured(self.results, self.picture.stop)
        note += " Pale strips under the lanes: the run before." if ghost else ""
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
