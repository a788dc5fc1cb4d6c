"""Metrics: every figure of a run, folded from the trace in batches."""

from __future__ import annotations

from collections import Counter, deque

from .histogram import Durations

WRITE = "mmap_sem/write"
READ = "mmap_sem/read"
VMA_READ = "vma_lock/read"
NO_FIGURE = frozenset(("wait", "gave_up", "submit", "unmap", "queue_wait", "queue_woken"))
CHANGES = frozenset(("mmap", "munmap", "mprotect", "fork"))


class Pass:
    """What a task has done since it entered the kernel."""

    __slots__ = (
        "address", "entered", "fell_back", "held", "killed", "kind", "left", "looking", "mapped", "open", "passes",
        "retook", "walks",
    )  # fmt: skip

    def __init__(self) -> None:
        self.kind = ""
        self.entered = self.left = self.address = 0
        self.held = self.mapped = self.fell_back = self.open = self.retook = self.looking = False
        self.walks = self.passes = 0
        self.killed: int | None = None


class Metrics:
    """Counts and durations of a run. `consume(events)` may be called any number of times.

    A fault that goes back to user mode unresolved and is replayed counts once, when it succeeds; if it mapped nothing,
    only the task's next step tells which it was. Retries are further passes of one fault, continuations are passes that
    went on without a new find_vma, fallbacks are waits for the disk with mmap_sem held after a retry. Kill latency is
    the time from a SIGKILL by somebody else to the exit. A look-up without mmap_sem begins a pass only if the vma's own
    lock is had. A page is lost if it leaves the cache after its read and before anybody mapped it.
    """

    def __init__(self, keep: int = 20_000) -> None:
        self.opening: list[tuple] = []
        self.latest: deque[tuple] = deque(maxlen=keep)
        self.keep = keep
        self.events = 0
        self.passes: dict[str, Pass] = {}
        self.major = self.minor = self.replays = 0
        self.walks = self.retries = self.continued = self.fallbacks = 0
        self.fault_cpu = 0
        self.mmaps = self.writes = self.reads_of_proc = 0
        self.signals: Counter[str] = Counter()
        self.mmap_wait, self.mmap_call = Durations(), Durations()
        self.read_wait, self.ps_wait, self.page_wait = Durations(), Durations(), Durations()
        self.fault_call, self.kill_latency = Durations(), Durations()
        self.disk_busy = self.reads = self.lost = 0
        self.unmapped: set[str] = set()
        self.forks = self.gups = self.gup_agains = 0
        self.cpu_wait = Durations()

    def consume(self, events: list[tuple]) -> None:
        """Fold a batch of events; they must come in order."""
        passes = self.passes
        read_waits: list[int] = []
        page_waits: list[int] = []
        for time, task, what, object, value, _, _ in events:
            if what == "acquire":
                if object == WRITE:
                    self.mmap_wait.add(value)
                    continue
                if object == READ:
                    now = passes[task]
                    now.held = True
                    now.retook = now.walks > 0
                    if now.kind == "ps":
                        self.ps_wait.add(value)
                    else:
                        read_waits.append(value)
                elif object == VMA_READ:
                    now = passes[task]
                    now.passes += now.looking
                    now.retook = not now.looking
                    now.looking = False
            elif what == "release":
                if object == READ:
                    passes[task].held = False
            elif what == "walk":
                now = passes[task]
                now.walks += 1
                now.retook = False
                now.looking = object == "rcu"
                now.passes += not now.looking
            elif what in NO_FIGURE:
                continue
            elif what == "enter":
                now = passes[task]
                now.kind = object
                if now.open and now.address == value and object == "fault":
                    self.replays += 1  # it came back unresolved
                else:
                    if now.open:
                        self._resolved(now)
                    now.entered = time
                now.open = False
                now.address = value
                now.walks = now.passes = 0
                now.mapped = now.fell_back = now.retook = False
            elif what == "leave":
                self._leave(passes[task], time, object, value)
            elif what == "pte":
                passes[task].mapped = True
                self.unmapped.discard(object)
            elif what == "page_wait":
                now = passes[task]
                now.fell_back |= now.held and now.passes > 1
            elif what == "page_woken":
                page_waits.append(value)
            elif what == "io_done":
                self.reads += 1
                self.disk_busy += value
                self.unmapped.add(object)
            elif what == "evict":
                if object in self.unmapped:
                    self.unmapped.remove(object)
                    self.lost += 1
            elif what == "run":
                self.cpu_wait.add(value)
            elif what == "start":
                passes[task] = Pass()
            elif what == "exit":
                now = passes.pop(task)
                if now.open:
                    self._resolved(now)
                if now.killed is not None:
                    self.kill_latency.add(time - now.killed)
            elif what == "signal":
                self.signals[object] += 1
                if object == "SIGKILL":
                    passes[task].killed = time
        self.read_wait.add_all(read_waits)
        self.page_wait.add_all(page_waits)
        self.events += len(events)
        if len(self.opening) < self.keep:
            self.opening += events[: self.keep - len(self.opening)]
        self.latest.extend(events)

    @property
    def under_way(self) -> int:
        """Times that the faults which have not ended yet were run again so far."""
        return sum(max(0, now.passes - 1) for now in self.passes.values() if now.kind == "fault")

    def _leave(self, now: Pass, time: int, outcome: str, cpu: int) -> None:
        """A task goes back to user mode."""
        if now.kind == "fault":
            if outcome == "OOM":
                now.killed = None  # its own doing
            self.fault_cpu += cpu
            self.walks += now.walks
            self.retries += max(0, now.passes - 1)
            self.fallbacks += now.fell_back
            self.continued += now.retook  # the last time it took the lock, it went on without a walk
            if outcome == "major":
                self.major += 1
                self.fault_call.add(time - now.entered)
            elif outcome == "minor":
                now.left = time
                if now.mapped:
                    self._resolved(now)
                else:
                    now.open = True  # a sibling mapped it, or it will be replayed
        elif outcome == "ps":
            self.reads_of_proc += 1
        elif now.kind == "gup":
            self.gups += outcome == "gup"
            self.gup_agains += outcome == "EAGAIN"
        elif outcome in CHANGES:
            self.mmap_call.add(time - now.entered)
            if outcome == "munmap":
                self.mmaps += 1
            elif outcome == "mprotect":
                self.writes += 1
            elif outcome == "fork":
                self.forks += 1
        now.kind = ""

    def _resolved(self, now: Pass) -> None:
        """A minor fault turned out to be the last of its access."""
        self.minor += 1
        self.fault_call.add(now.left - now.entered)
