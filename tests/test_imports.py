"""The law of the house: arrows point down, and `import mmlab` needs simpy alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mmlab"
ANYTHING = None

MAY_IMPORT = {
    "trace": set(),
    "theory": set(),
    "kernel": set(),
    "designs": {"kernel"},
    "engine": {"kernel", "trace"},
    "worker": {"engine", "designs"},
    "view": {"trace"},
    "experiment": {"engine", "designs", "view", "theory"},
    "checks": {"experiment", "worker"},
    "widgets": {"experiment", "view"},
    "course": {"checks", "widgets"},
    "grading": {"checks"},
    "live": {"trace", "view"},
    "cli": ANYTHING,
    "__main__": ANYTHING,
    "__init__": ANYTHING,
}
"""room -> the rooms that it is drawn to stand on; what those stand on may be used too"""

SIDEWAYS = {("widgets", "checks"), ("grading", "widgets")}
"""arrows that no chain of the drawing may open"""


def reachable(room):
    """Every room below one, by any chain of arrows."""
    found, fresh = set(), {room}
    while fresh:
        fresh = {below for above in fresh for below in MAY_IMPORT[above] or ()} - found
        found |= fresh
    return found


def room_of(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(path):
    """(line, room) for each import of a part of mmlab in a file, also inside functions."""
    package = ["mmlab", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "mmlab" else [module]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "mmlab":
                yield node.lineno, [*name.split("."), "__init__"][1]


def wrong_arrows(path):
    room = room_of(path)
    if MAY_IMPORT[room] is ANYTHING:
        return []
    allowed = reachable(room) | {room}
    where = path.relative_to(ROOT)
    return [
        f"{where}:{line}: {room} -> {target}"
        for line, target in imports_of(path)
        if target not in allowed or (room, target) in SIDEWAYS
    ]


def test_every_part_of_mmlab_has_its_place_in_the_drawing():
    assert {room_of(path) for path in PACKAGE.rglob("*.py")} <= set(MAY_IMPORT)


def test_all_arrows_point_down():
    wrong = [arrow for path in sorted(PACKAGE.rglob("*.py")) for arrow in wrong_arrows(path)]
    assert wrong == []


@pytest.mark.parametrize(
    ("file", "source", "arrow"),
    [
        ("kernel/x.py", "from ..engine import Timed", "kernel -> engine"),
        ("kernel/x.py", "def f():\n    import mmlab.trace", "kernel -> trace"),
        ("trace.py", "from .view import table", "trace -> view"),
        ("view/x.py", "from mmlab import designs", "view -> designs"),
        ("designs/series/x.py", "from ...engine.timed import Timed", "designs -> engine"),
        ("experiment/x.py", "from ..worker import remote", "experiment -> worker"),
        ("engine/x.py", "from ..worker import remote", "engine -> worker"),
        ("theory/x.py", "from .. import KernelBug", "theory -> KernelBug"),
        ("grading/x.py", "from mmlab.widgets import panel", "grading -> widgets"),
    ],
)
def test_a_wrong_arrow_is_found(tmp_path, monkeypatch, file, source, arrow):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "mmlab")
    path = tmp_path / "mmlab" / file
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert [found.split(": ")[1] for found in wrong_arrows(path)] == [arrow]


HEAVY = {"numpy", "matplotlib", "ipywidgets", "IPython", "pandas", "tqdm", "asyncio", "distributed"}


def loaded_by(statement, watched):
    """Those of the modules `watched` that a statement brings in, in a fresh interpreter."""
    script = f"import sys\n{statement}\nprint(*sorted({watched!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_importing_mmlab_brings_in_no_heavy_library_and_a_run_simpy():
    assert loaded_by("import mmlab", HEAVY | {"simpy"}) == []
    assert loaded_by("import mmlab.experiment.run", HEAVY | {"simpy"}) == ["simpy"]


def test_a_worker_process_loads_neither_simpy_nor_experiments():
    """It is started afresh many times for one submission."""
    assert loaded_by("import mmlab.worker.serving", {"simpy", "mmlab.experiment", "mmlab.view"}) == []


def test_a_run_needs_nothing_beyond_the_standard_library_and_simpy():
    script = (
        "import sys, mmlab; mmlab.Scenario(disk='1ms', mmap_threads=1, fault_threads=2).run(seconds=0.01)\n"
        "print(sorted({'numpy', 'matplotlib', 'ipywidgets', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
