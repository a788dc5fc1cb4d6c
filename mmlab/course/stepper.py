"""step_through: one fault, one event at a time, with the state of everything that it touches."""

from __future__ import annotations

from html import escape

from .show import BLUE, CODE, DIM, RULE, Shown, has_widgets

TINT = "rgba(230,159,0,.22)"
VMAS = "mm_struct: the mappings (vmas)"


def step_through(fault) -> Shown:
    """A stepper for what `mmlab.one_fault` returned: buttons and a slider, one event at a time.

    What the event changed is marked. Its static twin is `fault.story()`, which is also all there is without widgets.
    """
    frames = [frame(fault, number) for number in range(len(fault.steps))]
    widget = controls(frames) if has_widgets() else None
    text = (
        f"Step 1 of {len(frames)}: {fault.sentences[0]}. (Run the cell to step through; the table below says it all.)"
    )
    return Shown(text, frames[0], widget)


def controls(frames: list[str]):
    """Back, Next, a slider, and the frame that they show."""
    import ipywidgets as w

    from ..widgets.output import SCRIPT, STYLE

    last = len(frames) - 1
    back = w.Button(description="Back", icon="arrow-left", disabled=True, layout=w.Layout(width="7em"))
    ahead = w.Button(description="Next", icon="arrow-right", button_style="primary", layout=w.Layout(width="7em"))
    step = w.IntSlider(1, 1, last + 1, description="step", continuous_update=True, layout=w.Layout(width="26em"))
    box = w.BoundedIntText(1, 1, last + 1, description="or number", layout=w.Layout(width="12em"))
    view = w.HTML(frames[0])

    def show(change) -> None:
        number = change["new"] - 1
        view.value = frames[number]
        box.value = number + 1
        back.disabled, ahead.disabled = number == 0, number == last

    def move(by: int) -> None:
        step.value = min(max(step.value + by, 1), last + 1)

    step.observe(show, "value")
    box.observe(lambda change: setattr(step, "value", change["new"]), "value")
    back.on_click(lambda _: move(-1))
    ahead.on_click(lambda _: move(1))
    row = w.HBox([back, ahead, step, box], layout=w.Layout(flex_flow="row wrap"))
    row.add_class("mmlab-row")
    whole = w.VBox([row, view, w.HTML(STYLE.format(script=escape(SCRIPT)))])  # names the slider for screen readers
    whole.add_class("mmlab-panel")
    return whole


def frame(fault, number: int) -> str:
    """Step `number` as HTML: the sentence, the call path, and five cards of state."""
    steps = fault.steps
    event, now = fault.events[steps[number]], fault.snapshots[steps[number]]
    cards = state(fault, steps[number])
    before = state(fault, steps[number - 1]) if number else cards
    where = f"step {number + 1} of {len(steps)} · {event.time / 1000:,.1f} us · {event.task}"
    path = " › ".join(now.path) if now.path else "user mode"
    body = "".join(card(title, lines, before[title]) for title, lines in cards.items())
    return (
        f'<div style="border:1px solid {RULE};border-radius:4px;padding:.6em .8em;max-width:64em">'
        f'<div style="color:{DIM}">{escape(where)}</div>'
        f'<div aria-live="polite" style="font-size:1.15em;font-weight:600;min-height:1.4em;line-height:1.3">'
        f"{escape(fault.sentences[steps[number]])}.</div>"
        f'<div style="font:13px/1.5 {CODE};color:{BLUE};padding-bottom:.5em">{escape(path)}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:.6em">{body}</div></div>'
    )


def card(title: str, lines: list[str], before: list[str]) -> str:
    """One card; lines that were not there before are marked."""
    rows = []
    size = (
        "flex:1 1 100%" if title == VMAS else "flex:1 1 13em;min-height:7.6em"
    )  # the same in every step: nothing jumps
    for line in lines:
        new = line not in before
        style = f"background:{TINT};font-weight:600" if new else ""
        sign = "▸ " if new else ""
        rows.append(f'<div style="padding:0 .3em;{style}">{sign}{escape(line)}</div>')
    return (
        f'<div style="border:1px solid {RULE};border-radius:4px;padding:.4em .5em;{size}">'
        f'<div style="color:{DIM};padding:0 .3em">{escape(title)}</div>{"".join(rows)}</div>'
    )


def state(fault, at: int) -> dict[str, list[str]]:
    """The five cards after event number `at`."""
    now = fault.snapshots[at]
    address = next(event.value for event in fault.events if event.what == "enter")
    vmas = [
        f"{start:#x}-{end:#x} {what}{' ← covers it' if start <= address < end else ''}" for start, end, what in now.vmas
    ]
    return {
        "threads": task_lines(fault.events[: at + 1]),
        "mm_struct: mmap_sem": sem_lines(now),
        "the page": page_lines(now),
        f"pte of {address:#x}": ["none" if now.pte == "none" else f"points to {now.pte}"],
        VMAS: vmas,
    }


def sem_lines(now) -> list[str]:
    """Who holds mmap_sem, who waits for it."""
    if now.writer:
        held = [f"held for writing by {now.writer}"]
    else:
        held = [f"held for reading by {comm}" for comm in now.readers] or ["free"]
    return held + [f"waiting: {comm}" for comm in now.queue]


def page_lines(now) -> list[str]:
    """The page's name, flags and references."""
    if not now.page:
        return ["not in the page cache"]
    return [
        now.page,
        "PG_locked: yes" if now.locked else "PG_locked: no",
        "PG_uptodate: yes" if now.uptodate else "PG_uptodate: no",
        *(f"reference: {owner}" for owner in now.owners),
    ]


def task_lines(events: list) -> list[str]:
    """What each thread is doing after these events."""
    doing = {}
    for event in events:
        if event.task == "disk":
            continue
        asleep = {"wait": "mmap_sem", "page_wait": event.object, "queue_wait": "the disk's queue"}
        if event.what in ("start", "leave"):
            doing[event.task] = "in user mode"
        elif event.what == "exit":
            doing[event.task] = "goes on in user mode" if event.object == "done" else "dead"
        elif event.what in asleep:
            doing[event.task] = f"asleep, waits for {asleep[event.what]}"
        else:
            doing[event.task] = "runs in the kernel"
    return [f"{task}: {what}" for task, what in doing.items()]
