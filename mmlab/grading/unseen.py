"""The checks that no student sees: solutions/checks/exN.py, loaded from the folder where the instructor keeps them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from ..checks import Check
from ..checks.exercises import exercise

CHECKS = Path("solutions") / "checks"


def unseen_module(name: str, folder: Path | str = CHECKS) -> ModuleType:
    """The module with the unseen checks of an exercise. Raises ValueError when there is none."""
    path = Path(folder) / f"{exercise(name).name}.py"
    if not path.is_file():
        raise ValueError(f"there are no unseen checks at {path}: give the folder that has them")
    spec = importlib.util.spec_from_file_location(f"unseen_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unseen_checks(name: str, folder: Path | str = CHECKS) -> tuple[Check, ...]:
    """The unseen checks of an exercise. Raises ValueError when they are not as many, or not worth as much, as the
    exercise tells its students."""
    checks = tuple(unseen_module(name, folder).CHECKS)
    one = exercise(name)
    there, told = (len(checks), sum(check.points for check in checks)), (one.kept, one.kept_points)
    if there != told:
        raise ValueError(
            f"{name} tells its students of {told[0]} kept checks worth {told[1]} points; in {folder} there are "
            f"{there[0]} worth {there[1]}"
        )
    return checks
