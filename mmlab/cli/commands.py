"""What each command does, after its arguments have been read. Bad input is a ValueError; `main` makes a line of it."""

from __future__ import annotations

import json
import os
import sys

from .. import designs
from ..experiment import Scenario, compare
from ..experiment.published import NOTE, beside_published
from .options import scenario_values

RED, GREEN, DIM, BOLD, PLAIN = "\033[31m", "\033[32m", "\033[2m", "\033[1m", "\033[0m"


def print_json(value) -> None:
    """As JSON, for other programs."""
    print(json.dumps(value, indent=2))


def save(path: str | None, text: str) -> None:
    """Write a text file, the same on every machine."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def run_one(args) -> None:
    """mmlab run"""
    scenario = Scenario(design=args.design, **scenario_values(args))
    if args.trace:
        from ..trace import write_events, write_header

        with open(args.trace, "w", encoding="utf-8", newline="\n") as file:
            write_header(file, {"scenario": json.loads(scenario.to_json()), "seconds": args.seconds})
            result = scenario.run(args.seconds, progress=args.progress, watch=lambda events: write_events(events, file))
    else:
        result = scenario.run(args.seconds, progress=args.progress)
    if args.svg:
        save(args.svg, result.timeline().svg + "\n")
    if args.json:
        print_json(result.as_dict())
        return
    print(result.table())
    print(f"\nrun it again: {scenario!r}.run(seconds={args.seconds})")


def compare_designs(args) -> None:
    """mmlab compare"""
    comparison = compare(args.designs, seconds=args.seconds, progress=args.progress, **scenario_values(args))
    if args.svg:
        save(args.svg, comparison.timeline().svg + "\n")
    beside = beside_published(comparison)
    if args.json:
        published = beside and [dict(zip(beside.columns, row)) for row in beside.rows]
        print_json({"results": comparison.as_dict(), "published": published})
        return
    print(comparison.table())
    if beside:
        print(f"\n{beside}\n\n{NOTE}")


def list_designs(args) -> None:
    """mmlab designs"""
    known = list(designs.everything().values())
    if args.json:
        print_json(
            [
                {
                    "name": design.name,
                    "base": design.base and design.base.name,
                    "patch": list(design.patch),
                    "story": design.story,
                    "source": design.source,
                    "after_retry": design.after_retry,
                    "lineage": design.lineage,
                }
                for design in known
            ]
        )
        return

    def show(base, depth: int) -> None:
        for design in known:
            if design.base is base:
                pad = "   " * depth
                print(f"{pad}{design.name}")
                for text in (design.story, f"lock: {design.after_retry}", f"from: {design.source}"):
                    print(f"{pad}   {text}")
                show(design, depth + 1)

    show(None, 0)


def show_diff(args) -> None:
    """mmlab diff"""
    patch = designs.diff(args.a, args.b)
    if args.json:
        stat = {name: {"added": plus, "removed": minus} for name, (plus, minus) in patch.stat.items()}
        print_json({"a": patch.a, "b": patch.b, "stat": stat, "diff": str(patch)})
    elif args.stat:
        print(patch.stat_text())
    elif args.color == "always" or (args.color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR")):
        print(coloured(patch))
    else:
        print(patch)


def coloured(patch) -> str:
    """A Diff for a terminal: what goes in red, what comes in green, docstrings dimmed."""
    lines = [f"{BOLD}--- {patch.a}", f"+++ {patch.b}{PLAIN}"]
    for name, hunk in patch.hunks.items():
        lines.append(f"{BOLD}@@ {name} @@{PLAIN}")
        for mark, line, is_doc in hunk:
            colour = {"+": GREEN, "-": RED, " ": ""}[mark] + (DIM if is_doc else "")
            lines.append(f"{colour}{mark}{line}{PLAIN if colour else ''}")
    return "\n".join(lines)


def check_oracles(args) -> int:
    """mmlab oracles"""
    from ..experiment.oracle_rows import ORACLES
    from ..experiment.oracles import check_all, table

    chosen = [oracle for oracle in ORACLES if args.slow or not oracle.slow]
    if args.words:
        words = [word.lower() for word in args.words]
        chosen = [o for o in chosen if any(word in f"{o.name} {o.formula}".lower() for word in words)]
    if not chosen:
        names = "; ".join(sorted({oracle.formula for oracle in ORACLES}))
        raise ValueError(f"no oracle has {' or '.join(args.words)} in its name or formula. The formulas are: {names}")
    checked = check_all(chosen, args.progress)
    if args.json:
        keys = ("name", "formula", "unit", "seconds", "seeds")
        print_json([{**{key: getattr(o, key) for key in keys}, **found._asdict()} for o, found in checked])
    else:
        print(table(checked))
    return 0 if all(found.agrees for _, found in checked) else 1
