"""What an exercise's notebook calls: check, hint, look, mine."""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Iterable
from html import escape

from ..checks import Report, run_checks
from ..checks.exercises import exercise
from ..designs import Design, find
from ..experiment import compare
from ..kernel.bug import KernelBug
from .show import Shown
from .written import word_counts

shown: dict[str, int] = {}
"""how many hints of an exercise were asked for"""


def check(name: str, cells: Iterable[str] | None = None) -> Report:
    """Run the checks of the exercise `name` on the functions that you have defined in this notebook.

    Your code runs in a process of its own: an endless loop ends there. What counts is the cell that you ran last.
    cells: the texts of cells, where there is no notebook. Raises ValueError for an unknown exercise.
    """
    one = exercise(name)
    return Report(one, run_checks(one, history() if cells is None else cells).lines, notes=word_counts(one))


def hint(name: str) -> Shown:
    """The next hint of three; each says more than the one before. Raises ValueError for an unknown exercise."""
    hints = exercise(name).hints
    number = min(shown.get(name, 0) + 1, len(hints))
    shown[name] = number
    left = len(hints) - number
    more = f"{left} more, if you ask again." if left else "That was the last one."
    text = f"Hint {number} of {len(hints)}: {hints[number - 1]} ({more})"
    return Shown(text, f"<p style='max-width:62em'>{text}</p>")


def mine(name: str) -> Design:
    """Your functions for the exercise `name`, as a design to run, explore and step through in this notebook.

    Raises ValueError while one of them is missing, and when they do not fit.
    """
    one = exercise(name)
    base = find(one.base)
    space = names_here()
    here = {
        key: value
        for key, value in space.items()
        if inspect.isfunction(value) and (key in one.functions or key in base.functions)
        and getattr(value, "__module__", "") == "__main__"
    }  # fmt: skip
    missing = [key for key in one.functions if key not in here]
    if missing:
        raise ValueError(f"{list_of(missing)} {'are' if missing[1:] else 'is'} not defined yet: run the cells above")
    yours = {key: value for key, value in here.items() if key in base.functions or inspect.iscoroutinefunction(value)}
    added = {key: value for key, value in yours.items() if key not in base.functions}
    replaced = {key: value for key, value in yours.items() if key in base.functions}
    return base.patched("mine", added=added, **one.options, **replaced)


def look(name: str, beside: Iterable[str] = ("synchronous",), seconds: float = 0.5, **scenario):
    """Your functions for the exercise `name` run beside other designs: the comparison, or a sentence on why not.

    scenario: the fields of a Scenario. Raises ValueError for unknown names and fields.
    """
    others = [find(one) for one in beside]
    return with_mine(name, lambda yours: compare([*others, yours], seconds=seconds, progress=False, **scenario))


def with_mine(name: str, what: Callable[[Design], object]):
    """What `what(design)` gives for your functions for the exercise `name`, or a sentence on why there is nothing.

    Raises ValueError for an unknown exercise.
    """
    exercise(name)
    try:
        return what(mine(name))
    except NotImplementedError:
        text = "There is nothing to look at yet: your functions are still to be written."
    except Exception as error:  # whatever a learner's code raises
        text = str(error) if isinstance(error, KernelBug | ValueError) else f"{type(error).__name__}: {error}"
    return Shown(text, f"<pre>{escape(text)}</pre>")


def list_of(names: list[str]) -> str:
    """["a", "b", "c"] -> "a, b and c"."""
    return " and ".join([", ".join(names[:-1])] * bool(names[1:]) + names[-1:])


def history() -> list[str]:
    """The cells that were run in this notebook, oldest first.

    Some run cells without keeping a history (nbval does). Then it is those that the kernel has compiled: who goes back
    to an older text of a cell is not noticed there.
    """
    kept = [text for text in names_here().get("In", ()) if isinstance(text, str)]
    if any(kept) or "ipykernel" not in sys.modules:
        return kept
    from ipykernel.compiler import get_tmp_directory

    return ["".join(entry[2]) for name, entry in linecache.cache.items() if name.startswith(get_tmp_directory())]


def names_here() -> dict:
    """What is defined in the notebook; nothing where there is none."""
    try:
        from IPython import get_ipython
    except ImportError:
        return {}
    shell = get_ipython()
    return {} if shell is None else shell.user_ns
