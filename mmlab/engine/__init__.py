"""The drivers of the simulated kernel. `Timed` runs it under SimPy's clock; `RunQueue` limits the cpus."""

from .runqueue import RunQueue
from .timed import Timed

__all__ = ["RunQueue", "Timed"]
