"""The explorer must never take two different situations for one: that would be a wrong "safe"."""

import array
import collections
import contextvars
import functools
import gc
import itertools
import weakref

import pytest
from explore_helpers import search_of, searched, stage_of

from mmlab import designs
from mmlab.designs import mutants
from mmlab.engine.explore import code as code_module
from mmlab.engine.explore.counts import GONE, Count, apply, compact
from mmlab.engine.explore.effects import Effects
from mmlab.engine.explore.fields import COVERED, LEFT_OUT
from mmlab.engine.explore.shape import Opaque, shape_of
from mmlab.kernel import KernelBug, bump_mmap_seq, find_vma
from mmlab.kernel.mm import mmget, mmput

# ---------------------------------------------------------------- the three snippets
# In each, what was seen before the last await stands on the evaluation stack and nowhere else. A second task comes and
# goes, so mm_users may fall; who forgets the first look takes that for a situation that it has seen before.


def look_at(k, first, second):
    """With the newcomer there at the first look, and gone at the second: what nobody may overlook."""
    if (first, second) == (3, 1):
        k.bug("found", "the newcomer came and went")


async def users(k):
    """A look at mm_users, with an await after it in which others may run."""
    seen = k.mm.mm_users
    await find_vma_quietly(k)
    return seen


async def find_vma_quietly(k):
    await k.mm.mmap_sem.down_read()
    await find_vma(k.mm, 0)
    await k.mm.mmap_sem.up_read()


async def arguments_on_the_stack(k):
    look_at(k, await users(k), await users(k))


async def iterator_on_the_stack(k):
    seen = []
    for _ in (0, 0, 0):
        seen.append(k.mm.mm_users)
        await find_vma_quietly(k)
        if len(seen) == 2:
            look_at(k, *seen)
            seen.clear()


async def comparison_on_the_stack(k):
    if 10 * k.mm.mm_users + (await users(k)) == 31:
        k.bug("found", "the newcomer came and went")


async def newcomer(k):
    mmget(k.mm)
    await find_vma_quietly(k)
    mmput(k.mm)


SNIPPETS = (arguments_on_the_stack, iterator_on_the_stack, comparison_on_the_stack)


OWN = ("asker", "self")
"""locals of the machinery"""


def poor_shape(coroutine, own):
    """f_lasti and f_locals of the chain of coroutines: what one might think is enough."""
    parts = []
    while coroutine is not None and getattr(coroutine, "cr_frame", None) is not None:
        frame = coroutine.cr_frame
        local = tuple(sorted((name, repr(value)) for name, value in frame.f_locals.items() if name not in OWN))
        parts.append((id(frame.f_code), frame.f_lasti, local))
        coroutine = coroutine.cr_await
    return tuple(parts), []


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_what_stands_on_the_stack_is_seen(snippet):
    found = searched(stage_of((snippet,), (newcomer,))).found
    assert found is not None and found.bug.kind == "found"


@pytest.mark.parametrize("snippet", [arguments_on_the_stack, comparison_on_the_stack])
def test_a_key_of_f_lasti_and_f_locals_takes_two_situations_for_one(monkeypatch, snippet):
    """Both answers lead to places that look alike; the first run decides what happens at both."""
    monkeypatch.setattr(code_module, "shape_of", poor_shape)
    assert searched(stage_of((snippet,), (newcomer,))).found is None


def test_a_key_of_f_lasti_and_f_locals_does_not_see_where_an_iterator_stands(monkeypatch):
    """The loop comes back to the same line with the same locals: it seems to go on for ever."""

    async def loop(k):
        for _ in (0, 0):
            await find_vma_quietly(k)
        k.bug("found", "after the loop")

    assert searched(stage_of((loop,))).found.bug.kind == "found"
    monkeypatch.setattr(code_module, "shape_of", poor_shape)
    search = searched(stage_of((loop,)))
    assert search.complete and search.found is None


def with_histories(monkeypatch):
    """No shapes: every place is told by the whole history of what was seen."""

    def opaque(coroutine, own):
        raise Opaque("on purpose")

    monkeypatch.setattr(code_module, "shape_of", opaque)


FINITE = ("one fault", "a fault and an unmap", "a fault and a truncate", "a fault and a read error",
          "a fault and a kill", "a fault without memory", "a cached page and a remap")  # fmt: skip


