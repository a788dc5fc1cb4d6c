"""What the step panel shows, as text and as HTML: the world, the goal, who is where, the locks and the pages."""

from __future__ import annotations

from html import escape

from ..engine.explore.path import hold
from ..engine.explore.words import page_state
from ..view import svg
from ..view.table import Table
from .step_game import Game

KEY = "mmlab-step"


def world_words(game: Game) -> str:
    """Design and world in one line."""
    return f"{game.design} in «{game.world.name}»: {game.world.bounds}."


def goal_words(game: Game) -> str:
    """The goal as a sentence, and whether it is reached."""
    reached = game.stepper.reached()
    steps = len(game.moves)
    if reached:
        return f"Goal reached after {steps} steps: {reached}."
    return f"Your goal: {game.goal.sentence}. Not reached yet."


def lock_words(game: Game) -> str:
    """Who holds mmap_sem and who stands in its queue."""
    mode, holders, queue = hold(game.stepper.stage.k)
    held = f"held for {'writing' if mode == 'write' else 'reading'} by {', '.join(holders)}" if mode else "free"
    return f"{held}; its queue: {', '.join(queue) or 'empty'}"


def page_words(game: Game) -> list[str]:
    """Each page of the world's files that is in the page cache."""
    found = []
    for file in game.stepper.stage.k.files:
        pages = file.pages.values() if isinstance(file.pages, dict) else [one for one in file.pages if one]
        for one in pages:
            found.append(f"{one.name}: in the page cache, {page_state(one.flags)}")
    return found or ["no page is in the page cache"]


def line_words(line) -> str:
    """A line of the reader's code."""
    return f"{line[0]}, line {line[1]}: {line[2]}" if line else ""


def table(game: Game) -> Table:
    """Everybody: whether and what they can do now."""
    rows = []
    for place in game.places():
        rows.append(
            [place.name, place.seen or "-", "yes" if place.can else "no", place.words or "done", line_words(place.line)]
        )
    return Table(["who", "is now", "can move", "next step, or what it waits for", "at this line of the design"], rows)


def swatch(state: str | None) -> str:
    """A sample of a state, 22 px wide."""
    if state is None:
        return ""
    return f'<svg width="24" height="26" aria-hidden="true" class="mmlab-tl">{svg.swatch(1, 13, state, KEY)}</svg> '


def now(game: Game) -> str:
    """Who is where, the lock and the pages, as HTML."""
    rows = []
    for place in game.places():
        code = f"<code>{escape(place.line[2])}</code>" if place.line else ""
        where = f'<span class="mmlab-dim">{escape(place.line[0])}, line {place.line[1]}</span> ' if place.line else ""
        rows.append(
            f'<tr><th scope="row">{escape(place.name)}</th><td>{swatch(place.state)}{escape(place.seen or "-")}</td>'
            f"<td>{where}{code}</td></tr>"
        )
    pages = "; ".join(page_words(game))
    return (
        f'<svg width="0" height="0" aria-hidden="true" style="position:absolute">{svg.patterns(KEY)}</svg>'
        "<table><thead><tr><th scope=col>who</th><th scope=col>is now</th><th scope=col>next, at this line of the "
        f"design</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<p><b>mmap_sem</b> {escape(lock_words(game))}</p><p><b>pages</b> {escape(pages)}</p>"
    )


class StepStatic:
    """The beginning of the game without widgets: the world, the goal, who can move and what each would do."""

    def __init__(self, game: Game) -> None:
        self.words = world_words(game)
        self.goal = goal_words(game).replace(" Not reached yet.", "")
        self.lock, self.pages = lock_words(game), page_words(game)
        self.table = table(game)
        self.html = now(game)

    def __repr__(self) -> str:
        pages = "; ".join(self.pages)
        return f"{self.words}\n{self.goal}\n\n{self.table}\n\nmmap_sem: {self.lock}\npages: {pages}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        html = (
            f'<div class="mmlab-panel"><p>{escape(self.words)}</p><p><b>{escape(self.goal)}</b></p>'
            f"{self.table._repr_html_()}<p><b>mmap_sem</b> {escape(self.lock)}</p>"
            f"<p><b>pages</b> {escape('; '.join(self.pages))}</p></div>"
        )
        return {"text/plain": repr(self), "text/html": html}
