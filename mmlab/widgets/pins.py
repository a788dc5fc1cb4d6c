"""Pinned runs: rows of a table, each with a small timeline, its Scenario as a line to copy, and a button to unpin it.

The table is plain HTML, so that it is a table for everybody. Its buttons cannot talk to Python; each presses a widget
button that is not shown (actions.py).
"""

from __future__ import annotations

from html import escape

import ipywidgets as w

from ..experiment import Result
from ..view import units
from ..view.miniature import miniature

MOST = 24
"""rows; older pins go"""
COLUMNS = ("run", "timeline", "faults/s", "mmap pairs/s", "mmap wait p50", "p99", "longest", "retries a fault")


class Pins:
    """The pinned runs of a panel. `widget` shows them, and nothing while there are none."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[Result, str]] = {}
        self.number = 0
        self.table = w.HTML()
        self.buttons = w.Box()
        self.buttons.add_class("mmlab-unseen")
        self.widget = w.VBox([self.table, self.buttons])

    def add(self, results: list[Result], stop: int) -> int:
        """Pin what is not pinned yet; the thumbnails end at `stop` ns. Returns how many came to it."""
        known = [result.scenario for result, _ in self.rows.values()]
        new = [result for result in results if result.scenario not in known]
        for result in new:
            self.number += 1
            picture = miniature(result.design, result.headline, result.metrics.opening, 0, stop)
            self.rows[self.number] = result, picture
        for number in list(self.rows)[:-MOST]:
            del self.rows[number]
        self._show()
        return len(new)

    def remove(self, number: int) -> None:
        """Unpin a row; nothing happens when it is gone already."""
        self.rows.pop(number, None)
        self._show()

    def clear(self) -> None:
        """Unpin all."""
        self.rows.clear()
        self._show()

    def _show(self) -> None:
        gone, made = self.buttons.children, []
        for number in self.rows:
            button = w.Button(description=f"unpin {number}")
            button.add_class(f"mmlab-unpin-{number}")
            button.on_click(lambda _, number=number: self.remove(number))
            made.append(button)
        self.buttons.children = made
        for button in gone:
            for part in (button.layout, button.style, button):
                part.close()
        self.table.value = self.html() if self.rows else ""

    def html(self) -> str:
        """The table."""
        head = "".join(f'<th scope="col">{name}</th>' for name in (*COLUMNS, "Scenario, to copy"))
        rows = "".join(row(number, *kept) for number, kept in self.rows.items())
        return (
            '<div class="mmlab-wide" role="region" aria-label="Pinned runs" tabindex="0">'
            '<table class="mmlab-table mmlab-pins"><caption>Pinned runs</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )


def row(number: int, result: Result, picture: str) -> str:
    """One pinned run as a row."""
    waits = result.mmap_wait

    def wait(us):
        return units.duration(round(us * 1000)) if waits.count else "-"

    figures = [
        units.number(result.faults_per_second) if result.faults else "-",
        units.number(result.mmaps_per_second) if result.scenario.mmap_threads else "-",
        *map(wait, (waits.p50, waits.p99, waits.max)),
        units.number(result.retries_per_fault) if result.faults else "-",
    ]
    line = escape(f"mmlab.{result.scenario!r}")
    name = escape(result.design)
    return (
        f'<tr><th scope="row">{name}</th><td>{picture}</td>{"".join(f"<td>{one}</td>" for one in figures)}'
        f'<td><code>{line}</code><br><button type="button" data-copy="{line}" aria-label="Copy the Scenario of row '
        f'{number}, {name}">Copy</button> <button type="button" data-press="mmlab-unpin-{number}" '
        f'aria-label="Unpin row {number}, {name}">Unpin</button></td></tr>'
    )
