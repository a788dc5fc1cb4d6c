"""Notebooks that were cut up, doubled, decorated, broken: the work is found by name, and only what it needs is run."""

from __future__ import annotations

import json

from mmlab.grading.score import CRASHED, GRADED

from .entry import ACCESS, IMPORTS, RIGHT_ACCESS, RIGHT_SEARCH, SEARCH, SEEN_SEARCH, Entry, notebook

BOTH = SEARCH + ACCESS
WRONG_SEARCH = "def search_vmas(vmas, address):\n    return 77\n"
RIGHT = ("", RIGHT_SEARCH, RIGHT_ACCESS)
STUBS = (
    "def search_vmas(vmas, address):\n    raise NotImplementedError\n",
    "def check_access(vmas, address, write_access):\n    raise NotImplementedError\n",
)
SIGNED = {"nbgrader": {"grade": True, "points": 20, "grade_id": "ex1-check", "locked": False, "solution": True}}
LOCALS = """
def search_vmas(vmas, address):
    number = 0
    for start, end, _ in vmas:
        if address < end:
            return number
        number += 1
    return None
"""


def tampered() -> bytes:
    """Stubs, with a check that was edited to be content, points in its metadata, and its praise as an output."""
    told = {"output_type": "execute_result", "data": {"text/plain": "10 of 10 checks hold, 20 of 20 points."},
            "metadata": {}, "execution_count": 1}  # fmt: skip
    check = {"cell_type": "code", "metadata": SIGNED, "source": "print('20 of 20 points')", "outputs": [told],
             "execution_count": 1}  # fmt: skip
    return notebook(*STUBS, check, metadata={"points": 20, "status": "graded"}).encode()


def with_text(text: str) -> bytes:
    """A notebook file of this text, with the right search in a cell."""
    return text.encode()


CRLF = tuple(text.replace("\n", "\r\n") for text in RIGHT)
TABS = RIGHT_SEARCH.replace("    ", "\t")
HTML = {"cell_type": "markdown", "metadata": {}, "source": "<script>alert(1)</script><img src=x onerror=alert(2)>"}
RAW = {"cell_type": "raw", "metadata": {}, "source": RIGHT_SEARCH}


def ok(name: str, tries: str, work, reads: str = "", points: float = BOTH, innocent: bool = True) -> Entry:
    """One that is judged; by default it keeps the points of both functions."""
    return Entry(name, tries, work, GRADED, points, reads, innocent=innocent)


