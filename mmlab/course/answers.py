"""predict and reveal: a guess first, then the result beside it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from html import escape

from ..view.units import number
from . import guesses
from .show import BLUE, DIM, RULE, Shown, has_widgets

asked: dict[str, str] = {}
"""the questions of this session, so that a result can stand under its question"""
LOST = (
    "<style>.mmlab-question .jupyter-widgets-disconnected::before{content:none}"
    '.mmlab-question.jupyter-widgets-disconnected::before{content:"The kernel was restarted: run this cell again.";'
    "font:inherit;font-style:italic;color:inherit}"
    '[data-jp-theme-light="false"] .mmlab-question select{color-scheme:dark;appearance:auto;background-image:none}'
    "</style>"
)
"""what a question says whose kernel is gone, instead of ipywidgets' broken chains; an arrow to see in a dark list"""
GUESS_FIRST = "The result waits for your guess: scroll up, make one, and run this cell again."
NO_GUESS = "No guess yet: scroll up and make one, it is worth more than the right answer."


def predict(
    name: str, question: str, unit: str = "", low: float | None = None, high: float | None = None, *,
    choices: Sequence[str] | None = None, guess=None,
) -> None:  # fmt: skip
    """Ask for a guess and keep it under `name`; every earlier guess is kept too.

    `unit` is shown beside the box; `low` and `high` are what could possibly be right; with `choices` the answer is
    one of them. A question with none of these takes any text. Without widgets, answer with `guess=...` in the call.
    Raises ValueError for a `guess` that cannot be an answer.
    """
    ask = Question(name, question, unit, low, high, choices)
    asked[name] = question
    if guess is not None:
        guesses.keep(name, question, ask.understood(guess), unit)
    text = f"Your guess, please: {question}{ask.hint()}"
    html = (
        f'<div style="border-left:4px solid {BLUE};padding:.2em .8em"><strong>Your guess, please.</strong> '
        f"{escape(question)}{escape(ask.hint())}</div>"
    )
    Shown(text, html, ask.widget() if has_widgets() else None).show()


class Question:
    """A question and what can be an answer to it."""

    def __init__(self, name, question, unit, low, high, choices) -> None:
        self.name, self.question, self.unit = name, question, unit
        self.low, self.high = low, high
        self.choices = list(choices or ())
        self.numeric = bool(unit) or low is not None or high is not None

    def hint(self) -> str:
        """The unit, or the choices, as the end of the question."""
        if self.choices:
            return f" ({' / '.join(self.choices)})"
        return f" [{self.unit}]" if self.unit else ""

    def understood(self, answer):
        """An answer as it is kept. Raises ValueError, in words for the learner, when it cannot be one."""
        if self.choices:
            if answer not in self.choices:
                raise ValueError(f"{answer!r} is none of: {', '.join(self.choices)}")
            return answer
        if not self.numeric:
            return answer.strip() if isinstance(answer, str) else answer
        words = str(answer).replace(" ", "").replace(",", "").removesuffix(self.unit.replace(" ", ""))
        try:
            value = float(words)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{answer!r} is not a number{f' of {self.unit}' if self.unit else ''}, such as 42 or 0.5")
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            low, high = (None if bound is None else number(bound, 6) for bound in (self.low, self.high))
            span = f"{low} or more" if high is None else f"{high} or less" if low is None else f"from {low} to {high}"
            raise ValueError(f"{number(value, 6)} cannot be: the answer is {span}")
        return int(value) if value == int(value) else value

    def widget(self):
        """A labelled box (or a choice) with a button; Enter works as well."""
        import ipywidgets as w

        earlier = guesses.guess_of(self.name)
        title = w.HTML(f"{LOST}<strong>Your guess, please.</strong> {escape(self.question)}")
        status = w.HTML(f'<span style="color:{DIM}">{_remembered(earlier, self.unit)}</span>')
        if self.choices:
            box = w.Dropdown(options=["", *self.choices], value=earlier if earlier in self.choices else "")
        else:
            shown = "" if earlier is None else _said(earlier)
            box = w.Text(value=shown, placeholder="your guess", continuous_update=False)
        box.description = self.unit or "guess"
        box.layout, box.style.description_width = w.Layout(width="22em"), "initial"  # units may have several words
        box.tooltip = self.question
        button = w.Button(description="Keep my guess", tooltip="Keep this guess; it can be changed later")

        def keep(_=None) -> None:
            if box.value == "":
                return
            try:
                answer = self.understood(box.value)
                written = guesses.keep(self.name, self.question, answer, self.unit)
            except (ValueError, OSError) as error:
                status.value = f'<span role="status">{escape(str(error))}</span>'
                return
            where = "" if written else " (until this notebook is closed)"
            status.value = (
                f'<span role="status">Kept: {escape(_said(answer, self.unit))}{where}. Now run the next cells.</span>'
            )

        if not self.choices:  # an arrow key in a list passes over choices that nobody meant
            box.observe(keep, "value")
        button.on_click(keep)
        layout = w.Layout(border_left=f"4px solid {BLUE}", padding="0.2em 0.8em")
        whole = w.VBox([title, w.HBox([box, button]), status], layout=layout)
        whole.add_class("mmlab-question")
        return whole


