"""Make docs/spin.md anew: `.venv/bin/python tests/spin_table.py` (some minutes)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import verdict_table
from spin_judge import DESIGNS, WORLDS, Verdict, judge, tool
from spin_mutants import MUTANTS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "spin.md"
THREE = "three faults and a remap"

INTRODUCTION = """\
# SPIN's verdicts

Made by `tests/spin_table.py`; do not edit. {version}.

The model checker SPIN judges models of the designs that were written by hand from their contracts
(`tests/spin/*.pml`), not made from the Python code. So a mistake in a handler, or in a search of its interleavings,
shows as a difference. What is one step in the models, and why, stands at the head of `tests/spin/kernel.pml`.

- **safe**: no assertion fails and nobody is stuck, in any interleaving. **live**: under weak fairness every faulting
  task, and every other task that has an end, comes to its end. A fault is over when its pte is installed, or found. In
  worlds with a kill, the kill alone must be enough, even if the disk never answers: else "unkillable".
- Bounds: as many tasks as the world names, one page of one address space, two files, sequentially consistent memory.
- DONTNEED and reclaim act on the file that is mapped first. So a world with a remap is live for all: the remap comes at
  last, and the second file's page stays.
- "us a state" is cpu time of the safety search (`gcc -O1`), where there are 10,000 states or more; no other column
  differs from run to run. The explorer has another grain: its state counts need not be equal, its verdicts must be.
- get_user_pages: nopage_retry asks nobody for permission to drop the lock. The model's caller knows that and looks for
  a RETRY; the explorer's, as in Linux, does not. With the caller that does not know, SPIN finds it too ("caller unaware
  of the drop" below). Of page_flag the model keeps the permission of retry_once, and the Python design does not: its
  mark on the page took the flag's place. Two readings of one sentence.
"""


def version() -> str:
    """How SPIN calls itself."""
    return subprocess.run([tool("spin"), "-V"], capture_output=True, text=True).stdout.strip()


def explored(design: str, world: str) -> tuple[str, str]:
    """The verdict of mmlab's own explorer and its state count, as verdicts.json keeps them; empty if there is none."""
    kept = verdict_table.kept()[design].get(world)
    if kept is None:
        return "", ""
    safe, _, _, finding, _, states, _ = kept
    return finding or "safe, live", f"{states:,}" if safe else f"{states:,} until then"


def row(verdict: Verdict) -> str:
    """One line of the table."""
    time = f"{verdict.microseconds_per_state:.1f}" if verdict.states >= 10_000 else ""
    cells = [
        verdict.design, verdict.world, *("yes" if good else "no" for good in (verdict.safe, verdict.live)),
        verdict.finding or "", f"{verdict.states:,}", f"{verdict.transitions:,}", f"{verdict.depth:,}", time,
        *explored(verdict.design, verdict.world),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield INTRODUCTION.format(version=version())
    yield "## The designs\n"
    yield "| design | world | safe | live | finding | states | transitions | depth | us a state | explorer | states |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for world in WORLDS:
        if world != THREE:
            yield from (row(judge(design, world, flags=("-O1",))) for design in DESIGNS)
    yield "\n## The wrong models\n"
    yield "Steps is the length of the shortest trace that shows it (of a trace, for cycles and unkillable waits).\n"
    yield "| what is wrong | design | world | finding | steps | states | in words |"
    yield "|---|---|---|---|---|---|---|"
    for name, mutant in MUTANTS.items():
        verdict = judge(mutant.design, mutant.world, mutant.macros, shortest=True)
        cells = (name, mutant.design, mutant.world, verdict.finding, verdict.depth, f"{verdict.states:,}", mutant.story)
        yield "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    PAGE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    print("docs/spin.md is made anew")
