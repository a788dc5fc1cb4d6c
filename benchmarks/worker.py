"""What it costs to run a design's code in another process.

    python benchmarks/worker.py [design ...]

Printed are: the round trip of one question, beside that of a bare byte through two pipes; for a timed run, questions
and milliseconds a fault, beside the same run in this process; for an exploration, runs of code and seconds, beside
the same here. Wall-clock times, so believe them only of an idle machine.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))  # the source tree, not an installed copy

import mmlab
from mmlab.worker import RemoteDesign, remote

ROUNDS = 2_000
WORLD = "two faults"
RUN = {"disk": "1ms", "fault_threads": 2, "mmap_threads": 0, "seed": 1}


def bare_round_trip() -> float:
    """Microseconds for a short line through a pipe to another process and back: the floor."""
    there, to = os.pipe()
    back, answer = os.pipe()
    child = os.fork()
    if not child:
        os.close(to)
        while line := os.read(there, 4096):
            os.write(answer, line)
        os._exit(0)
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        os.write(to, b"x" * 60)
        os.read(back, 4096)
        times.append(time.perf_counter() - begin)
    os.close(to)
    os.waitpid(child, 0)
    return statistics.median(times) * 1e6


def round_trip(design: RemoteDesign) -> float:
    """Microseconds for the shortest question to the worker: the run of a piece of code to where it first stops."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        design.run("do_page_fault", (0x1000_0000, False), ())
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e6


def timed(design) -> tuple[int, float]:
    """(faults, seconds) of a timed run."""
    begin = time.perf_counter()
    result = mmlab.Scenario(design=design, **RUN).run(seconds=0.1)
    return sum(event.what == "leave" for event in result.events), time.perf_counter() - begin


def main(names: list[str]) -> None:
    """Measure the designs of these names and print a table for each."""
    print(f"a byte through two pipes and back   {bare_round_trip():8.1f} us")
    for name in names:
        begin = time.perf_counter()
        with remote(name) as there:
            print(f"\n{name}")
            print(f"  start of the process              {time.perf_counter() - begin:8.2f} s")
            print(f"  one question, from its beginning  {round_trip(there):8.1f} us")
            asked = there.worker.asked
            faults, seconds = timed(there)
            here = timed(name)[1]
            print(f"  questions a fault, timed          {(there.worker.asked - asked) / faults:8.1f}")
            print(
                f"  a fault, timed                    {seconds / faults * 1e3:8.2f} ms, here {here / faults * 1e3:.2f}"
            )
            asked = there.worker.asked
            verdict, local = mmlab.explore(there, WORLD), mmlab.explore(name, WORLD)
            print(f"  questions an exploration          {there.worker.asked - asked:8d}, in a world of two faults")
            print(f"  an exploration and its check      {verdict.seconds:8.2f} s, here {local.seconds:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["synchronous", "retry_once", "final"])
