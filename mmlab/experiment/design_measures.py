"""What a design is judged by: twelve figures from seven scenarios, measured the same way for everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from .. import theory
from ..designs import Design
from ..engine.report import as_bug
from ..kernel.bug import KernelBug
from ..view.table import Table
from .criteria import KILLED, LIVELOCK
from .progress import bar
from .result import Result
from .scenario import Scenario
from .studies import CONFIDENCE

MORE, LESS = "more", "less"
HOPELESS = ("soft lockup", "never awaited", "Python error")
"""after these the other trials would only take time"""


class Trial(NamedTuple):
    """A scenario (without its design), how many simulated seconds it runs, and with how many seeds."""

    scenario: dict
    seconds: float
    seeds: int = 1

    def lines(self, design: str | Design) -> list[str]:
        """What can be pasted to run it again."""
        return [
            f"{Scenario(**{**self.scenario, 'design': design, 'seed': seed})!r}.run(seconds={self.seconds})"
            for seed in range(1, self.seeds + 1)
        ]


TRIALS = {
    "headline": Trial({}, 0.3),
    "random disk": Trial({"disk": "exponential(18ms)"}, 0.15, 4),
    "DONTNEED": Trial(LIVELOCK, 0.5),
    "kill": Trial(KILLED, 1.25),
    "fast disk": Trial({"disk": "20us"}, 0.02),
    "alone": Trial({"mmap_threads": 0, "disk": "100us"}, 0.01),
    "crossing": Trial({"disk": "100us", "mmap_threads": 8}, 0.05),
}


class Criterion(NamedTuple):
    """One figure of a design.

    `title` has two parts, for a narrow column: what with its unit, and in which trial. `better`: MORE or LESS. `says`
    is a sentence, `same` a difference too small to matter, in the figure's own unit.
    """

    key: str
    trial: str
    title: tuple[str, str]
    better: str
    says: str
    figure: Callable[[Result], float | None]
    same: float = 0.0

    @property
    def name(self) -> str:
        """The title in one line."""
        return ", ".join(self.title)

    @property
    def is_rate(self) -> bool:
        """Whether it counts events in a time, so that one run knows it to one event."""
        return self.title[0].endswith("/s")


CRITERIA = (
    Criterion("faults", "headline", ("faults/s", "headline"), MORE,
              "one thread faults from an 18 ms disk, one maps memory", lambda r: r.faults_per_second),
    Criterion("pairs", "headline", ("pairs/s", "headline"), MORE,
              "the same run, seen by the thread that maps memory", lambda r: r.mmaps_per_second),
    Criterion("pairs random", "random disk", ("pairs/s", "random"), MORE,
              "the same with random disk times of the same mean", lambda r: r.mmaps_per_second),
    Criterion("cpu", "headline", ("cpu us", "headline"), LESS,
              "kernel time for one resolved fault, retries included", lambda r: cpu(r)),
    Criterion("cpu alone", "alone", ("cpu us", "alone"), LESS,
              "the same where nobody else shares the memory: what could a retry be good for?", lambda r: cpu(r)),
    Criterion("attacked faults", "DONTNEED", ("faults/s", "DONTNEED"), MORE,
              "somebody throws the page out, 8 threads map memory", lambda r: r.faults_per_second),
    Criterion("attacked pairs", "DONTNEED", ("pairs/s", "DONTNEED"), MORE,
              "the same run, seen by the 8 threads that map memory", lambda r: r.mmaps_per_second),
    Criterion("p99", "DONTNEED", ("p99 us", "DONTNEED"), LESS,
              "one in a hundred of their waits for mmap_sem is longer", lambda r: wait(r, "p99"), same=10),
    Criterion("longest", "DONTNEED", ("max us", "DONTNEED"), LESS,
              "the longest of their waits", lambda r: wait(r, "max"), same=10),
    Criterion("kill", "kill", ("ms to die", "64 threads"), LESS,
              "64 threads wait for the disk and are killed: until the last is gone", lambda r: last_death(r), same=1),
    Criterion("fast faults", "fast disk", ("faults/s", "20 us disk"), MORE,
              "a fast disk, one thread maps memory", lambda r: r.faults_per_second),
    Criterion("crossing", "crossing", ("faults/s", "100 us disk"), MORE,
              "8 threads map memory, so who retries queues again", lambda r: r.faults_per_second),
)  # fmt: skip
BY_KEY = {criterion.key: criterion for criterion in CRITERIA}
SAME = 0.02
"""two figures that differ by less than this share are called equal"""


def judged_by() -> Table:
    """The criteria, what they say, and the scenario that each is measured in."""
    rows = []
    for c in CRITERIA:
        trial = TRIALS[c.trial]
        rows.append([c.name, c.better, c.says, trial.lines("synchronous")[0].replace("design='synchronous'", "design")])
    return Table(["criterion", "better", "what it is", "run"], rows)


def cpu(result: Result) -> float | None:
    """us a fault, if there was one."""
    return result.cpu_us_per_fault if result.faults else None


def wait(result: Result, which: str) -> float | None:
    """us of the mmap threads' waits for mmap_sem."""
    return getattr(result.mmap_wait, which) if result.mmap_wait.count else None


