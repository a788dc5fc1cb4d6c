"""A design is a patch: its base with some functions replaced or added."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from functools import cached_property

from ..kernel.answers import ANSWERS, Contract, checked
from ..kernel.bug import is_ours
from ..kernel.machine import Machine


class Design:
    """One way to handle a page fault.

    `name` is how people call it, `base` the design it patches (None for the first), `patch` the functions it replaces
    or adds, `story` one line on its idea, `source` where the idea comes from (mail, commit, or "[ours]"),
    `answers` what its functions may answer, `after_retry` who holds mmap_sem when ->nopage has answered RETRY (as its
    base, unless it says otherwise). `elsewhere` is None, or what runs its functions where that is not this process
    (mmlab.worker): `run(name, arguments, history)` gives a Stop as engine.explore.run_code does, and `again()` is a
    context manager that gives such a `run` of a fresh process.
    """

    elsewhere = None

    def __init__(
        self, name: str, base: Design | None, patch: dict[str, Callable], story: str, source: str,
        answers: dict[str, Contract] | None = None, after_retry: str = "",
    ) -> None:  # fmt: skip
        self.name = name
        self.base = base
        self.patch = patch
        self.story = story
        self.source = source
        self.answers = {**(base.answers if base else ANSWERS), **(answers or {})}
        self.after_retry = after_retry or (base.after_retry if base else "")

    @classmethod
    def first(cls, name: str, *functions: Callable, story: str, source: str, after_retry: str) -> Design:
        """A design that patches nothing."""
        patch = {function.__name__: function for function in functions}
        return cls(name, None, patch, story, source, after_retry=after_retry)

    def patched(
        self, name: str, *, story: str = "", source: str = "[yours]", added: dict[str, Callable] | None = None,
        answers: dict[str, Contract] | None = None, after_retry: str = "", new_signatures: bool = False,
        **functions: Callable,
    ) -> Design:  # fmt: skip
        """A new design: this one with `functions` replaced and the functions in `added` added.

        `answers` gives the contracts of those functions that now answer something else; `after_retry` says who holds
        mmap_sem after RETRY, where the patch changes that. `new_signatures` says that functions take other parameters
        on purpose; then all their callers must be in the patch too.

        Raises ValueError when a function is not there to be replaced, is not `async def`, or takes other parameters
        than the one it replaces (without `new_signatures`, or while somebody still calls it with the old ones).
        """
        for function_name, function in functions.items():
            if function_name not in self.functions:
                near = difflib.get_close_matches(function_name, self.functions, 1)
                raise ValueError(
                    f"design {self.name!r} has no function {function_name!r} to replace"
                    + (f"; did you mean {near[0]!r}?" if near else ";")
                    + f" {self._places()}. New functions go into added={{...}}"
                )
            self._must_be_coroutine(function_name, function)
            old = parameters(self.functions[function_name])
            if not new_signatures and not can_take(function, len(old)):
                raise ValueError(
                    f"{function_name} takes ({', '.join(old)}) in design {self.name!r}, yours takes "
                    f"{inspect.signature(function)}: its callers would not fit; if that is meant, say "
                    f"new_signatures=True. {self._places()}"
                )
        for function_name, function in (added or {}).items():
            self._must_be_coroutine(function_name, function)
            if hasattr(Machine, function_name) or function_name in self.functions:
                raise ValueError(
                    f"{function_name!r} cannot be added: it is there already; replace it, or take another name"
                )
        design = Design(name, self, {**(added or {}), **functions}, story, source, answers, after_retry)
        if new_signatures:
            must_fit_callers(design)
        return design

    def _places(self) -> str:
        """What a patch may replace, for whoever got it wrong."""
        return f"It can be patched at: {', '.join(self.functions)}"

    def _must_be_coroutine(self, name: str, function: Callable) -> None:
        """Raise ValueError unless `function` is an `async def`."""
        if not inspect.iscoroutinefunction(function):
            given = f"the plain function {function.__name__}" if inspect.isfunction(function) else repr(function)
            raise ValueError(
                f"{name} must be an `async def` function, because it may sleep; given: {given}. {self._places()}"
            )

    @cached_property
    def functions(self) -> dict[str, Callable]:
        """Every function of the design, its own and its base's, in the order of the call path."""
        return {**(self.base.functions if self.base else {}), **self.patch}

    @property
    def lineage(self) -> list[str]:
        """The names from the first design to this one."""
        return [*(self.base.lineage if self.base else []), self.name]

    @cached_property
    def is_shipped(self) -> bool:
        """Whether every function is mmlab's own; a learner's design gets the costlier debugging aids."""
        ours = __file__.rpartition("design")[0]
        return all(
            f.__code__.co_filename.startswith(ours) or is_ours(f.__code__.co_filename) for f in self.functions.values()
        )

    @cached_property
    def guarded(self) -> dict[str, Callable]:
        """`functions`; where they are not all mmlab's own, their answers are held against their contracts."""
        if self.is_shipped:
            return self.functions
        return {**self.functions, **self.held_to_contract()}

    def held_to_contract(self) -> dict[str, Callable]:
        """The functions that have a contract, each wrapped so that its answers are held against it."""
        return {
            name: checked(function, self.answers[name])
            for name, function in self.functions.items()
            if name in self.answers
        }

    @cached_property
    def machine_class(self) -> type[Machine]:
        """A Machine whose methods are this design's functions."""
        return type(f"Machine_{self.name}", (Machine,), {**self.functions, "design_name": self.name, "__slots__": ()})

    @cached_property
    def checked_machine_class(self) -> type[Machine]:
        """As `machine_class`, and the answers of the functions are held against their contracts."""
        return type(f"Machine_{self.name}", (self.machine_class,), {**self.held_to_contract(), "__slots__": ()})

    def machine(self, *, debug: bool = False, **options) -> Machine:
        """A fresh machine that runs this design; options as for Machine. With `debug` its answers are checked too."""
        return (self.checked_machine_class if debug else self.machine_class)(debug=debug, **options)

    def __repr__(self) -> str:
        return self.name


