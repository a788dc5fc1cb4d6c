"""The drivers of the simulated kernel. `Timed` runs it under SimPy's clock."""

from .timed import Timed

__all__ = ["Timed"]
