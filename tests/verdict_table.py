"""The explorer's verdicts on the shipped designs, kept in verdicts.json: `python tests/verdict_table.py` makes it anew.

A row is [safe, live, killable, finding, steps, states, transitions]. State counts are exact: they change when the
kernel, a design, a world or a reduction does, and then somebody should look why.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mmlab
from mmlab.experiment.worlds import WORLDS

FILE = Path(__file__).with_name("verdicts.json")
DESIGNS = [
    name
    for name in (*mmlab.designs.series, *mmlab.designs.descendants, *mmlab.designs.variants)
    if not name.startswith("spufs_")  # they need a driver's mapping, which these worlds do not have
]
LARGE = ("three faults", "three faults and a remap")
THREE = (
    ("synchronous", "three faults"), ("synchronous", "three faults and a remap"), ("retry_once", "three faults"),
    ("sequence_counter", "three faults"), ("final", "three faults"), ("final", "three faults and a remap"),
)  # fmt: skip
"""where three faulting threads are tried"""
MEDIUM = ("two faults and a remap", "two faults, a remap and DONTNEED")


def is_quick(design: str, world: str) -> bool:
    """Whether the default tests can afford it."""
    if world in LARGE:
        return False
    return world not in MEDIUM or (design in mmlab.designs.series and world == MEDIUM[0])


def row(design: str, world: str) -> list:
    """What the explorer says now."""
    verdict = mmlab.explore(design, world, progress=False)
    finding, told = verdict.finding, verdict.counterexample
    return [
        verdict.safe, verdict.live, verdict.killable, finding and finding.kind, told and len(told),
        verdict.states, verdict.transitions,
    ]  # fmt: skip


def kept() -> dict[str, dict[str, list]]:
    """What is in the file."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def write(table: dict[str, dict[str, list]]) -> None:
    """One line a row."""
    parts = []
    for design, rows in table.items():
        lines = ",\n".join(f"  {json.dumps(world)}: {json.dumps(values)}" for world, values in rows.items())
        parts.append(f"{json.dumps(design)}: {{\n{lines}\n}}")
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def main() -> None:
    table = {}
    for design in DESIGNS:
        table[design] = {}
        for world in WORLDS:
            if world in LARGE and (design, world) not in THREE:
                continue
            table[design][world] = row(design, world)
            print(f"{design:<28} {world:<36} {table[design][world]}", file=sys.stderr, flush=True)
        write(table)


if __name__ == "__main__":
    main()
