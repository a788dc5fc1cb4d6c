"""What one major fault costs, in units of ten bare SimPy timeouts.

    python benchmarks/run.py [--rounds 7] [--quick] [--long] [--json]

Every round runs every row once, between two runs of the unit, so that a slow minute of the machine hits all alike.
Printed are the median over the rounds, the smallest and largest value, and whether the median keeps the row's bar.
How to read it: README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path
from typing import NamedTuple

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))  # the source tree, not an installed copy

import bare_heapq
import bare_simpy
import idiomatic_simpy

from mmlab import designs
from mmlab.engine import Timed
from mmlab.experiment.metrics import Metrics
from mmlab.experiment.workloads import FILE_AT, PAGE_SIZE, map_file
from mmlab.kernel.block import block_device
from mmlab.kernel.exception import touch

DISK = 18_000_000
FAULT = 18_002_600
"""ns that one fault of nopage_retry takes when nobody is in its way; the yardsticks must take exactly as long"""
COLD = 4
"""pages of the file for each page of the cache, so that every touch is a major fault that evicts"""


class Bar(NamedTuple):
    """What a row's median may be at most: `factor`, times the median of row `of` if there is one.

    With `at_least` it must be more than that.
    """

    factor: float
    of: str = ""
    at_least: bool = False

    def limit(self, medians: dict[str, float]) -> float:
        """The bar as a number, given the medians of all rows."""
        return self.factor * (medians[self.of] if self.of else 1)

    def verdict(self, name: str, medians: dict[str, float]) -> str:
        """`inside` or `outside`, and the bar."""
        limit = self.limit(medians)
        inside = medians[name] > limit if self.at_least else medians[name] <= limit
        factor = f"{self.factor:.2f} x " if self.of and self.factor != 1 else ""
        whence = f"  ({factor}{self.of})" if self.of else ""
        return f"{'inside' if inside else 'outside':<8} {'> ' if self.at_least else '<='} {limit:.2f}{whence}"


class Row(NamedTuple):
    """One line of the table: `run(n)` does n faults."""

    name: str
    run: Callable[[int], object]
    faults: int
    bar: Bar | None = None


OFF, METRICS = Bar(1.8), Bar(2.3)
"""for one major fault of a design that does not wait busily, without its trace, and with trace and metrics"""
FLAT, CROWD = 1.15, 1.3
"""how much more a fault may cost in a long run than in a short one, and with 1,000 threads than with 64"""
LABELS = {"off": "trace off", "on": "trace on", "metrics": "trace and metrics"}


def faults(design: str, n: int, *, trace: str = "off", threads: int = 1, channels: int = 1, cache: int = 256) -> int:
    """Run `n` major faults of `design`, shared out among `threads`; return the simulated ns that they took.

    `cache` is the size of the page cache in pages: more than `threads`.
    """
    k = designs.find(design).machine(cache_pages=cache)
    reads = count()
    k.disk = block_device(k, lambda: DISK + 0 * next(reads), channels, queue_depth=threads + 1)
    map_file(k, cache * COLD)
    consume = {"off": None, "on": lambda events: None, "metrics": Metrics().consume}[trace]
    engine = Timed(k, consume)
    addresses = cycle(range(FILE_AT, FILE_AT + cache * COLD * PAGE_SIZE, PAGE_SIZE))
    ends = []

    async def faulting_thread(turns: int) -> None:
        for _ in range(turns):
            await touch(k, next(addresses))
        ends.append(k.now)

    for i in range(threads):
        task = k.add_task(f"fault{i}", "fault")
        engine.spawn(task, faulting_thread(n // threads + (i < n % threads)))
    engine.run(n * (DISK + 1_000_000))
    if next(reads) != n or len(ends) != threads:
        raise SystemExit(f"{design}: not each of {n} touches read the disk once; the ratios would compare other work")
    return max(ends)


def check_simulated_time() -> None:
    """The yardsticks and nopage_retry must simulate the same: SystemExit when the times differ."""
    n = 300
    times = {
        "bare heapq loop": bare_heapq.run(n),
        "idiomatic SimPy": idiomatic_simpy.run(n),
        "nopage_retry": faults("nopage_retry", n),
        "nopage_retry, traced": faults("nopage_retry", n, trace="metrics"),
    }
    if set(times.values()) != {n * FAULT}:
        raise SystemExit(f"simulated times of {n} faults differ, expected {n * FAULT} ns: {times}")


def rows(quick: bool, long: bool) -> list[Row]:
    """What is measured in each round."""
    n = 1_000 if quick else 4_000
    slowest = Bar(1, "nopage_retry, trace off", at_least=True)
    table = [Row("bare heapq loop", bare_heapq.run, n), Row("idiomatic SimPy", idiomatic_simpy.run, n, slowest)]
    for name in (*designs.series, *designs.descendants):
        # a design that waits busily runs through thousands of replays in one fault: a few faults are enough
        cheap = is_cheap(name)
        for trace in ("off", "on", "metrics") if name == "nopage_retry" else ("off", "metrics"):
            bar = {"off": OFF, "on": None, "metrics": METRICS}[trace] if cheap else None
            one = lambda n, d=name, t=trace: faults(d, n, trace=t)  # noqa: E731
            table.append(Row(f"{name}, {LABELS[trace]}", one, n if cheap else 2, bar))
    return table + long_runs(quick, long) + crowds(quick)


def long_runs(quick: bool, long: bool) -> list[Row]:
    """The same fault, more and more often: the bar of each row is the first row."""
    table: list[Row] = []
    for many in (1_000, 10_000) if quick else (10_000, 100_000, 1_000_000) if long else (10_000, 100_000):
        bar = Bar(FLAT, table[0].name) if table else None
        table.append(Row(f"nopage_retry, {many:,} faults", lambda n: faults("nopage_retry", n), many, bar))
    return table


def crowds(quick: bool) -> list[Row]:
    """Many threads, with cache and file as large for 64 as for 1,000, so that nothing else differs."""
    table = []
    for what, many_channels in (("one disk", False), ("a channel each", True)):
        names = [f"nopage_retry, {threads:,} threads, {what}" for threads in (64, 1_000)]
        for name, threads, bar in zip(names, (64, 1_000), (None, Bar(CROWD, names[0])), strict=True):
            options = {"threads": threads, "channels": threads if many_channels else 1, "cache": 4_000}
            run = lambda n, o=options: faults("nopage_retry", n, **o)  # noqa: E731
            table.append(Row(name, run, 4_000 if quick else 20_000, bar))
    return table


def is_cheap(design: str) -> bool:
    """Whether one fault of the design takes less than 20 ms of this machine's time; the first one warms up."""
    return min(seconds_per(lambda n: faults(design, n), 1) for _ in range(3)) < 0.02


