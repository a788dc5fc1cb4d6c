"""Result: what a run showed, as numbers, a table, a picture and a sentence, all made from the trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..trace import Event
from ..view.table import Table
from . import words
from .metrics import Metrics

if TYPE_CHECKING:
    from ..view.timeline import Timeline
    from .scenario import Scenario


class Result:
    """The figures of one run; durations are in us, rates per second of simulated time."""

    def __init__(self, scenario: Scenario, ns: int, metrics: Metrics) -> None:
        self.scenario = scenario
        self.ns = ns
        self.metrics = metrics

    @property
    def design(self) -> str:
        """The design's name."""
        return str(self.scenario.design)

    @property
    def seconds(self) -> float:
        """How long the run was, in simulated seconds."""
        return self.ns / 1e9

    @property
    def faults(self) -> int:
        """Faults that were resolved, minor and major; a replayed fault counts once."""
        return self.metrics.major + self.metrics.minor

    @property
    def faults_per_second(self) -> float:
        """Resolved faults a second, all fault threads together."""
        return self.faults / self.seconds

    @property
    def mmaps_per_second(self) -> float:
        """Pairs of mmap and munmap a second, all mmap threads together."""
        return self.metrics.mmaps / self.seconds

    @property
    def writes_per_second(self) -> float:
        """mprotect calls a second: those of the random stream (write_rate) and of the mprotect threads."""
        return self.metrics.writes / self.seconds

    @property
    def forks_per_second(self) -> float:
        """Forks a second."""
        return self.metrics.forks / self.seconds

    @property
    def gups_per_second(self) -> float:
        """Calls of get_user_pages a second that got their page, of the gup and nowait threads together."""
        return self.metrics.gups / self.seconds

    @property
    def agains_per_gup(self) -> float:
        """Calls that came back with -EAGAIN (nowait threads only), for each that got its page."""
        return self.metrics.gup_agains / self.metrics.gups if self.metrics.gups else 0.0

    @property
    def cpu_wait(self):
        """us that a task which could run waited for a free cpu, each time that it did (with `cpus` only)."""
        return self.metrics.cpu_wait

    @property
    def mmap_wait(self):
        """us from asking for mmap_sem for writing to getting it: .p50, .p99, .max, .mean, .count."""
        return self.metrics.mmap_wait

    @property
    def mmap_call(self):
        """us of a whole mmap, munmap, mprotect or fork call."""
        return self.metrics.mmap_call

    @property
    def ps_wait(self):
        """us from asking for mmap_sem for reading to getting it, of the ps readers."""
        return self.metrics.ps_wait

    @property
    def fault_call(self):
        """us from the faulting instruction to its success."""
        return self.metrics.fault_call

    @property
    def page_wait(self):
        """us that a task slept for a page, with or without mmap_sem."""
        return self.metrics.page_wait

    @property
    def started_over(self) -> int:
        """Times that a fault which never ended, or whose instruction was replayed, was run from the beginning again."""
        return self.metrics.replays + self.metrics.under_way

    @property
    def is_stuck(self) -> bool:
        """Whether reads came to an end and yet no fault was resolved: then no figure a fault can be given."""
        return not self.faults and self.metrics.reads > 0

    def _per_fault(self, number: float) -> float:
        return number / self.faults if self.faults else 0.0

    @property
    def retries_per_fault(self) -> float:
        """Passes of do_page_fault beyond the first, for each resolved fault."""
        return self._per_fault(self.metrics.retries)

    @property
    def replays_per_fault(self) -> float:
        """Times that the program went back to user mode unresolved and faulted again, for each resolved fault."""
        return self._per_fault(self.metrics.replays)

    @property
    def walks_per_fault(self) -> float:
        """find_vma calls for each resolved fault, those of retries and replays included."""
        return self._per_fault(self.metrics.walks)

    @property
    def cpu_us_per_fault(self) -> float:
        """us of cpu time in the kernel for each resolved fault, retries and replays included."""
        return self._per_fault(self.metrics.fault_cpu / 1000)

    @property
    def fallbacks(self) -> int:
        """Faults that waited for the disk with mmap_sem held after a retry."""
        return self.metrics.fallbacks

    @property
    def continued(self) -> int:
        """Faults that took mmap_sem again and went on where they were, without a new find_vma."""
        return self.metrics.continued

    @property
    def signals(self) -> int:
        """Signals that were sent, those that a fault ended with included."""
        return self.metrics.signals.total()

    @property
    def kill_latency(self):
        """us from a SIGKILL that somebody sent to the exit of the task."""
        return self.metrics.kill_latency

    @property
    def events(self) -> list[Event]:
        """The last events of the run (Scenario.run's `keep` says how many)."""
        return [Event(*event) for event in self.metrics.latest]

    @property
    def opening(self) -> list[Event]:
        """The first events of the run."""
        return [Event(*event) for event in self.metrics.opening]

    def timeline(self, start=None, stop=None, *, width: int = 920, ghost=None, lock=None) -> Timeline:
        """The lock timeline: by default the first few disk reads; start and stop are times such as "18ms".

        ghost: an earlier timeline to show palely under this one; lock: True for a lane of mmap_sem itself.
        """
        from ..view.timeline import timeline

        stop = self._within(start, stop)
        events = self.metrics.opening if start is None else self._events_from(start)
        return timeline([(self.design, self.headline, events)], start, stop, width=width, ghost=ghost, lock=lock)

    def _within(self, start, stop):
        """`stop`, or the end of the run if that is earlier: nothing is known beyond it.

        Raises ValueError for a window that begins where the run is over.
        """
        from ..view.units import duration, ns

        if start is not None and ns(start, "start") >= self.ns:
            raise ValueError(f"start={start!r} is too late: this run ends at {duration(self.ns, ascii=True)}")
        return stop if stop is None or ns(stop, "stop") <= self.ns else self.ns

    def _events_from(self, start) -> list[tuple]:
        """The kept events that cover `start`: the opening if it reaches that far, else the latest."""
        from ..view.units import ns

        opening = self.metrics.opening
        if not opening or opening[-1][0] >= ns(start, "start"):
            return opening
        return list(self.metrics.latest)

    @property
    def headline(self) -> str:
        """The two or three numbers that belong in a picture's title."""
        return words.headline(self)

    @property
    def caption(self) -> str:
        """What happened, in one or two sentences with the numbers."""
        return words.caption(self)

    def row(self) -> dict[str, float | str | None]:
        """The figures under the headers of `table`; None for a figure a fault where no fault was resolved."""
        return {
            "design": self.design,
            "faults/s": self.faults_per_second,
            "mmap pairs/s": self.mmaps_per_second,
            "mmap wait p50 (us)": self.mmap_wait.p50,
            "p99 (us)": self.mmap_wait.p99,
            "max (us)": self.mmap_wait.max,
            "retries/fault": None if self.is_stuck else self.retries_per_fault,
            "walks/fault": None if self.is_stuck else self.walks_per_fault,
            "cpu us/fault": None if self.is_stuck else self.cpu_us_per_fault,
            **self._special(),
        }

    def _special(self) -> dict[str, float]:
        """Figures under headers that only the tables of some workloads have."""
        s = self.scenario
        figures = (
            (s.dontneed != "0" or s.foreign_rate, "fallbacks", self.fallbacks),
            (s.kill_at is not None, "last death (us)", self.kill_latency.max),
            (s.mprotect_threads, "mprotects/s", self.writes_per_second),
            (s.fork_every != "0", "forks/s", self.forks_per_second),
            (s.gup_threads or s.nowait_threads, "gups/s", self.gups_per_second),
            (s.nowait_threads, "again/gup", self.agains_per_gup),
            (s.cpus, "cpu wait p99 (us)", self.cpu_wait.p99),
            (self.is_stuck, "reads", self.metrics.reads),
            (self.is_stuck, "pages lost", self.metrics.lost),
            (self.is_stuck, "started over", self.started_over),
        )
        return {name: value for asked, name, value in figures if asked}

    def as_dict(self) -> dict:
        """Everything measured, for JSON; durations in us."""
        waits = {
            name: {key: getattr(getattr(self, name), key) for key in ("count", "p50", "p99", "max", "mean")}
            for name in ("mmap_wait", "mmap_call", "fault_call", "ps_wait", "page_wait", "kill_latency", "cpu_wait")
        }
        numbers = (
            "seconds", "faults", "faults_per_second", "mmaps_per_second", "writes_per_second",
            "forks_per_second", "gups_per_second", "agains_per_gup", "retries_per_fault",
            "replays_per_fault", "walks_per_fault", "cpu_us_per_fault", "fallbacks", "continued",
        )  # fmt: skip
        return {
            "scenario": {**self.scenario.as_dict(), "design": self.design},
            **{name: getattr(self, name) for name in numbers},
            **waits,
            "signals": dict(self.metrics.signals),
        }

    def table(self) -> Table:
        """The figures of this run that there are."""
        row = {name: value for name, value in self.row().items() if value is not None}
        return Table(list(row), [list(row.values())], self.caption)

    def __repr__(self) -> str:
        return f"<Result {self.scenario!r}, {self.seconds:g} s: {self.headline}>"
