"""mmlab step: choose who moves next, in a terminal. Reads lines, so that a test can play it too."""

from __future__ import annotations

import sys

from ..designs import find
from ..engine.step import GOALS, Stepper
from ..experiment.stepping import begin, places
from ..experiment.worlds import world_of
from ..view.interleaving_text import SIGNS, text
from .commands import print_json

HELP = """  a number or a name   let that task (or the disk) take its next step
  u                    undo the last step
  r                    redo it
  h                    the history so far
  g                    the goal
  ?                    these lines
  q                    quit"""


def step(args) -> int:
    """mmlab step"""
    if args.json and not args.list:
        raise ValueError("--json goes with --list only: a game is not for programs; see mmlab.engine.step.Stepper")
    if args.json:
        print_json({goal.name: goal.sentence for goal in GOALS.values()})
        return 0
    if args.list:
        for goal in GOALS.values():
            print(f"{goal.name}\n   {goal.sentence}")
        return 0
    design, world = find(args.design), world_of(args.scenario)
    stepper = begin(design, world, args.goal, args.grain)
    print(f"{design} in «{world.name}»: {world.bounds}\nthe goal: {stepper.goal.sentence}   (? for help, q to quit)\n")
    return play(stepper, sys.stdin, design.name, world.name)


def play(stepper: Stepper, lines, design: str, world: str) -> int:
    """Show, read a line, obey; until q or the end of the lines. Returns the exit status, 0."""
    told = None
    while True:
        show(stepper, told)
        told = stepper.reached()
        if told:
            print(f"*** the goal is reached: {told}")
            told = None
        while True:
            print("> ", end="", flush=True)
            line = lines.readline()
            if not line or line.strip() == "q":
                print("" if line else "\n", end="")
                return 0
            if obey(stepper, line.strip(), design, world):
                break


def obey(stepper: Stepper, word: str, design: str, world: str) -> bool:
    """Do what a line says. Returns whether something changed, so that it has to be shown."""
    if word in ("", "?"):
        print(HELP)
    elif word == "g":
        print(f"  {stepper.goal.name}: {stepper.goal.sentence}")
    elif word == "h":
        told = stepper.interleaving()
        told.world = world
        print(text(told))
    elif word in ("u", "r"):
        if stepper.undo() if word == "u" else stepper.redo():
            return True
        print("  nothing to undo" if word == "u" else "  nothing to redo")
    else:
        able = stepper.movable()
        if word.isdigit() and not 1 <= int(word) <= len(able):
            print(f"  there is no choice {word}; the choices are 1 to {len(able)}" if able else "  nobody can move: u")
            return False
        try:
            stepper.move(able[int(word) - 1] if word.isdigit() else word)
            return True
        except ValueError as error:
            print(f"  {error}")
    return False


def show(stepper: Stepper, told) -> None:
    """The last step, what everybody does, and the choices."""
    if stepper.steps:
        step = stepper.steps[-1]
        where = f"   {step.line[0]}:{step.line[1]}  {step.line[2]}" if step.line else ""
        print(f"step {step.number}: {step.task} {'; '.join(step.did)}{where}")
        print(f"  {step.locks}")
    if stepper.finding is not None:
        print(stepper.finding.report())
        print("nobody can move after a finding; u undoes the last step")
        return
    number = 0
    for place in places(stepper):
        lane = f"[{SIGNS[place.state]}] {place.seen}" if place.state else place.seen
        if place.can:
            number += 1
            where = f"   {place.line[0]}:{place.line[1]}" if place.line else ""
            print(f" {number:>2}  {place.name:<9} {lane:<44} next: {place.words}{where}")
        else:
            print(f"  -  {place.name:<9} {lane:<44} {place.words}".rstrip())
