"""Checks: the work is found by name wherever it stands, never runs here, and a report says what holds and no more."""

import pytest

from mmlab.checks import (
    ALMOST,
    CORRECT,
    NOT_DEFINED,
    NOT_YET,
    PRACTICE,
    Check,
    Draw,
    Exercise,
    almost,
    correct,
    gather,
    kinds,
    not_yet,
    predictions,
    run_checks,
)  # fmt: skip
from mmlab.checks.accesses import Access, accesses, page_at
from mmlab.designs import find
from mmlab.kernel import KernelBug, PageUptodate, lock_page, page_cache_read, readpage
from mmlab.worker import Limits

QUICK = Limits(cpu=0.3, answer=2.0, printed=100_000)


def exercise(*checks, functions=("f",), **more):
    return Exercise("exN", "An exercise", functions, checks, ("a", "b", "c"), **{"kept": 0, "kept_points": 0, **more})


def doubles(points=2, nearly=None):
    return Check("it doubles", points, kinds.answers("f", lambda draw: [(1,), (4,)], lambda n: 2 * n, nearly=nearly))


def report(*cells, of=None, **more):
    return run_checks(of or exercise(doubles()), cells, limits=QUICK, **more)


def statuses(*cells, **more):
    return [line.outcome.status for line in report(*cells, **more).lines]


# ------------------------------------------------------------------ finding the work


def test_of_a_name_that_is_defined_twice_the_last_definition_counts():
    assert statuses("def f(n): return 0", "def f(n): return 2 * n") == [CORRECT]
    assert statuses("def f(n): return 2 * n", "def f(n): return 0") == [NOT_YET]


def test_what_the_function_needs_comes_along_and_nothing_else_is_run():
    cells = [
        "import math\nTWO = 2",
        "1 / 0",
        "def unrelated(): return undefined_name",
        "open('/nowhere/x')",
        "def helper(n):\n    return TWO * n",
        "f = lambda n: helper(n) + math.floor(0.5)",
    ]
    found = gather(cells, ["f"])
    assert "1 / 0" not in found.source and "unrelated" not in found.source and "open" not in found.source
    assert statuses(*cells) == [CORRECT]


@pytest.mark.parametrize(
    "cell",
    ["%matplotlib inline\ndef f(n): return 2 * n", "!ls\ndef f(n): return 2 * n", "f?\ndef f(n): return 2 * n",
     "a = 1; b = 2\ndef f(n): return 2 * n", "@staticmethod\ndef f(n):\n    return 2 * n",
     "%%time\ndef f(n): return 2 * n", "\n%%capture out\ndef f(n): return 2 * n",
     "# one\u2028two\x0cthree\x85four\nTWO = 2\nONE = 1\ndef f(n): return TWO * n * ONE",
     "TWO = 1\r\nTWO += 1\r\ndef f(n):\r\n    return TWO * n"],
)  # fmt: skip
def test_a_cell_with_magics_decorators_or_several_statements_on_a_line_is_read(cell):
    assert statuses(cell) == [CORRECT]


def test_a_scratch_cell_that_fails_may_have_the_name_of_a_functions_local():
    """Only what a function reads from outside itself is gathered: names of its locals are not."""
    scratch = "total = undefined_name\nn = 1 / 0\npart = open('/nowhere')"
    assert statuses(scratch, "def f(n):\n    total = sum(part for part in (n, n))\n    return total") == [CORRECT]


def test_what_a_table_is_filled_with_belongs_to_it():
    table = ["TABLE = {}\nTABLE['two'] = 2", "TABLE['more'] = 0", "def f(n): return f.factor * n + TABLE['more']"]
    assert statuses(*table, "f.factor = TABLE['two']") == [CORRECT]


@pytest.mark.parametrize("first", ["", "%time 1\n", "f??\n"])
def test_a_comment_that_ends_in_a_question_mark_costs_no_line(first):
    assert statuses(f"{first}def f(n):\n    n = 2 * n  # is that twice?\n    return n") == [CORRECT]


def test_a_cell_that_is_not_python_is_told_and_does_no_harm():
    told = report("def f(n): return 2 * n", "def f(:", "\x00")
    assert told.holds
    assert [one.startswith(f"cell {n} is not Python") for n, one in zip((2, 3), told.trouble)] == [True, True]


def test_a_missing_function_is_not_defined_and_earns_nothing():
    told = report("g = 1")
    assert [line.outcome.status for line in told.lines] == [NOT_DEFINED]
    assert told.earned == 0 and "f" in told.lines[0].outcome.message


