"""What the step panel shows, as text and as HTML: the world, the goal, who is where, the lock and the pages."""

from __future__ import annotations

from html import escape

from ..designs.review import docstring_lines, source_of
from ..engine.explore.path import hold
from ..engine.explore.words import page_state
from ..experiment.stepping import Place
from ..kernel.page import freed_page
from ..view import svg
from ..view.table import Table
from .step_game import Game

KEY = "mmlab-step"
AROUND = 6
"""lines of code shown before and after the one where a task stands"""


def world_words(game: Game) -> str:
    """Design and world in one line."""
    return f"{game.design} in «{game.world.name}»: {game.world.bounds}."


def goal_words(game: Game) -> str:
    """The goal as a sentence, and whether it is reached."""
    reached = game.stepper.reached()
    if reached:
        return f"Goal reached at step {len(game.moves)}: {reached}."
    return f"Your goal: {game.goal.sentence}. Not reached yet."


def last_words(game: Game) -> str:
    """What the last step was."""
    if not game.moves:
        return "Nothing was done yet: choose who moves first."
    step = game.stepper.steps[-1]
    return f"Step {step.number}: {step.task} {'; '.join(step.did)}."


def lock_words(game: Game) -> str:
    """Who holds mmap_sem and who stands in its queue."""
    mode, holders, queue = hold(game.stepper.stage.k)
    held = f"held for {'writing' if mode == 'write' else 'reading'} by {', '.join(holders)}" if mode else "free"
    return f"{held}; its queue: {', then '.join(queue) or 'empty'}"


def page_words(game: Game) -> str:
    """Each page of the world's files that is in the page cache, and how often it is mapped."""
    found = []
    for file in game.stepper.stage.k.files:
        for one in file.pages.values():
            if isinstance(one, freed_page):
                found.append(f"{one.name} is freed")
                continue
            mapped = f", mapped {len(one.rmap)}x" if one.rmap else ""
            found.append(f"{one.name} is cached, {page_state(one.flags)}{mapped}")
    return "; ".join(found) or "none is in the page cache"


def can_words(place: Place) -> str:
    """What somebody would do next, or why not."""
    return place.words or ("done" if place.seen == "done" else "cannot move")


def table(game: Game) -> Table:
    """Everybody: what they are doing, whether they can move, what they would do."""
    rows = []
    for place in game.places():
        line = f"{place.line[0]}, line {place.line[1]}" if place.line else None
        rows.append(
            [place.name, place.seen or None, place.can, can_words(place), line, place.line[2] if place.line else None]
        )
    return Table(["who", "is now", "can move", "would do, or waits", "in the design", "source line"], rows)


# ---------------------------------------------------------------------- HTML


def swatch(state: str | None) -> str:
    """A sample of a state, 22 px wide, in front of its name."""
    if state is None:
        return ""
    return f'<svg width="24" height="26" aria-hidden="true" class="mmlab-tl">{svg.swatch(1, 13, state, KEY)}</svg> '


def now(game: Game) -> str:
    """Who is where, the lock and the pages, the code where the last mover stands."""
    rows = []
    for place in game.places():
        where = ""
        if place.line:
            function, number, source = place.line
            where = f"{escape(function)}, line {number}<br><code>{escape(source)}</code>"
        moved = " class=mmlab-moved" if game.moves and place.name == game.moves[-1] else ""
        rows.append(
            f'<tr{moved}><th scope="row">{escape(place.name)}</th><td>{swatch(place.state)}{escape(place.seen or "-")}'
            f"</td><td>{where or '-'}</td></tr>"
        )
    heads = "".join(f'<th scope="col">{words}</th>' for words in ("who", "is now", "at this line of the design"))
    patterns = f"<style>{svg.STYLE}</style>{svg.patterns(KEY)}"
    return (
        f'<svg width="0" height="0" aria-hidden="true" class="mmlab-tl" style="position:absolute">{patterns}</svg>'
        f'<div class="mmlab-now"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
        f'{code(game)}</div><p class="mmlab-sem"><b>mmap_sem</b> {escape(lock_words(game))}<br>'
        f"<b>pages</b> {escape(page_words(game))}</p>"
    )


def code(game: Game) -> str:
    """The lines round the one at which the last mover stands, or else whoever can move first."""
    known = {place.name: place for place in game.places() if place.line}
    who = next((name for name in [*reversed(game.moves[-1:]), *known] if name in known), None)
    if who is None:
        return ""
    function, number, _ = known[who].line
    written = game.design.functions.get(function)
    if written is None:
        return ""
    lines = source_of(written)
    first = getattr(written, "__wrapped__", written).__code__.co_firstlineno
    at = number - first
    if not 0 <= at < len(lines):
        return ""
    dim = docstring_lines(lines)
    shown = [n for n in range(len(lines)) if n not in dim and n < at][-AROUND:]
    shown += [n for n in range(at, len(lines)) if n not in dim][: AROUND + 1]
    rows = "".join(
        f'<span class="mmlab-{"here" if n == at else "dim"}">{"▸" if n == at else " "} {first + n:>3}  '
        f"{escape(lines[n].rstrip())}</span>\n"
        for n in shown
    )
    return f'<pre aria-label="{escape(who)} stands here, in {escape(function)}">{rows}</pre>'


class StepStatic:
    """The beginning of a game without widgets: the world, the goal, who can move and what each would do."""

    def __init__(self, game: Game) -> None:
        self.words = world_words(game)
        self.goal = f"Your goal: {game.goal.sentence}."
        self.lock, self.pages, self.table = lock_words(game), page_words(game), table(game)

    @property
    def caption(self) -> str:
        """World and goal."""
        return f"{self.words} {self.goal}"

    def __repr__(self) -> str:
        return f"{self.words}\n{self.goal}\n\n{self.table}\n\nmmap_sem: {self.lock}\npages: {self.pages}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        html = (
            f"<p>{escape(self.words)}</p><p><b>{escape(self.goal)}</b></p>{self.table._repr_html_()}"
            f"<p><b>mmap_sem</b>: {escape(self.lock)}. <b>Pages</b>: {escape(self.pages)}.</p>"
        )
        return {"text/plain": repr(self), "text/html": html}
