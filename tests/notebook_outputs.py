"""What the stored outputs of a notebook say, found by the code that made them: tables, revealed results, words."""

import re
from html.parser import HTMLParser

from notebook_hygiene import code, text

AMOUNT = re.compile(r"([+-]?\d[\d,]*(?:\.\d+)?)(?: ?[%\w/]+)?(?: \*)?")


class Shown:
    """The outputs of one notebook."""

    def __init__(self, notebook):
        self.cells = [(text(cell["source"]), cell["outputs"]) for cell in code(notebook)]

    def outputs(self, snippet):
        """The outputs of the only cell whose code has `snippet`. Raises AssertionError where that is not one cell."""
        found = [outputs for source, outputs in self.cells if snippet in source]
        assert len(found) == 1, f"{len(found)} cells have {snippet!r}"
        return found[0]

    def words(self, snippet):
        """Everything that a cell shows as words: what it prints, captions, the labels of its pictures."""
        pieces = []
        for output in self.outputs(snippet):
            kinds = output.get("data", {"text/plain": output.get("text", "")})
            pieces += [text(kinds[kind]) for kind in ("text/plain", "image/svg+xml") if kind in kinds]
        return "\n".join(pieces)

    def number(self, snippet, pattern):
        """The first number that `pattern` (with one group) finds in the words of a cell."""
        return value(re.search(pattern, self.words(snippet))[1])

    def table(self, snippet, number=0):
        """The rows of a table, as dictionaries; numbers are numbers, without their units."""
        pages = [text(output.get("data", {}).get("text/html", "")) for output in self.outputs(snippet)]
        return Tables.of("".join(pages))[number]

    def row(self, snippet, number=0, **where):
        """The first row of a table in which these columns have these values."""
        return next(
            row for row in self.table(snippet, number) if all(row[name] == wanted for name, wanted in where.items())
        )

    def result(self, question):
        """What `course.reveal(question, ...)` showed, without the unit."""
        snippet = f'course.reveal("{question}"'
        (source,) = (source for source, _ in self.cells if snippet in source)
        before = source.partition(snippet)[0].count("course.reveal(")
        shown = re.findall(r"The result: (?:(\d[\d,.]*) )?(.*?)\. No guess yet", self.words(snippet))
        return value(shown[before][0] or shown[before][1])


def value(words):
    """A number, whatever its unit, or the words as they are."""
    found = AMOUNT.fullmatch(words.strip())
    return float(found[1].replace(",", "")) if found else words.strip()


class Tables(HTMLParser):
    """The tables of a page: the first row names the columns."""

    def __init__(self):
        super().__init__()
        self.tables, self.cell = [], None

    @classmethod
    def of(cls, page):
        parser = cls()
        parser.feed(page)
        return [[dict(zip(head, map(value, row))) for row in rows] for head, *rows in parser.tables]

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(self.cell.strip())
            self.cell = None
