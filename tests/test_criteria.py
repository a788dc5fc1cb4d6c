"""All designs by all criteria, the three rules of the final design, and where dropping the lock does not pay."""

import re
from xml.dom.minidom import parseString

import pytest

import mmlab
from mmlab.experiment.both_asleep import both_asleep
from mmlab.experiment.criteria import CRITERIA, LIVELOCK, criteria, criteria_of
from mmlab.experiment.fast_disks import fast_disks
from mmlab.experiment.rare_writers import rare_writers
from mmlab.view.criteria import BAD, GOOD, HIGH, LESS, LOW, SIZE, UNKNOWN, YES, Cell, Criterion, Matrix

SOME = ["synchronous", "retry_once", "final"]
final = mmlab.designs["final"]


def column(table, name):
    return [row[table.columns.index(name)] for row in table.rows]


async def puts_the_page(k, args, page):
    go_on = await final.functions["drop_and_wait"](k, args, page)
    await k.put_kept_page(args)
    return go_on


async def drops_again(k, args, page):
    if args.tried:
        args.reason |= mmlab.kernel.PAGEFAULT_MAYRETRY_IO
    return await final.functions["lock_page_or_retry"](k, args, page)


no_page = final.patched("no_page", drop_and_wait=puts_the_page)
no_bound = final.patched("no_bound", lock_page_or_retry=drops_again)
neither = no_bound.patched("neither", drop_and_wait=puts_the_page)


# --- what is judged ---------------------------------------------------------------------------------


def test_each_design_has_the_crosses_that_the_course_tells_of():
    matrix = criteria(SOME)
    assert matrix.crosses("synchronous") == [
        "mmap pairs/s", "longest mmap wait (ms)", "last of 64 dies after (ms)"
    ]  # fmt: skip
    assert matrix.crosses("retry_once") == ["longest mmap wait (ms)", "last of 64 dies after (ms)"]
    assert matrix.crosses("final") == []
    assert "without a cross: final;" in matrix.caption


def test_the_figures_are_those_of_the_runs():
    judged = criteria_of("retry_once")
    run = mmlab.Scenario(design="retry_once", **LIVELOCK).run(0.3, progress=False, keep=0)
    assert (judged.faults, judged.wait) == (run.faults_per_second, run.mmap_wait.max / 1000)
    assert judged.lines == sum(added for added, _ in mmlab.designs.diff("synchronous", "retry_once").stat.values())
    assert judged.death > 1_000 > criteria_of("final").death


def test_one_argument_goes_down_the_path_since_pagefault_args():
    assert criteria_of("final").arguments == 4
    assert criteria_of("retry_once").arguments > 8


def test_a_no_says_which_world_broke_it():
    judged = criteria_of("nopage_retry")
    assert (judged.safe, judged.live) == (False, False)
    assert judged.notes["safe"] == "lock dropped without permission in «get_user_pages alone»"
    assert judged.notes["live"].startswith("livelock in ")
    shown = Matrix(CRITERIA, {"nopage_retry": judged.cells()})
    assert judged.notes["safe"] in str(shown.table())
    assert judged.notes["safe"] in shown.svg


def test_a_learners_design_is_judged_and_its_bug_in_a_run_is_a_cross():
    async def leaks(k, address, write_access):
        await k.current.mm.mmap_sem.down_read()

    judged = criteria_of(final.patched("leaks", do_page_fault=leaks), ["one fault"])
    assert judged.safe is False
    assert judged.pairs is None and "in the run" in judged.notes["pairs"]
    assert Matrix(CRITERIA, {"leaks": judged.cells()}).mark("leaks", "pairs") == BAD


def test_what_was_cut_off_is_not_known():
    judged = criteria_of(no_page, ["one fault"])
    assert judged.safe is True
    cells = {**judged.cells(), "safe": Cell(None, "cut off in «x»")}
    assert Matrix(CRITERIA, {"no_page": cells}).mark("no_page", "safe") == UNKNOWN


def test_designs_that_cannot_be_rows_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        criteria([])
    with pytest.raises(ValueError, match="two designs called 'final'"):
        criteria(["final", "final"])
    with pytest.raises(ValueError, match="did you mean 'final'"):
        criteria(["finel"])
    with pytest.raises(KeyError, match="there are final"):
        Matrix(CRITERIA, {"final": criteria_of("final").cells()})["synchronous"]


