"""Experiments: a Scenario is run and gives a Result; `compare` and `sweep` run many."""

from .compare import Comparison, compare
from .durations import constant, exponential, uniform
from .result import Result
from .scenario import Scenario
from .sweep import Sweep, sweep

__all__ = ["Comparison", "Result", "Scenario", "Sweep", "compare", "constant", "exponential", "sweep", "uniform"]
