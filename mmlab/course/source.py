"""The source of one function of a design, beside the place of its original: in Linux 2.6.18, or the later version that
the design follows."""

from __future__ import annotations

import difflib
import io
import keyword
import tokenize
from html import escape

from .. import kernel
from ..designs import Design, find
from ..designs.review import docstring_lines, source_of
from .show import BLUE, CODE, DIM, RULE, Shown

ELIXIR = "https://elixir.bootlin.com/linux/v2.6.18/source/"
ORIGINALS = {
    "arch/i386/mm/fault.c": ("do_page_fault", "good_area", "force_sig"),
    "mm/memory.c": (
        "handle_mm_fault", "handle_pte_fault", "do_anonymous_page", "do_no_page", "pte_alloc_map", "set_pte_at",
    ),
    "mm/filemap.c": (
        "filemap_nopage", "find_get_page", "find_lock_page", "page_cache_read", "lock_page", "unlock_page",
        "wait_on_page_locked", "readpage",
    ),
    "mm/mmap.c": ("find_vma", "expand_stack", "do_mmap", "do_munmap"),
    "mm/swap.c": ("put_page",),
    "mm/mprotect.c": ("mprotect_fixup",),
    "lib/rwsem-spinlock.c": ("down_read", "up_read", "down_write", "up_write", "_hand_off"),
    "fs/proc/task_mmu.c": ("read_proc_maps",),
    "block/ll_rw_blk.c": ("submit",),
    "mm/vmscan.c": ("shrink_cache",),
    "mm/rmap.c": ("try_to_unmap",),
    "mm/truncate.c": ("vmtruncate",),
    "mm/fadvise.c": ("fadvise_dontneed",),
}  # fmt: skip
FILE_OF = {function: file for file, functions in ORIGINALS.items() for function in functions}
KEYWORDS = frozenset(keyword.kwlist)


def show_source(design: str | Design, function: str) -> Shown:
    """The code that runs: `function` as `design` has it (or as the simulated kernel has it for all designs).

    Every `await`, a place where the task may sleep or another may run, is set in blue; the docstring is dimmed.
    Raises ValueError for a function that is in neither, with the nearest right spelling.
    """
    design = find(design)
    code, origin = design.functions.get(function), ""
    if code is None:
        code = getattr(kernel, str(function), None)
        owner = "the kernel of every design"
    else:
        owner = next(name for name in reversed(design.lineage) if function in _design(design, name).patch)
        origin = _design(design, owner).source
        owner = design.name if owner == design.name else f"{design.name}, unchanged since {owner}"
    if not callable(code):
        known = [*design.functions, *(name for name in kernel.__all__ if callable(getattr(kernel, name)))]
        near = difflib.get_close_matches(str(function), known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ";"
        raise ValueError(f"{design.name} has no function {function!r}{hint} It has: {', '.join(design.functions)}")
    lines = source_of(code)
    file = FILE_OF.get(function)
    place = f"In Linux 2.6.18: {function} in {file}" if file else "Ours: no function of this name in Linux 2.6.18"
    if origin.startswith("Linux") and not origin.startswith("Linux 2.6.18"):
        place = f"From {origin}" + (f". In Linux 2.6.18: {function} in {file}" if file else "")
    link = f"{ELIXIR}{file}" if file else ""
    text = "\n".join([f"{function} ({owner})", f"{place}{f', {link}' if link else ''}", "", *lines])
    return Shown(text, _html(f"{function} ({owner})", place, link, lines))


def _design(design: Design, name: str) -> Design:
    """The design of that name in the lineage of `design`."""
    while design.name != name:
        design = design.base
    return design


def _html(title: str, place: str, link: str, lines: list[str]) -> str:
    where = f'<a href="{link}">{escape(place)}</a>' if link else escape(place)
    return (
        f'<figure style="margin:0;border:1px solid {RULE};border-radius:4px;max-width:70em">'
        f'<figcaption style="padding:.3em .8em;border-bottom:1px solid {RULE}"><strong>{escape(title)}</strong>'
        f" &nbsp; {where}</figcaption>"
        f'<pre role="group" aria-label="{escape(title)}" tabindex="0" style="overflow-x:auto;margin:0;'
        f'padding:.4em .8em;font:12px/1.5 {CODE};white-space:pre;background:none">'
        f"{chr(10).join(coloured(lines))}</pre></figure>"
    )


def coloured(lines: list[str]) -> list[str]:
    """The lines as HTML: docstring and comments dimmed, keywords bold, await in blue."""
    docs = docstring_lines(lines)
    marks: dict[int, list[tuple[int, int, str]]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            style = None
            if token.type == tokenize.COMMENT:
                style = f"color:{DIM}"
            elif token.type == tokenize.NAME and token.string in KEYWORDS:
                style = f"color:{BLUE};font-weight:600" if token.string == "await" else "font-weight:600"
            if style:
                marks.setdefault(token.start[0] - 1, []).append((token.start[1], token.end[1], style))
    except (tokenize.TokenError, SyntaxError):
        marks = {}
    out = []
    for number, line in enumerate(lines):
        if number in docs:
            out.append(f'<span style="color:{DIM}">{escape(line)}</span>')
            continue
        done, parts = 0, []
        for start, stop, style in marks.get(number, []):
            parts.append(f'{escape(line[done:start])}<span style="{style}">{escape(line[start:stop])}</span>')
            done = stop
        out.append("".join(parts) + escape(line[done:]))
    return out
