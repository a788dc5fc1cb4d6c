"""What every notebook of the course keeps to, as functions from a notebook (a dict) to a list of complaints."""

import json
import re
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHORT, MOST_ARE_SHORT = 12, 0.9
CITED = re.compile(r"\bpublish|\bcommit\b|https?://")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
NOT_COUNTED = re.compile(
    r"```.*?```|`[^`]*`|\]\([^)]*\)"  # code, the targets of links
    r"|\bLinux \d+(?:\.\d+)+|\b(?:19|20)\d\d\b|\b\d{1,2} [A-Z][a-z]+ (?=20)"  # versions, years, dates
    r"|\b[Nn]otebooks? \d\d\b|\b\d+ minutes\b",
    re.S,
)


def text(thing) -> str:
    """Notebooks store texts as lists of lines."""
    return thing if isinstance(thing, str) else "".join(thing)


def code(notebook) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def prose(notebook) -> list[str]:
    return [text(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def outputs(notebook) -> list[dict]:
    return [output for cell in code(notebook) for output in cell["outputs"]]


def shown(output) -> dict[str, str]:
    """What an output shows, by kind."""
    if output["output_type"] == "stream":
        return {"text/plain": text(output["text"])}
    return {kind: text(value) for kind, value in output.get("data", {}).items() if isinstance(value, str | list)}


def executed(notebook):
    counts = [cell["execution_count"] for cell in code(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}: course.py refresh"]


def no_widget_state(notebook):
    views = [o for o in outputs(notebook) if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
    found = ["widget state in the metadata"] if "widgets" in notebook["metadata"] else []
    return found + ["a view of a widget that no longer lives"] * len(views)


def no_absolute_path(notebook):
    path = re.compile(r"(?<![\w.~/])/(?:home|root|work|tmp|Users|usr|opt)/\w|\b[A-Z]:\\\\?Users")
    return [f"a path: {match[0]}" for match in path.finditer(json.dumps(notebook))]


def no_error_and_no_stderr(notebook):
    bad = [o for o in outputs(notebook) if o["output_type"] == "error" or o.get("name") == "stderr"]
    return [f"{o['output_type']} {o.get('name') or o.get('ename')}" for o in bad]


def one_idea_a_cell(notebook):
    lengths = [len(text(cell["source"]).splitlines()) for cell in code(notebook)]
    short = sum(length <= SHORT for length in lengths)
    return [] if short >= MOST_ARE_SHORT * len(lengths) else [f"only {short} of {len(lengths)} code cells are short"]


def opens_and_closes(notebook):
    cells = prose(notebook)
    without_code = [re.sub(r"```.*?```", "", cell, flags=re.S) for cell in cells]
    titles = [line for cell in without_code for line in cell.splitlines() if line.startswith("# ")]
    found = [] if len(titles) == 1 and cells[0].startswith("# ") else [f"it needs one title, on top: {titles}"]
    found += [
        f"the first cell does not say {word!r}" for word in ("you can", "minutes", "need") if word not in cells[0]
    ]
    found += [f"the last cell has no {word!r}" for word in ("What we learned", "Sources") if word not in cells[-1]]
    return found


def pictures_have_words(notebook):
    found = []
    for output in outputs(notebook):
        for kind, what in shown(output).items():
            if kind == "image/png" and "<img" not in shown(output).get("text/html", ""):
                found.append("a picture without a text/html that has alt text")
            if kind.startswith("text/html") or kind == "image/svg+xml":
                found += [tag for tag in re.findall(r"<img\b[^>]*>", what) if not re.search(r'\balt="[^"]+"', tag)]
                svgs = re.findall(r"<svg\b[^>]*>", what)
                found += [
                    tag[:90] for tag in svgs if not re.search(r'\baria-label="[^"]+"', tag) or 'role="img"' not in tag
                ]
    for cell in prose(notebook):
        found += re.findall(r"!\[\s*\]\([^)]*\)", cell)
        found += [tag for tag in re.findall(r"<img\b[^>]*>", cell) if not re.search(r'\balt="[^"]+"', tag)]
    return found


def links_lead_somewhere(notebook, folder):
    links = [link for cell in prose(notebook) for link in re.findall(r"\]\(([^)\s]+)\)", cell)]
    ours = [link.partition("#")[0] for link in links if not re.match(r"https?://|#|mailto:", link)]
    return [link for link in ours if not (folder / link).exists()]


def numbers_come_from_outputs(notebook):
    """A number of two digits or more, or with decimals, stands in an output, or its sentence cites where it is from."""
    everything = "\n".join(what for output in outputs(notebook) for what in shown(output).values())
    known = numbers(unescape(re.sub(r"<[^>]*>", " ", everything)))
    found = []
    for cell in prose(notebook):
        for sentence in re.split(r"(?<=[.!?:;])\s+|\n\n|\n(?=[-*|] ?)", cell):
            if CITED.search(sentence):
                continue
            said = numbers(NOT_COUNTED.sub(" ", sentence))
            found += [f"{n} in: {' '.join(sentence.split())[:90]}" for n in sorted(said - known) if len(n) > 1]
    return found


def numbers(words) -> set[str]:
    """The numbers in a text, without thousands separators."""
    return {match.replace(",", "").rstrip(".") for match in NUMBER.findall(words)}


def guesses(notebook) -> tuple[list[str], list[str]]:
    """The names of the questions asked and of the results revealed, in order."""
    source = "\n".join(text(cell["source"]) for cell in code(notebook))
    found = re.findall(r"\b(predict|reveal)\(\s*[\"']([^\"']+)[\"']", source)
    return [name for what, name in found if what == "predict"], [name for what, name in found if what == "reveal"]


def guess_before_result(notebook):
    found, asked = [], set()
    for cell in code(notebook):
        asks, reveals = guesses({"cells": [cell]})
        found += [
            f"{name} is revealed before it is asked, or in the same cell" for name in reveals if name not in asked
        ]
        asked |= set(asks)
    return found + [f"{name} is asked and never revealed" for name in sorted(asked - set(guesses(notebook)[1]))]


def panels_have_twins(notebook):
    """A live panel or stepper is followed by what shows the same on paper."""
    cells, found = [text(cell["source"]) for cell in code(notebook)], []
    for number, source in enumerate(cells):
        if re.search(r"\b(?:step_|sweep_)?panel\((?!.*\.(?:static|solution))|step_through\(", source):
            after = source.partition("panel(")[2] + "".join(cells[number + 1 : number + 2])
            if not re.search(r"\.static\b|\.story\(\)", after):
                found.append(f"no static twin after: {source.splitlines()[-1]}")
    return found


CHECKS = (
    executed, no_widget_state, no_absolute_path, no_error_and_no_stderr, one_idea_a_cell, opens_and_closes,
    pictures_have_words, numbers_come_from_outputs, guess_before_result, panels_have_twins,
)  # fmt: skip
