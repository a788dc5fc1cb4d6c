"""The capstone: a learner's design is checked, measured, put on the board, and written down."""

import itertools
import json
import linecache
import sys

import pytest

import mmlab
from mmlab import course
from mmlab.course import capstone, files, kept
from mmlab.course.guesses import LEDGER
from mmlab.designs import mutants
from mmlab.designs.fingerprint import defined_again, fingerprint
from mmlab.engine import watchdog
from mmlab.engine.explore import patience
from mmlab.experiment.design_board import Board
from mmlab.experiment.design_check import check
from mmlab.experiment.design_entry import Entry, dominates, layers
from mmlab.experiment.design_measures import BY_KEY, CRITERIA, TRIALS, Measures, beats, measure
from mmlab.kernel import (
    PAGEFAULT_MAYRETRY_IO,
    PAGEFAULT_RETRY_IO,
    find_vma,
    put_page,
    rwsem_is_contended,
    wait_on_page_locked,
)
from mmlab.theory import Estimate

BASE = mmlab.designs["pagefault_args"]
RETRIES = 1


async def raises(k, args, page):
    await args.mm.mmap_sem.up_read()
    await put_page(pag)  # noqa: F821
    return False


async def forgets_to_await(k, args, page):
    await args.mm.mmap_sem.up_read()
    wait_on_page_locked(page)
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def answers_nothing(k, args, page):
    await args.mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await put_page(page)


async def leaves(k, args, page):
    sys.exit(3)


async def never_ends(k, args, page):
    number = 0
    while True:
        number += 1


async def talks(k, args, page):
    print("dropping the lock")
    await args.mm.mmap_sem.up_read()
    await wait_on_page_locked(page)
    await put_page(page)
    args.reason |= PAGEFAULT_RETRY_IO
    return False


async def asks_who_waits(k, args, page):
    if args.reason & PAGEFAULT_MAYRETRY_IO and not rwsem_is_contended(args.mm.mmap_sem):
        args.reason = 0
    return await BASE.functions["lock_page_or_retry"](k, args, page)


async def helped(k, mm):
    return granted(RETRIES)


def granted(retries):
    return PAGEFAULT_MAYRETRY_IO if retries else 0


def drops(function, name=None):
    return BASE.patched(name or function.__name__, drop_and_wait=function)


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A learner's work folder, in which the notebook runs, and a session that remembers nothing."""
    folder = tmp_path / "work"
    (folder / "notebooks").mkdir(parents=True)
    (folder / LEDGER).write_text("{}")
    monkeypatch.chdir(folder / "notebooks")
    monkeypatch.setattr(capstone, "watched", lambda: None)
    return folder


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    for name in ("checked", "measured"):
        monkeypatch.setattr(capstone, name, {})
    monkeypatch.setattr(kept, "own", {})


@pytest.fixture
def quick(monkeypatch):
    """Judging costs nothing: one tiny world, and figures that are made up."""
    made_up = {c.key: Estimate(100.0, 0.0) for c in CRITERIA}
    monkeypatch.setattr(capstone, "check", lambda design, worlds=None, **_: check(design, worlds or ["one fault"]))
    monkeypatch.setattr(capstone, "measure", lambda design, **_: Measures(design.name, dict(made_up), ["a line"]))


