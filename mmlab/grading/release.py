"""exercises/ is made from solutions/: nbgrader clears the solutions, locks what is locked, and drops the outputs."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from pathlib import Path

SOLUTIONS, EXERCISES = "solutions", "exercises"
STUB = "# Write your code here.\nraise NotImplementedError"
ANSWER = "*Write your answer here.*"


def assignments(folder: Path) -> list[str]:
    """The names of the exercises that have a notebook of their own name in a folder of their own name."""
    names = [path.parent.name for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name]
    return sorted(names, key=lambda name: (len(name), name))


def release(root: Path | str = ".") -> list[Path]:
    """Make exercises/ anew from solutions/. Returns the notebooks that changed.

    Raises ValueError when there is nothing to release or a solution is not marked as nbgrader wants it; then nothing
    is changed.
    """
    root = Path(root)
    made = made_from(root / SOLUTIONS)
    changed = []
    for name, text in made.items():
        path = root / EXERCISES / name / f"{name}.ipynb"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{name}.partial")
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
            changed.append(path)
    for name in set(assignments(root / EXERCISES)) - set(made):
        shutil.rmtree(root / EXERCISES / name)
        changed.append(root / EXERCISES / name)
    return changed


def drifted(root: Path | str = ".") -> list[str]:
    """The exercises that are not what release would make of their solutions."""
    root = Path(root)
    made = made_from(root / SOLUTIONS)
    there = {
        name: (root / EXERCISES / name / f"{name}.ipynb").read_text(encoding="utf-8")
        for name in assignments(root / EXERCISES)
    }
    return sorted(name for name in {*made, *there} if made.get(name) != there.get(name))


def made_from(solutions: Path) -> dict[str, str]:
    """What a student gets for each solution: its notebook as text, by the name of the exercise."""
    names = assignments(solutions)
    if not names:
        raise ValueError(f"there is no exercise in {solutions}: a notebook exN/exN.ipynb is wanted")
    with tempfile.TemporaryDirectory(prefix="mmlab-release-") as folder:
        course = Path(folder)
        for name in names:
            (course / SOLUTIONS / name).mkdir(parents=True)
            shutil.copy(solutions / name / f"{name}.ipynb", course / SOLUTIONS / name)
        generate(course, names)
        return {name: settled(course / EXERCISES / name / f"{name}.ipynb") for name in names}


def generate(course: Path, names: list[str]) -> None:
    """nbgrader's own step, in a folder of its own, without a gradebook. Raises ValueError with what it says."""
    from nbgrader.apps import NbGraderAPI
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells
    from traitlets.config import Config

    steps = GenerateAssignment.preprocessors.default_args[0]
    config = Config()
    config.GenerateAssignment.preprocessors = [step for step in steps if step is not SaveCells]
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.source_directory = SOLUTIONS
    config.CourseDirectory.release_directory = EXERCISES
    config.GenerateAssignment.no_database = True  # the gradebook is the grader's business
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = ANSWER
    api = NbGraderAPI(config=config)
    for name in names:
        done = api.generate_assignment(name, force=True, create=True)
        if not done["success"]:
            logging.getLogger("mmlab").debug(done["log"])
            last = [line for line in (done.get("error") or done["log"]).strip().splitlines() if line.strip()][-1]
            raise ValueError(f"{name} cannot be released: {last}")


def settled(path: Path) -> str:
    """A released notebook, the same wherever it is made."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(execution_count=None, outputs=[])
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
