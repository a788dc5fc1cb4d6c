"""A small kernel by hand: one file mapped at BASE, tasks that run given coroutines under the timed driver."""

from mmlab import designs
from mmlab.engine import Timed
from mmlab.kernel import VM_READ, find_get_page, page_cache_read, put_page, vm_area_struct, wait_on_page_locked
from mmlab.kernel.block import block_device
from mmlab.trace import Event

BASE = 0x1000_0000
PAGE = 4096
MS = 1_000_000
US = 1_000
DISK = 18 * MS
DESIGNS = tuple(designs.series)


class Lab:
    """A machine with a disk and one file of `pages` pages, mapped at BASE, and its timed driver."""

    def __init__(
        self,
        design="synchronous",
        *,
        pages=64,
        flags=VM_READ,
        cache_pages=32,
        disk=DISK,
        debug=True,
        mapped=True,
        **device,
    ):
        self.k = designs.find(design).machine(cache_pages=cache_pages, debug=debug)
        self.k.disk = block_device(self.k, disk if callable(disk) else lambda: disk, **device)
        self.file = self.k.add_file("data", pages)
        self.mm = self.k.mm
        self.sem = self.mm.mmap_sem
        self.events = []
        self.engine = Timed(self.k, lambda batch: self.events.extend(Event(*event) for event in batch))
        if mapped:
            self.map(BASE, pages, flags, self.file)

    def map(self, address, pages, flags=VM_READ, file=None, pgoff=0):
        vma = vm_area_struct(self.mm, address, address + pages * PAGE, flags, file, pgoff)
        self.mm.mmap.append(vma)
        self.mm.mmap.sort(key=lambda vma: vma.vm_start)
        return vma

    def task(self, coroutine, at=0, comm=None, role="fault"):
        """A task that runs `coroutine` from time `at` on."""
        task = self.k.add_task(comm or f"{role}{len(self.k.tasks)}", role)
        self.engine.spawn(task, coroutine, at)
        return task

    def run(self, until=1_000 * MS):
        self.engine.run(until)
        return self

    def words(self, task=None, *what):
        """(what, object) of the events so far, of one task or of all."""
        return [
            (e.what, e.object)
            for e in self.events
            if (task is None or e.task == task.comm) and (not what or e.what in what)
        ]

    def times(self, what, object=None):
        return [e.time for e in self.events if e.what == what and (object is None or e.object == object)]

    def nothing_is_left(self):
        """No lock held, nobody queued, no page pinned; every page's count is what the cache and ptes explain."""
        assert self.sem.readers == 0 and self.sem.writer is None and not self.sem.wait_list
        assert self.mm.page_table_lock.owner is None
        assert all(not task.held and not task.pins for task in self.k.tasks)
        cached = [page for file in self.k.files for page in file.pages.values()]
        assert all(page.count == 1 + len(page.rmap) for page in cached)
        assert set(self.k.lru) == set(cached)
        assert self.mm.rss == sum(len(table.ptes) for table in self.mm.pgd.values())


async def read_in(file, index):
    """Bring a page into the cache without mapping it, and give the reference back."""
    page = await find_get_page(file, index) or await page_cache_read(file, index)
    await wait_on_page_locked(page)
    await put_page(page)


def run_alone(machine, coroutine, comm="test"):
    """Run one coroutine that never sleeps, as the only task, and return its answer."""
    machine.current = machine.add_task(comm, "fault")
    while True:
        try:
            charged = coroutine.send(None)
        except StopIteration as stop:
            return stop.value
        assert charged is not None, "the coroutine sleeps"
        machine.now += charged
