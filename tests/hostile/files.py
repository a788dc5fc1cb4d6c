"""Files that are no notebook, notebooks that are none of ours, and names that mean to lead astray."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

from mmlab.grading.score import GRADED, MISSING, REJECTED

from .entry import NOT_TAKEN, RIGHT_SEARCH, SEARCH, Entry, Place, notebook

GOOD = notebook(RIGHT_SEARCH)
WRONG = notebook("def search_vmas(vmas, address):\n    return 77")


def large(size: int):
    """A notebook that is followed by so many bytes of nothing; the disk has none of them."""

    def work(folder: Path, place: Path) -> None:
        folder.mkdir(parents=True)
        with open(folder / "ex1.ipynb", "wb") as file:
            file.write(GOOD.encode())
            file.truncate(size)

    return work


def named(**files: str | bytes):
    """Files under other names; _ stands for what no keyword may have."""

    def work(folder: Path, place: Place) -> None:
        folder.mkdir(parents=True)
        for name, data in files.items():
            path = folder / NAMES.get(name, name)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())

    return work


NAMES = {
    "exact": "ex1.ipynb", "copy1": "ex1 (1).ipynb", "copy2": "ex1-Copy2.ipynb", "capitals": "EX1.IPYNB",
    "mine": "my solution.ipynb", "final": "final FINAL.ipynb", "newline": "ex1\n.ipynb", "zip": "ex1.zip",
    "dots": "...ipynb", "text": "ex1.txt",
}  # fmt: skip


def link_to(target: str):
    """A symbolic link in place of the notebook."""

    def work(folder: Path, place: Place) -> None:
        folder.mkdir(parents=True)
        (folder / "ex1.ipynb").symlink_to(place.filled(target))

    return work


def linked_folder(folder: Path, place: Place) -> None:
    """The folder of the exercise is a link to the solution's."""
    folder.parent.mkdir(parents=True)
    folder.symlink_to(place.root / "solutions" / "ex1")


def pipe(folder: Path, place: Place) -> None:
    """A named pipe, which would wait for a writer for ever."""
    folder.mkdir(parents=True)
    os.mkfifo(folder / "ex1.ipynb")


def a_folder(folder: Path, place: Place) -> None:
    """A folder with the name of the notebook, and the notebook in it."""
    (folder / "ex1.ipynb").mkdir(parents=True)
    (folder / "ex1.ipynb" / "ex1.ipynb").write_text(GOOD)


def flat(name: str):
    """A file at the top, where whose it is stands in its name."""

    def work(folder: Path, place: Place) -> None:
        (place.submissions / name).write_text(GOOD)

    return work


