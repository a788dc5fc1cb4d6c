"""A corpus of hostile and broken submissions, each with the status, the points and the words that it must get.

`KINDS` has them by kind; running.py grades them as one batch, page.py tells what each got (docs/hostile.md).
"""

from .cells import CELLS
from .endings import ENDINGS
from .entry import Entry
from .files import FILES
from .formulas import FORMULAS
from .looking import LOOKING
from .neighbours import NEIGHBOURS
from .protocol import PROTOCOL
from .values import VALUES

KINDS: dict[str, list[Entry]] = {
    "Innocent work among them": NEIGHBOURS,
    "Files and names": FILES,
    "Cells": CELLS,
    "Code that does not come back, and code that takes all": ENDINGS,
    "Code that looks, and code that reaches": LOOKING,
    "Answers that pretend": VALUES,
    "Lies to the protocol": PROTOCOL,
    "Formulas, worlds and runs": FORMULAS,
}
CORPUS = [entry for kind in KINDS.values() for entry in kind]