CELLS = [
    ok("no-cells", "a notebook without a cell", notebook().encode(), "No cell defines search_vmas", 0),
    ok("untouched", "the stubs as they were given", STUBS, "Still to be written", 0),
    ok("deleted-cells", "all cells deleted but one", (RIGHT_SEARCH,), "No cell defines check_access", SEARCH),
    ok("duplicated-cells", "each cell twice", (*RIGHT, *RIGHT)),
    ok("reordered-cells", "all cells in reverse order", RIGHT[::-1]),
    ok("split-cells", "one statement a cell, with empty cells between",
       ("FIRST = 0\n", "", "ONE = 1\n", "", LOCALS.replace("= 0", "= FIRST").replace("+= 1", "+= ONE"), RIGHT_ACCESS)),
    ok("extra-cells", "1,500 further cells", (*["1 + 1"] * 1_500, *RIGHT)),
    ok("tampered", "edited checks, metadata and outputs that say 20 of 20, and nothing written", tampered(),
       "Still to be written", 0, innocent=False),
    ok("defined-twice", "a function defined twice: the last one counts", (WRONG_SEARCH, *RIGHT)),
    ok("defined-twice-wrong-last", "a right function, and a wrong one below it", (*RIGHT, WRONG_SEARCH), "answers 77",
       ACCESS),
    ok("other-cell-is-not-python", "a syntax error in a cell that has nothing to do with it",
       (RIGHT_SEARCH, "def broken(:\n    pass", RIGHT_ACCESS), "cell 2 is not Python, line 1: def broken(:"),
    ok("raises-in-every-cell", "a cell that raises before and after each function",
       (*[part for one in RIGHT for part in ("1 / 0", one)], "raise SystemExit")),
    ok("exits-between", "exit(), os._exit and input() in cells between the functions",
       ("exit()", RIGHT_SEARCH, "import os; os._exit(1)", RIGHT_ACCESS, "input('points? ')")),
    ok("scratch-cell-fails", "a scratch cell that fails has a name that a function has for a local",
       ("number = undefined_name + 1\nstart = open('/nowhere')", LOCALS, RIGHT_ACCESS)),
    ok("table-filled-by-hand", "a global table that is filled item by item",
       ("STEP = {}\nSTEP['one'] = 1\nSTEP['none'] = 0",
        LOCALS.replace("= 0", "= STEP['none']").replace("+= 1", "+= STEP['one']"), RIGHT_ACCESS)),
    ok("magics", "%magics, !shell and help? between the lines",
       ("%matplotlib inline\n!ls\nprint?\n" + RIGHT_SEARCH, "%%bash\nrm -rf /", RIGHT_ACCESS)),
    ok("timed-cell", "%%time above a function", ("%%time\n" + RIGHT_SEARCH, "%%capture out\n" + RIGHT_ACCESS)),
    ok("tabs", "tabs for blanks", (TABS, RIGHT_ACCESS)),
    ok("crlf", "lines that end as in Windows", CRLF),
    ok("line-separators", "line separators of Unicode and a form feed in comments",
       ("# one\u2028two\x0cthree\x85four\nSTEP = 1\nFIRST = 0\n"
        + LOCALS.replace("= 0", "= FIRST").replace("+= 1", "+= STEP"), RIGHT_ACCESS)),
    ok("byte-order-mark", "a byte order mark before the file", b"\xef\xbb\xbf" + notebook(*RIGHT).encode()),
    ok("unicode-name", "a name in letters that Python takes for the right ones",
       (RIGHT_SEARCH.replace("search_vmas", "\uff53earch_vmas"), RIGHT_ACCESS)),
    ok("html-in-markdown", "scripts in a text cell, the function in a raw cell", notebook(HTML, RAW).encode(),
       "No cell defines search_vmas", 0),
    ok("nul-bytes", "NUL bytes in a cell", ("x = '\0'\n", *RIGHT), "cell 1 is not Python"),
    ok("surrogates", "half a character in a cell", ("x = '\ud800'\n", *RIGHT), "cell 1 is not Python"),
    ok("deep-parentheses", "10,000 open parentheses in a cell", ("(" * 10_000, *RIGHT), "cell 1 is not Python",
       innocent=False),
    Entry("deep-operators", "100,000 signs before a number, for Python's parser", ("-" * 100_000 + "1", *RIGHT), GRADED,
          BOTH, "cell 1 is not Python"),
    Entry("endless-line", "300,000 statements on one line", (";".join(["a=1"] * 240_000), *RIGHT), CRASHED, 0,
          "cannot be read as Python"),
    ok("long-definition", "a right function among 30,000 lines of nothing",
       (RIGHT_SEARCH.replace("    return", "    0\n" * 30_000 + "    return"), RIGHT_ACCESS)),
    ok("callable-object", "an object that can be called, in place of a function",
       ("class Search:\n    def __call__(self, vmas, address):\n"
        "        return next((n for n, (_, end, _) in enumerate(vmas) if address < end), None)\n"
        "search_vmas = Search()", RIGHT_ACCESS)),
    ok("asks-ipython", "an AST transformer that drops what fails",
       ("get_ipython().ast_transformers.append(lambda tree: tree)", *STUBS), "Still to be written", 0, innocent=False),
    ok("wrong-language", "a notebook of another language", (json.dumps({"R": "x <- 1"}), "x <- function(y) y"),
       "No cell defines search_vmas", 0),
    ok("imports-everything", "import * of the kernel's names above the function",
       (IMPORTS, "from mmlab.kernel import *", *RIGHT)),
]  # fmt: skip
assert SEEN_SEARCH == 1