def zipped() -> bytes:
    """A zip with the notebook."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("ex1.ipynb", GOOD)
    return out.getvalue()


def refused(name: str, tries: str, work, reads: str, **more) -> Entry:
    """One that is rejected: no points, and no zero."""
    return Entry(name, tries, work, REJECTED, None, reads, **more)


def whole(**parts) -> bytes:
    """A notebook whose top has these parts."""
    return json.dumps({**json.loads(GOOD), **parts}).encode()


OUTPUTS = json.loads(GOOD)
OUTPUTS["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 15_000_000}]

FILES = [
    refused("empty-file", "a file of no bytes", b"", "The file is empty", innocent=True),
    refused("blank-file", "only blanks and newlines", b" \n\n", "The file is empty", innocent=True),
    refused("png", "a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200), "not UTF-8 text", innocent=True),
    refused("latin-1", "saved in Latin-1", notebook("# é").replace("\\u00e9", "é").encode("latin-1"), "not UTF-8 text",
            innocent=True),
    refused("utf-16", "saved in UTF-16", GOOD.encode("utf-16"), "not UTF-8 text", innocent=True),
    refused("cut-short", "half of a notebook", GOOD[:200].encode(), "it is not JSON", innocent=True),
    refused("html", "a saved web page", b"<!DOCTYPE html><script>alert(1)</script>", "it is not JSON", innocent=True),
    refused("python-script", "Python, named .ipynb", RIGHT_SEARCH.encode(), "it is not JSON", innocent=True),
    refused("deep-json", "JSON nested 100,000 deep", b"[" * 100_000, "it is not JSON"),
    refused("json-of-digits", "a number of 100,000 digits in the JSON",
            GOOD.replace('"nbformat_minor": 5', '"nbformat_minor": ' + "9" * 100_000).encode(), "it is not JSON"),
    refused("json-list", "JSON, and no notebook", b"[1, 2]", "not a notebook", innocent=True),
    refused("nbformat-3", "an old notebook", json.dumps({"nbformat": 3, "worksheets": []}).encode(), "format 3",
            innocent=True),
    refused("nbformat-text", "a format that a spreadsheet runs", whole(nbformat="=1+1"), "format '=1+1'"),
    refused("cells-are-text", "cells that are no list", whole(cells="all of them"), "no list of cells"),
    refused("cell-without-text", "a cell whose source is a number",
            whole(cells=[{"cell_type": "code", "source": 7}]), "cell 1 has no text"),
    refused("notebook-of-150-mb", "a notebook of 150 MB", large(150_000_000), "150 MB; 21 MB are allowed"),
    refused("output-of-500-mb", "a notebook with 500 MB of output in it", large(500_000_000), "500 MB; 21 MB are"),
    refused("many-cells", "5,000 cells", notebook(*["1"] * 5_000).encode(), "5,000 cells; 2,000 are allowed"),
    refused("much-code", "2 MB of code", notebook(RIGHT_SEARCH + "#" * 2_000_000).encode(), "1,000,000 are allowed"),
    Entry("output-of-15-mb", "15 MB of output in a cell, which are dropped", json.dumps(OUTPUTS).encode(), GRADED,
          SEARCH, "No cell defines check_access", innocent=True),
    refused("symlink-to-the-solution", "a link to the solution", link_to("@ROOT@/solutions/ex1/ex1.ipynb"),
            "a link to another file"),
    refused("symlink-to-a-neighbour", "a link to a neighbour's work",
            link_to("@SUBMISSIONS@/innocent-all/ex1/ex1.ipynb"), "a link to another file"),
    refused("symlink-to-dev-zero", "a link to an endless file", link_to("/dev/zero"), "a link to another file"),
    refused("symlink-to-nothing", "a link that leads nowhere", link_to("/nowhere"), "a link to another file"),
    refused("named-pipe", "a pipe, which would wait for ever", pipe, "not a file"),
    Entry("folder-symlink", "the folder of the exercise is a link to the solution's", linked_folder, MISSING, None,
          "Nothing was handed in"),
    Entry("folder-named-ipynb", "a folder with the name of the notebook", a_folder, GRADED, SEARCH,
          "ex1.ipynb was taken", innocent=True),
    refused("zip-in-the-folder", "the notebook in a zip", named(zip=zipped()), "ex1.ipynb is wanted", innocent=True),
    refused("two-other-names", "two notebooks, none of the right name", named(mine=GOOD, final=GOOD),
            "Rename the notebook", innocent=True),
    refused("text-file", "a text file beside nothing", named(text=RIGHT_SEARCH), "ex1.ipynb is wanted", innocent=True),
    Entry("renamed", "one notebook of another name", named(mine=GOOD), GRADED, SEARCH, "my solution.ipynb was taken",
          innocent=True),
    Entry("copies", "the right name, a (1) and a -Copy2 beside it", named(exact=GOOD, copy1=WRONG, copy2=WRONG), GRADED,
          SEARCH, "ex1.ipynb was taken; also there: ex1-Copy2.ipynb, ex1 (1).ipynb", innocent=True),
    Entry("only-copies", "a (1) and a -Copy2: the later one counts", named(copy1=WRONG, copy2=GOOD), GRADED, SEARCH,
          "ex1-Copy2.ipynb was taken", innocent=True),
    Entry("capitals", "EX1.IPYNB", named(capitals=GOOD), GRADED, SEARCH, "", innocent=True),
    Entry("newline-in-the-file", "a newline in the name of the file", named(newline=GOOD), GRADED, SEARCH,
          r"ex1\n.ipynb was taken"),
    Entry("dots-in-the-file", "a file named ...ipynb", named(dots=GOOD), GRADED, SEARCH, "...ipynb was taken"),
    Entry("new\nline", "a newline in the student's name", GOOD.encode(), GRADED, SEARCH, ""),
    Entry("=1+1", "a student whose name a spreadsheet would run", GOOD.encode(), GRADED, SEARCH, ""),
    Entry("@SUM(A1:A9)", "another such name", GOOD.encode(), GRADED, SEARCH, ""),
    Entry("<img src=x onerror=alert(1)>", "HTML in the student's name", GOOD.encode(), GRADED, SEARCH, ""),
    Entry("\x1b[2Jgone", "a terminal's escape sequence in the student's name", GOOD.encode(), GRADED, SEARCH, ""),
    Entry("evil\u202egnp", "a name that is shown from right to left", GOOD.encode(), GRADED, SEARCH, ""),
    Entry("caf\udce9", "a name that is not UTF-8", GOOD.encode(), GRADED, SEARCH, "", innocent=True),
    Entry("..", "a student named ..", flat(".._ex1.ipynb"), NOT_TAKEN, None, "this is no name of a student"),
    Entry("n" * 230, "a name of 230 characters", GOOD.encode(), NOT_TAKEN, None, "more than 200 characters"),
    Entry("nobody", "a file that does not say whose it is", flat("homework.ipynb"), NOT_TAKEN, None,
          "it does not say whose it is", innocent=True),
]  # fmt: skip
