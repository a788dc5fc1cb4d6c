"""A check that the course can run here, in words that are the same on every machine where it can."""

from __future__ import annotations

import importlib.util
import sys

NEEDED = {
    "simpy": "the clock of the simulation",
    "numpy": "numbers for the charts",
    "matplotlib": "the charts",
    "ipywidgets": "the sliders",
}
HELP = "close this, and start the course with: python3 course.py lab"


def check_installation() -> None:
    """Print one line for each thing that the course needs, "fine" or what to do about it."""
    print(f"{'Python':<12}{'fine' if sys.version_info >= (3, 11) else 'too old: 3.11 or newer is needed'}")
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    for name, what in NEEDED.items():
        print(f"{name:<12}{'missing' if name in missing else 'fine'} ({what})")
    print(f"{'mmlab':<12}{first_fault()}")
    print(f"Something is missing: {HELP}" if missing else "Everything is there. Go on.")


def first_fault() -> str:
    """Simulate one page fault, to be sure."""
    from ..experiment.anatomy import one_fault

    outcome = one_fault("major").outcome
    return "fine (one page fault simulated)" if outcome == "major" else f"odd: a major fault ended as {outcome}"
