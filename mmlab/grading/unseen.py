"""The checks that no student sees: solutions/checks/exN.py, loaded from the folder where the instructor keeps them."""

from __future__ import annotations

import json
import linecache
from pathlib import Path
from types import ModuleType

from ..checks import Check
from ..checks.exercises import exercise

CHECKS = Path("solutions") / "checks"


def unseen_source(name: str, folder: Path | str = CHECKS) -> str:
    """The text of the unseen checks of an exercise. Raises ValueError when there is none."""
    path = Path(folder) / f"{exercise(name).name}.py"
    if not path.is_file():
        raise ValueError(f"there are no unseen checks at {path}: give the folder that has them")
    return path.read_text(encoding="utf-8")


def module_of(name: str, source: str) -> ModuleType:
    """The module that the text of unseen checks makes: it is the instructor's, and trusted."""
    module = ModuleType(f"unseen_{name}")
    file = f"<unseen checks of {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    exec(compile(source, file, "exec", dont_inherit=True), vars(module))
    return module


def unseen_module(name: str, folder: Path | str = CHECKS) -> ModuleType:
    """The module with the unseen checks of an exercise. Raises ValueError when there is none."""
    return module_of(name, unseen_source(name, folder))


def unseen_checks(name: str, folder: Path | str = CHECKS) -> tuple[Check, ...]:
    """The unseen checks of an exercise. Raises ValueError when they are not as many, or not worth as much, as the
    exercise tells its students."""
    return checks_of(name, unseen_source(name, folder))


def checks_of(name: str, source: str) -> tuple[Check, ...]:
    """The same of a text. Raises ValueError for whatever the text raises."""
    try:
        checks = tuple(module_of(name, source).CHECKS)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"the unseen checks of {name} cannot be loaded: {' '.join(what.split())[:300]}") from None
    one = exercise(name)
    there, told = (len(checks), sum(check.points for check in checks)), (one.kept, one.kept_points)
    if there != told:
        raise ValueError(
            f"{name} tells its students of {told[0]} kept checks worth {told[1]} points; there are {there[0]} worth "
            f"{there[1]}: change the checks, or kept and kept_points in mmlab/checks/exercises/{name}.py"
        )
    return checks


def wrong_answers(name: str, solutions: Path | str = CHECKS.parent) -> dict[str, tuple[str, float]]:
    """Typical wrong answers to an exercise: their text, and the points that they must earn with all checks.

    WRONG, beside the unseen checks, gives each as a text, or as the (old, new) that must be changed in the solution to
    make it: then what is wrong with it stands in the open. Raises ValueError for an old text that is not there.
    """
    notebook = json.loads((Path(solutions) / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    right = "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    wrong = unseen_module(name, Path(solutions) / CHECKS.name).WRONG
    return {
        answer: (made if isinstance(made, str) else altered(right, made, name), points)
        for answer, (made, points) in wrong.items()
    }


def altered(text: str, changes: list[tuple[str, str]], name: str) -> str:
    """The text with each (old, new) changed. Raises ValueError for an old text that it has not."""
    for old, new in changes:
        if old not in text:
            raise ValueError(f"the solution of {name} has no {old!r} to be changed")
        text = text.replace(old, new)
    return text
