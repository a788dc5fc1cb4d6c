"""How long the explorer takes for the worlds with two faulting threads, and SPIN for its models of them.

    python benchmarks/explorer.py [DESIGN ...]

Seconds are cpu time. The bar: at most 5 s each, for every design of the series. "us a state" is set beside SPIN's where
spin and gcc are installed; SPIN compiles a model to C first, which its own seconds do not contain (see docs/spin.md).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))  # the source tree, not an installed copy
sys.path.insert(2, str(Path(__file__).resolve().parent.parent / "tests"))

import mmlab
from mmlab.experiment.worlds import WORLDS

BAR = 5.0
TWO = [name for name, world in WORLDS.items() if len(world.faults) + len(world.system_calls) == 2]


def spin_us_a_state(design: str, world: str) -> float | None:
    """SPIN's time for one state of its model; None without SPIN or such a model, or with too few states."""
    from spin_judge import DESIGNS, MissingTool, judge
    from spin_judge import WORLDS as MODELLED

    if design not in DESIGNS or world not in MODELLED:
        return None
    try:
        verdict = judge(design, world, flags=("-O1",))
    except MissingTool:
        return None
    return verdict.microseconds_per_state if verdict.states >= 10_000 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("designs", nargs="*", default=list(mmlab.designs.series), metavar="DESIGN")
    given = parser.parse_args()
    print(f"{'design':<20} {'scenario':<34} {'states':>8} {'seconds':>8} {'bar':>8} {'us a state':>11} {'SPIN':>6}")
    for design in given.designs:
        for world in TWO:
            begin = time.process_time()
            verdict = mmlab.explore(design, world, progress=False)
            seconds = time.process_time() - begin
            judge = spin_us_a_state(design, world)
            place = "inside" if seconds <= BAR else "outside"
            print(
                f"{design:<20} {world:<34} {verdict.states:>8,} {seconds:>8.2f} {place:>8} "
                f"{1e6 * seconds / verdict.states:>11.0f} {'' if judge is None else f'{judge:.1f}':>6}",
                flush=True,
            )


if __name__ == "__main__":
    main()
