"""Which structs come and go, what they become when they are freed, and which of their fields a key holds."""

from __future__ import annotations

from ...kernel.filemap import address_space
from ...kernel.mm import freed_vma, vm_area_struct
from ...kernel.page import freed_page, page
from ...kernel.pagetable import freed_pte_table, pte_table
from ...kernel.task import task_struct
from ...kernel.vma_lock import vma_lock

FREED = {freed_page: "page", freed_vma: "vma", freed_pte_table: "ptes"}
BLANK = {"page": page, "vma": vm_area_struct, "ptes": pte_table, "vma_lock": vma_lock}
BLANK_FREED = {tag: kind for kind, tag in FREED.items()}
HEAD = 13
"""parts of the shared key before the tasks"""
COVERED = {
    page: {"flags", "count", "index", "mapping", "name", "rmap"},
    vm_area_struct: {"vm_start", "vm_end", "vm_flags", "vm_file", "vm_pgoff", "vm_ops", "vm_private_data", "_vm_lock",
                     "vm_lock_seq", "detached", "vm_refcnt"},
    pte_table: {"ptes", "readonly"},
    vma_lock: {"vma"},
    address_space: {"i_size", "truncate_count", "unmapped_from", "pages"},
    task_struct: {"pending", "exit_code", "waits_for", "held", "flags", "forced", "in_kernel", "fixup", "min_flt",
                  "maj_flt", "pins"},
}  # fmt: skip
"""the fields that a key holds; LEFT_OUT has the others, so that no field is forgotten"""
LEFT_OUT = {
    page: {"k", "waiters"},  # one machine; who waits tries again
    vm_area_struct: {"vm_mm"},  # one mm
    pte_table: {"k"},
    vma_lock: set(),
    address_space: {"k", "name", "page_names", "bad"},  # fixed
    # fixed; or times; or notes for reports; nobody is "asleep": who cannot go on tries again
    task_struct: {"k", "comm", "role", "mm", "entered", "slept", "utime", "held_at", "let_go_at", "state"},
}