# --- the check ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "kind", "line"),
    [
        (raises, "Python error", "await put_page(pag)"),
        (forgets_to_await, "never awaited", "wait_on_page_locked(page)"),
        (answers_nothing, "nonsense answer", "async def answers_nothing"),
        (leaves, "leaves Python", ""),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_mistake_in_the_learners_code_is_reported_with_its_line(function, kind, line):
    found = course.check_design(drops(function), worlds=["one fault"])
    assert (found.safe, found.holds, found.finding.kind) == (False, False, kind)
    assert line in str(found) and kind in found.sentence


def test_a_loop_that_never_ends_is_broken_off_and_its_line_is_named(monkeypatch):
    monkeypatch.setattr(watchdog, "SOFT_LOCKUP_SECONDS", 0.2)
    monkeypatch.setattr(patience, "SOFT_LOCKUP_SECONDS", 0.2)
    design = drops(never_ends)
    found = course.check_design(design, worlds=["one fault"])
    assert found.finding.kind == "soft lockup" and "never_ends" in str(found)
    measured = course.measure_design(design)
    assert measured.bug.kind == "soft lockup" and set(measured.values) == set(BY_KEY)
    assert set(measured.values.values()) == {None}


def test_what_the_code_prints_is_told_in_one_line_and_does_not_flood_the_notebook(capsys):
    found = course.check_design(drops(talks), worlds=["one fault", "two faults"])
    assert capsys.readouterr().out == ""
    assert found.holds and any("dropping the lock" in line and "printed" in line for line in found.remarks())


def test_the_check_stops_at_the_first_broken_world_and_says_what_was_not_asked():
    found = course.check_design("nopage_retry", worlds=["one fault", "a fault under DONTNEED", "two faults"])
    assert (found.safe, found.live, found.holds) == (True, False, False)
    assert len(found.verdicts) == 2 and found.counterexample is not None
    assert "1 of 3 worlds were not asked" in found.sentence
    assert found.table().rows[2][2] == "not asked"


def test_a_design_that_holds_is_said_to_hold_within_bounds_and_no_further():
    found = course.check_design("pagefault_args", worlds=["one fault", "a fault and a kill"])
    assert found.holds and found.killable
    assert "within these bounds" in found.sentence and "Not asked: more threads" in str(found)
    assert "one kill" in found.bounds
    assert course.check_design("retry_once", worlds=["a fault and a kill"]).killable is False


def test_a_design_can_ask_whether_somebody_waits_for_mmap_sem():
    design = BASE.patched("polite", lock_page_or_retry=asks_who_waits)
    assert course.check_design(design, worlds=["a fault and an unmap"]).holds
    for world, who in (("one fault", "nobody"), ("a fault and an unmap", "somebody")):
        told = [path.text(400) for path in mmlab.explore(design, world).passing(40)]
        assert any(f"looks who waits for mmap_sem: {who}" in text for text in told)
    waited = mmlab.Scenario(design=design).run(1).mmap_wait.max
    assert waited > 17_000 > mmlab.Scenario(design=BASE).run(0.1).mmap_wait.max  # who comes a moment later is not seen


def test_a_search_that_is_cut_off_proves_nothing(monkeypatch):
    from mmlab.experiment import design_check

    monkeypatch.setattr(design_check, "MOST_STATES", 20)
    found = check(BASE, ["two faults"])
    assert (found.safe, found.live, found.holds) == (None, None, False) and found.sentence.startswith("Not known")


@pytest.mark.slow
def test_every_wrong_design_but_the_one_whose_counter_comes_round_is_found_in_the_worlds_of_the_check():
    def is_found(design):
        found = check(design)
        return found.finding is not None or found.killable is False  # not to be killable is a price, not a break

    missed = [name for name in mutants if not is_found(mutants[name].design)]
    assert [mutants[name].world for name in missed] == ["a fault and a narrow counter"]


# --- which design is it? ------------------------------------------------------------------------------


def test_a_fingerprint_follows_the_code_and_what_it_uses_but_not_the_name(monkeypatch):
    one = BASE.patched("one", grant_retry=helped)
    before = fingerprint(one)
    assert before == fingerprint(BASE.patched("two", grant_retry=helped)) != fingerprint(BASE)
    monkeypatch.setattr(sys.modules[__name__], "RETRIES", 0)
    assert fingerprint(one) != before
    monkeypatch.undo()
    assert fingerprint(one) == before
    monkeypatch.setattr(sys.modules[__name__], "granted", lambda retries: 0)
    assert fingerprint(one) != before


def test_a_function_that_was_defined_again_after_patched_is_told(quick):
    namespace = {"__name__": "__main__", "find_vma": find_vma}
    run_cell("async def grant_retry(k, mm):\n    return 1\n", namespace)
    design = BASE.patched("stale", grant_retry=namespace["grant_retry"])
    assert defined_again(design) == [] and course.check_design(design).remarks() == []
    run_cell("async def grant_retry(k, mm):\n    return 0\n", namespace)
    assert defined_again(design) == ["grant_retry"]
    assert "run the cell with .patched(...) again" in course.check_design(design).remarks()[0]


def run_cell(source, namespace):
    """As a notebook does: each cell has a file name of its own, from which its source can be had."""
    name = f"<cell {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), namespace)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (raises, "raises is a function; patch it onto a base first"),
        ("finl", "did you mean 'final'"),
        (7, "7 is not a design"),
        (BASE.patched("final", grant_retry=helped), "as one of mmlab's; give it a name of its own"),
    ],
    ids=["function", "misspelled", "number", "name taken"],
)
def test_what_is_no_design_gets_one_clear_line(given, words):
    for step in (course.check_design, course.measure_design, course.board, course.save_report):
        if step is course.board and not isinstance(given, str):
            given = [given]
        with pytest.raises(ValueError, match=words[:20]) as error:
            step(given if step is course.board else given[0] if isinstance(given, list) else given)
        assert words in str(error.value) and len(error.value._render_traceback_()) == 1


