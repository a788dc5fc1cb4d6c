"""Which steps nobody else can tell the place of, so that no other task need be tried between them.

A step that commutes with every step of every other task is a BOTH mover; taking a spinlock commutes with whatever comes
before it (RIGHT), releasing it with whatever comes after (LEFT). A sequence RIGHT* one LEFT* is then as good as one
step (R. J. Lipton, Reduction, CACM 18(12), 1975). What is protected by a lock that the task holds cannot be
changed by others, so looking at it is a BOTH mover.

The grain is "access" by default: each look at what others may change is a step of its own. "await" is coarser: between
two awaits a task runs alone. "all" makes every question a step: no reduction at all, to prove the others against.
"""

from __future__ import annotations

from ...kernel.mm import vm_area_struct
from ...kernel.page import page
from ...kernel.task import task_struct
from .counts import Count

BOTH, RIGHT, LEFT, NONE = "both", "right", "left", "none"
GRAINS = ("access", "await", "all")
OWN = {"enter", "leave", "leave_fault", "get_file", "fput", "touched", "find_vma", "good_area", "count", "call"}
"""questions about the task itself, or about what mmap_sem protects (asking without the lock is reported at once)"""
FIXED = {"vm_file", "vm_mm", "vm_ops", "vm_private_data", "vm_lock", "index", "mmap_sem", "page_table_lock", "seq_bits",
         "comm", "mm"}  # fmt: skip
UNDER_MMAP_SEM = {"vm_start", "vm_end", "vm_flags", "vm_pgoff", "detached"}
COUNTERS = {"mmap_seq": "mmap", "mm_lock_seq": "lock", "vm_lock_seq": "lock"}
"""the counters, and which of the two families each belongs to"""


class Unprotected(Exception):
    """A counter was written without mmap_sem held for writing, so holding mmap_sem does not keep it still."""


class Movers:
    """Tells the kind of a step in the state on the stage.

    The world says what may happen in it at all. `counters_are_protected` is taken for granted until a write without
    mmap_sem shows that it is not so (Unprotected); then the search must begin again with False.
    """

    def __init__(self, stage) -> None:
        self.stage = stage
        self.grain = "access"
        self.counters_are_protected = True
        self.cache_is_disturbed = self.file_shrinks = self.signals_come = self.memory_fails = True

    def kind_of(self, task, place, refs: list) -> str:
        """BOTH, RIGHT, LEFT or NONE for the question at which the task stands."""
        if self.grain == "all":
            return BOTH if place.what[0] == "call" else NONE
        op, *arguments = place.what
        if op in OWN or (self.grain == "await" and not place.sleeps):
            return BOTH
        if op == "get":
            return self.look(task, self.stage.resolve(arguments[0], refs, task), arguments[1])
        if op == "set":
            return BOTH if arguments[0][1] == "me" else NONE
        held = task.held
        if op == "spin_lock":
            return RIGHT
        if op == "spin_unlock":
            return LEFT
        mm = self.stage.k.mm
        if op == "pte_alloc_map":
            return BOTH if mm.mmap_sem in held and not self.memory_fails else NONE
        if op == "pte_none":
            return BOTH if mm.page_table_lock in held else NONE
        if op in ("get_page", "put_page"):
            return NONE if self.cache_is_disturbed else BOTH
        if op in ("force_sig", "dequeue_signal"):
            return NONE if self.signals_come else BOTH
        return NONE

    def look(self, task, thing, name: str) -> str:
        """A look at a field: nobody can change it, or the task holds what protects it."""
        kind = type(thing)
        held, mm = task.held, self.stage.k.mm
        if name in COUNTERS:
            return BOTH if self.counters_are_protected and mm.mmap_sem in held else NONE
        if isinstance(thing, task_struct):
            return BOTH if thing is task and (name != "pending" or not self.signals_come) else NONE
        if kind is vm_area_struct:
            if mm.mmap_sem in held and (name in FIXED or name in UNDER_MMAP_SEM):
                return BOTH
            return BOTH if name in FIXED and (thing._vm_lock in held or thing in task.pins) else NONE
        if kind is page:
            if name == "index":
                return BOTH if thing in task.pins else NONE
            return BOTH if name == "mapping" and thing in held else NONE
        if name in ("i_size", "truncate_count"):
            return NONE if self.file_shrinks else BOTH
        return BOTH if name in FIXED and kind is not Count else NONE
