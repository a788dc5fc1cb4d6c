"""Where the time of one fault goes: its steps with their lengths, and what is held meanwhile."""

from __future__ import annotations

from ..view.table import Table
from .anatomy import OneFault

STEPS = {
    "acquire": ("the cpu traps into the kernel; do_page_fault takes mmap_sem", "do_page_fault"),
    "walk": ("find the vma of the address", "find_vma"),
    "submit": ("look in the page cache: not there; add a page, start the read", "filemap_nopage"),
    "page_wait": ("the cpu finishes handing the read to the disk", "readpage"),
    "page_woken": ("sleep until the page is unlocked", "lock_page"),
    "pte": ("check, and install the pte", "do_no_page"),
    "release": ("let mmap_sem go", "do_page_fault"),
}
"""what happens until an event of this kind, and the kernel function in which"""


def where_the_time_goes(fault: OneFault) -> Table:
    """A row for each step of a fault that waits for the disk: how long, how much of the whole, who has mmap_sem."""
    events = [event for event in fault.events if event.task == "fault0"]
    begin = next(event for event in events if event.what == "enter").time
    whole = next(event for event in events if event.what == "leave").time - begin
    rows, last, held = [], begin, False
    for event in events:
        if event.what not in STEPS:
            continue
        what, function = STEPS[event.what]
        spent = event.time - last
        rows.append([what, function, spent / 1000, f"{100 * spent / whole:.2f} %", "yes" if held else "no"])
        last, held = event.time, event.holders > 0
    columns = ["step", "kernel function", "takes (us)", "of the whole", "mmap_sem held meanwhile"]
    return Table(columns, rows)