# --- figures ------------------------------------------------------------------------------------------


def test_figures_are_equal_within_their_error_bars_and_within_what_matters():
    def at(mean, half=0.0):
        return Estimate(mean, half)

    assert beats("pairs", at(110), at(100)) and not beats("pairs", at(100), at(110))
    assert not beats("pairs", at(101), at(100))
    assert not beats("pairs", at(110, 6), at(100, 6))
    assert beats("cpu", at(3.8), at(4.6)) and not beats("cpu", at(4.6), at(3.8))
    assert not beats("kill", at(0.0), at(0.9)) and beats("kill", at(0.0), at(2.0))
    assert beats("kill", at(5), None) and not beats("kill", None, at(5)) and not beats("kill", None, None)


def test_a_rate_of_one_run_is_known_to_one_event():
    values = measure("synchronous", progress=False).values
    assert values["faults"].half_width == pytest.approx(1 / TRIALS["headline"].seconds)
    assert values["pairs random"].half_width > 1 / TRIALS["random disk"].seconds / 4
    assert values["kill"].mean == pytest.approx(64 * 18, rel=0.01)  # the last of 64 waits for the whole queue


def test_each_line_of_the_measures_runs_again_as_it_stands():
    measured = measure("synchronous", progress=False)
    assert len(measured.lines) == sum(trial.seeds for trial in TRIALS.values())
    line = next(
        line for line in measured.lines if "disk='100us', mmap" in line or "mmap_threads=8, disk='100us'" in line
    )
    result = eval(line, {"Scenario": mmlab.Scenario})
    assert result.faults_per_second == measured.values["crossing"].mean


# --- the board ----------------------------------------------------------------------------------------


def entry(name, figures, safe=True, live=True, **more):
    """An entry that differs from the others in the first few criteria, all of which are of the kind "more"."""
    keys = [c.key for c in CRITERIA if c.better == "more"]
    values = {c.key: Estimate(100.0, 0.0) for c in CRITERIA}
    return Entry(name, safe, live, values | {k: Estimate(float(f), 0.0) for k, f in zip(keys, figures)}, **more)


def test_what_breaks_stands_below_what_does_not_however_fast_it_is():
    board = Board([
        entry("fast", (900, 900), safe=False, live=None, finding="use after free"),
        entry("stuck", (900, 900), live=False),
        entry("unknown", (800, 800), safe=None, live=None), entry("slow", (1, 1)),
    ])  # fmt: skip
    assert [e.name for _, e in board.ranked] == ["slow", "unknown", "fast", "stuck"]
    assert board.best_at("fast") == [] and "broken: use after free" in board.sentence("fast")


