"""The design document: four questions, 25 words each. Notebook 12 and exercise 9 use the same one."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..view.table import Table

MOST_WORDS = 25
QUESTIONS = {
    "data": "What do you keep, in which struct, and what protects it?",
    "algorithm": "What happens on a miss, pass by pass, until the fault is over?",
    "synchronisation": "Which lock is held where, and what is checked anew after each sleep?",
    "rationale": "Which trade do you make, and for whom is it good?",
}


@dataclass(repr=False)
class DesignDocument:
    """The answers. Shows itself as a table, with the words that are left."""

    data: str = ""
    algorithm: str = ""
    synchronisation: str = ""
    rationale: str = ""

    def table(self) -> Table:
        """A row for each question."""
        rows = []
        for name, question in QUESTIONS.items():
            answer = " ".join(str(getattr(self, name)).split())
            words = len(answer.split())
            over = f", {words - MOST_WORDS} too many" if words > MOST_WORDS else ""
            rows.append([name, question, answer or "(not answered yet)", f"{words} of {MOST_WORDS}{over}"])
        return Table(["part", "question", "answer", "words"], rows)

    @property
    def complete(self) -> bool:
        """Whether all four are answered in at most MOST_WORDS words."""
        lengths = [len(str(getattr(self, name)).split()) for name in QUESTIONS]
        return all(0 < length <= MOST_WORDS for length in lengths)

    def __repr__(self) -> str:
        return str(self.table())

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return self.table()._repr_mimebundle_()


def design_document(
    data: str = "", algorithm: str = "", synchronisation: str = "", rationale: str = ""
) -> DesignDocument:
    """A design document; an answer that is longer than 25 words is kept, and the table says so.

    Raises ValueError for an answer that is not a text.
    """
    answers = {"data": data, "algorithm": algorithm, "synchronisation": synchronisation, "rationale": rationale}
    for name, answer in answers.items():
        if not isinstance(answer, str):
            raise ValueError(f"{name}={answer!r} is not a text; answer in at most {MOST_WORDS} words")
    return DesignDocument(**answers)


def as_html(document: DesignDocument | str | None) -> str:
    """A document, or a text in the learner's own words, for the report."""
    if document is None:
        return "<p>None was given.</p>"
    if isinstance(document, DesignDocument):
        return document.table()._repr_html_()
    return "".join(f"<p>{escape(part)}</p>" for part in str(document).split("\n\n"))
