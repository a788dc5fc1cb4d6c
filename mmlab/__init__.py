"""mmlab: a small simulated kernel in which a page-fault design is a patch, and a course built on it.

    import mmlab
    mmlab.Scenario(design="synchronous", disk="18ms").run(seconds=5).timeline()
    mmlab.compare(["synchronous", "nopage_retry"], disk="18ms", seconds=5)

A run needs simpy and nothing else; pictures and panels import what they need when they are asked for.
"""

from . import designs
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
    "step_panel",
    "sweep",
    "sweep_panel",
    "uniform",
    "verdicts",
]


LATER = {
    "Comparison": ".experiment.compare",
    "Result": ".experiment.result",
    "Scenario": ".experiment.scenario",
    "Sweep": ".experiment.sweep",
    "Verdict": ".experiment.exploration",
    "Verdicts": ".experiment.verdicts",
    "World": ".experiment.worlds",
    "compare": ".experiment.compare",
    "constant": ".experiment.durations",
    "explore": ".experiment.exploration",
    "exponential": ".experiment.durations",
    "one_fault": ".experiment.anatomy",
    "panel": ".widgets",
    "step_panel": ".widgets",
    "sweep": ".experiment.sweep",
    "sweep_panel": ".widgets",
    "uniform": ".experiment.durations",
    "verdicts": ".experiment.verdicts",
}
"""what is imported when somebody asks for it: a worker needs no experiments, and panels need ipywidgets"""


def __getattr__(name: str):
    """Import what is in LATER."""
    if name in LATER:
        from importlib import import_module

        return getattr(import_module(LATER[name], __name__), name)
    raise AttributeError(f"module 'mmlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    """For completion."""
    return sorted({*globals(), *LATER})
