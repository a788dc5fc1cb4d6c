"""What the notebooks call: predict and reveal, a design's source, one fault step by step, a check of the set-up.

    from mmlab import course
    course.predict("one-read", "How long does one page fault take on this disk?", unit="ms")
    course.reveal("one-read", 18.0, unit="ms")

Importing this needs no ipywidgets; without them the questions are still asked, and answered with `guess=`.
"""

from .answers import predict, reveal
from .exercises import check, hint, look, mine, with_mine
from .faults import compare_faults, every_kind
from .glossary import glossary
from .guesses import guess_of
from .installation import check_installation
from .source import show_source
from .stepper import step_through

__all__ = [
    "check",
    "check_installation",
    "compare_faults",
    "every_kind",
    "glossary",
    "guess_of",
    "hint",
    "look",
    "mine",
    "predict",
    "reveal",
    "show_source",
    "step_through",
    "with_mine",
]
