"""A state of the kernel as a hashable value, and back.

A key has one part for what tasks share and one for what only a task itself can see: its code and its references. So
what a task's step does to the rest depends on two numbers, and need be found out only once for all states that agree in
these two. Structs are numbered in the order in which they are met from what is always there: it does not matter which
page was allocated first. What only counts or measures (times, statistics) is left out, and so is a vma that was removed
and that nobody knows any more, though RCU may not have freed it yet.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from ...kernel.failslab import FailOnce
from ...kernel.mm import freed_vma, vm_area_struct
from ...kernel.page import page
from ...kernel.pagetable import pte_table
from ...kernel.task import task_struct
from ...kernel.vma_lock import NAMES, vma_lock
from .counts import Count, Counts
from .fields import BLANK, BLANK_FREED, FREED, HEAD


class Freezer:
    """Turns what is on the stage into keys, and puts keys onto the stage.

    `shared` and `own` give the key of each number: a state is (number of its shared part, number of each task's own
    part). `extras` says whether a shared part has structs that only tasks know, `settled` what its counters are.
    """

    def __init__(self, stage) -> None:
        self.stage = stage
        self.counts = Counts(stage.k.mm)
        self.shared: list[tuple] = []
        self.own: list[tuple] = []
        self.shared_numbers: dict[tuple, int] = {}
        self.own_numbers: dict[tuple, int] = {}
        self.extras: list[bool] = []
        self.settled: list[tuple] = []
        self.things: list = []

    def freeze(self) -> tuple[int, ...]:
        """The state on the stage: the number of its shared part, and of each task's own part."""
        self.begin()
        head = self.head()
        records = self.records(0)
        plain = len(self.order)
        own = [self.freeze_own(n) for n in range(len(self.stage.frames))]
        records += self.records(len(records))
        return self.number_shared((head, *records), len(self.order) > plain), *own

    def thaw(self, state: tuple[int, ...]) -> None:
        """Put a state onto the stage."""
        self.thaw_shared(state[0])
        for number, own in enumerate(state[1:]):
            self.thaw_own(number, own)

    def freeze_for(self, number: int | None) -> tuple[int, int]:
        """The numbers of the shared part and of one task's own part, as if no other task knew anything."""
        self.begin()
        head = self.head()
        records = self.records(0)
        plain = len(self.order)
        own = -1 if number is None else self.freeze_own(number)
        records += self.records(len(records))
        return self.number_shared((head, *records), len(self.order) > plain), own

    # ------------------------------------------------------------------ what tasks share

    def begin(self) -> None:
        self.numbers: dict[int, int] = {}
        self.order: list = []
        self.counts.begin(self.stage.k.mm.mmap)

    def number_shared(self, key: tuple, has_extras: bool) -> int:
        number = self.shared_numbers.get(key)
        if number is None:
            number = self.shared_numbers[key] = len(self.shared)
            self.shared.append(key)
            self.extras.append(has_extras)
            self.settled.append(self.counts.settled())
        return number

    def head(self) -> tuple:
        """What is always there."""
        stage, ref = self.stage, self.ref
        k, mm = stage.k, stage.k.mm
        lock = mm.page_table_lock
        return (
            tuple([ref(vma) for vma in mm.mmap]),
            tuple([(pmd, ref(table)) for pmd, table in sorted(mm.pgd.items())]),
            self.counts.short("mmap", mm.mmap_seq), self.counts.short("lock", mm.mm_lock_seq), mm.mm_users,
            mm.rcu.readers, self.lock(mm.mmap_sem),
            -1 if lock.owner is None else k.tasks.index(lock.owner),
            tuple([self.file(file) for file in k.files]),
            tuple([ref(p) for p in stage.reads]), tuple([ref(p) for p, _ in k.disk.queue]),
            k.fail_alloc is not None, tuple([context.runnable for context in stage.contexts]),
            *[self.task(task) for task in k.tasks],
        )  # fmt: skip

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

    def file(self, file) -> tuple:
        pages = tuple([(index, self.ref(page)) for index, page in sorted(file.pages.items())])
        return file.i_size, file.unmapped_from, file.truncate_count, pages

    def lock(self, sem) -> tuple:
        tasks = self.stage.k.tasks
        return (
            sem.activity,
            -1 if sem.writer is None else tasks.index(sem.writer),
            tuple([(tasks.index(task), mode) for task, mode, _ in sem.wait_list]),
        )

    def task(self, task) -> tuple:
        """What others can see, or change, of a task: its signals, its locks, and what it queues for."""
        waits_for = -1 if task.waits_for is None else self.name_or_ref(task.waits_for)
        return tuple(task.pending), task.exit_code, waits_for, tuple(map(self.name_or_ref, task.held))

    def records(self, at: int) -> list[tuple]:
        """The fields of all structs met so far, from number `at` on, and of those that they lead to."""
        found = []
        while at < len(self.order):
            found.append(self.record(self.order[at]))
            at += 1
        return found

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
                self.counts.short("lock", thing.vm_lock_seq), thing.detached, thing.vm_refcnt,
            )  # fmt: skip
        if kind is pte_table:
            ptes = tuple((vpn, self.ref(p)) for vpn, p in sorted(thing.ptes.items()))
            return ("ptes", ptes, tuple(sorted(thing.readonly)))
        if kind is vma_lock:
            owner = None if type(thing.vma) is freed_vma else self.ref(thing.vma)
            return ("vma_lock", owner, self.lock(thing))
        raise TypeError(f"no key for a {kind.__name__} that the kernel can still reach")

    def thaw_shared(self, number: int) -> None:
        """Put the shared part of a state onto the stage."""
        stage = self.stage
        k, mm = stage.k, stage.k.mm
        head, *records = self.shared[number]
        things = self.things = [BLANK[record[0]].__new__(BLANK[record[0]]) for record in records]
        (vmas, pgd, mm.mmap_seq, mm.mm_lock_seq, mm.mm_users, mm.rcu.readers, sem, owner, files, reads, queue,
         fails, runnable) = head[:HEAD]  # fmt: skip
        mm.mmap = [things[n] for n in vmas]
        mm.mmap_cache = None
        mm.pgd = {pmd: things[n] for pmd, n in pgd}
        mm.page_table_lock.owner = None if owner < 0 else k.tasks[owner]
        mm.page_table_lock.spinners.clear()
        lru = k.lru = OrderedDict()
        self.thaw_lock(mm.mmap_sem, sem)
        for file, (i_size, unmapped_from, truncate_count, pages) in zip(k.files, files):
            file.i_size, file.unmapped_from, file.truncate_count = i_size, unmapped_from, truncate_count
            file.pages = {index: things[n] for index, n in pages}
            for _, n in pages:
                lru[things[n]] = None
        stage.reads[:] = [things[n] for n in reads]
        k.disk.queue = deque((things[n], 0) for n in queue)
        k.disk.inside = len(reads) + len(queue)
        k.disk.waiters.clear()
        k.fail_alloc = FailOnce(k) if fails else None
        for context, runs in zip(stage.contexts, runnable):
            context.runnable = runs
        for thing, record in zip(things, records):
            self.fill(thing, record)
        mm.rcu.removed = [thing for thing in things if type(thing) is vm_area_struct and thing.detached]
        for task, (pending, exit_code, waits_for, held) in zip(k.tasks, head[HEAD:]):
            task.pending = list(pending)
            task.exit_code = exit_code
            task.waits_for = None if waits_for == -1 else self.thing(waits_for)
            task.held = [self.thing(lock) for lock in held]

    def thing(self, name_or_number):
        if type(name_or_number) is int:
            return self.things[name_or_number]
        return self.stage.things_by_name[name_or_number]

    def thaw_lock(self, sem, fields: tuple) -> None:
        tasks = self.stage.k.tasks
        activity, writer, waiting = fields
        sem.activity = activity
        sem.writer = None if writer < 0 else tasks[writer]
        sem.wait_list = deque((tasks[number], mode, 0) for number, mode in waiting)

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
        else:
            thing.k = self.stage.k
            thing.names = NAMES
            thing.vma = freed_vma.__new__(freed_vma) if record[1] is None else self.things[record[1]]
            self.thaw_lock(thing, record[2])

    # ------------------------------------------------------------------ what only a task itself sees

    def freeze_own(self, number: int) -> int:
        """The number of a task's own part."""
        task, frames = self.stage.k.tasks[number], self.stage.frames[number]
        dead: dict[int, tuple] = {}
        key = (
            task.flags, task.forced, task.in_kernel, task.fixup, task.min_flt, task.maj_flt,
            tuple([self.own_ref(thing, dead) for thing in task.pins]),
            tuple([(place.index, *[self.own_ref(thing, dead) for thing in refs]) for place, refs in frames]),
        )  # fmt: skip
        return self.number_own(key)

    def number_own(self, key: tuple) -> int:
        number = self.own_numbers.get(key)
        if number is None:
            number = self.own_numbers[key] = len(self.own)
            self.own.append(key)
        return number

    def own_ref(self, thing, dead: dict[int, tuple]):
        """A struct that a task knows; what is freed is told apart from other freed things of the task, no more."""
        kind = type(thing)
        if kind is Count:
            return self.counts.own(thing)
        if kind in FREED:
            return dead.setdefault(id(thing), ("freed", FREED[kind], len(dead)))
        return self.name_or_ref(thing)

    def thaw_own(self, number: int, own: int) -> None:
        """Put a task's own part onto the stage; the shared part is there already."""
        stage = self.stage
        task: task_struct = stage.k.tasks[number]
        (task.flags, task.forced, task.in_kernel, task.fixup, task.min_flt, task.maj_flt, pins, frames) = self.own[own]
        dead: dict[tuple, object] = {}
        task.pins = [self.own_thing(ref, dead) for ref in pins]
        places = stage.tree.places
        stage.frames[number] = [(places[index], [self.own_thing(ref, dead) for ref in refs]) for index, *refs in frames]

    def own_thing(self, ref, dead: dict[tuple, object]):
        kind = type(ref)
        if kind is int:
            return self.things[ref]
        if kind is str:
            return self.stage.things_by_name[ref]
        if kind is Count:
            return ref
        if ref not in dead:
            dead[ref] = freed = BLANK_FREED[ref[1]].__new__(BLANK_FREED[ref[1]])
            if ref[1] == "page":
                page.name.__set__(freed, "gone")
        return dead[ref]
