"""Pictures, tables and sentences, all made from the trace (or from rows of results). Light to import."""

from .caption import describe
from .segments import LockStep, Segment, lock_steps, task_segments
from .states import STATES
from .table import Table
from .timeline import Timeline, timeline

__all__ = [
    "STATES",
    "LockStep",
    "Segment",
    "Table",
    "Timeline",
    "describe",
    "lock_steps",
    "task_segments",
    "timeline",
]
