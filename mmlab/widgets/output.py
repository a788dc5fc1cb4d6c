"""What a panel shows: the arrangement of its controls, and the sentence, picture and table as one piece of HTML."""

from __future__ import annotations

from html import escape

import ipywidgets as w

from ..experiment import Result
from ..view import Table, timeline, units
from . import actions, keys, quick
from .controls import FEWER, MORE

WIDTH = 920
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
.mmlab-panel .jupyter-widgets-disconnected::before {{ content: none; }}
.mmlab-panel.jupyter-widgets-disconnected::before {{ display: block; margin: 4px 0; padding: 3px 10px;
  content: "The kernel is gone or was restarted: nothing here answers any more. Run this cell again.";
  border-left: 4px solid #D55E00; font: inherit; color: var(--jp-ui-font-color1, #1b1f24);
  background: var(--jp-layout-color2, #f3f3f3); }}
.mmlab-panel.jupyter-widgets-disconnected :is(input, select, button, .noUi-target) {{ opacity: .45;
  pointer-events: none; }}
</style>"""
PANEL_STYLE = """<style>
.mmlab-panel .mmlab-screen :is(th, td) { overflow-wrap: normal; padding-right: 10px !important; }
.mmlab-panel .mmlab-said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.mmlab-panel .mmlab-unseen { display: none; }
.mmlab-panel .mmlab-row.mmlab-line > :is(.widget-text, .jupyter-widget-text) { flex: 1 1 auto; width: auto; }
.mmlab-panel .mmlab-row.mmlab-line > button { flex: none; margin-left: 6px; }
.mmlab-panel .mmlab-wide { overflow-x: auto; max-width: 100%; }
.mmlab-panel .mmlab-wide:focus-visible { outline: 2px solid var(--jp-brand-color1, #0072B2); }
.mmlab-panel table.mmlab-pins caption { text-align: left; font-weight: 600; padding: 8px 0 2px; }
.mmlab-panel table.mmlab-pins :is(th, td) { vertical-align: top; overflow-wrap: normal; white-space: nowrap !important;
  padding-right: 10px !important; }
.mmlab-panel table.mmlab-pins code { font-size: 11.5px; background: none; white-space: normal;
  color: inherit; }
.mmlab-panel table.mmlab-pins td:last-child { min-width: 240px; max-width: 300px; }
.mmlab-panel td button { font: inherit; font-size: 12px; padding: 1px 8px; margin: 2px 4px 0 0; cursor: pointer;
  color: var(--jp-ui-font-color1, #1b1f24); background: var(--jp-layout-color2, #eee);
  border: 1px solid var(--jp-border-color1, #bdbdbd); border-radius: 2px; }
.mmlab-panel svg.mmlab-mini { max-width: none; }
</style>"""
"""what only the panel has"""
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


def arrange(controls, message, screen, line, pins) -> w.VBox:
    """One box with everything in it: controls in two columns (one where it is narrow), then the answer."""
    pairs = {name: _row(knob.box, *([knob.slider] if knob.slider else [])) for name, knob in controls.knobs.items()}
    grid = _grid(
        controls.design,
        controls.other,
        pairs.pop("disk"),
        _row(*controls.presets, classes="mmlab-presets"),
        pairs.pop("fault_threads"),
        pairs.pop("mmap_threads"),
        _row(controls.ps),
        _row(controls.reset, controls.pin, controls.more, classes="mmlab-presets"),
    )
    more = _grid(*controls.designs[2:], *pairs.values())
    controls.more.observe(lambda change: _fold(controls.more, more), "value")
    _fold(controls.more, more)
    controls.pin.add_class("mmlab-pin")
    copy = w.Button(description="Copy", tooltip="Copy the Scenario of the first design", layout=w.Layout(width="auto"))
    copy.add_class("mmlab-copy")
    below = _row(line, copy, classes="mmlab-line")
    style = w.HTML(STYLE.format(script=actions.ONLOAD + escape(keys.LISTEN)) + PANEL_STYLE + actions.SAID)
    whole = w.VBox([style, grid, more, message, screen, below, pins])
    whole.add_class("mmlab-panel")
    return whole


def _grid(*widgets) -> w.Box:
    grid = w.Box(widgets)
    grid.add_class("mmlab-controls")
    return grid


def _fold(button, more) -> None:
    """Show or hide the rarely used controls; the button says which comes next."""
    more.layout.display = None if button.value else "none"
    button.description = FEWER if button.value else MORE


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
    return "\n".join(told(result) + killed(result) for result in results)


def killed(result: Result) -> str:
    """What became of a SIGKILL, as one more sentence; nothing where nobody is to be killed."""
    if result.scenario.kill_at is None:
        return ""
    at, deaths, threads = result.scenario.kill_at, result.kill_latency, result.scenario.fault_threads
    if not deaths.count:
        return f" Nobody has died yet of the SIGKILL that comes at {at}."
    who = "the thread was" if threads == 1 else f"{units.count(deaths.count)} of {units.count(threads)} threads were"
    last = units.duration(round(deaths.max * 1000))
    return f" Killed at {at}: {who} dead {f'{last} later' if deaths.max else 'at once'}."


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

    columns = [
        "design", "faults/s", "mmap pairs/s", "mmap wait p50", "p99", "longest", "retries a fault", "cpu a fault",
        "measured over",
    ]  # fmt: skip
    dies = any(r.scenario.kill_at is not None for r in results)
    if dies:
        columns.insert(-1, "last death after")
    rows = []
    for r in results:
        waits = r.mmap_wait
        cells = [
            r.design,
            units.number(r.faults_per_second) if r.faults or r.is_stuck else "-",
            units.number(r.mmaps_per_second) if r.scenario.mmap_threads else "-",
            *(wait(us) if waits.count else "-" for us in (waits.p50, waits.p99, waits.max)),
            units.number(r.retries_per_fault) if r.faults else "-",
            wait(r.cpu_us_per_fault) if r.faults else "-",
            units.duration(r.ns, 2),
        ]
        if dies:
            cells.insert(-1, wait(r.kill_latency.max) if r.kill_latency.count else "-")
        rows.append(cells)
    return Table(columns, rows)


def picture(results: list[Result], ghost=None):
    """The timeline of these runs: their first disk reads."""
    stop = min(max(quick.picture_ns(r.scenario) for r in results), *(quick.pictured_ns(r) for r in results))
    runs = [(r.design, r.headline, r.metrics.opening) for r in results]
    return timeline(runs, 0, stop, width=WIDTH, ghost=ghost)


def measured(results: list[Result], stop: int) -> str:
    """Over which time the numbers hold, and which part of it is drawn."""
    return (
        f"Measured over {quick.over(results)} of simulated time; the picture shows the first {units.duration(stop, 2)}."
    )


def screen(caption: str, picture, results: list[Result], note: str) -> str:
    """Sentence, picture, table and note as one piece of HTML: set at once, it never shows half an answer."""
    said = "".join(f"<p>{escape(one)}</p>" for one in caption.split("\n"))
    return (
        f'<div class="mmlab-screen" data-disk="{escape(results[0].scenario.disk)}">{picture.svg}'
        f'<div class="mmlab-sentence">{said}</div>{table(results)._repr_html_()}'
        f'<p class="mmlab-note">{escape(note)}</p></div>'
    )