def test_who_is_better_somewhere_and_worse_nowhere_stands_above_and_the_rest_share_a_place():
    board = Board([entry("a", (10, 90)), entry("b", (90, 10)), entry("c", (10, 10)), entry("d", (9, 9))])
    assert {name: board.place(name) for name in "abcd"} == {"a": 1, "b": 1, "c": 2, "d": 3}
    assert board.beaten_by("c") == ["a", "b"] and board.beaten_by("a") == []
    assert board.ahead("a", "b") == ["pairs/s, headline"] == board.ahead("a", "c")
    assert (board.compared("a", "b", "pairs"), board.compared("b", "a", "pairs")) == ("more", "fewer")
    assert board.compared("a", "c", "faults") == "as many"
    told = dict(board.about("c").rows)
    assert told["better somewhere, worse nowhere"] == "a; b" and told["it is so against"] == "d"
    assert told["it pays with"] == "faults/s, headline 10 (b 90); pairs/s, headline 10 (a 90)"


def test_the_layers_do_not_depend_on_the_order_and_nobody_is_beaten_by_an_equal():
    figures = [(1, 9), (5, 5), (9, 1), (4, 4), (1, 1), (8, 2)]
    places = set()
    for order in itertools.islice(itertools.permutations(enumerate(figures)), 0, 720, 37):
        board = Board([entry(str(n), pair) for n, pair in order])
        places.add(tuple(board.place(str(n)) for n in range(len(figures))))
        for layer in layers(board.entries):
            assert not any(dominates(one, other) for one in layer for other in layer)
    assert places == {(1, 1, 1, 2, 3, 1)}


def test_the_picture_of_the_board_says_in_words_what_it_shows():
    board = Board(
        [entry("a", (10, 90)), entry("mine<", (90, 10), mine=True), entry("bad", (1, 1), safe=False, live=None)]
    )
    picture = board.picture()
    assert 'role="img"' in picture.svg and "mine&lt;" in picture.svg and "mine<" not in picture.svg
    assert "Yours: mine&lt;." in picture.svg and "3 designs by 12 criteria" in picture.alt
    assert board.caption in picture.caption and "2 are safe and live" in board.caption
    assert [row[1] for row in board.table().rows] == ["a", "mine< (yours)", "bad"]


def test_an_unknown_name_on_the_board_is_refused_with_those_that_are_there():
    with pytest.raises(KeyError, match="'b' is not on the board; there are a"):
        Board([entry("a", (1, 1))]).place("b")


# --- what is kept -------------------------------------------------------------------------------------


def test_the_figures_kept_of_a_shipped_design_are_those_that_it_has_now():
    for name in ("synchronous",):
        design = mmlab.designs[name]
        made = kept.row_of(design, check(design, progress=False), measure(design, progress=False))
        assert json.loads(json.dumps(made)) == kept.shipped_rows()[name]


def test_the_kept_designs_are_those_of_the_catalogue_with_the_code_that_they_have_now():
    rows = kept.shipped_rows()
    known = {n: d for n, d in mmlab.designs.everything().items() if not n.startswith("spufs_")}
    assert {name: row["fingerprint"] for name, row in rows.items()} == {n: fingerprint(d) for n, d in known.items()}
    assert {row["mmlab"] for row in rows.values()} == {mmlab.__version__}


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in mmlab.designs.everything() if not n.startswith("spufs_")])
def test_the_figures_kept_of_every_shipped_design_are_those_that_it_has_now(name):
    design = mmlab.designs[name]
    made = kept.row_of(design, check(design, progress=False), measure(design, progress=False))
    assert json.loads(json.dumps(made)) == kept.shipped_rows()[name]


