"""Pinning a file, so that it outlives the vma that it was found through.

Source: fs/file_table.c of 5.1 (get_file, fput). No file of a run is ever closed; the pin matters to the debugging aids.
"""

from __future__ import annotations

from .handle import primitive


@primitive
async def get_file(file):
    """Take a reference to a file and return it. The caller holds a lock that keeps the vma that has it alive."""
    file.k.current.pins.append(file)
    if file.k.debug:
        file.k.current.remember_place(file)
    return file


@primitive
async def fput(file) -> None:
    """Give a reference back. Never sleeps. Any lock state."""
    k = file.k
    if file not in k.current.pins:
        k.bug(
            "reference underflow",
            f"{k.current.comm} puts a reference to {file!r} that it does not have",
            "fput called twice, or get_file never",
        )
    k.current.pins.remove(file)