@pytest.mark.parametrize("design", ["synchronous", "nopage_retry", "retry_once", "sequence_counter", "final"])
@pytest.mark.parametrize("world", FINITE)
def test_the_whole_history_as_key_gives_the_same_verdict(monkeypatch, design, world):
    by_shape, *_ = search_of(design, world)
    with_histories(monkeypatch)
    by_history, *_ = search_of(design, world)
    assert by_history.complete and by_shape.complete
    assert (by_history.found is None) == (by_shape.found is None)
    assert (by_history.unkillable is None) == (by_shape.unkillable is None)
    assert len(by_history.graph.parent) >= len(by_shape.graph.parent)


@pytest.mark.slow
@pytest.mark.parametrize("design", [d for d in (*designs.series, *designs.descendants) if d != "nopage_refault"])
def test_the_whole_history_as_key_gives_the_same_verdict_with_two_faults(monkeypatch, design):
    """Not so for nopage_refault: a busy wait has a history without end."""
    test_the_whole_history_as_key_gives_the_same_verdict(monkeypatch, design, "two faults")


BROKEN = [name for name, m in mutants.items() if m.finding not in ("livelock", "unkillable")]


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_the_whole_history_as_key_finds_the_same_mistakes(monkeypatch, name):
    with_histories(monkeypatch)
    mutant = mutants[name]
    search, *_ = search_of(mutant.design, mutant.world)
    assert search.found.bug.kind == mutant.finding and len(search.found.path) == mutant.steps


SMALL = ("one fault", "a fault and an unmap", "a fault under DONTNEED", "a fault under reclaim",
         "a fault and a truncate", "a fault and a read error", "a fault and a signal", "a fault and a kill",
         "a fault without memory", "a bad address")  # fmt: skip


QUICK = ("final",)
LONG = [
    pytest.param(name, marks=pytest.mark.slow) for name in [*designs.series, *designs.descendants] if name not in QUICK
]


@pytest.mark.parametrize("design", [*QUICK, *LONG])
def test_without_any_reduction_the_verdicts_are_the_same(design):
    from mmlab import explore

    for world in SMALL:
        reduced, whole = (explore(design, world, grain=grain, progress=False) for grain in ("access", "all"))
        assert (reduced.safe, reduced.live, reduced.killable) == (whole.safe, whole.live, whole.killable), world
        assert whole.states > reduced.states


@pytest.mark.slow
@pytest.mark.parametrize("name", mutants)
def test_without_any_reduction_the_mistakes_are_the_same(name):
    from mmlab import explore

    mutant = mutants[name]
    assert explore(mutant.design, mutant.world, grain="all", progress=False).finding.kind == mutant.finding


@pytest.mark.parametrize(
    ("design", "world"),
    [
        ("final", "two faults"),
        ("sequence_counter", "a fault under DONTNEED and mmap"),
        ("retry_once", "a fault and a truncate"),
        ("per_vma_lock", "a cached page and a remap"),
        ("per_vma_counter", "a fault and an unmap"),
        ("mm_lock_seq", "a fault and an unmap"),
    ],
)
def test_remembered_steps_lead_to_the_same_states_as_steps_with_everybody_on_the_stage(monkeypatch, design, world):
    remembered, *_ = search_of(design, world)
    assert remembered.effects.steps < len(remembered.graph.target)
    monkeypatch.setattr(Effects, "of", Effects.make_whole)
    whole, *_ = search_of(design, world)
    for field in ("parent", "target", "who", "resolved"):
        assert getattr(remembered.graph, field) == getattr(whole.graph, field)


# ---------------------------------------------------------------- keys


def test_no_field_of_a_struct_is_forgotten_in_the_key():
    for kind, covered in COVERED.items():
        slots = {slot for base in kind.__mro__ for slot in base.__dict__.get("__slots__", ())}
        if kind.__name__ == "vma_lock":
            slots = {"vma"}  # the rest is a rw_semaphore, whose state Freezer.lock has
        assert slots == covered | LEFT_OUT[kind], kind


def test_a_frozen_state_thaws_to_itself():
    search, stage, _ = search_of("per_vma_lock", "a fault and an unmap")
    for state in search.states:
        stage.freezer.thaw(state)
        assert stage.freezer.freeze() == state


@pytest.mark.parametrize(
    ("values", "short"),
    [
        ([4], [0]),
        ([5], [1]),
        ([-1, 0], [-1, 0]),
        ([6, 7, 9], [0, 1, 3]),
        ([2, 8, 9], [0, 2, 3]),
        ([3, 8], [1, 4]),
        ([-1, 40], [-1, 2]),
    ],
)
def test_short_counters_keep_equality_parity_and_neighbourhood(values, short):
    found = compact(values)
    assert [found[value] for value in values] == short
    assert all(v < 0 or v % 2 == found[v] % 2 for v in values)


