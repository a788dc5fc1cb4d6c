"""What a piece of code asks, learned once, as a graph from answers to the next question.

Code sees the kernel only through its questions, so one run teaches what every later visit to the same place will do:
a few dozen runs of a fault handler serve a million states. Two places are one if their coroutines have the same shape;
where a coroutine cannot be described, and in the middle of a line, a place is told by the answers that led there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...kernel.bug import KernelBug
from .wire import numbers_in, renumber


class Place:
    """One place where code stands: `kind` "ask", "return" or "raise", `what` the question, value or exception.

    Structs in `what` are numbered 0 to `live` - 1: those that the code still knows. `line` is (function, line number,
    source line) of the reader's code, `sleeps` says that the question may sleep, `answers` leads to the next places.
    """

    __slots__ = ("answers", "function", "history", "index", "kind", "line", "live", "raws", "sleeps", "spent", "what")

    def __init__(self, index: int, stop, function, history: tuple, raws: tuple, spent: int) -> None:
        self.index = index
        self.kind = stop.kind
        self.line = stop.place
        self.sleeps = stop.sleeps
        self.function = function
        self.history = history
        self.raws = raws
        self.spent = spent
        self.live = len(raws)
        self.what = renumber(stop.what, raws.index) if stop.kind != "raise" else stop.what
        self.answers: dict[object, tuple[Place, tuple]] = {}


class Merge(NamedTuple):
    """A run that came, by its coroutine's shape, to a `place` where another one had been before.

    `raws` are the numbers that this run has for the structs of the place, `spent` how many it has given away.
    """

    place: Place
    function: tuple
    history: tuple
    raws: tuple
    spent: int


class Tree:
    """All places of one design's code. `run(name, arguments, is_kernel, history)` runs a piece of it and gives a Stop.

    `runs` counts the runs so far, `merges` are those that led to a known place.
    """

    def __init__(self, run: Callable) -> None:
        self.run = run
        self.runs = 0
        self.places: list[Place] = []
        self.merges: list[Merge] = []
        self.shapes: dict[tuple, Place] = {}
        self.roots: dict[tuple, tuple[Place, tuple]] = {}

    def root(self, name: str, arguments: tuple, is_kernel: bool) -> tuple[Place, tuple]:
        """The first place of a call, and which of the arguments' structs it still knows.

        The arguments are in plain form, their structs numbered in order of appearance.
        """
        call = name, arguments, is_kernel
        if call not in self.roots:
            handles = len(numbers_in(("t", *arguments)))
            self.roots[call] = self.arrive(call, (), tuple(range(handles)), handles)
        return self.roots[call]

    def go_on(self, place: Place, answer) -> tuple[Place, tuple]:
        """The next place after `answer`, and for each struct that it knows: which one of the old and new ones it is.

        A struct in the answer has the number that `place` knows it by, or place.live, place.live + 1, ... if it is new.
        """
        found = place.answers.get(answer)
        if found is None:
            led = led_on(place, answer, place.history, place.raws, place.spent)
            found = place.answers[answer] = self.arrive(place.function, *led)
        return found

    def arrive(self, call: tuple, history: tuple, known: tuple, spent: int) -> tuple[Place, tuple]:
        """Run the code and find the place where it stops; a new one if nobody was there before.

        `known` are the structs that it may know there, by the numbers of this run, `spent` how many there were so far.
        """
        self.runs += 1
        stop = self.run(*call, history)
        if stop.kind == "ask" and stop.shape is not None:
            raws = (*stop.handles, *(n for n in numbers_in(stop.what) if n not in stop.handles))
            key = call[2], stop.shape, renumber(stop.what, raws.index)
        elif stop.kind == "return":
            raws = tuple(numbers_in(stop.what))
            key = "return", renumber(stop.what, raws.index)
        else:
            raws = known
            key = None
        if not {*raws, *numbers_in(stop.what)} <= set(known):
            raise KernelBug("unknown struct", "the code uses a struct that, by its own shape, it had forgotten")
        place = self.shapes.get(key) if key else None
        if place is not None:
            if place.kind == "ask":
                self.merges.append(Merge(place, call, history, raws, spent))
        else:
            place = Place(len(self.places), stop, call, history, raws, spent)
            self.places.append(place)
            if key:
                self.shapes[key] = place
        return place, tuple(map(known.index, raws))


def led_on(place: Place, answer, history: tuple, raws: tuple, spent: int) -> tuple[tuple, tuple, int]:
    """How a run that stands at `place` goes on with an answer: (history, structs that it may know, how many so far).

    The arguments are what they were before the answer; `raws` are the numbers that the run has for the place's structs.
    """
    live = place.live
    raw = renumber(answer, lambda n: raws[n] if n < live else spent + n - live)
    question = renumber(place.what, raws.__getitem__)
    fresh = sum(number >= live for number in numbers_in(answer))
    return (*history, (question, raw)), (*raws, *range(spent, spent + fresh)), spent + fresh