CALLED_BY_THE_KERNEL = ("do_page_fault", "faultin_page", "mmap_write_lock", "mmap_write_unlock", "vma_start_write")
"""their callers are outside the design, so their parameters never change"""


def must_fit_callers(design: Design) -> None:
    """Raise ValueError if a function whose parameters the patch changes is still called as before.

    Callers are told by the names in their code; a ->nopage is called by whoever says `nopage`, and all of one design
    take the same parameters.
    """
    old, new = design.base.functions, design.functions
    changed = [
        name for name in design.patch if name in old and len(parameters(old[name])) != len(parameters(new[name]))
    ]
    for name in changed:
        if name in CALLED_BY_THE_KERNEL:
            raise ValueError(f"{name} is called by the kernel: it must take ({', '.join(parameters(old[name]))})")
        word = "nopage" if name.endswith("_nopage") else name
        for caller, function in new.items():
            if caller not in design.patch and word in function.__code__.co_names:
                raise ValueError(f"{caller} calls {word} with its old parameters: it must be in the patch too")
    handlers = [name for name in new if name.endswith("_nopage") and name != "do_no_page"]
    if len({len(parameters(new[name])) for name in handlers}) > 1:
        raise ValueError(f"{' and '.join(handlers)} are called by the same line: they must take the same parameters")


def can_take(function: Callable, number: int) -> bool:
    """Whether it can be called with that many arguments, as the kernel calls: by position."""
    try:
        inspect.signature(function).bind(*range(number))
    except TypeError:
        return False
    return True


def parameters(function: Callable) -> list[str]:
    """The names of a function's parameters."""
    return list(inspect.signature(function).parameters)