# --- the picture ------------------------------------------------------------------------------------

COLUMNS = (
    Criterion("ok", "ok", "", YES), Criterion("up", "up", "", HIGH), Criterion("down", "down", "", LOW, 1),
    Criterion("big", "big", "", SIZE),
)  # fmt: skip
ROWS = {
    "a": {"ok": Cell(True), "up": Cell(100), "down": Cell(0), "big": Cell(3)},
    "b": {"ok": Cell(False, "why"), "up": Cell(91), "down": Cell(1.05), "big": Cell(0)},
    "c<": {"ok": Cell(True), "up": Cell(90), "down": Cell(9), "big": Cell(9)},
    "d": {"ok": Cell(True), "up": Cell(0), "down": Cell(10), "big": Cell(9)},
}


def test_marks_go_by_the_distance_from_the_best():
    matrix = Matrix(COLUMNS, ROWS)
    assert [matrix.mark(name, "up") for name in ROWS] == [GOOD, GOOD, LESS, BAD]
    assert [matrix.mark(name, "down") for name in ROWS] == [GOOD, GOOD, LESS, BAD]
    assert [matrix.mark(name, "ok") for name in ROWS] == [GOOD, BAD, GOOD, GOOD]
    assert {matrix.mark(name, "big") for name in ROWS} == {""}


def test_the_picture_says_in_words_and_in_shapes_what_it_shows():
    matrix = Matrix(COLUMNS, ROWS)
    svg = parseString(matrix.svg).documentElement
    assert svg.getAttribute("role") == "img"
    assert svg.getAttribute("aria-label") == matrix.alt
    assert "without a cross: a, c<; most crosses, 2: d." in matrix.caption
    assert "b: ok" in matrix.alt and "d: up, down" in matrix.alt
    crosses = [path for path in svg.getElementsByTagName("path") if path.getAttribute("stroke-width") == "3.4"]
    assert len(crosses) == 3 + 1  # and one in the legend
    words = re.findall(r">([^<]*)</text>", matrix.svg)
    assert "c&lt;" in words and "1) b is not ok: why" in words


# --- the studies ------------------------------------------------------------------------------------


def test_without_the_kept_page_half_is_lost_and_without_the_bound_too_everything():
    poor = mmlab.compare([no_page, neither], seconds=0.3, **LIVELOCK)
    assert poor["no_page"].faults_per_second == pytest.approx(criteria_of("final").faults / 2)
    assert poor["neither"].faults_per_second == 0


def test_the_kept_page_hides_what_the_bound_is_for_until_a_page_cannot_be_read():
    assert mmlab.explore(no_bound, "a fault under DONTNEED and mmap").live is True
    assert mmlab.explore(no_bound, "a fault and a read error").finding.kind == "livelock"
    assert mmlab.explore(neither, "a fault under DONTNEED and mmap").finding.kind == "livelock"
    assert mmlab.explore(no_page, "a fault under DONTNEED and mmap").live is True


def test_a_crowd_of_writers_makes_a_retry_slower_and_the_counter_slower_still():
    chart = fast_disks([("nopage_retry", 8), ("final", 8), ("final", 1)], ["20us", "18ms"], seconds=0.06)
    share = dict(zip(zip(column(chart.table(), "design"), column(chart.table(), "mmap loopers"),
                         column(chart.table(), "one read (us)")), column(chart.table(), "ratio")))  # fmt: skip
    assert share["final", 8, 20] < share["nopage_retry", 8, 20] < 1 < share["final", 1, 20]
    assert share["final", 8, 18_000] == 1
    assert "0.0" not in chart.caption


def test_walks_follow_the_rate_of_writers_only_where_there_is_a_counter():
    chart = rare_writers(["pagefault_args", "final"], rates=[50, 5_000])
    walks = column(chart.table(), "walks a fault")
    assert walks[:2] == pytest.approx([2, 2], rel=0.01)
    assert walks[2:] == pytest.approx([1.1, 2], rel=0.08)


def test_the_mark_on_the_page_makes_the_second_comer_wait_with_the_lock_held():
    table = both_asleep(["retry_once", "page_flag"])
    assert [how.startswith("holds for reading") for how in column(table, "how it sleeps")] == [False] * 3 + [True]
