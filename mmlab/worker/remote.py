"""A design whose functions run in a worker. The explorer and the timed engine take it like any other."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

from ..designs.design import CALLED_BY_THE_KERNEL, Design
from ..engine.explore.code import Stop, differs, run_code, said
from ..kernel.bug import KernelBug
from .call import Finished, stand_in
from .loading import shipped
from .process import Limits, Worker
from .rules import ALWAYS, error_of, place_of, stop_of
from .trouble import LIE, Untrue, WorkerBug

MOST_QUESTIONS = 400
"""questions in one call, after which the explorer gives it up"""


MOST_KEPT = 200
"""finished calls of timed runs that can be run again"""
MOST_CUTS = 400
"""places in the middle of them at which is looked too: another way to the same answer is another answer"""


class RemoteDesign(Design):
    """`patch` has stand-ins for the functions that the kernel calls; all the others are known in the worker alone.
    `kept` are those of mmlab's own that a text leaves alone: they run here, for each call through the pipe takes time.

    Used as a context manager, or closed with `close`. `worker` is the process, `elsewhere` the design itself.
    """

    def __init__(self, base: Design, task: dict, *, is_shipped: bool, name: str, limits=None, command=()) -> None:
        self.task = task
        self.worker = Worker(task, limits, command)
        self.over: list[int] = []
        self.finished: deque[Finished] = deque(maxlen=MOST_KEPT)
        self.found: dict[tuple, Stop] = {}
        self.shipped = is_shipped
        self.kept = untouched(base, task["source"]) if "source" in task else {}
        begins = self.greet()
        stand_ins = {
            function: stand_in(function, self.worker, self.over, self.finished, begins.get(function))
            for function in CALLED_BY_THE_KERNEL
        }
        stand_ins |= self.kept
        super().__init__(name, None, stand_ins, base.story, base.source, base.answers, after_retry=base.after_retry)
        self.stood_for = base
        self.elsewhere = self

    @property
    def is_shipped(self) -> bool:
        """Whether the code is mmlab's own."""
        return self.shipped

    @property
    def lineage(self) -> list[str]:
        """The names from the first design to this one."""
        above = self.stood_for.lineage
        return above if above[-1] == self.name else [*above, self.name]

    def greet(self) -> dict[str, tuple]:
        """Start the worker; where its functions begin. Raises WorkerBug, ValueError, or what the code raised."""
        self.worker.start()
        hello = self.worker.hello
        try:
            if hello.get("stop") == "raise":
                self.worker.stop()
                raise error_of(hello.get("what"), place_of(hello.get("place")))
            begins = hello.get("functions")
            if type(begins) is not tuple or not all(type(entry) is tuple and len(entry) == 4 for entry in begins):
                raise Untrue("it does not say which functions it has")
            return {entry[0]: place_of(entry[1:]) for entry in begins if type(entry[0]) is str}
        except Untrue as untrue:
            self.worker.stop()
            raise WorkerBug(LIE, str(untrue)) from None

    def run(self, name: str, arguments: tuple, history: tuple) -> Stop:
        """Run a function in the worker with the answers of `history`, as engine.explore.run_code does here.

        What goes wrong with the worker is a Stop of the kind "raise", and stays so for this history.
        """
        if name in self.kept:
            return run_code(self.kept[name], arguments, self.kept, False, history)
        call = name, arguments, history
        if call not in self.found:
            try:
                return ask(self.worker, name, arguments, history)
            except WorkerBug as bug:
                self.found[call] = Stop("raise", bug, place=bug.where)
        return self.found[call]

    @contextmanager
    def again(self) -> Iterator:
        """`run` of a fresh process, which knows nothing of what was asked before. Its Stops have no shape."""
        worker = Worker(self.task, self.worker.limits, self.worker.command)

        def run(name: str, arguments: tuple, history: tuple) -> Stop:
            if name in self.kept:
                return self.run(name, arguments, history)
            return ask(worker, name, arguments, history, shapes=False)

        try:
            yield run
        finally:
            worker.stop()

    def ask_again(self) -> None:
        """Run the last calls of the timed runs once more, in a fresh process and in another order.

        Raises KernelBug for code that now asks or answers something else: it keeps state outside the call.
        """
        shuffled = Random("ask again").sample
        calls = shuffled(self.finished, len(self.finished))
        self.finished.clear()
        if not calls:
            return
        ways = [(call, cut) for call in calls for cut in range(len(call.history))]
        ways = shuffled(ways, min(len(ways), MOST_CUTS)) + [(call, len(call.history)) for call in calls]
        with self.again() as run:
            for (name, arguments, history, answer), cut in shuffled(ways, len(ways)):
                compare(run(name, arguments, history[:cut]), name, history[cut:], answer)

    @property
    def printed(self) -> str:
        """What the code has printed, capped."""
        return self.worker.printed

    def close(self) -> None:
        """End the process."""
        self.worker.stop()

    def __enter__(self) -> RemoteDesign:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def compare(stop: Stop, name: str, rest: tuple, answer: object) -> None:
    """Raise KernelBug unless `stop` is what came before: the first question of `rest`, or else the answer."""
    if stop.kind == "raise":
        raise stop.what
    before = ("ask", rest[0][0]) if rest else ("return", answer)
    if (stop.kind, stop.what) != before:
        told = [f"asked {said(what)}" if kind == "ask" else f"answered {what!r}" for kind, what in (before, stop[:2])]
        raise differs(f"{told[0]} in {name}", told[1], stop.place)