def last_death(result: Result) -> float:
    """ms from the SIGKILL to the last exit; who lives at the end of the run has taken at least that long."""
    dead, threads = result.kill_latency.count, result.scenario.fault_threads
    if dead < threads:
        return result.seconds * 1000
    return result.kill_latency.max / 1000


@dataclass(repr=False)
class Measures:
    """The figures of one design: `values` maps the key of a criterion to an Estimate, or to None if there is none.

    `bug` is the finding that ended a trial, with the name of the trial in `ended`; its figures are None.
    """

    design: str
    values: dict[str, theory.Estimate | None] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    bug: KernelBug | None = None
    ended: str = ""

    def table(self) -> Table:
        """A row for each criterion."""
        rows = []
        for criterion in CRITERIA:
            value = self.values.get(criterion.key)
            mean, half = value if value is not None else (None, None)
            rows.append([criterion.name, mean, half or None, criterion.better, criterion.says])
        return Table(["criterion", self.design, "+-", "better", "what it is"], rows)

    @property
    def sentence(self) -> str:
        """How far it came."""
        runs = sum(trial.seeds for trial in TRIALS.values())
        if self.bug is None:
            return (
                f"{self.design}: {len(self.values)} figures from {runs} runs; +-: 95 %, or one event of a single run."
            )
        return f"{self.design}: {self.bug.kind} in the runs called {self.ended!r}; where it broke there is no figure."

    def __repr__(self) -> str:
        report = ["", self.bug.report()] if self.bug else []
        return "\n".join([self.sentence, "", str(self.table()), *report])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        report = f'<pre style="overflow-x:auto">{escape(self.bug.report())}</pre>' if self.bug else ""
        html = f"<p>{escape(self.sentence)}</p>{report}{self.table()._repr_html_()}"
        return {"text/plain": repr(self), "text/html": html}

    def as_dict(self) -> dict:
        """For JSON: [mean, half-width] for each criterion."""
        return {key: value and [value.mean, value.half_width] for key, value in self.values.items()}


def from_dict(design: str, values: dict) -> Measures:
    """What `as_dict` gave. Raises ValueError, TypeError or KeyError for anything else."""
    known = {key: None if pair is None else theory.Estimate(*map(float, pair)) for key, pair in values.items()}
    return Measures(design, {criterion.key: known[criterion.key] for criterion in CRITERIA})


def measure(design: str | Design, *, progress: bool | None = None) -> Measures:
    """Run every trial with `design`. What breaks in it ends that trial, and the figures of it are None."""
    measured = Measures(str(design))
    runs = sum(trial.seeds for trial in TRIALS.values())
    with bar(f"{design}, {runs} runs", progress) as tell:
        done = 0
        for name, trial in TRIALS.items():
            measured.lines += trial.lines(design)
            results = []
            try:
                for seed in range(1, trial.seeds + 1):
                    scenario = Scenario(**{**trial.scenario, "design": design, "seed": seed})
                    results.append(scenario.run(trial.seconds, progress=False, keep=0))
                    done += 1
                    if tell is not None:
                        tell(done / runs)
            except KernelBug as bug:
                found = bug
            except Exception as error:
                found = as_bug(error)
            else:
                found = None
            if found is not None:
                measured.bug, measured.ended = measured.bug or found, measured.ended or name
                results = []
                if found.kind in HOPELESS:
                    break
            for criterion in CRITERIA:
                if criterion.trial == name:
                    measured.values[criterion.key] = estimate(criterion, results, trial.seconds)
    measured.values = {criterion.key: measured.values.get(criterion.key) for criterion in CRITERIA}
    return measured


def estimate(criterion: Criterion, results: list[Result], seconds: float) -> theory.Estimate | None:
    """The mean with its error bar (95 %); of one run, a rate is known to one event. None if a figure is missing."""
    samples = [criterion.figure(result) for result in results]
    if not samples or None in samples:
        return None
    least = 1 / seconds / len(samples) if criterion.is_rate else 0.0
    if len(samples) == 1:
        return theory.Estimate(samples[0], least)
    mean, half = theory.replications(samples, CONFIDENCE)
    return theory.Estimate(mean, max(half, least))


def beats(key: str, one: theory.Estimate | None, other: theory.Estimate | None) -> bool:
    """Whether `one` is better than `other` by more than SAME, than what matters, and than both error bars together."""
    if one is None or other is None:
        return one is not None and other is None
    criterion = BY_KEY[key]
    gap = one.mean - other.mean if criterion.better is MORE else other.mean - one.mean
    largest = max(abs(one.mean), abs(other.mean))
    return gap > max(SAME * largest, criterion.same, one.half_width + other.half_width)
