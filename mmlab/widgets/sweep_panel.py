"""The sweep panel: one field of a Scenario goes through a range, and the dots appear as the runs are done."""

from __future__ import annotations

import asyncio
from html import escape

import ipywidgets as w

from ..designs import Design
from ..experiment.sweeping import FIELDS, known
from ..kernel.bug import KernelBug
from . import actions, output, sweep_view
from .keys import SCRIPT
from .sweep_controls import SweepControls
from .sweep_data import Dots
from .sweep_view import SweepStatic
from .turns import collector_waits

STYLE = """<style>
.mmlab-sweep .mmlab-designs { display: flex; flex-flow: row wrap; gap: 0 18px; padding: 2px 4px; margin: 0; }
.mmlab-sweep .mmlab-designs .widget-checkbox { width: auto; margin: 0; }
.mmlab-sweep .mmlab-controls .widget-label { flex: 0 0 108px; width: 108px; }
.mmlab-sweep .mmlab-controls > * { max-width: 440px; }
</style>"""


def sweep_panel(
    designs=("synchronous", "nopage_retry"), x="disk", y="mmaps_per_second", *, values=None, seeds=1, xlog=None,
    ylog=None, **scenario,
) -> SweepPanel:  # fmt: skip
    """A panel that draws figure `y` over field `x` of a Scenario, for each design, with the theory through the dots.

    x: one of sweeping.FIELDS; y: one of sweeping.MEASURES; values: of x, times as "18ms" or in ns; seeds: runs a dot,
    several give error bars; xlog, ylog: True, False, or None for what fits; `scenario`: the other fields of a Scenario.
    Raises ValueError for whatever makes no sense.
    """
    return SweepPanel(designs, x, y, values=values, seeds=seeds, xlog=xlog, ylog=ylog, **scenario)


