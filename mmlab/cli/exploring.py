"""mmlab explore: every interleaving of designs in small worlds, and a status that says what it proved."""

from __future__ import annotations

from ..experiment.verdicts import listed, verdicts
from ..experiment.worlds import WORLDS
from .commands import print_json, save

DEFAULT = ("two faults and a remap",)
HOLDS, WRONG, CUT_OFF = 0, 1, 2


def explore(args) -> int:
    """mmlab explore"""
    if args.list:
        return list_worlds(args)
    if not args.designs:
        raise ValueError("no DESIGN was given; `mmlab designs` lists them, `mmlab explore --list` the scenarios")
    if args.svg and (len(args.designs) > 1 or len(args.scenario or DEFAULT) > 1):
        raise ValueError("--svg FILE holds one picture: give one DESIGN and one --scenario")
    found = verdicts(
        args.designs, listed(args.scenario, DEFAULT), grain=args.grain, most=args.most, progress=args.progress
    )
    verdict = found.verdicts[0]
    if args.svg and verdict.counterexample is not None:
        save(args.svg, verdict.counterexample.picture().svg + "\n")
    if args.json:
        print_json([one.as_dict() for one in found])
    elif len(found) > 1:
        print(found)
    else:
        print(verdict)
        if verdict.counterexample is not None:
            print(f"\n{verdict.counterexample.text()}")
            print(f"\nstep through it: mmlab step {verdict.design} --scenario '{verdict.scenario}'")
        elif args.svg:
            print(f"\nno interleaving breaks a rule: {args.svg} was not written")
    return status_of(found)


def status_of(found) -> int:
    """1 where something is wrong, else 2 where something was cut off, else 0."""
    if any(verdict.finding is not None for verdict in found):
        return WRONG
    return HOLDS if found.holds else CUT_OFF


def list_worlds(args) -> int:
    """mmlab explore --list"""
    if args.json:
        print_json({name: world.bounds for name, world in WORLDS.items()})
    else:
        for name, world in WORLDS.items():
            print(f"{name}\n   {world.bounds}")
    return HOLDS
