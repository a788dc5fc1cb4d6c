"""The report of a design: one HTML file with everything in it, which opens anywhere and loads nothing."""

from __future__ import annotations

from datetime import datetime
from html import escape
from inspect import unwrap

from ..designs import Design
from ..designs.fingerprint import fingerprint
from ..designs.review import diff, source_of
from ..experiment.design_board import Board
from ..experiment.design_check import DesignCheck
from ..experiment.design_measures import Measures
from ..kernel.bug import is_ours
from .document import DesignDocument, as_html
from .kept import version
from .source import coloured

STYLE = """
:root{color-scheme:light dark;--jp-layout-color1:#fff;--jp-ui-font-color1:#1b1f24;--jp-ui-font-color2:#5b636e;
--jp-border-color2:#d5d9de;--jp-brand-color1:#0072B2}
@media (prefers-color-scheme:dark){:root{--jp-layout-color1:#111418;--jp-ui-font-color1:#e6e8eb;
--jp-ui-font-color2:#a8afb8;--jp-border-color2:#3a4048;--jp-brand-color1:#6cb6ff}}
body{max-width:64em;margin:2em auto;padding:0 1em;font:16px/1.5 system-ui,sans-serif;
background:var(--jp-layout-color1);color:var(--jp-ui-font-color1)}
table{border-collapse:collapse;margin:.8em 0;font-size:13px;display:block;overflow-x:auto}
th,td{padding:.2em .6em;border-bottom:1px solid var(--jp-border-color2);vertical-align:top}
pre{overflow-x:auto;font:13px/1.45 ui-monospace,monospace;padding:.6em;border:1px solid var(--jp-border-color2)}
h2{margin-top:2em;border-top:1px solid var(--jp-border-color2);padding-top:.6em}
figcaption,.dim{color:var(--jp-ui-font-color2)}
"""


def report(
    design: Design, checked: DesignCheck, measured: Measures, board: Board, document: DesignDocument | str | None
) -> str:
    """The whole file as a text."""
    place = board.place(design.name)
    parts = [
        f"<h1>{escape(design.name)}</h1>",
        f"<p>A design for the page-fault path, a patch on <em>{escape(str(design.base))}</em>.</p>",
        facts(design, board, place),
        section("In my words", as_html(document)),
        section("Is it safe, is it live?", verdict(checked)),
        section("What it measures", measured._repr_mimebundle_()["text/html"]),
        section("On the board", the_board(board, design.name)),
        section("The patch", patch(design)),
        section("Run it again", again(design, checked, measured)),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(design.name)}: capstone report</title>'
        f"<style>{STYLE}</style></head><body>\n{''.join(parts)}\n</body></html>\n"
    )


def section(title: str, html: str) -> str:
    """A part with its heading."""
    return f"\n<h2>{escape(title)}</h2>\n{html}"


def facts(design: Design, board: Board, place: int) -> str:
    """What the report is about."""
    lineage = " → ".join(design.lineage)
    rows = {
        "design": f"{design.name}, hash {fingerprint(design)}",
        "patches": lineage,
        "place": f"{place}, shared by {sum(other == place for other, _ in board.ranked)}",
        "mmlab": version(),
        "written": datetime.now().isoformat(sep=" ", timespec="minutes"),
    }
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left">{k}</th><td>{escape(v)}</td></tr>' for k, v in rows.items()
    )
    return f"<table>{cells}</table>"


def verdict(checked: DesignCheck) -> str:
    """The outcome, the counter-example or that there is none, and the bounds."""
    html = checked._repr_mimebundle_()["text/html"]
    if checked.counterexample is None and checked.early is None:
        html += "<p>Counter-example: none.</p>"
    return f"{html}<p class='dim'>Bounds: {escape(checked.bounds)} Sequentially consistent memory.</p>"


def the_board(board: Board, name: str) -> str:
    """Picture, sentence and numbers."""
    return (
        f"{board.picture()._repr_html_()}<p>{escape(board.sentence(name))}</p>"
        f"{board.against(name)._repr_html_()}{board.table()._repr_html_()}"
    )


def own_functions(design: Design) -> dict:
    """The functions that are not mmlab's, by name."""
    return {
        name: function
        for name, function in design.functions.items()
        if not unwrap(function).__module__.startswith("mmlab.") and not is_ours(unwrap(function).__code__.co_filename)
    }


def patch(design: Design) -> str:
    """The diff to the base, and the whole source of what is the learner's."""
    parts = [diff(design.base, design)._repr_html_()] if design.base else []
    for name, function in own_functions(design).items():
        code = "\n".join(coloured(source_of(function)))
        parts.append(f"<h3>{escape(name)}</h3><pre>{code}</pre>")
    return "".join(parts)


def again(design: Design, checked: DesignCheck, measured: Measures) -> str:
    """The lines that make every number of the report anew, once the design's cell was run."""
    lines = ["from mmlab import Scenario, explore", "", f"# {design.name} is the design that the patch above makes"]
    lines += [f'explore({design.name}, "{world.name}")' for world in checked.worlds]
    return f"<pre>{escape(chr(10).join([*lines, '', *measured.lines]))}</pre>"