def _remembered(earlier, unit: str) -> str:
    return "" if earlier is None else f"You guessed {escape(_said(earlier, unit))} before."


def _said(value, unit: str = "") -> str:
    """A value with its unit."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{number(value, 4) if is_number else value}{f' {unit}' if unit else ''}"


def reveal(name: str, value, unit: str = "", *, anyway: bool = False) -> None:
    """Show the guess that was kept under `name` beside the result, and by what factor it was off.

    In a learner's folder the result of a question without a guess stays hidden behind a button, also when all cells
    are run at once; `anyway=True` shows it all the same.
    """
    if anyway or guesses.guess_of(name) is not None or guesses.guesses_file() is None:
        result(name, value, unit).show()
        return
    first = GUESS_FIRST if name in asked else unknown(name)
    text = f"{first} Without a guess: course.reveal({name!r}, ..., anyway=True)."
    hidden = Shown(text, _card(asked.get(name, ""), [], first))
    if has_widgets():
        hidden.widget = _curtain(hidden.html, lambda: result(name, value, unit).html)
    hidden.show()


def unknown(name: str) -> str:
    """What to say of a question that nobody has asked since the kernel started: perhaps its name is misspelled."""
    near = difflib.get_close_matches(name, asked, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    known = (
        f"Asked so far: {', '.join(asked)}." if asked else "None was asked yet: run the cell with course.predict first."
    )
    return f"No question has the name {name!r}{hint} {known}"


def result(name: str, value, unit: str = "") -> Shown:
    """The card with the guess, if there is one, the result, and a sentence on how near they are."""
    guess = guesses.guess_of(name)
    question = asked.get(name, "")
    cells = [] if guess is None else [("your guess", _said(guess, unit))]
    cells.append(("the result", _said(value, unit)))
    verdict = judged(guess, value) if guess is not None else NO_GUESS if name in asked else unknown(name)
    said = [f"{label[0].upper()}{label[1:]}: {text}." for label, text in cells]
    return Shown(" ".join([*([question] if question else []), *said, verdict]), _card(question, cells, verdict))


def _curtain(before: str, after):
    """A card with a button that puts `after()` in its place."""
    import ipywidgets as w

    card = w.HTML(LOST + before)
    button = w.Button(description="Show me anyway", tooltip="Show the result without a guess, or with the one made now")

    def lift(_) -> None:
        card.value = f'<div role="status">{after()}</div>'
        button.layout.display = "none"

    button.on_click(lift)
    whole = w.VBox([card, button])
    whole.add_class("mmlab-question")
    return whole


def judged(guess, value) -> str:
    """One sentence on how near a guess came."""
    if isinstance(value, str) or isinstance(guess, str):
        same = str(guess).strip().lower() == str(value).strip().lower()
        return "As you guessed." if same else "Not as you guessed: good, there is something to find out."
    if guess == value:
        return "Exactly right."
    if guess * value <= 0:
        return f"You were off by {number(abs(guess - value), 3)}."
    factor = max(guess / value, value / guess)
    if factor < 1.1:
        return "Right, within a tenth."
    way = "too high" if abs(guess) > abs(value) else "too low"
    if factor < 2:
        return f"Close: {way} by a factor of {number(factor, 2)}."
    return f"Your guess was {way} by a factor of {number(factor, 2)}: what did it leave out?"


def _card(question: str, cells: list[tuple[str, str]], sentence: str) -> str:
    columns = "".join(
        f'<div style="padding-right:2em"><div style="color:{DIM}">{escape(label)}</div>'
        f'<div style="font-size:1.4em;font-weight:600">{escape(text)}</div></div>'
        for label, text in cells
    )
    return (
        f'<div style="border:1px solid {RULE};border-radius:4px;padding:.5em .8em;max-width:44em">'
        f'<div>{escape(question)}</div><div style="display:flex">{columns}</div><div>{escape(sentence)}</div></div>'
    )
