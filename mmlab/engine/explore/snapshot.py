"""A state of the kernel as a hashable value, and back.

Structs are numbered in the order in which they are met from what is always there, so it does not matter which page was
allocated first. What only counts or measures (times, statistics) is left out. A counter keeps its parity and whether
two values of it are equal or neighbours, not its size, unless its width is what is being tested.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import pairwise
from typing import NamedTuple

from ...kernel.failslab import FailOnce
from ...kernel.filemap import address_space
from ...kernel.mm import freed_vma, vm_area_struct
from ...kernel.page import freed_page, page
from ...kernel.pagetable import freed_pte_table, pte_table
from ...kernel.vma_lock import vma_lock

OPAQUE_BITS = 8
"""counters at least that wide are compared, never measured"""


class Count(NamedTuple):
    """One value of a counter: of mmap_seq ("mmap") or of mm_lock_seq and vm_lock_seq ("lock")."""

    family: str
    value: int


class Freezer:
    """Turns the stage's state into a key, and puts a key's state onto the stage."""

    def __init__(self, stage) -> None:
        self.stage = stage
        self.kept: dict[tuple, tuple] = {}
        self.opaque = stage.k.mm.seq_bits >= OPAQUE_BITS

    # ------------------------------------------------------------------ state -> key

    def freeze(self) -> tuple:
        """The state on the stage."""
        stage = self.stage
        k, mm = stage.k, stage.k.mm
        self.numbers: dict[int, int] = {}
        self.order: list = []
        self.counts = self.compaction()
        ref, kept = self.ref, self.kept
        head = [
            tuple(ref(vma) for vma in mm.mmap),
            tuple((key, ref(table)) for key, table in sorted(mm.pgd.items())),
            self.count("mmap", mm.mmap_seq), self.count("lock", mm.mm_lock_seq), mm.mm_users,
            mm.rcu.readers, tuple(ref(vma) for vma in mm.rcu.removed), self.lock(mm.mmap_sem),
            tuple(self.file(file) for file in k.files),
            tuple(ref(p) for p in stage.reads), tuple(ref(p) for p, _ in k.disk.queue), k.disk.inside,
            k.fail_alloc is not None, tuple(context.runnable for context in stage.contexts),
        ]  # fmt: skip
        for task, frames in zip(k.tasks, stage.frames):
            head.append(self.task(task, frames))
        records = []
        at = 0
        while at < len(self.order):
            record = self.record(self.order[at])
            records.append(kept.setdefault(record, record))
            at += 1
        return (*(kept.setdefault(part, part) if type(part) is tuple else part for part in head), *records)

    def ref(self, thing) -> int:
        """The number of a struct that comes and goes."""
        number = self.numbers.get(id(thing))
        if number is None:
            number = self.numbers[id(thing)] = len(self.order)
            self.order.append(thing)
        return number

    def name_or_ref(self, thing):
        """The name of what is always there, the number of anything else."""
        return self.stage.names_of.get(id(thing)) or self.ref(thing)

    def count(self, family: str, value: int) -> int:
        return self.counts[family][value] if self.opaque else value

    def compaction(self) -> dict[str, dict[int, int]]:
        """For both counters, what each value in use becomes: distances above 2 shrink to 2 or 3."""
        if not self.opaque:
            return {}
        mm = self.stage.k.mm
        used = {"mmap": {mm.mmap_seq}, "lock": {mm.mm_lock_seq}}
        for vma in (*mm.mmap, *mm.rcu.removed):
            used["lock"].add(vma.vm_lock_seq)
        for frames in self.stage.frames:
            for _, refs in frames:
                for thing in refs:
                    if type(thing) is Count:
                        used[thing.family].add(thing.value)
                    elif type(thing) is vm_area_struct:
                        used["lock"].add(thing.vm_lock_seq)
        return {family: compact(sorted(values)) for family, values in used.items()}

    def file(self, file) -> tuple:
        pages = tuple((index, self.ref(page)) for index, page in sorted(file.pages.items()))
        return file.i_size, file.unmapped_from, file.truncate_count, pages

    def lock(self, sem) -> tuple:
        tasks = self.stage.k.tasks
        return (
            sem.activity,
            -1 if sem.writer is None else tasks.index(sem.writer),
            tuple((tasks.index(task), mode) for task, mode, _ in sem.wait_list),
        )

    def task(self, task, frames: list) -> tuple:
        name_or_ref = self.name_or_ref
        return (
            task.flags, tuple(task.pending), task.forced, task.in_kernel, task.fixup, task.exit_code,
            task.min_flt, task.maj_flt,
            -1 if task.waits_for is None else name_or_ref(task.waits_for),
            tuple(map(name_or_ref, task.held)), tuple(map(name_or_ref, task.pins)),
            tuple((place.index, *(self.frame_ref(thing) for thing in refs)) for place, refs in frames),
        )  # fmt: skip

    def frame_ref(self, thing):
        if type(thing) is Count:
            return (thing.family, self.count(*thing))
        return self.ref(thing)

    def record(self, thing) -> tuple:
        """The fields of one struct."""
        kind = type(thing)
        name_or_ref = self.name_or_ref
        if kind is page:
            home = None if thing.mapping is None else name_or_ref(thing.mapping)
            return ("page", thing.flags, thing.count, thing.index, home, thing.name, tuple(thing.rmap))
        if kind is vm_area_struct:
            file = None if thing.vm_file is None else name_or_ref(thing.vm_file)
            lock = None if thing._vm_lock is None else self.ref(thing._vm_lock)
            private = None if thing.vm_private_data is None else name_or_ref(thing.vm_private_data)
            return (
                "vma", thing.vm_start, thing.vm_end, thing.vm_flags, file, thing.vm_pgoff, thing.vm_ops, private, lock,
                self.count("lock", thing.vm_lock_seq), thing.detached, thing.vm_refcnt,
            )  # fmt: skip
        if kind is pte_table:
            ptes = tuple((vpn, self.ref(p)) for vpn, p in sorted(thing.ptes.items()))
            return ("ptes", ptes, tuple(sorted(thing.readonly)))
        if kind is vma_lock:
            owner = None if type(thing.vma) is freed_vma else self.ref(thing.vma)
            return ("vma_lock", owner, self.lock(thing))
        if kind is freed_page:
            return ("freed page", object.__getattribute__(thing, "name"))
        return {freed_vma: ("freed vma",), freed_pte_table: ("freed ptes",)}[kind]

    # ------------------------------------------------------------------ key -> state

    def thaw(self, key: tuple) -> None:
        """Put the state of `key` onto the stage."""
        stage = self.stage
        k, mm = stage.k, stage.k.mm
        size = HEAD + len(k.tasks)
        head, records = key[:size], key[size:]
        things = self.things = [BLANK[record[0]].__new__(BLANK[record[0]]) for record in records]
        (vmas, pgd, mm.mmap_seq, mm.mm_lock_seq, mm.mm_users, mm.rcu.readers, removed, sem, files, reads, queue,
         k.disk.inside, fails, runnable) = head[:HEAD]  # fmt: skip
        mm.mmap = [things[n] for n in vmas]
        mm.mmap_cache = None
        mm.pgd = {pmd: things[n] for pmd, n in pgd}
        mm.rcu.removed = [things[n] for n in removed]
        mm.page_table_lock.owner = None
        mm.page_table_lock.spinners.clear()
        k.lru = OrderedDict()
        self.thaw_lock(mm.mmap_sem, sem)
        for file, (i_size, unmapped_from, truncate_count, pages) in zip(k.files, files):
            file.i_size, file.unmapped_from, file.truncate_count = i_size, unmapped_from, truncate_count
            file.pages = {index: things[n] for index, n in pages}
            k.lru.update((things[n], None) for _, n in pages)
        stage.reads[:] = [things[n] for n in reads]
        k.disk.queue = deque((things[n], 0) for n in queue)
        k.disk.waiters.clear()
        k.fail_alloc = FailOnce(k) if fails else None
        for context, runs in zip(stage.contexts, runnable):
            context.runnable = runs
        for thing, record in zip(things, records):
            self.fill(thing, record)
        for number, (task, fields) in enumerate(zip(k.tasks, head[HEAD:])):
            self.thaw_task(number, task, fields)

    def alive_in(self, key: tuple) -> list[int]:
        """The numbers of the tasks that have still something to do in a state, without putting it onto the stage."""
        return [number for number, task in enumerate(key[HEAD : HEAD + len(self.stage.k.tasks)]) if task[-1]]

    def thing(self, name_or_number):
        if type(name_or_number) is int:
            return self.things[name_or_number]
        return self.stage.things_by_name.get(name_or_number)

    def thaw_lock(self, sem, fields: tuple) -> None:
        tasks = self.stage.k.tasks
        activity, writer, waiting = fields
        sem.activity = activity
        sem.writer = None if writer < 0 else tasks[writer]
        sem.wait_list = deque((tasks[number], mode, 0) for number, mode in waiting)

    def thaw_task(self, number: int, task, fields: tuple) -> None:
        stage = self.stage
        (task.flags, pending, task.forced, task.in_kernel, task.fixup, task.exit_code, task.min_flt, task.maj_flt,
         waits_for, held, pins, frames) = fields  # fmt: skip
        task.pending = list(pending)
        task.waits_for = None if waits_for == -1 else self.thing(waits_for)
        task.held = [self.thing(lock) for lock in held]
        task.pins = [self.thing(pin) for pin in pins]
        lock = stage.k.mm.page_table_lock
        if lock in task.held:
            lock.owner = task
        stage.frames[number] = [
            (stage.tree.places[index], [self.things[n] if type(n) is int else Count(*n) for n in refs])
            for index, *refs in frames
        ]

    def fill(self, thing, record: tuple) -> None:
        tag = record[0]
        if tag == "page":
            _, thing.flags, thing.count, thing.index, home, thing.name, rmap = record
            thing.k = self.stage.k
            thing.mapping = None if home is None else self.thing(home)
            thing.rmap = list(rmap)
            thing.waiters = []
        elif tag == "vma":
            (_, thing.vm_start, thing.vm_end, thing.vm_flags, file, thing.vm_pgoff, thing.vm_ops, private, lock,
             thing.vm_lock_seq, thing.detached, thing.vm_refcnt) = record  # fmt: skip
            thing.vm_mm = self.stage.k.mm
            thing.vm_file = None if file is None else self.thing(file)
            thing.vm_private_data = None if private is None else self.thing(private)
            thing._vm_lock = None if lock is None else self.things[lock]
        elif tag == "ptes":
            thing.k = self.stage.k
            thing.ptes = {vpn: self.things[n] for vpn, n in record[1]}
            thing.readonly = set(record[2])
        elif tag == "vma_lock":
            thing.k = self.stage.k
            thing.names = NAMES_OF_VMA_LOCK
            thing.vma = None if record[1] is None else self.things[record[1]]
            self.thaw_lock(thing, record[2])
        elif tag == "freed page":
            page.name.__set__(thing, record[1])


HEAD = 14
"""parts of a key before the tasks"""
BLANK = {
    "page": page, "vma": vm_area_struct, "ptes": pte_table, "vma_lock": vma_lock,
    "freed page": freed_page, "freed vma": freed_vma, "freed ptes": freed_pte_table,
}  # fmt: skip
NAMES_OF_VMA_LOCK = {"read": "vma_lock/read", "write": "vma_lock/write"}
COVERED = {
    page: {"flags", "count", "index", "mapping", "name", "rmap"},
    vm_area_struct: {"vm_start", "vm_end", "vm_flags", "vm_file", "vm_pgoff", "vm_ops", "vm_private_data", "_vm_lock",
                     "vm_lock_seq", "detached", "vm_refcnt"},
    pte_table: {"ptes", "readonly"},
    vma_lock: {"vma"},
    address_space: {"i_size", "truncate_count", "unmapped_from", "pages"},
}  # fmt: skip
"""the fields that a key holds; LEFT_OUT has the others, each with its reason, so that no field is forgotten"""
LEFT_OUT = {
    page: {"k": "one machine", "waiters": "who waits tries again"},
    vm_area_struct: {"vm_mm": "one mm"},
    pte_table: {"k": "one machine"},
    vma_lock: {},
    address_space: {"k": "one machine", "name": "fixed", "page_names": "fixed", "bad": "fixed"},
}


def compact(values: list[int]) -> dict[int, int]:
    """Renumber ascending counter values: equality, parity and neighbourhood stay, distances above 2 become 2 or 3."""
    first = values[0]
    new = {first: first if first < 0 else first % 2}
    for before, value in pairwise(values):
        distance = value - before
        new[value] = new[before] + (distance if distance <= 2 else 2 + distance % 2)
    return new