def test_a_value_that_the_kernel_has_no_longer_can_never_come_again():
    mapping = (("mmap", 9, ((9, 1),)),)
    assert apply(mapping, Count("mmap", 9)) == Count("mmap", 1)
    assert apply(mapping, Count("mmap", 7)) == Count("mmap", GONE - 1)
    assert apply(mapping, Count("mmap", 10)) == Count("mmap", 2)
    assert apply(mapping, Count("mmap", GONE)) == Count("mmap", GONE)


# ---------------------------------------------------------------- shapes


def shape_after(function, *values, steps=1):
    """The shape of function(*values) after so many awaits."""
    coroutine = function(*values)
    for _ in range(steps):
        coroutine.send(None)
    try:
        return shape_of(coroutine, None)[0]
    finally:
        coroutine.close()


class Await:
    def __await__(self):
        yield


async def remembers(value):
    kept = [value]
    await Await()
    return kept


async def nests(value):
    return value, await remembers(value)


@pytest.mark.parametrize("function", [remembers, nests])
@pytest.mark.parametrize(("a", "b"), [(1, 2), (1, True), ((1, 2), [1, 2]), ({"x": 1}, {"x": 2}), (b"x", "x")])
def test_two_values_have_two_shapes_and_equal_values_one(function, a, b):
    assert shape_after(function, a) != shape_after(function, b)
    assert shape_after(function, a) == shape_after(function, a)


def test_two_names_of_one_list_are_told_from_two_equal_lists():
    one = []
    assert shape_after(remembers, (one, one)) != shape_after(remembers, ([], []))


@pytest.mark.parametrize(
    "hidden",
    [
        itertools.count(3), itertools.cycle([1]), functools.lru_cache(len), bytearray(b"x"),
        contextvars.ContextVar("x"),
        weakref.WeakSet, weakref.ref(Opaque), array.array("i", [1]), memoryview(b"x"), collections.Counter("x"),
    ],
    ids=lambda hidden: getattr(hidden, "__name__", type(hidden).__name__),
)  # fmt: skip
def test_something_written_in_c_that_may_hide_anything_is_not_described(hidden):
    if hidden is weakref.WeakSet:
        assert shape_after(remembers, hidden) == shape_after(remembers, hidden)  # a class is itself
        return
    with pytest.raises(Opaque):
        shape_after(remembers, hidden)


class Counted(Exception):
    pass


def changed_exception(value):
    error = Counted("x")
    error.seen = value
    return error


def changed_function(value):
    def function():
        pass

    function.seen = value
    return function


class Plain:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return True

    __hash__ = None


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize(
    "make",
    [
        changed_exception, changed_function, Plain, Slotted, lambda value: [value].append, lambda value: lambda: value,
        lambda value: Plain(value).__eq__, lambda value: functools.partial(print, value), lambda value: {"x": [value]},
        lambda value: (part for part in (value, 1)), lambda value: zip([value], "x"), lambda value: iter({value: 0}),
    ],
    ids=range(12),
)  # fmt: skip
def test_state_is_seen_wherever_a_learner_hides_it(make):
    assert shape_after(remembers, make(1)) != shape_after(remembers, make(2))


def test_describing_moves_no_iterator():
    iterator = iter([1, 2, 3])
    shape_after(remembers, iterator)
    assert list(iterator) == [1, 2, 3]


def test_shapes_can_be_had_while_the_collector_is_off():
    gc.disable()
    try:
        assert shape_after(remembers, 1) == shape_after(remembers, 1)
    finally:
        gc.enable()


# ---------------------------------------------------------------- code that is not a function of its answers


def test_code_that_keeps_state_elsewhere_is_caught():
    calls = []

    async def forgetful(k):
        calls.append(1)
        await k.mm.mmap_sem.down_read()
        if len(calls) % 2:
            await find_vma(k.mm, 0)
        await k.mm.mmap_sem.up_read()

    stage = stage_of((forgetful,), (newcomer,))
    search = searched(stage)
    if search.found is None:
        with pytest.raises(KernelBug, match="answers differently") as found:
            stage.tree.ask_again()
        assert found.value.where[0] == "forgetful"
    else:
        assert search.found.bug.kind == "answers differently when asked again"


def test_a_counter_without_bound_has_as_many_states_as_it_has_differences():
    async def count(k):
        while True:
            await k.mm.mmap_sem.down_write()
            bump_mmap_seq(k.mm)
            await k.mm.mmap_sem.up_write()

    search = searched(stage_of((count,)))
    assert search.complete and len(search.states) < 12
    narrow = searched(stage_of((count,), seq_bits=4))
    assert narrow.complete and len(narrow.states) > 30
