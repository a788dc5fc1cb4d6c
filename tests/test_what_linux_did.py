"""What notebook 10 stands on: the history and its two pictures, the queues of a fault, memory order, the proposals."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

import mmlab
from mmlab import designs
from mmlab.designs import proposals
from mmlab.experiment import history as told
from mmlab.experiment.litmus import litmus
from mmlab.experiment.queues_passed import QUEUES, queues_passed
from mmlab.view.milestones import LOOKS, milestones
from mmlab.view.scorecard import scorecard

CROWD = {"mmap_threads": 8, "dontneed": "50us", "cache_pages": 16}
proposal = pytest.mark.parametrize("design", proposals.ORDER, ids=str)
WORLDS = (
    "two faults", "a fault and a remap", "a fault and an unmap", "a fault under DONTNEED", "a fault under reclaim",
    "a fault and a signal", "a fault and a kill", "a fault and a truncate", "a fault and a read error",
    "a fault without memory", "get_user_pages", "a kernel-mode fault and a kill",
)  # fmt: skip


# ---------------------------------------------------------------------- the history


@pytest.mark.parametrize("drawing", [told.history(), told.scorecard()], ids=["history", "scorecard"])
def test_a_picture_is_well_formed_says_what_it_shows_and_stays_inside(drawing):
    root = ElementTree.fromstring(drawing.svg)
    assert root.get("role") == "img" and drawing.caption in root.get("aria-label")
    assert repr(drawing) == drawing.caption
    width, height = (float(number) for number in root.get("viewBox").split()[2:])
    for element in root.iter():
        x, y, w, h = (element.get(name) for name in ("x", "y", "width", "height"))
        if x and y and element.tag.endswith(("rect", "text")) and not y.endswith("%"):
            assert 0 <= float(x) <= width and 0 <= float(y) <= height
            assert float(x) + float(w or 0) <= width and float(y) + float(h or 0) <= height


def test_every_event_stands_in_the_picture_in_the_table_and_in_the_alternative_text():
    drawing = told.history()
    shown = " ".join(" ".join(ElementTree.fromstring(drawing.svg).itertext()).split())
    table = drawing.table()
    assert len(table.rows) == len(told.MILESTONES)
    for one in told.MILESTONES:
        assert one.what in drawing.alt and one.when in shown
        assert all(word in shown for word in one.what.split())
        assert all(source in str(table) for source in one.sources)


def test_each_commit_and_mail_of_a_table_is_a_link_and_its_address_belongs_to_it():
    html = told.history().table()._repr_html_()
    for one in told.MILESTONES:
        for source in one.sources:
            address = rf'<a href="https://[^"]*{re.escape(source)}">{re.escape(source)}</a>'
            assert re.search(address, html), source
    assert '<a href="https://git.kernel.org/linus/4064b9827063">' in told.scorecard().table()._repr_html_()


def test_events_come_in_their_order_name_rows_of_the_mail_and_designs_that_run():
    at = [one.at for one in told.MILESTONES]
    assert all(earlier <= later for earlier, later in pairwise(at)) and at[0] == told.MAIL and at[-1] <= told.TODAY
    for one in told.MILESTONES:
        assert set(one.rows) <= set(range(1, 15))
        assert one.design == "" or designs.find(one.design)
        assert int(one.at + 0.04) == int(one.when[-4:]), "the year in words is that of the place on the axis"


def test_the_scorecard_has_all_fourteen_rows_and_a_year_for_each_that_came():
    assert [idea.number for idea in told.IDEAS] == list(range(1, 15))
    for idea in told.IDEAS:
        assert (idea.at is None) == (idea.fate in ("not", "open")), idea
        merged = [one.at for one in told.MILESTONES if idea.number in one.rows and one.fate in ("merged", "removed")]
        assert idea.at is None or idea.at in merged or idea.number == 4, "a milestone of that year realises the row"


def test_each_commit_that_a_design_names_is_the_one_of_the_history():
    for one in told.MILESTONES:
        if one.fate == "merged" and one.design in designs.descendants:
            assert any(commit in designs[one.design].source for commit in one.sources), one.design


def test_years_after_the_mail_are_whole_ones_and_a_stranger_is_named():
    assert told.years_after_the_mail("eb449bd96954") == 18
    with pytest.raises(ValueError, match=r"'abc' is none of: .*d065bd810b6d"):
        told.years_after_the_mail("abc")


def test_no_two_fates_look_alike():
    looks = [(colour, mark) for colour, mark, _ in LOOKS.values()]
    assert len(set(looks)) == len(looks) == 5


def test_what_cannot_be_drawn_gets_one_clear_line():
    event = {"at": 2006.0, "lane": 0, "head": "h", "title": "t", "note": "", "fate": "mail"}
    lanes = told.LANES
    for events, words in (
        ([], "no events"),
        ([{**event, "fate": "lost"}], "'lost'"),
        ([{**event, "lane": 2}], "lane 2"),
    ):
        with pytest.raises(ValueError, match=words):
            milestones(events, lanes, "", "", None)
    row = {"number": 1, "idea": "i", "at": None, "fate": "won", "became": ""}
    for rows, words in (([], "no rows"), ([row], "'won' is not one of")):
        with pytest.raises(ValueError, match=words):
            scorecard(rows, 2006, 2026, "", "", None)


# ---------------------------------------------------------------------- the queues of a fault


def test_a_fault_queues_twice_once_or_never_as_the_formula_has_it():
    study = queues_passed(loopers=(8,), seconds=0.1)
    for row in study.rows:
        assert row["faults/s"] == pytest.approx(row["theory"], rel=0.025), row
    rates = [row["faults/s"] for row in study.rows]
    assert rates == sorted(rates) and [len(QUEUES[row["design"]]) for row in study.rows] == [2, 1, 0]


def test_a_disk_that_is_no_time_is_refused_in_one_line():
    with pytest.raises(ValueError, match="disk"):
        queues_passed(disk="soon")


# ---------------------------------------------------------------------- memory order


@pytest.mark.parametrize("release", [True, False])
@pytest.mark.parametrize("acquire", [True, False])
def test_only_release_and_acquire_together_rule_the_wrong_outcome_out(release, acquire):
    rows = {row[0]: row[1:] for row in litmus(release, acquire).rows}
    wrong = next(values for words, values in rows.items() if "OLD" in words and "unlocked" in words)
    assert wrong[0] == ("no" if release and acquire else "yes")
    orders = sum(count for _, count in rows.values())
    assert orders == 6 * (1 if release else 2) * (1 if acquire else 2)


# ---------------------------------------------------------------------- the proposals


@proposal
def test_a_proposal_touches_no_more_than_it_says_and_is_in_no_list(design):
    assert design.name not in designs.everything()
    assert design.base is designs["per_vma_lock"]
    assert set(designs.diff(design.base, design).hunks) == set(design.patch)
    assert "[ours]" in design.source and design.story


@proposal
def test_a_proposal_keeps_page_and_pairs_where_per_vma_lock_loses_half(design):
    today = mmlab.Scenario(design="per_vma_lock", **CROWD).run(0.2, progress=False)
    ours = mmlab.Scenario(design=design, **CROWD).run(0.2, progress=False)
    assert today.fallbacks > 0 and ours.fallbacks == 0
    assert ours.faults_per_second > 1.5 * today.faults_per_second
    assert ours.mmaps_per_second > 1.5 * today.mmaps_per_second


@proposal
@pytest.mark.parametrize("world", ["a fault and an unmap", "a fault and a signal", "a fault under DONTNEED"])
def test_a_proposal_holds_in_every_interleaving(design, world):
    verdict = mmlab.explore(design, world, progress=False)
    assert verdict.holds, str(verdict)


@pytest.mark.slow
@proposal
@pytest.mark.parametrize("world", WORLDS)
def test_a_proposal_holds_in_every_small_world(design, world):
    verdict = mmlab.explore(design, world, progress=False)
    assert verdict.holds, str(verdict)


def test_only_who_waits_with_the_vmas_lock_makes_everybody_wait_behind_a_fork():
    fork = {"fault_threads": 4, "channels": 4, "fork_every": "exponential(50ms)"}
    waits = {d.name: mmlab.Scenario(design=d, **fork).run(0.3, progress=False).mmap_wait.max for d in proposals.ORDER}
    assert waits.pop("wait_under_vma_lock") > 5_000  # us: a good part of a read
    assert max(waits.values()) < 1_100  # us: the fork itself
