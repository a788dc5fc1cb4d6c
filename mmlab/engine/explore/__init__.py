"""The explorer: every interleaving of a few tasks, on the same kernel and the same designs as under SimPy's clock."""

from .again import ask_again
from .code import run_code
from .liveness import Lasso, fair_cycle, never_again
from .movers import GRAINS
from .path import STATES, Hold, Interleaving, Step, Teller, tell_path
from .search import Search
from .stage import Stage

__all__ = [
    "GRAINS",
    "STATES",
    "Hold",
    "Interleaving",
    "Lasso",
    "Search",
    "Stage",
    "Step",
    "Teller",
    "ask_again",
    "fair_cycle",
    "never_again",
    "run_code",
    "tell_path",
]