# ------------------------------------------------------------------ running it


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("def f(n):\n    while True: pass", "soft lockup"),
        ("def f(n): return f(n)", "RecursionError"),
        ("def f(n):\n    import os; os._exit(0)", "ended with exit status 0"),
        ("def f(n): raise NotImplementedError('write me')", "Still to be written: write me"),
        ("def f(n): return object()", "answers a object"),
        ("def f(n):\n    print('x' * 10**6); return 2 * n", "printed more than"),
        ("class E:\n    __eq__ = lambda *_: True\ndef f(n): return E()", "answers a E"),
        ("def f(n): return True if n == 1 else 2 * n", "answers True"),
        ("def f(): return 1", "TypeError"),
        ("import nothing_of_the_kind\ndef f(n): return nothing_of_the_kind.x", "ModuleNotFoundError"),
    ],
)
def test_whatever_the_work_does_is_a_message_and_no_points(cell, words):
    told = report(cell)
    assert told.earned == 0
    assert words in str(told)


def test_one_bad_check_does_not_cost_the_next():
    both = exercise(
        Check("one", 1, kinds.answers("f", lambda draw: [(1,)], lambda n: 2)),
        Check("two", 1, kinds.answers("f", lambda draw: [(2,)], lambda n: 4)),
    )
    assert statuses("def f(n):\n    while n == 1: pass\n    return 2 * n", of=both) == [NOT_YET, CORRECT]


def test_the_same_long_story_is_told_once():
    once = kinds.answers("f", lambda draw: [(1,)], lambda n: 2, ask="Why?")
    both = exercise(Check("one", 1, once), Check("two", 1, once))
    told = str(report("def f(n): return 0", of=both))
    assert told.count("Why?") == 1 and "As above, in «one»" in told


def test_an_exception_is_told_with_the_learners_line():
    told = report("def f(n):\n    a = {}\n    return a[n]").lines[0].outcome.message
    assert "raised KeyError: 1" in told and "In your code: f, line 3: return a[n]" in told


def test_a_forgotten_await_is_told_by_the_explorer_too():
    forgets = DROPS.format(end="put_page(page)")
    told = report(forgets, of=explores("one fault")).lines[0].outcome.message
    assert "put_page(...) was called without await" in told


def test_almost_right_earns_half():
    near = exercise(doubles(3, nearly=lambda given, wanted: abs(given - wanted) < 2))
    told = report("def f(n): return 2 * n + 1", of=near)
    assert [line.outcome.status for line in told.lines] == [ALMOST]
    assert told.earned == 1.5


def test_an_error_in_a_check_is_not_blamed_on_the_work():
    def run(work, draw):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        report("def f(n): pass", of=exercise(Check("broken", 1, run)))


DROPS = """
from mmlab.kernel import put_page, wait_on_page_locked

async def drop_and_wait(k, mm, page):
    await mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    {end}
"""


def explores(world):
    run = kinds.every_interleaving("nopage_retry", world)
    return exercise(Check("no rule is broken", 2, run), functions=("drop_and_wait",))


def test_every_interleaving_of_a_world_is_tried_and_the_one_that_breaks_is_shown():
    good, leaks = (DROPS.format(end=end) for end in ("await put_page(page)", "pass"))
    assert report(good, of=explores("one fault")).holds
    bad = report(leaks, of=explores("one fault")).lines[0].outcome
    assert bad.status == NOT_YET
    assert bad.shown is not None and 'mmlab.explore(course.mine("exN"), "one fault")' in bad.replay
    assert "page reference leaked" in bad.message


def test_a_function_that_does_not_fit_is_told_once_and_clearly():
    told = report("async def drop_and_wait(k): pass", of=explores("one fault")).lines[0].outcome
    assert "its callers would not fit" in told.message and "raised" not in told.message


def test_a_bug_that_shows_in_given_code_is_not_called_the_learners():
    early = DROPS.format(end="await put_page(page)\n    await put_page(page)")
    mine = report(early, of=explores("one fault")).lines[0].outcome.message
    assert "In your code: drop_and_wait" in mine
    never = "async def drop_and_wait(k, mm, page):\n    pass"
    given = report(never, of=explores("two faults")).lines[0].outcome.message
    assert "In the code that was given: " in given


@pytest.mark.parametrize("text", ["def drop_and_wait(k, mm, page): pass", "drop_and_wait = lambda k, mm, page: 1",
                                  "drop_and_wait = None"])  # fmt: skip
def test_a_function_that_is_not_async_is_told_and_not_replaced_by_mmlabs_own(text):
    told = report(text, of=explores("one fault")).lines[0].outcome
    assert told.status == NOT_YET and "must be an `async def` function" in told.message


def test_a_number_of_a_run_is_held_against_bounds():
    run = kinds.number(
        "nopage_retry", 0.05, lambda draw: {"disk": "1ms", "seed": draw.randrange(9)}, "mmaps_per_second", least=10_000
    )
    fast = exercise(Check("B is free", 1, run), functions=("drop_and_wait",))
    good = DROPS.format(end="await put_page(page)")
    keeps = good.replace("await mm.mmap_sem.up_read()", "").replace(
        "put_page(page)", "put_page(page)\n    await mm.mmap_sem.up_read()"
    )
    assert report(good, of=fast).holds
    assert not report(keeps, of=fast).holds


