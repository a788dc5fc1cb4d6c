"""The floor: the same major fault of `nopage_retry` as a hand-written heapq loop with plain callbacks,
nothing else.

No framework, no coroutine, no trace. The eight events of a fault and their times are those of
idiomatic_simpy.py, and so are lock, cache, page table and reclaim; what is missing is only what SimPy adds.
Times in ns.
"""

from bisect import bisect_right
from collections import deque
from heapq import heappop, heappush

ENTRY, FIND_VMA, LOOKUP, SUBMIT, INSTALL = 500, 500, 300, 2_000, 500
DISK = 18_000_000
CACHE_PAGES = 256
FILE_PAGES = 1_024


class Page:
    __slots__ = ("index", "uptodate", "waiters")

    def __init__(self, index):
        self.index = index
        self.uptodate = False
        self.waiters = []


class Machine:
    def __init__(self, faults):
        self.now = self.sequence = 0
        self.heap = []  # (time, sequence, callback): the sequence keeps events of one instant in order
        self.readers = 0  # of mmap_sem
        self.lock_queue = deque()  # whoever waits for mmap_sem; nobody here, for no writer ever comes
        self.disk_busy = False
        self.disk_queue = deque()
        self.vmas = [(0, FILE_PAGES)]  # (first, last + 1), sorted
        self.cache = {}  # index -> Page, least recently used first
        self.page_table = {}
        self.left = faults
        self.major_faults = 0
        self.next_index = 0
        self.index = 0  # of the fault that runs
        self.page = None
        self.slept = False

    def at(self, delay, callback):
        self.sequence += 1
        heappush(self.heap, (self.now + delay, self.sequence, callback))

    def loop(self):
        heap = self.heap
        while heap:
            self.now, _, callback = heappop(heap)
            callback()

    def touch(self):
        """The faulting thread in user mode: the next page that is not mapped starts a fault."""
        while self.left:
            self.left -= 1
            self.index = self.next_index
            self.next_index = (self.index + 1) % FILE_PAGES
            if self.index not in self.page_table:
                self.slept = False
                self.at(ENTRY, self.down_read)
                return

    def down_read(self):
        if self.lock_queue:
            self.lock_queue.append(self.locked)
        else:
            self.locked()

    def locked(self):
        self.readers += 1
        self.at(FIND_VMA, self.found_vma)

    def up_read(self):
        self.readers -= 1
        if self.lock_queue and not self.readers:
            self.lock_queue.popleft()()

    def found_vma(self):
        at = bisect_right(self.vmas, (self.index, FILE_PAGES)) - 1
        if at < 0 or self.index >= self.vmas[at][1]:
            self.up_read()
            self.touch()
        else:
            self.at(LOOKUP, self.looked_up)

    def looked_up(self):
        page = self.page = self.cache.get(self.index)
        if page is None:
            self.page = self.add_page(self.index)
            self.submit(self.page)
            self.at(SUBMIT, self.drop_and_wait)
        elif page.uptodate:
            self.at(INSTALL, self.installed)
        else:
            self.drop_and_wait()

    def drop_and_wait(self):
        self.up_read()
        self.slept = True
        if self.page.uptodate:
            self.down_read()
        else:
            self.page.waiters.append(self.down_read)

    def installed(self):
        index, page = self.index, self.page
        del self.cache[index]
        self.cache[index] = page  # most recently used now
        self.page_table[index] = page
        self.major_faults += self.slept
        self.up_read()
        self.touch()

    def add_page(self, index):
        if len(self.cache) >= CACHE_PAGES:
            victim = next(page for page in self.cache.values() if page.uptodate)
            del self.cache[victim.index]
            self.page_table.pop(victim.index, None)
        page = self.cache[index] = Page(index)
        return page

    def submit(self, page):
        if self.disk_busy:
            self.disk_queue.append(page)
        else:
            self.start(page)

    def start(self, page):
        self.disk_busy = True

        def done():
            page.uptodate = True
            for waiter in page.waiters:
                waiter()
            self.disk_busy = False
            if self.disk_queue:
                self.start(self.disk_queue.popleft())

        self.at(DISK, done)


def run(n):
    """Simulate n major faults of one thread and return the simulated ns: n * 18,002,600."""
    machine = Machine(n)
    machine.touch()
    machine.loop()
    if machine.major_faults != n:
        raise AssertionError(f"{machine.major_faults} major faults instead of {n}")
    return machine.now
