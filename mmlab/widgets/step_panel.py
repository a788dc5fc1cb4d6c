"""Step mode as a panel: the learner is the scheduler."""

from __future__ import annotations

import threading
from html import escape

import ipywidgets as w

from ..designs import Design
from ..engine.step import Goal
from ..experiment.interleavings import Interleaving
from ..experiment.worlds import World
from ..kernel.bug import KernelBug
from ..view.interleaving import picture
from . import output, step_view
from .step_game import Game, NoSolution
from .step_view import StepStatic

# Number keys and the rest click the panel's buttons, from anywhere in the panel and nowhere else. The listener stands
# before JupyterLab's own (which would make headings of numbers), and lets go of everything that is not for a panel.
SCRIPT = """
const panel = this.closest('.mmlab-step');
if (panel) {
  panel.setAttribute('role', 'group');
  panel.setAttribute('aria-label', 'You are the scheduler');
  panel.tabIndex = -1;
  panel.addEventListener('click', () => { if (!panel.contains(document.activeElement)) panel.focus(); });
  new MutationObserver(seen => seen.forEach(one => {
    if (one.target.disabled && one.target === document.activeElement) panel.focus();
  })).observe(panel, {subtree: true, attributes: true, attributeFilter: ['disabled']});
}
if (!window.mmlabStepKeys) {
  window.mmlabStepKeys = true;
  const names = {u: 'undo', Backspace: 'undo', r: 'redo', 0: 'reset', Home: 'reset', h: 'hint'};
  window.addEventListener('keydown', event => {
    const at = event.target.closest && event.target.closest('.mmlab-step');
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const name = names[event.key] || (/^[1-9]$/.test(event.key) && 'move' + event.key);
    if (!name) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const found = at.querySelector('.mmlab-key-' + name);
    if (found && !found.disabled) found.click();
  }, true);
}
"""
STYLE = """
.mmlab-step:focus { outline: 2px solid var(--jp-brand-color1, #0072B2); outline-offset: 2px; }
.mmlab-step .mmlab-moves { display: flex; flex-flow: row wrap; gap: 6px; padding: 4px 2px; }
.mmlab-step button { width: auto; height: auto; min-height: 30px; white-space: normal; line-height: 1.35;
  text-align: left; padding: 4px 12px; margin: 0; }
.mmlab-step .mmlab-dim { color: var(--jp-ui-font-color2, #5b636e); }
.mmlab-step .mmlab-history { max-height: 460px; overflow: auto; margin-top: 6px; }
.mmlab-step .mmlab-goal { font-weight: 600; margin: 4px 0; }
"""


def step_panel(design="nopage_retry", world="a fault under DONTNEED", goal="finding", *, moves=()) -> StepPanel:
    """A panel in which the learner lets one task after the other take its next step, to reach a goal.

    design, world: as mmlab.explore takes them; goal: "finding", "livelock", "stale pte", "starvation", or a Goal;
    moves: who moved already, as `panel.moves` says it. Raises ValueError for unknown names, with the nearest right
    spelling, and for a move that cannot be made.
    """
    return StepPanel(design, world, goal, moves=moves)


class StepPanel:
    """The panel: `widget` is what is shown, `moves` who moved; `static` is its twin without widgets, `solution()` a
    shortest interleaving that reaches the goal. `close()` takes everything away.
    """

    def __init__(
        self, design: str | Design = "nopage_retry", world: str | World = "a fault under DONTNEED",
        goal: str | Goal = "finding", *, moves=(),
    ) -> None:  # fmt: skip
        self.game = Game(design, world, goal, moves)
        self.hints = 0
        self._lock = threading.RLock()
        names = self.game.stepper.names
        self.buttons = [self._button(f"move{n}", "", self._mover(name)) for n, name in enumerate(names, 1)]
        self.undo = self._button("undo", "Undo (u)", lambda: self.game.stepper.undo())
        self.redo = self._button("redo", "Redo (r)", lambda: self.game.stepper.redo())
        self.reset = self._button("reset", "Start again (0)", lambda: self.game.stepper.walk([]))
        self.hint = self._button("hint", "Hint (h)", None)
        self.hint.on_click(lambda _: self._say_hint())
        self.head, self.goal, self.message, self.now, self.screen = (w.HTML() for _ in range(5))
        self.widget = self._arrange()
        self._show()

    @property
    def moves(self) -> list[str]:
        """Who moved, in order; `step_panel(..., moves=...)` takes it."""
        return self.game.moves

    @property
    def static(self) -> StepStatic:
        """The beginning of this game without widgets."""
        return StepStatic(Game(self.game.design, self.game.world, self.game.goal))

    def solution(self) -> Interleaving | NoSolution:
        """A shortest interleaving that reaches the goal, or what is known about that."""
        return self.game.solution()

    def close(self) -> None:
        """Take the panel and its widgets away."""
        output.close(self.widget)

    # ------------------------------------------------------------------ widgets

    def _button(self, key: str, label: str, work) -> w.Button:
        button = w.Button(description=label)
        button.add_class(f"mmlab-key-{key}")
        if work is not None:
            button.on_click(lambda _: self._do(work))
        return button

    def _mover(self, name: str):
        return lambda: self.game.stepper.move(name)

    def _arrange(self) -> w.VBox:
        moves = w.Box(self.buttons)
        moves.add_class("mmlab-moves")
        rest = w.Box([self.undo, self.redo, self.reset, self.hint])
        rest.add_class("mmlab-moves")
        style = w.HTML(output.STYLE.format(script=escape(SCRIPT)) + f"<style>{STYLE}</style>")
        whole = w.VBox([style, self.head, self.goal, moves, rest, self.message, self.now, self.screen])
        whole.add_class("mmlab-panel")
        whole.add_class("mmlab-step")
        return whole

    # ------------------------------------------------------------------ what happens

    def _do(self, work) -> None:
        """Do it and show it; what cannot be done becomes a line."""
        with self._lock:
            self.hints, said = 0, ""
            try:
                work()
            except Exception as error:  # a learner's own design may raise anything
                told = isinstance(error, ValueError | KernelBug)
                said = output.message(str(error) if told else f"{type(error).__name__}: {error}")
            self._show(said)

    def _say_hint(self) -> None:
        with self._lock:
            self.message.value = f'<p role="status">{escape(self.game.hint(self.hints))}</p>'
            self.hints = 1

    def _show(self, said: str = "") -> None:
        game, stepper = self.game, self.game.stepper
        for number, (button, place) in enumerate(zip(self.buttons, game.places()), 1):
            button.description = f"{number}  {place.name}: {place.words or 'done'}"
            button.disabled = not place.can
        self.undo.disabled, self.redo.disabled = not stepper.path, not stepper.undone
        self.reset.disabled = not stepper.path
        self.head.value = f"<p>{escape(step_view.world_words(game))}</p>"
        self.goal.value = f'<p class="mmlab-goal" role="status" aria-live="polite">{escape(self.sentence)}</p>'
        self.now.value = step_view.now(game)
        self.message.value = said
        shown = picture(game.told()).svg if game.moves else ""
        self.screen.value = (
            f'<div class="mmlab-history" tabindex="0" role="region" aria-label="What was done so far">{shown}</div>'
            '<style onload="this.previousElementSibling.scrollTop=1e9"></style>'
        )

    @property
    def sentence(self) -> str:
        """The goal, and whether it is reached."""
        return step_view.goal_words(self.game)

    def __repr__(self) -> str:
        return f"{step_view.world_words(self.game)}\n{self.sentence}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {**self.widget._repr_mimebundle_(), "text/plain": repr(self)}