class SweepPanel:
    """Controls, chart, caption and table. `static` is the whole sweep without widgets.

    `widget` is what is shown, `dots` what was measured so far, `code` a line that makes the panel again. In a notebook
    the runs are made one by one between the cells and whatever else the kernel does; elsewhere at once. `stop()` ends
    them, `go_on()` makes those that are missing, `close()` takes everything away.
    """

    def __init__(
        self, designs=("synchronous", "nopage_retry"), x="disk", y="mmaps_per_second", *, values=None, seeds=1,
        xlog=None, ylog=None, **scenario,
    ) -> None:  # fmt: skip
        designs = [designs] if isinstance(designs, str | Design) else list(designs)
        x = known(x, FIELDS, "x")
        values = list(FIELDS[x].values if values is None else values)
        self._begin = (designs, x, y, values, seeds, scenario, xlog, ylog)
        self.dots = Dots(*self._begin)
        self.controls = SweepControls(self.dots, self._changed)
        self.stopper = w.Button(description="Stop", tooltip="Make no more runs for now; again: go on")
        self.reset_button = w.Button(description="Reset", tooltip="Back to where this panel began")
        self.stopper.on_click(lambda _: self.go_on() if self.stopped else self.stop())
        self.reset_button.on_click(lambda _: self.reset())
        self.progress, self.message, self.screen = w.HTML(), w.HTML(), w.HTML()
        self.progress.add_class("mmlab-live")
        self.line = w.Text(description="Code", tooltip="Copy this line to make this panel again")
        self.widget = self._arrange()
        self.stopped = False
        self._due = 0  # runs that were asked for earlier than this are not wanted any more
        self._loop = running_loop()
        self._start()

    def _arrange(self) -> w.VBox:
        c = self.controls
        designs = w.Box(list(c.designs.values()))
        designs.add_class("mmlab-designs")
        axes = [c.x, c.y, c.low, c.high, c.points, c.seeds, c.xlog, c.ylog]
        grid = w.Box([*axes, *c.boxes.values()])
        grid.add_class("mmlab-controls")
        copy = w.Button(description="Copy", tooltip="Copy the line of code", layout=w.Layout(width="auto"))
        copy.add_class("mmlab-copy")
        line = w.HBox([self.line, copy])
        line.add_class("mmlab-row")
        line.add_class("mmlab-line")
        buttons = w.HBox([self.stopper, self.reset_button])
        name = w.HTML('<p class="mmlab-name mmlab-note">A sweep: one field of the scenario goes through a range.</p>')
        style = w.HTML(
            output.STYLE.format(script=actions.ONLOAD + escape(SCRIPT)) + output.PANEL_STYLE + STYLE + actions.SAID
        )
        whole = w.VBox([name, designs, grid, buttons, self.progress, self.message, self.screen, line, style])
        whole.add_class("mmlab-panel")
        whole.add_class("mmlab-sweep")
        return whole

    # ------------------------------------------------------------------ what a person does

    def reset(self) -> None:
        """Back to the sweep that the panel was made with."""
        self.dots = Dots(*self._begin)
        self.controls.show(self.dots)
        self._start()

    def stop(self) -> None:
        """Make no more runs for now."""
        self.stopped = True
        self._due += 1
        self._show()

    def go_on(self) -> None:
        """Make the runs that are missing."""
        self._start()

    def close(self) -> None:
        """Take the panel and its widgets away; runs that were due are dropped."""
        self._due += 1
        output.close(self.widget)

    @property
    def static(self) -> SweepStatic:
        """The sweep that the panel was made with, all of it, without widgets."""
        return SweepStatic(Dots(*self._begin))

    @property
    def code(self) -> str:
        """A line that makes this panel again."""
        return sweep_view.code(self.dots)

    def _changed(self) -> None:
        """Somebody changed a control; what makes no sense becomes a line, and the picture stays."""
        try:
            new = self.controls.dots()
        except Exception as error:
            self._say(error)
            return
        same = (new.x, new.fields, new.bases) == (self.dots.x, self.dots.fields, self.dots.bases)
        if same:  # another figure of the same runs
            new.done = self.dots.done
        self.dots = new
        self._start()

    # ------------------------------------------------------------------ the runs

    def _start(self) -> None:
        """Begin with the runs that are missing."""
        self.stopped = False
        self.message.value = ""
        self._due = due = self._due + 1
        self._show()
        if self._loop is None:
            while due == self._due and self._step():
                pass
            self._show()
        else:
            self._loop.call_soon_threadsafe(self._tick, due)

    def _tick(self, due: int) -> None:
        """One run, and then whatever else the kernel has to do."""
        if due != self._due:
            return
        more = self._step()
        if due == self._due:
            self._show()
            if more:
                self._loop.call_later(0.001, self._tick, due)

    def _step(self) -> bool:
        """Make the next run; whether there are more. What a run raises ends the sweep and becomes a line."""
        dots = self.dots
        missing = dots.missing()
        if not missing:
            return False
        try:
            with collector_waits():
                dots.measure(missing[0])
        except Exception as error:  # a learner's own design may raise anything
            self.stopped = True
            self._due += 1
            self._say(error)
            self._show()
            return False
        return len(missing) > 1

    # ------------------------------------------------------------------ what is shown

    def _say(self, error: Exception) -> None:
        told = isinstance(error, ValueError | KernelBug)
        self.message.value = output.message(str(error) if told else f"{type(error).__name__}: {error}")

    def _show(self) -> None:
        dots, all_runs = self.dots, len(self.dots.runs())
        missing = len(dots.missing())
        done = f"{all_runs - missing} of {all_runs} runs are done"
        if not missing:
            words = f"All {all_runs} runs are done."
        elif self.stopped:
            words = f"Stopped: {done}."
        else:
            words = f"{done} …"
        self.progress.value = f'<p class="mmlab-note">{words}</p>'
        self.stopper.description = "Go on" if self.stopped else "Stop"
        self.stopper.disabled = not missing
        self.screen.value = sweep_view.html(dots)
        self.line.value = self.code

    def __repr__(self) -> str:
        return self.code

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {**self.widget._repr_mimebundle_(), "text/plain": sweep_view.code(Dots(*self._begin))}


def running_loop():
    """The running event loop of a notebook's kernel, or None in a plain program."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
