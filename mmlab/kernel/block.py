"""The block device: first come first served, N channels, a bounded submission queue."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from .filemap import end_page_read
from .sleep import sleep_on, wake_up_process


class block_device:
    """A disk. `service_time()` gives the ns of the next read; `channels` reads proceed at once; a submission that
    finds `queue_depth` reads inside (waiting or being served) sleeps until one is done, as on nr_requests in Linux.

    The driver of the kernel is told of each read that begins (`k.start_io(page, service)`) and calls `complete` when it
    ends.
    """

    __slots__ = ("channels", "inside", "k", "queue", "queue_depth", "service_time", "waiters")

    def __init__(self, k, service_time: Callable[[], int], channels: int = 1, queue_depth: int = 128) -> None:
        self.k = k
        self.service_time = service_time
        self.channels = channels
        self.queue_depth = queue_depth
        self.inside = 0
        self.queue: deque[tuple] = deque()
        self.waiters: list = []

    def __repr__(self) -> str:
        return "disk"

    async def wait_for_room(self) -> None:
        """Sleep while the submission queue is full (get_request_wait). Not ended by signals."""
        k = self.k
        since = k.now
        if k.tracing:
            k.emit("queue_wait", "disk")
        while self.inside >= self.queue_depth:
            await sleep_on(k.current, self.waiters)
        if k.tracing:
            k.emit("queue_woken", "disk", k.now - since)

    def submit(self, page) -> None:
        """Begin or queue a read of a page; there is room. The page lock belongs to the I/O from now on."""
        k = self.k
        self.inside += 1
        service = self.service_time()
        if k.tracing:
            k.emit("submit", page.name, self.inside)
        if self.inside <= self.channels:
            k.start_io(page, service)
        else:
            self.queue.append((page, service))

    def complete(self, page, service: int) -> None:
        """A read is done: start the next one, wake the page's waiters and one submitter that found the queue full."""
        k = self.k
        if k.tracing:
            k.emit_for(None, "io_done", page.name, service)
        self.inside -= 1
        if self.queue:
            k.start_io(*self.queue.popleft())
        mapping = page.mapping
        end_page_read(page, mapping is None or page.index not in mapping.bad)
        if self.waiters:
            wake_up_process(self.waiters.pop(0))
