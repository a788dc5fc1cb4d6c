"""Where submissions are scored: by some threads that wait for subprocesses, or on a Dask cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_here
from queue import Empty, Queue
from threading import Event

from .scoring import Examined, Job, score

GONE = 30
"""seconds without a scheduler after which a batch stops"""


def usable_cpus() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Local:
    """So many submissions at once on this machine. A context manager: what is under way when it ends is stopped."""

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and (type(workers) is not int or not 1 <= workers <= 512):
            raise ValueError(f"workers={workers!r} is not a whole number from 1 to 512")
        self.workers = workers or usable_cpus()
        self.stop = Event()

    def __enter__(self) -> Local:
        self.pool = ThreadPoolExecutor(self.workers, thread_name_prefix="mmlab-grade")
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        self.pool.shutdown(cancel_futures=True)

    def submit(self, job: Job, before: Examined | None = None) -> Future:
        """Begin to score a job."""
        return self.pool.submit(score, job, before, self.stop)

    def wait(self, futures: Iterable[Future]) -> set[Future]:
        """Those that are done, when one is."""
        return wait_here(futures, return_when=FIRST_COMPLETED).done


class Cluster:
    """The workers of a Dask scheduler, which have the same mmlab and bubblewrap. A context manager."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __enter__(self) -> Cluster:
        try:
            from distributed import Client
        except ImportError:
            raise ValueError("--dask needs the extra cluster: pip install 'mmlab[cluster]'") from None
        try:
            self.client = Client(self.address, timeout=20, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            reason = str(error).partition("\n")[0][:200] or type(error).__name__
            raise ValueError(f"--dask {self.address}: no scheduler is reached there ({reason})") from None
        self.workers = sum(self.client.nthreads().values()) or 1
        self.under_way: set = set()
        self.done: Queue = Queue()
        return self

    def __exit__(self, *_) -> None:
        self.client.cancel(list(self.under_way), force=True)
        self.client.close()

    def submit(self, job: Job, before: Examined | None = None):
        """Begin to score a job. A worker that dies is replaced by another one, once."""
        future = self.client.submit(score, job, before, pure=False, retries=1)
        self.under_way.add(future)
        future.add_done_callback(self.done.put)
        return future

    def wait(self, futures: Iterable) -> set:
        """Those that are done, when one is."""
        last_seen = time.monotonic()
        while True:
            try:
                future = self.done.get(timeout=1)
            except Empty:
                if self.client.status == "running":
                    last_seen = time.monotonic()
                elif time.monotonic() - last_seen > GONE:
                    raise OSError(f"the scheduler at {self.address} does not answer any more") from None
                continue
            self.under_way.discard(future)
            if future in futures:
                return {future}
