"""The drivers of the simulated kernel. `Timed` runs it under SimPy's clock; `RunQueue` limits the cpus."""

__all__ = ["RunQueue", "Timed"]
LATER = {"RunQueue": ".runqueue", "Timed": ".timed"}
"""what is imported when somebody asks for it: the explorer and a worker process need no SimPy"""


def __getattr__(name: str):
    """Import what is in LATER."""
    if name in LATER:
        from importlib import import_module

        return getattr(import_module(LATER[name], __name__), name)
    raise AttributeError(f"module 'mmlab.engine' has no attribute {name!r}")
