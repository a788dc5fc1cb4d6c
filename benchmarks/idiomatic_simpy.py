"""One major fault of `nopage_retry`, written as anybody would who knows SimPy and has read its examples.

A yardstick, not part of mmlab: costs are timeouts, the reader/writer lock is a Container, the disk is a
Resource, each disk read is a process, and a page that is being read is an event. Times in ns. The fault
takes, with the lock free:

    pass 1   entry 500, [down_read] find_vma 500, lookup 300, submit 2,000 as the disk reads [up_read]
    sleep    until the disk's 18 ms are over
    pass 2   [down_read] find_vma 500, lookup 300, install 500 [up_read]
"""

from bisect import bisect_right
from collections import OrderedDict

import simpy

ENTRY, FIND_VMA, LOOKUP, SUBMIT, INSTALL = 500, 500, 300, 2_000, 500
DISK = 18_000_000
CACHE_PAGES = 256
FILE_PAGES = 1_024  # larger than the cache, so that every page of a walk through the file is cold again
READERS = 1_000  # as many readers as the lock lets in at once


class ReadWriteLock:
    """A Container holds the permits: a reader takes one, a writer takes all. Its queue is FIFO, so a writer
    that waits stops the readers behind it, as in the kernel's rw_semaphore.
    """

    def __init__(self, env):
        self.permits = simpy.Container(env, capacity=READERS, init=READERS)

    def down_read(self):
        return self.permits.get(1)

    def up_read(self):
        # Nobody need yield this put: what a holder gives back always fits, so it happens at once.
        self.permits.put(1)

    def down_write(self):
        return self.permits.get(READERS)

    def up_write(self):
        self.permits.put(READERS)


class Page:
    def __init__(self, env, index):
        self.index = index
        self.uptodate = False
        self.unlocked = env.event()


class Machine:
    def __init__(self):
        self.env = simpy.Environment()
        self.mmap_sem = ReadWriteLock(self.env)
        self.disk = simpy.Resource(self.env, capacity=1)
        self.vmas = [(0, FILE_PAGES)]  # (first, last + 1), sorted
        self.cache = OrderedDict()  # index -> Page, least recently used first
        self.page_table = {}  # index -> Page
        self.major_faults = 0

    def find_vma(self, index):
        at = bisect_right(self.vmas, (index, FILE_PAGES)) - 1
        if at >= 0 and index < self.vmas[at][1]:
            return self.vmas[at]
        return None

    def read_page(self, page):
        """A process: the disk reads the page, then wakes whoever waits for it."""
        with self.disk.request() as turn:
            yield turn
            yield self.env.timeout(DISK)
        page.uptodate = True
        page.unlocked.succeed()

    def add_page(self, index):
        """A new page in the cache; the least recently used one that is not being read makes room for it."""
        if len(self.cache) >= CACHE_PAGES:
            victim = next(page for page in self.cache.values() if page.uptodate)
            del self.cache[victim.index]
            self.page_table.pop(victim.index, None)
        page = self.cache[index] = Page(self.env, index)
        return page

    def do_page_fault(self, index):
        """A generator: the whole fault, as often as it takes. True if the page could be mapped."""
        yield self.env.timeout(ENTRY)
        slept = False
        while True:
            yield self.mmap_sem.down_read()
            yield self.env.timeout(FIND_VMA)
            if self.find_vma(index) is None:
                self.mmap_sem.up_read()
                return False
            yield self.env.timeout(LOOKUP)
            page = self.cache.get(index)
            if page is not None and page.uptodate:
                break
            if page is None:
                page = self.add_page(index)
                self.env.process(self.read_page(page))
                yield self.env.timeout(SUBMIT)
            self.mmap_sem.up_read()
            yield page.unlocked
            slept = True
        yield self.env.timeout(INSTALL)
        self.cache.move_to_end(index)
        self.page_table[index] = page
        self.major_faults += slept
        self.mmap_sem.up_read()
        return True

    def faulting_thread(self, n):
        """A process: touch n pages that are not mapped, walking through the file again and again."""
        for i in range(n):
            index = i % FILE_PAGES
            if index not in self.page_table:
                yield from self.do_page_fault(index)


def run(n):
    """Simulate n major faults of one thread and return the simulated ns: n * 18,002,600."""
    machine = Machine()
    machine.env.run(machine.env.process(machine.faulting_thread(n)))
    if machine.major_faults != n:
        raise AssertionError(f"{machine.major_faults} major faults instead of {n}")
    return machine.env.now
