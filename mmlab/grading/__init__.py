"""For instructors: exercises made from their solutions, what a student gets, and (later) scores.

Nothing here is needed by a learner, and nothing here imports ipywidgets. Needs the extra `grading` (nbgrader).
"""

from .bundle import bundle
from .release import drifted, release
from .score import Mark, Score
from .store import results

__all__ = ["Mark", "Score", "bundle", "drifted", "release", "results"]
