"""mmlab release and mmlab bundle: for instructors."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from .commands import print_json

DRIFTED = 1


def release(args) -> int:
    """mmlab release"""
    tools = needed()
    if args.check:
        names = tools.drifted(args.folder)
        said = [f"{name} is not what its solution makes: run mmlab release" for name in names]
    else:
        names = [path.as_posix() for path in tools.release(args.folder)]
        said = [f"made {name}" for name in names]
    if args.json:
        print_json(names)
    else:
        print("\n".join(said) or "exercises/ is what its solutions make: nothing to do")
    return DRIFTED if args.check and names else 0


def bundle(args) -> int:
    """mmlab bundle"""
    path = needed().bundle(args.folder, args.to)
    if args.json:
        print_json(str(path))
    else:
        print(f"made {path} ({path.stat().st_size / 1e6:.1f} MB): unpack it, then python3 course.py lab")
    return 0


def needed():
    """mmlab.grading. Raises ValueError where it is not there, as in what a student got, or cannot work."""
    try:
        from .. import grading
    except ImportError as error:
        raise ValueError(f"this copy of mmlab has no tools for instructors ({error})") from None
    if find_spec("nbgrader") is None:
        how = f"{sys.executable} -m pip install -c constraints.txt -e '.[grading]'"
        raise ValueError(f"nbgrader is not installed; in the folder of the course, give: {how}")
    return grading


def add_folder(sub) -> None:
    """--folder"""
    sub.add_argument("--folder", metavar="FOLDER", type=Path, default=Path("."), help="the folder of the course (.)")
