"""Two small C programs of the same work, many arguments against one struct: their stack and their speed, by gcc."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHAIN = ("do_page_fault", "handle_mm_fault", "handle_pte_fault", "do_no_page", "filemap_nopage")
FLAGS = ("-O2", "-fstack-usage", "-fno-optimize-sibling-calls", "-std=c11", "-Wall")
NO_GCC = "stack and speed are not measured: there is no gcc on this machine (on Debian: apt-get install gcc libc6-dev)"
CALLS, ROUNDS = 4_000_000, 9


@dataclass(frozen=True)
class Compiled:
    """What gcc says and the clock shows; `many` and `one` by name.

    stack    bytes of each function of CHAIN, without its return address
    ns       median of the rounds, for one call of the whole chain; spread is the middle half of them
    """

    gcc: str
    stack: dict[str, dict[str, int]]
    ns: dict[str, float]
    spread: dict[str, tuple[float, float]]

    def total(self, name: str) -> int:
        """Bytes of stack of the whole chain."""
        return sum(self.stack[name][function] for function in CHAIN)


def read_usage(text: str) -> dict[str, int]:
    """function -> bytes, from a .su file: lines of place:function, bytes, kind, between tabs."""
    found = {}
    for line in text.splitlines():
        place, size, *_ = line.split("\t")
        found[place.rpartition(":")[2]] = int(size)
    return found


def compile_and_run(calls: int = CALLS, rounds: int = ROUNDS) -> Compiled | str:
    """Compile both, run them in turn, so that whatever disturbs the machine disturbs both; or one line why not."""
    gcc = shutil.which("gcc")
    if gcc is None:
        return NO_GCC
    here = Path(__file__).parent
    stack, times, sums = {}, {"many": [], "one": []}, set()
    with tempfile.TemporaryDirectory() as folder:
        for name in times:
            command = [gcc, *FLAGS, str(here / f"{name}.c"), "-o", f"./{name}"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode:
                first = (done.stderr.strip().splitlines() or ["no message"])[0]
                return f"stack and speed are not measured: gcc fails on {name}.c: {first}"
            [usage] = Path(folder).glob(f"*{name}.su")
            stack[name] = read_usage(usage.read_text())
        for _ in range(rounds):
            for name, found in times.items():
                program = [str(Path(folder) / name), str(calls)]
                ns, total = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
                found.append(float(ns))
                sums.add(total)
    if len(sums) > 1:
        return "stack and speed are not compared: the two C programs do different work"
    version = subprocess.run([gcc, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    middle = {name: statistics.median(found) for name, found in times.items()}
    spread = {name: tuple(statistics.quantiles(found, n=4)[::2]) for name, found in times.items()}
    return Compiled(version, stack, middle, spread)
