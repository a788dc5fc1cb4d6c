"""SPIN as an independent judge: verdicts of the hand-written Promela models in spin/."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

MODELS = Path(__file__).with_name("spin")

DESIGNS = (
    "synchronous", "nopage_refault", "nopage_retry", "retry_once", "pagefault_args", "unshared_mm", "sequence_counter",
    "final", "page_flag", "sequence_counter_unbounded",
)  # fmt: skip

SHARED = {
    "one fault": "",
    "two faults": "faulter2",
    "two faults and a remap": "faulter2 remap",
    "a fault and an unmap": "unmap",
    "a fault under DONTNEED": "dontneed",
    "a fault under DONTNEED and mmap": "dontneed mmap_loop",
    "a fault under reclaim": "reclaim",
    "a fault and a truncate": "truncate",
    "a fault and a read error": "errors",
    "a fault and a kill": "kill",
    "get_user_pages": "get_user_pages",
    "two faults, a remap and DONTNEED": "faulter2 remap dontneed",
}
"""worlds that the explorer has under the same names, and the tasks of each in the words of world.pml"""

OWN = {
    "a fault, a remap and an mmap": "remap mmap_once",
    "two faults and a truncate": "faulter2 truncate",
    "get_user_pages and a remap": "get_user_pages remap",
    "get_user_pages, a remap and a kill": "get_user_pages remap kill",
    "a fault, a remap and DONTNEED": "remap dontneed",
    "a fault, an mmap and a truncate": "mmap_once truncate",
    "two faults, an mmap and a read error": "faulter2 mmap_once errors",
    "three faults and a remap": "faulter2 faulter3 remap",
}
"""worlds of the models alone"""

WORLDS = SHARED | OWN


class MissingTool(RuntimeError):
    """spin or gcc is not there."""


@dataclass(frozen=True)
class Verdict:
    """What SPIN says of one design in one world.

    `finding` is None or what went wrong first: a name from kernel.pml, "deadlock", "livelock" or "unkillable".
    `live` is None if an unsafe design was not asked. `depth` is the length of the trace that shows the finding, or the
    deepest one of the search. `states`, `transitions` and `seconds` (of cpu time) are of the safety search.
    """

    design: str
    world: str
    safe: bool
    live: bool | None
    finding: str | None
    states: int
    transitions: int
    depth: int
    seconds: float

    @property
    def microseconds_per_state(self) -> float:
        """Of cpu time, the start of the verifier included."""
        return self.seconds * 1e6 / self.states


def tool(name: str) -> str:
    """The path of a program. Raises MissingTool with one line that says what to install."""
    path = shutil.which(name)
    if path is None:
        raise MissingTool(f"{name} is not installed: the models cannot be judged; on Debian: apt-get install {name}")
    return path


@functools.cache
def workshop() -> Path:
    """A directory for generated verifiers, gone when Python ends."""
    path = tempfile.mkdtemp(prefix="mmlab-spin-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def call(*command: str, cwd: Path) -> None:
    """Run a command that must succeed. Raises RuntimeError with its output."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


KINDS = {
    "safety": ("-DSAFETY", "-DNOCLAIM"),
    "shortest": ("-DSAFETY", "-DNOCLAIM", "-DBFS"),
    "liveness": ("-DNFAIR=3",),
}
"""how pan.c is compiled: depth first for verdicts, breadth first for the shortest trace, with the claim for liveness"""


@functools.cache
def verifier(design: str, mutant: tuple[str, ...], kind: str, flags: tuple[str, ...]) -> Path:
    """The compiled verifier of a model, with the macros of a mutant; `flags` are more flags for gcc."""
    here = Path(tempfile.mkdtemp(prefix=f"{design}-{kind}-", dir=workshop()))
    call(tool("spin"), "-a", *(f"-D{macro}" for macro in mutant), str(MODELS / f"{design}.pml"), cwd=here)
    call(tool("gcc"), "-w", *KINDS[kind], *flags, "-o", "pan", "pan.c", cwd=here)
    return here / "pan"


@functools.cache
def search(pan: Path, words: str, *options: str) -> tuple[str, float]:
    """Run a verifier in a world: its output, and the cpu seconds it took."""
    command = [str(pan), "-w19", "-m100000", *options]
    with subprocess.Popen(
        command, cwd=pan.parent, stdout=subprocess.PIPE, text=True, env={**os.environ, "WORLD": words}
    ) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if "errors:" not in output or "max search depth too small" in output:
        raise RuntimeError(f"the search was not complete:\n{output}")
    return output, usage.ru_utime + usage.ru_stime


def number(pattern: str, output: str) -> int:
    """The number that stands at `(\\d+)` in the verifier's output."""
    return int(re.search(pattern, output)[1])


def unreached(output: str) -> frozenset[str]:
    """The statements of a faulting task that a search did not reach, as SPIN prints them."""
    part = re.search(r"^unreached in proctype faulter\n((?:\t.*\n)*)", output, re.MULTILINE)
    lines = part[1].splitlines() if part else []
    return frozenset(
        re.sub(r"^\t.*/(\w+\.pml:\d+), state (\d+), ", r"\1 \2 ", line) for line in lines if ".pml:" in line
    )


def finding_in(output: str) -> str | None:
    """What a search found, in a word or two; None if nothing."""
    found = re.search(r"^pan:\d+: (.*) \(at depth \d+\)", output, re.MULTILINE)
    if found is None:
        return None
    text = found[1]
    if text.startswith("assertion violated"):
        return text.rpartition("||")[2].strip(" )").replace("_", " ")
    return {"invalid end state": "deadlock", "acceptance cycle": "livelock"}.get(text, text)


@functools.cache
def judge(
    design: str, world: str, mutant: tuple[str, ...] = (), *, shortest: bool = False, flags: tuple[str, ...] = ()
) -> Verdict:
    """SPIN's verdict of a model in a world (a name in WORLDS), with the macros of a mutant defined.

    With `shortest` a safety finding's trace is the shortest there is. `flags` are more flags for gcc.

    Raises MissingTool without spin or gcc, RuntimeError when a search does not come to its end.
    """
    words, kind = WORLDS[world], "shortest" if shortest else "safety"
    output, seconds = search(verifier(design, mutant, kind, flags), words)
    finding = finding_in(output)
    states = number(r"(\d+) states, stored", output)
    transitions = number(r"(\d+) transitions", output)
    safe, live = finding is None, None
    if safe:
        proof, _ = search(verifier(design, mutant, "liveness", flags), words, "-a", "-f")
        finding = finding_in(proof)
        output = proof if finding else output
        if finding is None and "kill" in words.split():
            stuck, _ = search(verifier(design, mutant, kind, flags), words + " silent")
            if finding_in(stuck):
                finding, output = "unkillable", stuck
        live = finding is None
    at = re.search(r"\(at depth (\d+)\)", output)
    depth = int(at[1]) if at else number(r"depth reached (\d+)", output)
    return Verdict(design, world, safe, live, finding, states, transitions, depth, seconds)