def test_the_board_remembers_earlier_designs_and_of_each_name_the_newest(work, quick):
    course.board([drops(talks, "first")])
    course.board([drops(talks, "changed")])
    course.board([BASE.patched("changed", grant_retry=helped)])
    board = course.board([drops(talks, "third")], with_series=False)
    assert sorted(e.name for e in board.entries) == ["changed", "third"]  # "first" had the code of "third"
    rows = json.loads((work / "board.json").read_text())["designs"]
    assert rows[fingerprint(BASE.patched("x", grant_retry=helped))]["name"] == "changed"
    assert board["changed"].note.startswith("of 20") and board["changed"].mine
    assert not list(work.glob("*partial*"))


def test_a_damaged_board_file_is_put_aside_and_does_not_stop_anybody(work, quick):
    (work / "board.json").write_text('{"file": "mmlab board 1", "designs": {"x": {"name": "x"')
    course.board([drops(talks)], with_series=False)
    assert (work / "board.damaged-1.json").read_text().endswith('"x"')
    assert len(json.loads((work / "board.json").read_text())["designs"]) == 1


def test_mmlabs_own_designs_come_from_what_is_kept_and_two_of_one_name_are_refused(quick):
    board = course.board(["synchronous", BASE], with_descendants=True)
    assert {*mmlab.designs.series, *mmlab.designs.descendants} == {e.name for e in board.entries}
    assert not any(e.mine for e in board.entries)
    with pytest.raises(ValueError, match="two of your designs are called 'twin'"):
        course.board([drops(talks, "twin"), BASE.patched("twin", grant_retry=helped)])


# --- the report ---------------------------------------------------------------------------------------


def test_a_report_is_whole_stands_alone_and_never_replaces_an_earlier_one(work, quick):
    document = course.design_document(data="<b>one</b> counter", rationale="for whoever maps")
    assert str(course.save_report(drops(talks), document)).startswith("Written: work/capstone-report.html.")
    first = (work / "capstone-report.html").read_bytes()
    assert "An earlier one was there" in str(course.save_report(drops(raises)))
    assert (work / "capstone-report.html").read_bytes() == first
    assert sorted(path.name for path in work.glob("capstone*")) == ["capstone-report-2.html", "capstone-report.html"]
    text = first.decode()
    for part in ("talks", "dropping the lock", "&lt;b&gt;one&lt;/b&gt; counter", "Counter-example: none", "a line",
                 mmlab.__version__, fingerprint(drops(talks)), "<svg", "+++", "explore(talks,"):  # fmt: skip
        assert part in text or part == "+++"
    assert not any(mark in text for mark in ('src="http', "<script", "url(http"))
    second = (work / "capstone-report-2.html").read_text()
    assert "Python error" in second and "put_page(pag)" in second


def test_nothing_half_written_stays_when_the_disk_is_full(work, quick, monkeypatch):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(files, "publish", full)
    with pytest.raises(OSError, match="No space"):
        course.save_report(drops(talks))
    assert list(work.glob("*capstone*")) == [] and list(work.glob(".*partial")) == []


def test_outside_the_work_folder_nothing_is_written_without_a_path(tmp_path, monkeypatch, quick):
    monkeypatch.chdir(tmp_path)
    assert "Give a path" in str(course.save_report(drops(talks)))
    assert list(tmp_path.iterdir()) == []
    assert "Written" in str(course.save_report(drops(talks), "In my words.", path=tmp_path / "mine.html"))
    assert "In my words." in (tmp_path / "mine.html").read_text()


def test_a_design_document_counts_words_and_says_what_is_too_long_or_missing():
    document = course.design_document(data="word " * 26, algorithm="short")
    words = {row[0]: row[3] for row in document.table().rows}
    assert (
        words["data"] == "26 of 25, 1 too many" and words["algorithm"] == "1 of 25" and words["rationale"] == "0 of 25"
    )
    assert not document.complete and course.design_document("a", "b", "c", "d").complete
    with pytest.raises(ValueError, match="data=7 is not a text"):
        course.design_document(data=7)
