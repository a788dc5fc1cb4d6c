"""mmlab: a small simulated kernel in which a page-fault design is a patch, and a course built on it.

    import mmlab
    mmlab.Scenario(design="synchronous", disk="18ms").run(seconds=5).timeline()
    mmlab.compare(["synchronous", "nopage_retry"], disk="18ms", seconds=5)

Importing mmlab needs simpy and nothing else; pictures and panels import what they need when they are asked for.
"""

from . import designs
from .experiment import Comparison, Result, Scenario, Sweep, compare, constant, exponential, sweep, uniform
from .experiment.anatomy import one_fault
from .experiment.exploration import Verdict, explore
from .experiment.verdicts import Verdicts, verdicts
from .experiment.worlds import World
from .kernel.bug import KernelBug

__version__ = "0.1.0"
__all__ = [
    "Comparison",
    "KernelBug",
    "Result",
    "Scenario",
    "Sweep",
    "Verdict",
    "Verdicts",
    "World",
    "compare",
    "constant",
    "designs",
    "explore",
    "exponential",
    "one_fault",
    "panel",
    "sweep",
    "uniform",
    "verdicts",
]


def __getattr__(name: str):
    """`mmlab.panel`, imported when somebody asks for it: it needs ipywidgets."""
    if name == "panel":
        from .widgets import panel

        return panel
    raise AttributeError(f"module 'mmlab' has no attribute {name!r}")
