"""The timeline: one SVG string that is well formed, small, the same every time, and says what it shows."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_view_segments import MS, READ, WRITE, final, synchronous, trace

from mmlab.view import Segment, axis, density, describe, states, svg, timeline
from mmlab.view.miniature import miniature

TWO = [("synchronous", "27.7 pairs/s", synchronous()), ("final", "15,000 pairs/s", final())]


def test_two_designs_are_told_apart_in_the_caption_by_their_numbers():
    caption = timeline(TWO).caption
    assert "synchronous: fault0 holds mmap_sem for >99 % of these 54" in caption
    assert "nearly always while the disk reads; mmap0 waits for it >99 % of the time" in caption
    assert "nobody waits for it; fault0 waits for the page, holding nothing, >99 % of the time" in caption


def test_the_picture_is_well_formed_and_labelled_for_those_who_cannot_see_it():
    picture = timeline(TWO)
    root = ET.fromstring(picture.svg)
    assert root.get("role") == "img" and root.get("aria-label") == picture.alt
    assert "synchronous: 27.7 pairs/s" in picture.alt and "waits for the page" in picture.alt


def test_a_notebook_gets_a_figure_a_standalone_picture_and_a_sentence():
    bundle = timeline(TWO)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert bundle["text/html"].startswith("<figure") and "<figcaption" in bundle["text/html"]
    assert 'class="ground"' in bundle["image/svg+xml"]


NASTY = '</text><script>alert("1")</script> & \x00\x1b url(#KEY-'


def test_text_from_outside_cannot_break_the_picture():
    events = trace((0, f"fault{NASTY}0", "start", "fault", 0), (9, f"fault{NASTY}0", "enter", "fault", 1))
    picture = timeline([(NASTY, NASTY, events)], stop=100)
    ET.fromstring(picture.svg)
    assert "<script" not in picture.svg and "<script" not in picture._repr_html_()


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
@settings(max_examples=40, deadline=None)
def test_any_title_headline_and_task_name_gives_well_formed_xml(title, headline, task):
    events = trace((0, task, "start", "fault", 0), (50, task, "enter", "fault", 1))
    ET.fromstring(timeline([(title, headline, events)], stop=100).svg)


def test_ids_belong_to_one_picture_so_that_two_fit_on_a_page():
    one, two = timeline(TWO[:1]), timeline(TWO[1:])
    ids = [set(re.findall(r' id="([^"]+)"', picture.svg)) for picture in (one, two)]
    assert ids[0] and not ids[0] & ids[1]
    for picture, own in zip((one, two), ids):
        assert set(re.findall(r"url\(#([^)]+)\)", picture.svg)) <= own


def test_the_same_trace_gives_the_same_bytes():
    assert timeline(TWO).svg == timeline(TWO).svg


def test_the_bytes_do_not_depend_on_the_hash_seed():
    code = (
        "from test_view_timeline import TWO; from mmlab.view import timeline; import hashlib;"
        "print(hashlib.sha256(timeline(TWO)._repr_html_().encode()).hexdigest())"
    )
    path = os.pathsep.join([os.path.dirname(__file__), *filter(None, sys.path)])
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_a_long_run_is_drawn_as_shares_of_time_and_stays_small():
    events = final(rounds=55)
    picture = timeline([("final", "", events)], stop="1s")
    assert len(events) > 100_000 and len(picture.svg) < 20_000
    assert "height is the share of time" in picture.caption


@pytest.mark.parametrize("gap", [150_000, 400_000, 700_000, 1_500_000, 4_000_000])
def test_the_picture_stays_small_however_awkward_the_spacing(gap):
    steps = []
    for task in [f"fault{i}" for i in range(12)]:
        steps += [(0, task, "start", "fault", 0)]
        for i, at in enumerate(range(0, 200 * MS, gap)):
            word = [("enter", "fault"), ("acquire", READ), ("page_wait", "d:1"), ("leave", "major"), ("release", READ)]
            steps.append((at, task, *word[i % 5], 0))
    runs = [("one", "", trace(*steps)), ("two", "", trace(*steps))]
    assert len(timeline(runs, stop="200ms", lock=True).svg) < 60_000


def test_bars_too_close_to_be_seen_are_not_painted_over_each_other():
    row = [(i * 20, i * 20 + 19, "wait_lock") for i in range(500)]
    row = sorted(row + [(i * 20 + 19, i * 20 + 20, "hold_write") for i in range(500)])
    bars, dense = density.split([Segment(*segment) for segment in row], 30)
    assert not bars and len(dense) == 1
    shares = density.shares(dense, 0, 10_000, 10)
    assert shares["hold_write"] == pytest.approx([0.05] * 10)


def test_the_default_window_shows_three_disk_reads_and_ends_with_the_trace():
    assert 54 * MS < timeline([("final", "", final(rounds=9))]).stop < 57 * MS
    short = final(rounds=1)
    assert timeline([("final", "", short)]).stop == short[-1][0]


def test_the_axis_has_round_steps_in_one_unit():
    assert [label for _, label in axis.ticks(0, 55 * MS, 750)] == ["0", "10 ms", "20 ms", "30 ms", "40 ms", "50 ms"]
    assert axis.ticks(18 * MS, 18_400_000, 750)[1] == (18_100_000, "18.1 ms")
    assert axis.ticks(0, 3, 750)[-1] == (3, "3 ns")


@pytest.mark.parametrize("width", [320, 640, 920, 1200])
def test_nothing_is_drawn_outside_the_picture(width):
    picture = timeline(TWO, width=width, lock=True, ghost=TWO)
    root = ET.fromstring(picture.svg)
    height = float(root.get("height"))
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        if box.get("x"):
            x, y = float(box.get("x")), float(box.get("y"))
            assert x >= 0 and y >= 0
            assert x + float(box.get("width")) <= width and y + float(box.get("height")) <= height


def test_a_blip_at_the_very_end_of_the_window_stays_inside():
    steps = [(0, "fault0", "start", "mmap", 0), (99_999, "fault0", "enter", "mmap", 0)]
    picture = timeline([("end", "", trace(*steps))], stop=100_000)
    edges = [float(x) + float(w) for x, w in re.findall(r"M([\d.]+) [\d.]+h([\d.]+)v", picture.svg)]
    assert edges and max(edges) <= picture.width - 26 + 0.1


def test_the_legend_names_only_what_occurs():
    text = timeline([("quiet", "", trace((0, "fault0", "start", "fault", 0)))], stop=100).svg
    assert states.STATES["user"].label in text
    assert states.STATES["hold_write"].label not in text


def test_the_last_run_stays_as_a_ghost_under_the_new_one():
    before = timeline(TWO[:1], stop="55ms")
    now = timeline([("synchronous", "", synchronous(disk=11 * MS))], ghost=before, stop="55ms")
    assert now.svg.count("<g opacity=") == 2 and "the run before" in now.caption
    assert timeline(TWO[:1], stop="55ms", ghost=TWO[:1]).svg.count("<g opacity=") == 2
    assert "<g opacity=" not in before.svg


def test_the_lock_gets_its_own_lane_where_three_queue_or_when_asked():
    assert "its queue" not in timeline(TWO).svg
    assert "its queue" in timeline(TWO, lock=True).svg
    steps = [(1, "fault0", "enter", "mmap", 0), (2, "fault0", "acquire", WRITE, 0)]
    steps += [(3 + i, f"mmap{i}", "wait", WRITE, 0) for i in range(3)]
    assert "up to 3 tasks" in timeline([("convoy", "", trace(*steps))], stop=100).svg


def test_hundreds_of_tasks_share_lanes():
    picture = timeline([("synchronous", "", synchronous(faults=64, rounds=1))])
    assert "… and 61 more like it" in picture.svg
    assert "64 fault tasks hold mmap_sem" in picture.caption


def test_what_was_given_and_what_is_allowed_is_said():
    for bad, words in (
        ({"runs": []}, "no runs were given"),
        ({"runs": TWO, "width": 100}, "width is 100; allowed"),
        ({"runs": TWO, "start": 5, "stop": 5}, "the window is 5 ns to 5 ns; its start must be before its stop"),
        ({"runs": TWO, "stop": "18 parsecs"}, "stop is '18 parsecs'; allowed"),
    ):
        with pytest.raises(ValueError, match=words):
            timeline(**bad)


def test_a_run_without_events_is_still_a_picture():
    picture = timeline([("empty", "", [])], stop="1ms")
    ET.fromstring(picture.svg)
    assert "No task runs" in picture.caption and describe({}, 0, 1) == "No task runs in this window."


def test_events_may_come_from_a_generator():
    assert timeline([("a", "", iter(TWO[0][2]))]).svg == timeline([("a", "", TWO[0][2])]).svg


def test_long_words_are_shortened_to_the_room_there_is():
    assert svg.fit("short", 500) == "short"
    cut = svg.fit("a very long title indeed", 60)
    assert cut.endswith("…") and svg.width_of(cut) <= 60


def test_every_state_differs_from_the_others_in_pattern_or_shape_and_not_in_colour_alone():
    looks = [(state.pattern, state.shape) for state in states.STATES.values()]
    assert len(looks) == 7 == len(set(looks))


def test_who_only_sends_signals_gets_no_lane_and_a_thumbnail_no_words():
    events = [
        (0, "fault0", "start", "", 0, 0, 0),
        (0, "signals0", "start", "", 0, 0, 0),
        (0, "fault0", "enter", "fault", 1, 0, 0),
    ]
    whole = timeline([("a", "", events)], 0, MS).svg
    assert "fault0" in whole and "signals0</text>" not in whole
    small = miniature("a <b>", "5/s", events, 0, MS)
    assert ET.fromstring(small).get("aria-label") == "Small timeline of a <b>: 5/s"
    assert "<text" not in small and 'height="11"' in small


def test_the_longest_wait_in_a_caption_has_a_name():
    tasks = {
        "fault0": [(0, 5, "wait_lock"), (5, 2000, "running")],
        "mmap0": [(0, 2, "wait_lock"), (2, 2000, "running")],
    }
    assert "nobody waits for it longer than 5 ns (fault0)" in describe(tasks, 0, 2000)