def untouched(base: Design, source: str) -> dict:
    """The functions that the kernel calls and that the text has nothing to do with, with those that they call.

    They are mmlab's own and run here. A text that mentions one of their names keeps it in the worker.
    """
    words = set(re.findall(r"\w+", source))
    kept = {}
    for name in CALLED_BY_THE_KERNEL:
        family, wanted = set(), [name]
        while wanted:
            one = wanted.pop()
            if one in base.functions and one not in family:
                family.add(one)
                wanted += base.functions[one].__code__.co_names
        dispatched = any("nopage" in base.functions[one].__code__.co_names for one in family)  # calls it knows not what
        if not dispatched and not family & words:
            kept.update((one, base.functions[one]) for one in base.functions if one in family)
    return kept


def ask(worker: Worker, name: str, arguments: tuple, history: tuple, shapes: bool = True) -> Stop:
    """One run of a piece of code in a worker; shapes: see run_code. Raises WorkerBug."""
    if len(history) > MOST_QUESTIONS:
        raise KernelBug(
            "soft lockup", f"{MOST_QUESTIONS:,} questions in one call of {name}", "what should end the loop"
        )
    worker.start()
    told = worker.told
    pairs = [(type(answer), question, answer) for question, answer in history]  # True is no 1
    fresh = [pair for pair in dict.fromkeys(pairs) if pair not in told]
    told.update((pair, number) for number, pair in enumerate(fresh, len(told)))
    numbers = [told[pair] for pair in pairs]
    reply = worker.ask({"run": [name, arguments, numbers, shapes], "told": [pair[1:] for pair in fresh]})
    try:
        known = dict(ALWAYS)
        for given in (("t", *arguments), *(answer for _, answer in history)):
            note_handles(given, known)
        return stop_of(reply, known, worker.incarnation)
    except Untrue as untrue:
        worker.stop()
        raise WorkerBug(LIE, str(untrue)) from None


def note_handles(wire, known: dict) -> None:
    """Note the kind of each handle in a plain form."""
    if type(wire) is tuple:
        if wire[0] == "h":
            known[wire[1]] = wire[2]
        else:
            for part in wire[1:]:
                note_handles(part, known)


def remote(
    design: str | Design, source: str | None = None, *, name: str = "yours", limits: Limits | None = None,
    command: Sequence[str] = (), **options,
) -> RemoteDesign:  # fmt: skip
    """A design whose code runs in a process of its own.

    design: the name of one of mmlab's designs. With `source`, a text of `async def` functions, it is the base onto
    which the text is patched in the worker, under `name`; `options` go to Design.patched (new_signatures). limits: what
    the worker may use. command: words before the interpreter, for a sandbox.

    Raises ValueError for an unknown name, for a design whose functions are only here, and for code that cannot be
    patched onto its base; WorkerBug if the process cannot be started; whatever the text raises when it is loaded.
    """
    base = shipped(design)
    if not base.is_shipped:
        raise ValueError(
            f"the functions of {base.name!r} are in this process; give their source text and the base's name"
        )
    if source is None:
        return RemoteDesign(
            base, {"design": base.name}, is_shipped=True, name=base.name, limits=limits, command=command
        )
    task = {"base": base.name, "name": name, "source": source, "options": options}
    return RemoteDesign(base, task, is_shipped=False, name=name, limits=limits, command=command)