def seconds_per(run: Callable[[int], object], n: int) -> float:
    """Seconds of cpu time for each of n: other work on the machine counts as little as possible."""
    begin = time.process_time()
    run(n)
    return (time.process_time() - begin) / n


def measure(table: list[Row], rounds: int, quick: bool, tell: Callable[[str], None]) -> tuple[dict, list[float]]:
    """The ratios of each row, round by round, and the seconds of each unit."""
    timeouts = 20_000 if quick else 50_000
    ratios: dict[str, list[float]] = {row.name: [] for row in table}
    units = []
    seconds_per(bare_simpy.run, timeouts)  # the first run warms up
    for number in range(1, rounds + 1):
        for row in table:
            tell(f"\rround {number} of {rounds}: {row.name:<50}")
            before = seconds_per(bare_simpy.run, timeouts)
            cost = seconds_per(row.run, row.faults)
            unit = 10 * (before + seconds_per(bare_simpy.run, timeouts)) / 2
            units.append(unit)
            ratios[row.name].append(cost / unit)
    tell("\r" + " " * 75 + "\r")
    return ratios, units


def peak_memory(n: int) -> int:
    """The most bytes of Python memory in use at once while `n` faults run with trace and metrics."""
    tracemalloc.start()
    faults("nopage_retry", n, trace="metrics")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often each row is run (default 7)")
    parser.add_argument("--quick", action="store_true", help="fewer faults a row: a look, not a measurement")
    parser.add_argument("--long", action="store_true", help="also a million faults in one run (half a minute a round)")
    parser.add_argument("--json", action="store_true", help="print every ratio of every round as JSON")
    given = parser.parse_args()
    if given.rounds < 1:
        raise SystemExit(f"--rounds {given.rounds}: it must be at least 1")
    check_simulated_time()
    show_progress = sys.stderr.isatty()
    table = rows(given.quick, given.long)
    ratios, units = measure(
        table, given.rounds, given.quick, lambda text: print(text, end="", file=sys.stderr) if show_progress else None
    )
    few, many = (4_000, 8_000) if given.quick else (4_000, 16_000)
    memory = {str(n): peak_memory(n) for n in (few, many)}
    unit = statistics.median(units)
    if given.json:
        print(json.dumps({"python": sys.version.split()[0], "unit_us": unit * 1e6, "ratios": ratios, "memory": memory}))
        return
    version = sys.version.split()[0]
    print(
        f"Python {version}, {given.rounds} rounds; the unit, 10 bare SimPy timeouts: {unit * 1e6:.1f} us of cpu time\n"
    )
    print(f"{'one major fault':<46} {'median':>8} {'least':>8} {'most':>8}  bar")
    medians = {name: statistics.median(values) for name, values in ratios.items()}
    for name, _, _, bar in table:
        verdict = bar.verdict(name, medians) if bar else ""
        print(f"{name:<46} {medians[name]:8.2f} {min(ratios[name]):8.2f} {max(ratios[name]):8.2f}  {verdict}".rstrip())
    megabytes = ", ".join(f"{int(n):,} faults {b / 1e6:.1f} MB" for n, b in memory.items())
    flat = "inside" if memory[str(many)] <= FLAT * memory[str(few)] else "outside"
    print(f"\npeak memory, trace and metrics: {megabytes}: {flat} {FLAT} x the shorter run's")


if __name__ == "__main__":
    main()
