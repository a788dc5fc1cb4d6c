"""What a student reads: a page for each exercise, that stands alone.

Of unseen checks it shows the name and what they said, never their code. Everything that comes from a stranger is text.
"""

from __future__ import annotations

from pathlib import Path

from ..checks.exercises import exercise
from ..checks.outcome import NOT_YET
from ..checks.report import COLOURS, SIGNS
from ..checks.report import points as points_of
from .final import Final, graded_by_hand
from .page import page, text
from .plain import plain
from .score import CRASHED, GRADED, MISSING, NOT_RUN, PARTLY, REJECTED, TIMEOUT, TROUBLE, Mark

FOLDER = "feedback"
WHY = {
    GRADED: "",
    PARTLY: "Some checks could not be judged; they say why. The others count.",
    TIMEOUT: "No check came to an end: your code used all the time that it may have. This is not an earned 0.",
    CRASHED: "No check could be judged, since the process of your code ended each time. This is not an earned 0.",
    REJECTED: "What was handed in could not be taken. This is not a 0: hand it in again, or ask.",
    MISSING: "",
    TROUBLE: "The grader failed, not you. Your instructor knows, and it will be graded again.",
}
LOST_SIGNS = {TIMEOUT: "⧗", CRASHED: "⚡", NOT_RUN: "–"}


def path_of(folder: Path, student: str, name: str) -> Path:
    """Where a student's page is."""
    return folder / FOLDER / plain(student) / f"{name}.html"


def feedback(one: Final) -> str:
    """The page of one student and exercise."""
    score = one.score
    about = exercise(score.exercise)
    out = [f"<h1>{text(about.title)}</h1>", f'<p class="dim">{text(score.student)}</p>', headline(one)]
    out += [f"<p>{text(WHY[score.status])}</p>"] * bool(WHY[score.status])
    out += [f'<p class="said">{text(score.note)}</p>'] * bool(score.note)
    for unseen, title in ((False, "Checks of the notebook"), (True, "Checks kept for grading")):
        marks = [mark for mark in score.marks if mark.unseen is unseen]
        if marks:
            sums = points_of(sum(mark.points for mark in marks), sum(mark.possible for mark in marks))
            out.append(f"<h2>{title}: {sums}</h2>")
            out.append(f'<ul class="checks">{"".join(map(row, marks))}</ul>')
    out.append(hand(one))
    return page(f"{about.title}: {score.student}", "\n".join(out))


def headline(one: Final) -> str:
    """The points in a sentence."""
    score = one.score
    if not score.possible:
        words = f"Status: {score.status}."
    elif one.checks is None:
        words = f"Status: {score.status}. No points of checks."
    else:
        words = f"{points_of(one.checks, score.possible)} by checks. Status: {score.status}."
    if one.waiting or one.by_hand or graded_by_hand(one):
        words += f" By hand: {hand_in_words(one)}."
    if one.penalty and score.status not in (REJECTED, MISSING):
        words += f" {one.days:g} day{'s' * (one.days != 1)} late: {one.penalty:g} points less."
    if one.total is not None and (one.penalty or score.by_hand):
        so_far = " so far" if one.waiting else ""
        words += f" Total{so_far}: {points_of(one.total, one.possible)}."
    return f'<p class="sum"><strong>{text(words)}</strong></p>'


def hand_in_words(one: Final) -> str:
    """What a person has given, or will."""
    if one.waiting and not one.by_hand:
        return f"{one.score.by_hand} points are still to be given"
    return points_of(one.by_hand, one.score.by_hand) + (", some still to be graded" if one.waiting else "")


def row(mark: Mark) -> str:
    """One check."""
    sign = SIGNS.get(mark.status) or LOST_SIGNS.get(mark.status, "?")
    colour = COLOURS.get(mark.status, COLOURS[NOT_YET])
    out = [
        f'<li style="border-color:{colour}"><div><span aria-hidden="true">{sign}</span> <strong>{text(mark.status)}'
        f"</strong>: {text(mark.check)} ({points_of(mark.points, mark.possible)})</div>"
    ]
    kind = "said log" if mark.message.startswith("BUG: ") else "said"
    out += [f'<div class="{kind}">{text(mark.message)}</div>'] * bool(mark.message)
    if mark.replay and not mark.unseen:
        out.append(f"<div>See it again in your notebook: <code>{text(mark.replay)}</code></div>")
    if mark.picture:
        out.append(f"<details open><summary>The interleaving</summary><figure>{mark.picture}</figure></details>")
    return "".join(out) + "</li>"


def hand(one: Final) -> str:
    """What a person grades, with points and comments."""
    if not one.score.by_hand or (one.score.status in (REJECTED, MISSING) and not graded_by_hand(one)):
        return ""
    cells = [given for given in one.given if given.cell.by_hand]
    out = [f"<h2>Graded by a person: {one.score.by_hand} points</h2>"]
    if not cells:
        out.append("<p>These are given by a person, and are not here yet.</p>")
    out.append('<ul class="checks">')
    for given in cells:
        earned = "not graded yet"
        if given.points is not None:
            earned = f"{given.points + given.extra:g} of {given.cell.points:g} points"
        answer = one.score.answers.get(given.cell.name, "")
        out.append(f"<li><div><strong>{text(given.cell.name)}</strong>: {earned}</div>")
        out += [f'<div class="said">{text(given.comment)}</div>'] * bool(given.comment)
        out += [f"<pre>{text(answer)}</pre>"] * bool(answer)
        out.append("</li>")
    return "".join([*out, "</ul>"])
