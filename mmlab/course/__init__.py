"""What the notebooks call: predict and reveal, a design's source, one fault step by step, a check of the set-up.

    from mmlab import course
    course.predict("one-read", "How long does one page fault take on this disk?", unit="ms")
    course.reveal("one-read", 18.0, unit="ms")

Importing this needs no ipywidgets; without them the questions are still asked, and answered with `guess=`.
"""

from .answers import predict, reveal
from .document import design_document
from .exercises import check, hint, look, mine, with_mine
from .faults import compare_faults, every_kind
from .glossary import glossary
from .guesses import guess_of
from .installation import check_installation
from .source import show_source
from .stepper import step_through

__all__ = [
    "board",
    "check",
    "check_design",
    "check_installation",
    "compare_faults",
    "design_document",
    "every_kind",
    "glossary",
    "guess_of",
    "hint",
    "judged_by",
    "look",
    "measure_design",
    "mine",
    "predict",
    "reveal",
    "save_report",
    "show_source",
    "step_through",
    "with_mine",
]


CAPSTONE = ("board", "check_design", "judged_by", "measure_design", "save_report")
"""imported when somebody asks for them: they need the explorer"""


def __getattr__(name: str):
    """Import what is in CAPSTONE."""
    if name in CAPSTONE:
        from . import capstone

        return getattr(capstone, name)
    raise AttributeError(f"module 'mmlab.course' has no attribute {name!r}")
