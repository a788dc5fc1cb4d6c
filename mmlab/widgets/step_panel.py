"""Step mode as a panel: the learner is the scheduler."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape

import ipywidgets as w

from ..designs import Design
from ..engine.step import Goal
from ..experiment.interleavings import Interleaving
from ..experiment.worlds import World
from ..kernel.bug import KernelBug
from ..view.interleaving import picture
from . import output, step_view
from .keys import KEYS, SCRIPT
from .step_game import Game, NoSolution
from .step_view import StepStatic

MOST_HINTS = 3
STYLE = """<style>
.mmlab-step:focus { outline: 2px solid var(--jp-brand-color1, #0072B2); outline-offset: 2px; }
.mmlab-step .mmlab-moves { display: flex; flex-flow: row wrap; gap: 6px; padding: 4px 2px; overflow: visible; }
.mmlab-step .mmlab-moves button { width: auto; height: auto; min-height: 32px; margin: 0; padding: 4px 12px;
  white-space: normal; line-height: 1.35; text-align: left; color: var(--jp-ui-font-color1, #1b1f24);
  border: 1px solid var(--jp-border-color1, #bdbdbd); background: var(--jp-layout-color2, #eee); }
.mmlab-step .mmlab-tasks { flex-flow: column; align-items: stretch; max-width: 560px; }
.mmlab-step .mmlab-moves button:disabled { opacity: 1; background: none; box-shadow: none;
  border: 1px dashed var(--jp-border-color1, #bdbdbd); color: var(--jp-ui-font-color2, #5b636e); }
.mmlab-step .mmlab-goal { font-weight: 600; }
.mmlab-step p { margin: 2px 4px; max-width: 72em; }
.mmlab-step .mmlab-now { display: flex; flex-flow: row wrap; gap: 4px 28px; align-items: flex-start; }
.mmlab-step .mmlab-now svg { vertical-align: middle; }
.mmlab-step .mmlab-moved th { text-decoration: underline; }
.mmlab-step pre { margin: 6px 0 0; padding: 6px 10px; overflow: auto; max-width: 100%; font-size: 12px;
  line-height: 1.5; border-left: 3px solid var(--jp-border-color2, #d5d9de);
  font-family: var(--jp-code-font-family, monospace); background: none; }
.mmlab-step pre .mmlab-dim { color: var(--jp-ui-font-color2, #5b636e); }
.mmlab-step pre .mmlab-here { font-weight: 700; color: var(--jp-ui-font-color1, #1b1f24); }
.mmlab-step .mmlab-history { max-height: 480px; overflow: auto; margin-top: 6px; }
</style>"""


def step_panel(
    design: str | Design = "nopage_retry", world: str | World = "a fault under DONTNEED", goal: str | Goal = "finding",
    *, moves=(),
) -> StepPanel:  # fmt: skip
    """A panel in which the learner lets one task after the other take its next step, to reach a goal.

    design, world: as mmlab.explore takes them; goal: "finding", "livelock", "stale pte", "starvation", "convoy", or a
    Goal; moves: who moved already, as `panel.moves` says it. Raises ValueError for unknown names, with the nearest
    right spelling, and for a move that cannot be made.
    """
    return StepPanel(design, world, goal, moves=moves)


class StepPanel:
    """The panel: `widget` is what is shown, `moves` who moved, `reached` how the goal was reached ("" if it was not).

    `static` is its twin without widgets, `solution()` a shortest interleaving that reaches the goal. `move(name)`,
    `undo()`, `redo()`, `reset()` and `hint()` do what the buttons do. `close()` takes everything away.
    """

    def __init__(
        self, design: str | Design = "nopage_retry", world: str | World = "a fault under DONTNEED",
        goal: str | Goal = "finding", *, moves=(),
    ) -> None:  # fmt: skip
        self.game = Game(design, world, goal, moves)
        self.hints = 0
        self._lock = threading.RLock()  # JupyterLab delivers clicks in another thread than cells run in
        names = self.game.stepper.names
        self.buttons = {
            name: self._button(f"move{number}", "", lambda name=name: self.move(name))
            for number, name in enumerate(names, 1)
        }
        self.undo_button = self._button("undo", "Undo (u)", self.undo)
        self.redo_button = self._button("redo", "Redo (r)", self.redo)
        self.reset_button = self._button("reset", "Start again (0)", self.reset)
        self.hint_button = self._button("hint", "Hint (h)", self.hint)
        self.head, self.goal, self.last, self.message, self.now, self.screen = (w.HTML() for _ in range(6))
        for one in (self.goal, self.last, self.message):
            one.add_class("mmlab-live")
        self.widget = self._arrange()
        self._show()

    @property
    def moves(self) -> list[str]:
        """Who moved, in order; `step_panel(..., moves=...)` takes it."""
        return self.game.moves

    @property
    def reached(self) -> str:
        """How the goal was reached, as a sentence; "" while it is not."""
        return self.game.stepper.reached()

    @property
    def static(self) -> StepStatic:
        """The beginning of this game without widgets: no spoiler."""
        return StepStatic(Game(self.game.design, self.game.world, self.game.goal))

    def solution(self) -> Interleaving | NoSolution:
        """A shortest interleaving that reaches the goal, or (false, as None is) what is known about that."""
        return self.game.solution()

    # ------------------------------------------------------------------ what a person does

    def move(self, name: str) -> None:
        """Let a task, or "disk", take its next step; one that cannot becomes a line in the panel."""
        self._do(lambda: self.game.stepper.move(name))

    def undo(self) -> None:
        """Take the last step back."""
        self._do(self.game.stepper.undo)

    def redo(self) -> None:
        """Take the step again that was undone last."""
        self._do(self.game.stepper.redo)

    def reset(self) -> None:
        """Back to the beginning."""
        self._do(self.game.stepper.restart)

    def hint(self) -> None:
        """Say a little more than the last time; a move begins anew."""
        with self._lock:
            self._say(lambda: f"<p>{escape(self.game.hint(self.hints))}</p>")
            self.hints = min(self.hints + 1, MOST_HINTS - 1)

    def close(self) -> None:
        """Take the panel and its widgets away."""
        output.close(self.widget)

    # ------------------------------------------------------------------ widgets

    def _button(self, key: str, label: str, work: Callable) -> w.Button:
        button = w.Button(description=label)
        button.add_class(f"mmlab-key-{key}")
        button.on_click(lambda _: work())
        return button

    def _arrange(self) -> w.VBox:
        tasks, rest = (
            w.Box(list(self.buttons.values())),
            w.Box([self.undo_button, self.redo_button, self.reset_button, self.hint_button]),
        )
        for row in (tasks, rest):
            row.add_class("mmlab-moves")
        tasks.add_class("mmlab-tasks")
        keys = w.HTML(f'<p class="mmlab-note">{escape(KEYS)}</p>')
        style = w.HTML(output.STYLE.format(script=escape(SCRIPT)) + STYLE)
        whole = w.VBox([self.head, self.goal, tasks, rest, keys, self.message, self.last, self.now, self.screen, style])
        for name in ("mmlab-panel", "mmlab-keys", "mmlab-step"):
            whole.add_class(name)
        return whole

    def _do(self, work: Callable) -> None:
        """Do it and show it; what cannot be done becomes a line."""
        with self._lock:
            self.hints = 0
            self.message.value = ""
            self._say(lambda: work() and None)
            self._say(self._show)

    def _say(self, work: Callable) -> None:
        """Show what `work` answers, if anything, or the error that it raises, as one line."""
        try:
            said = work()
        except Exception as error:  # a learner's own design may raise anything
            told = isinstance(error, ValueError | KernelBug)
            said = output.message(str(error) if told else f"{type(error).__name__}: {error}")
        if said:
            self.message.value = said

    def _show(self) -> None:
        game, stepper = self.game, self.game.stepper
        for number, place in enumerate(game.places(), 1):
            button = self.buttons[place.name]
            button.description = f"{number}  {place.name}: {step_view.can_words(place)}"
            button.disabled = not place.can
        self.undo_button.disabled, self.redo_button.disabled = not stepper.path, not stepper.undone
        self.reset_button.disabled = not stepper.path
        self.head.value = f'<p class="mmlab-name">You are the scheduler: {escape(step_view.world_words(game))}</p>'
        self.goal.value = f'<p class="mmlab-goal">{escape(step_view.goal_words(game))}</p>'
        self.last.value = f"<p>{escape(step_view.last_words(game))}</p>"
        self.now.value = step_view.now(game)
        shown = picture(game.told()).svg if game.moves else ""
        self.screen.value = shown and (
            f'<div class="mmlab-history" tabindex="0" role="region" aria-label="What was done so far">{shown}</div>'
            '<style onload="this.previousElementSibling.scrollTop=1e9"></style>'
        )

    def __repr__(self) -> str:
        return f"{step_view.world_words(self.game)}\n{step_view.goal_words(self.game)}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {**self.widget._repr_mimebundle_(), "text/plain": repr(self)}
