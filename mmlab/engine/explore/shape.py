"""The shape of a sleeping coroutine: everything that its future depends on, as a hashable value.

f_lasti and f_locals are not enough: in `f(await a(), await b())`, in `for _ in (p, p): await x()` and in
`mm.mmap_seq == (await seq())` a value sits on the evaluation stack. gc.get_referents shows the stack, and iterators
tell where they stand. What cannot be described raises Opaque: such a coroutine is told by its history instead.
"""

from __future__ import annotations

import gc
import types
from collections import deque
from functools import partial

from ...kernel.handle import CounterHandle, Handle

ATOMS = (int, str, bytes, float, complex, bool, types.NoneType, types.EllipsisType, types.NotImplementedType)
BY_IDENTITY = (types.CodeType, types.ModuleType, types.WrapperDescriptorType, type)
ALIVE: dict[int, object] = {}
"""what was told by its identity: it must live on, or its id could be given to something else"""
HEAP_TYPE, IMMUTABLE_TYPE, DISALLOW_INSTANTIATION = 1 << 9, 1 << 8, 1 << 7
"""flags of types, from Include/object.h"""
ITERATORS = tuple(
    type(iterator)
    for iterator in (
        iter([]), iter(()), iter(""), iter(b""), iter(range(0)), iter({}), iter({}.values()), iter({}.items()),
        iter(set()), reversed([]), enumerate([]), zip(), map(int, ()), filter(None, ()), iter(range(1 << 70)),
    )
)  # fmt: skip
"""iterators whose __reduce__ tells where they stand without moving them"""


class Opaque(Exception):
    """Something in a coroutine cannot be described."""


def shape_of(coroutine, own) -> tuple[tuple, list]:
    """(shape, handles): the shape names handles by their place in the list. `own` is the machinery not to describe.

    Raises Opaque.
    """
    describer = Describer(own)
    return describer.describe(coroutine), describer.handles


class Describer:
    """Walks over values; remembers what it has met, so that two names of one list are told from two equal lists."""

    def __init__(self, own) -> None:
        self.own = own
        self.handles: list = []
        self.met: dict[int, int] = {}
        self.kept: list = []

    def describe(self, value):
        """`value` as something hashable."""
        kind = type(value)
        if kind in ATOMS:
            return (kind.__name__, value)
        if kind is Handle or kind is CounterHandle:
            return self.handle(value._number)
        if value is self.own:
            return "own"
        if isinstance(value, BY_IDENTITY):
            return ("id", identity(value))
        if id(value) in self.met:
            return ("again", self.met[id(value)])
        self.met[id(value)] = len(self.met)
        self.kept.append(value)  # or its id could be given to something else
        return self.structure(kind, value)

    def handle(self, number):
        """A handle that always means the same struct by its name, another one by its place."""
        if isinstance(number, str):
            return ("handle", number)
        if number not in self.handles:
            self.handles.append(number)
        return ("handle", self.handles.index(number))

    def structure(self, kind: type, value):
        """A value that has parts."""
        if kind in (tuple, list, deque):
            return (kind.__name__, *map(self.describe, value))
        if kind is dict:
            return ("dict", *((self.describe(key), self.describe(part)) for key, part in value.items()))
        if kind in (set, frozenset):
            return (kind.__name__, *sorted(map(self.describe, value), key=repr))
        if kind in (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType):
            return self.frame(value)
        if kind is types.FunctionType:
            parts = value.__defaults__, value.__kwdefaults__, value.__closure__, value.__dict__
            return ("function", identity(value.__code__), *map(self.describe, parts))
        if kind is types.BuiltinFunctionType:
            return ("builtin", value.__qualname__, self.describe(value.__self__))
        if kind is types.MethodType:
            return ("method", self.describe(value.__func__), self.describe(value.__self__))
        if kind is types.CellType:
            try:
                return ("cell", self.describe(value.cell_contents))
            except ValueError:
                return "empty cell"
        if kind is partial:
            return ("partial", *map(self.describe, (value.func, value.args, value.keywords)))
        if kind in ITERATORS:
            return ("iterator", kind.__name__, *map(self.describe, value.__reduce__()))
        return self.instance(kind, value)

    def frame(self, coroutine):
        """A coroutine or generator: where it stands, which names it has bound, its variables and its stack."""
        referents = gc.get_referents(coroutine)  # before the frame object exists, which would be among them
        letter = {types.CoroutineType: "cr", types.GeneratorType: "gi", types.AsyncGeneratorType: "ag"}[type(coroutine)]
        frame = getattr(coroutine, f"{letter}_frame")
        if frame is None:
            return "finished"
        names = tuple(frame.f_locals)
        parts = [self.describe(part) for part in referents if type(part) is not types.FrameType]
        return ("frame", identity(frame.f_code), frame.f_lasti, names, *parts)

    def instance(self, kind: type, value):
        """An object of a class written in Python: its fields."""
        if issubclass(kind, BaseException):
            return ("raised", identity(kind), self.describe(value.args), self.describe(value.__dict__))
        if kind.__mro__ == (kind, tuple, object) and not hasattr(value, "__dict__"):  # a NamedTuple, such as Contract
            return ("object", identity(kind), *map(self.describe, value))
        if not all(is_written_in_python(base) for base in kind.__mro__[:-1]):
            raise Opaque(kind.__name__)  # a class written in C may hide anything
        fields = [name for base in kind.__mro__ for name in slots_of(base)]
        state = {name: getattr(value, name) for name in fields if hasattr(value, name)}
        state.update(getattr(value, "__dict__", {}))
        return ("object", identity(kind), *((name, self.describe(part)) for name, part in state.items()))


def identity(value) -> int:
    """The id of something that is told by its identity."""
    ALIVE.setdefault(id(value), value)
    return id(value)


def is_written_in_python(kind: type) -> bool:
    """Whether a class was made by a `class` statement. Many classes of the standard library are heap types too."""
    made = kind.__dict__.get("__new__")
    flags = kind.__flags__
    return (
        flags & HEAP_TYPE != 0
        and not flags & (IMMUTABLE_TYPE | DISALLOW_INSTANTIATION)
        and (made is None or isinstance(made, staticmethod))
    )


def slots_of(kind: type) -> tuple[str, ...]:
    """The names in the __slots__ of one class."""
    slots = kind.__dict__.get("__slots__", ())
    return (
        (slots,) if isinstance(slots, str) else tuple(name for name in slots if name not in ("__dict__", "__weakref__"))
    )
