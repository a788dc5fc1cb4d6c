"""What a panel shows: the arrangement of its controls, and the sentence, picture and table as one piece of HTML."""

from __future__ import annotations

from html import escape

import ipywidgets as w

from ..experiment import Result
from ..view import Table, units

STYLE = """<style onload="{script}">
.mmlab-panel {{ max-width: 960px; padding: 2px 4px 6px 0; overflow: hidden; }}
.mmlab-panel .mmlab-controls {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr));
  gap: 0 32px; overflow: hidden; padding: 2px; }}
.mmlab-panel .mmlab-controls > *, .mmlab-panel .mmlab-line {{ width: auto; margin: 0; padding: 2px;
  align-items: center; overflow: hidden; }}
.mmlab-panel .mmlab-line {{ padding: 2px 4px; }}
.mmlab-panel .mmlab-row > * {{ margin: 0; }}
.mmlab-panel .mmlab-row > :is(.widget-text, .jupyter-widget-text) {{ flex: 0 0 176px; width: 176px; }}
.mmlab-panel .mmlab-row > :is(.widget-slider, .jupyter-widget-slider) {{ flex: 1 1 80px; width: auto;
  padding: 0 12px 0 20px; }}
.mmlab-panel .mmlab-row > .widget-checkbox {{ flex: 1 1 auto; width: auto; padding-left: 20px; }}
.mmlab-panel .mmlab-presets {{ gap: 6px; }}
.mmlab-panel .widget-label {{ flex: 0 0 96px; width: 96px; text-align: left;
  color: var(--jp-ui-font-color1, #1b1f24); }}
.mmlab-panel .widget-checkbox label {{ width: auto; }}
.mmlab-panel .widget-html, .mmlab-panel .widget-html-content {{ overflow: visible; line-height: 1.45; }}
.mmlab-panel .widget-html-content {{ min-width: 0; width: 100%; }}
.mmlab-panel .mmlab-tl {{ --ground: var(--jp-layout-color0, #fff); }}
.mmlab-panel .mmlab-sentence {{ margin: 6px 0 0; max-width: 64em; }}
.mmlab-panel .mmlab-sentence p {{ margin: 0 0 3px; }}
.mmlab-panel table {{ margin: 6px 0 0; font-variant-numeric: tabular-nums; }}
.mmlab-panel :is(th, td) {{ padding: 3px 14px 3px 0 !important; text-align: left !important;
  white-space: normal !important; overflow-wrap: anywhere; }}
[data-jp-theme-light="false"] .mmlab-panel select {{ color-scheme: dark; appearance: auto; background-image: none; }}
.mmlab-panel .mmlab-note {{ margin: 4px 0 2px; color: var(--jp-ui-font-color2, #5b636e); font-size: 12px; }}
.mmlab-panel .mmlab-error {{ margin: 4px 0; padding: 3px 10px; border-left: 4px solid #D55E00;
  color: var(--jp-ui-font-color1, #1b1f24); background: var(--jp-layout-color2, #f3f3f3); white-space: pre-wrap; }}
.mmlab-panel :is(.noUi-handle, input, select, button):focus-visible {{
  outline: 2px solid var(--jp-brand-color1, #0072B2); outline-offset: 1px; }}
</style>"""
# ipywidgets gives a slider's handle no accessible name and no way to set one; each gets its row's label.
SCRIPT = (
    "const panel=this.closest('.mmlab-panel');let left=50;const name=()=>{"
    "panel&&panel.querySelectorAll('.mmlab-row').forEach(row=>{const label=row.querySelector('label');"
    "row.querySelectorAll('[role=slider]').forEach(one=>label&&one.setAttribute('aria-label',label.textContent))});"
    "left-->0&&setTimeout(name,100)};name()"
)


def _row(*widgets, classes: str = "") -> w.HBox:
    row = w.HBox(widgets)
    row.add_class("mmlab-row")
    if classes:
        row.add_class(classes)
    return row


def arrange(controls, message, screen, line) -> w.VBox:
    """One box with everything in it: controls in two columns (one where it is narrow), then the answer."""
    faults, mmaps = (_row(controls.boxes[name], controls.sliders[name]) for name in controls.boxes)
    grid = w.Box(
        [
            controls.design,
            controls.other,
            _row(controls.disk, controls.disk_slider),
            _row(*controls.presets, classes="mmlab-presets"),
            faults,
            mmaps,
            _row(controls.seed, controls.ps),
            _row(controls.reset, classes="mmlab-presets"),
        ]
    )
    grid.add_class("mmlab-controls")
    style = w.HTML(STYLE.format(script=escape(SCRIPT)))
    whole = w.VBox([style, grid, message, screen, line])
    whole.add_class("mmlab-panel")
    return whole


def close(box) -> None:
    """Close a box and everything in it, layouts included."""
    for child in getattr(box, "children", ()):
        close(child)
    for part in ("layout", "style"):
        if getattr(box, part, None) is not None:
            getattr(box, part).close()
    box.close()


def message(text: str) -> str:
    """A line (or a kernel report) about what cannot be run."""
    return f'<div class="mmlab-error" role="alert">{escape(text)}</div>'


def sentence(results: list[Result]) -> str:
    """What happened, design by design."""
    return "\n".join(map(told, results))


def told(result: Result) -> str:
    """The caption of a run; of one too short for a single read, that it is."""
    if result.scenario.fault_threads and not result.faults and not result.is_stuck:
        text = f"{result.design}: no disk read came to an end in the {units.duration(result.ns, 2)} that were simulated"
        again = result.metrics.replays
        return text + (f"; {units.count(again)} times a fault was only started over." if again else ".")
    return result.caption


def table(results: list[Result]) -> Table:
    """Rates and waits in the units of daily life."""

    def wait(us):
        return units.duration(round(us * 1000)) if us is not None else "-"

    columns = ["design", "faults/s", "mmap pairs/s", "median mmap wait", "longest", "cpu per fault", "measured over"]
    rows = []
    for r in results:
        some = r.mmap_wait.count
        rows.append(
            [
                r.design,
                units.number(r.faults_per_second) if r.faults or r.is_stuck else "-",
                units.number(r.mmaps_per_second) if r.scenario.mmap_threads else "-",
                wait(r.mmap_wait.p50) if some else "-",
                wait(r.mmap_wait.max) if some else "-",
                wait(r.cpu_us_per_fault) if r.faults else "-",
                units.duration(r.ns, 2),
            ]
        )
    return Table(columns, rows)


def screen(caption: str, picture, results: list[Result], note: str) -> str:
    """Sentence, picture, table and note as one piece of HTML: set at once, it never shows half an answer."""
    said = "".join(f"<p>{escape(one)}</p>" for one in caption.split("\n"))
    return (
        f'<div class="mmlab-screen" data-disk="{escape(results[0].scenario.disk)}">{picture.svg}'
        f'<div class="mmlab-sentence">{said}</div>{table(results)._repr_html_()}'
        f'<p class="mmlab-note">{escape(note)}</p></div>'
    )