# ------------------------------------------------------------------ lots and reports


def test_lots_follow_from_the_key_and_from_nothing_else():
    draws = [Draw(key, "ex1", check).randrange(10**9) for key in (PRACTICE, "k") for check in ("a", "b")]
    assert len(set(draws)) == 4
    assert draws == [Draw(key, "ex1", check).randrange(10**9) for key in (PRACTICE, "k") for check in ("a", "b")]


def test_a_report_never_says_that_all_is_well_while_checks_are_kept():
    told = report("def f(n): return 2 * n", of=exercise(doubles(), kept=3, kept_points=5))
    assert told.holds
    assert "3 further checks (5 points) are kept for grading" in str(told)
    unseen = Check("unseen", 5, lambda work, draw: correct(), unseen=True)
    graded = report("def f(n): return 2 * n", of=exercise(doubles(), kept=1, kept_points=5), more=[unseen])
    assert "kept for grading" not in str(graded)
    assert (graded.earned, graded.possible) == (7, 7)


def test_a_report_as_html_has_every_word_escaped():
    says = Check("<b>name</b>", 1, lambda work, draw: not_yet("<script>alert(1)</script>", replay="<i>"))
    html = report("def f(n): pass", of=exercise(says))._repr_mimebundle_()["text/html"]
    assert "<script" not in html and "<b>name" not in html and "<i>" not in html
    assert "&lt;script&gt;" in html


def test_outcomes_know_their_share():
    assert [one.share for one in (correct(), almost("x"), not_yet("x"))] == [1, 0.5, 0]


# ------------------------------------------------------------------ formulas


def formula(*cells):
    run = kinds.all_of(predictions.pencil_and_paper, predictions.predicted("f", lambda draw: [(5,)], lambda *_: 10.0))
    return report(*cells, of=exercise(Check("as measured", 1, run)))


@pytest.mark.parametrize(
    ("cell", "holds", "words"),
    [
        ("import math\ndef f(n): return math.ceil(n * 1.99)", True, ""),
        ("def f(n): return 4 * n", False, "yours is twice that"),
        ("def f(n): return float('nan')", False, "a run says 10"),
        ("def f(n): return True", False, "a number is wanted"),
        ("def f(n): return 10**15", False, "a run says 10"),
        ("def f(n): raise NotImplementedError", False, "Still to be written"),
        ("from mmlab import theory\ndef f(n): return theory.convoy_wait(n, 2)", False, "uses mmlab"),
        ("def f(n): return __import__('mmlab').x", False, "uses __import__"),
        ("def f(n): return ().__class__.x", False, "uses __class__"),
        ("import statistics\ndef f(n): return statistics.sys.x", False, "uses sys"),
        ("from statistics import sys as s\ndef f(n): return s.x", False, "uses sys"),
        ("import operator as o\ndef f(n): return o.attrgetter('x')(n)", False, "uses attrgetter"),
        ("def f(n): return (1 for _ in ()).gi_frame", False, "uses gi_frame"),
        ("def f(n):\n    match n:\n        case object(__class__=c): return c", False, "uses __class__"),
        ("from statistics import mean\ndef f(n):\n    numbers = [n, n].copy()\n    return 2 * mean(numbers)", True, ""),
    ],
)
def test_a_formula_is_held_against_a_measurement_and_has_only_arithmetic(cell, holds, words):
    told = formula(cell)
    assert told.holds == holds
    assert words in str(told)


# ------------------------------------------------------------------ single accesses


def test_accesses_tell_outcome_hold_reads_and_signals():
    touch = [Access(page_at(3)), Access(page_at(3)), Access(page_at(4)), Access(page_at(5), True)]
    ends = accesses(find("synchronous"), touch, cached=[4])
    assert [end.outcome for end in ends] == ["major", "none", "minor", "SIGSEGV"]
    assert [end.reads for end in ends] == [(3,), (), (), ()]
    assert [end.signals for end in ends] == [0, 0, 0, 1]
    assert 2_000_000 < ends[0].held < 2_010_000 > 2_000 > ends[2].held > 0


def test_an_access_that_comes_back_for_ever_is_ended():
    base = find("synchronous")
    lazy = base.patched("lazy", do_page_fault=never_resolved)
    with pytest.raises(KernelBug, match="soft lockup"):
        accesses(lazy, [Access(page_at(0), in_kernel=True)])


def test_an_access_that_asks_the_disk_for_ever_is_ended():
    endless = find("synchronous").patched("endless", do_no_page=reads_for_ever)
    with pytest.raises(KernelBug, match="endless reads"):
        accesses(endless, [Access(page_at(0))], bad=[0])


async def reads_for_ever(k, mm, vma, address, page_table, write_access):
    """A handler that never gives up."""
    page = await page_cache_read(vma.vm_file, 0)
    while not PageUptodate(page):
        await lock_page(page)
        await readpage(page)


async def never_resolved(k, address, write_access):
    """A handler that does nothing."""
