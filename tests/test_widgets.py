"""The panel without a browser: what is set changes what is shown, and nothing that is written in a box breaks it."""

import asyncio
import html
import inspect
import re
import subprocess
import sys
import threading

import ipywidgets
import pytest

import mmlab
from mmlab.widgets import panel as make_panel
from mmlab.widgets import quick
from mmlab.widgets.turns import Turns


@pytest.fixture(autouse=True)
def short_runs(monkeypatch):
    """A tenth of the events that a learner gets: what is tested here does not depend on how many there are."""
    monkeypatch.setattr(quick, "COARSE_EVENTS", 1_500)
    monkeypatch.setattr(quick, "FULL_EVENTS", 4_000)


@pytest.fixture
def panel():
    panel = make_panel(disk="1ms")
    yield panel
    panel.close()


def test_importing_mmlab_does_not_import_ipywidgets_and_panel_is_there_all_the_same():
    code = "import sys, mmlab; assert 'ipywidgets' not in sys.modules; mmlab.panel; assert 'ipywidgets' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_moved_slider_changes_picture_box_and_sentence(panel):
    before, sentence = panel.screen.value, repr(panel)
    panel.controls.disk_slider.index += 3
    assert panel.controls.disk.value == "1.8ms"
    assert panel.screen.value != before
    assert "1.8 ms" in repr(panel) and repr(panel) != sentence


@pytest.mark.parametrize("name, value", [("fault_threads", 5), ("mmap_threads", 2)])
def test_a_number_in_a_box_moves_its_slider_and_is_run(panel, name, value):
    panel.controls.boxes[name].value = value
    assert panel.controls.sliders[name].value == value
    assert [getattr(one, name) for one in panel.scenarios] == [value, value]


def test_design_seed_ps_and_presets_are_run(panel):
    panel.controls.design.value = "nopage_refault"
    panel.controls.other.value = "(none)"
    panel.controls.seed.value = 7
    panel.controls.ps.value = True
    panel.controls.presets[2].click()
    (one,) = panel.scenarios
    assert one == mmlab.Scenario("nopage_refault", disk="nvme", seed=7, ps_readers=1)
    assert panel.controls.disk.value == "nvme"
    assert panel.screen.value.count("<tr>") == 2  # the header and one design


@pytest.mark.parametrize(
    "disk, line",
    [
        ("4", "Write the unit too: 4ms or 4us"),
        ("", "empty"),
        ("-1ms", "-1ms"),
        ("40s", "this panel takes 10us to 30ms"),
        ("nvm", "did you mean &#x27;nvme&#x27;"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_a_senseless_disk_latency_is_one_line_and_the_picture_stays(panel, disk, line):
    before = panel.screen.value
    panel.controls.disk.value = disk
    assert line in panel.message.value and "\n" not in panel.message.value
    assert panel.screen.value == before
    panel.controls.disk.value = "3ms"
    assert panel.message.value == "" and panel.screen.value != before


@pytest.mark.parametrize("name, value", [("fault_threads", 65), ("fault_threads", 0), ("mmap_threads", -1)])
def test_a_number_out_of_range_says_what_is_allowed(panel, name, value):
    before = panel.screen.value
    panel.controls.boxes[name].value = value
    assert f"is {value}; this panel takes" in panel.message.value
    assert panel.screen.value == before


@pytest.mark.parametrize(
    "given, said",
    [
        ({"designs": []}, "one to 4 designs side by side; 0 were given"),
        ({"designs": list(mmlab.designs.series)[:5]}, "one to 4 designs side by side; 5 were given"),
        ({"designs": 3}, "designs=3 is not a list of designs"),
        ({"fault_threads": 8, "cache_pages": 3}, "cache_pages=3 is too small for fault_threads=8"),
        ({"designs": "synchronus"}, "did you mean 'synchronous'"),
        ({"fault_threads": 200}, "this panel takes 1 to 64"),
        ({"disk": "2s"}, "this panel takes 10us to 30ms"),
        ({"faults": 2}, "no 'faults'"),
    ],
)
def test_a_panel_that_makes_no_sense_is_refused_in_one_line(given, said):
    with pytest.raises(ValueError, match=said) as error:
        make_panel(**given)
    assert "\n" not in str(error.value)


def test_a_seed_below_zero_is_a_line_in_the_panel(panel):
    panel.controls.seed.value = -1
    assert "seed=-1 is not allowed" in panel.message.value


@pytest.mark.parametrize(
    ("field", "written", "run", "stands"),
    [
        ("cache_pages", "12", 12, "12"),
        ("cache_pages", "", None, "auto"),
        ("dontneed", "5ms", "5ms", "5ms"),
        ("dontneed", "Never", "0", "never"),
        ("foreign_rate", 200, 200, 200),
        ("signal_rate", 50, 50, 50),
        ("kill_at", "2ms", "2ms", "2ms"),
        ("kill_at", "0", None, "never"),
    ],
)
def test_what_is_written_behind_more_controls_is_run_and_can_be_shown_again(panel, field, written, run, stands):
    panel.controls.boxes[field].value = written
    assert [getattr(one, field) for one in panel.scenarios] == [run, run]
    panel.controls.show(["synchronous"], panel.scenarios[0].as_dict())
    assert panel.controls.boxes[field].value == stands


@pytest.mark.parametrize("field", ["cache_pages", "dontneed", "foreign_rate", "signal_rate", "kill_at"])
def test_every_position_of_a_slider_is_run_as_it_stands_in_the_box(panel, field):
    slider, knob = panel.controls.sliders[field], panel.controls.knobs[field]
    panel.controls._tell = lambda: None  # nothing is run: values only
    knob.changed = lambda: None
    never = knob.value()
    for index, (text, _) in enumerate(slider.options[1:], 1):
        slider.index = index
        assert str(knob.box.value).removesuffix(".0") == text.replace(",", "") or knob.box.value == text
        scenario = mmlab.Scenario(**{field: knob.value()})
        knob.show(getattr(scenario, field))
        assert slider.index == index
    slider.index = 0
    assert knob.value() == never


@pytest.mark.parametrize(
    ("field", "written", "line"),
    [
        ("cache_pages", "many", "write a whole number of pages, or auto"),
        ("cache_pages", "0", "cache_pages=0 is not allowed"),
        ("dontneed", "5", "dontneed=&#x27;5&#x27; is not a time; write a number and a unit"),
        ("signal_rate", -3, "signal_rate=-3.0 is not a rate"),
        ("kill_at", "soon", "kill_at=&#x27;soon&#x27; is not a time"),
    ],
)
def test_nonsense_behind_more_controls_is_one_line_too(panel, field, written, line):
    before = panel.screen.value
    panel.controls.boxes[field].value = written
    assert line in panel.message.value and "\n" not in panel.message.value
    assert panel.screen.value == before


def test_rare_controls_are_folded_away_unless_one_of_them_is_in_use(panel):
    assert not panel.controls.more.value and panel.widget.children[2].layout.display == "none"
    panel.controls.more.value = True
    assert panel.widget.children[2].layout.display is None and panel.controls.more.description == "Fewer controls"
    for given in ({"signal_rate": 5}, {"designs": list(mmlab.designs.series)[:3]}, {"seed": 4}):
        other = make_panel(disk="1ms", **given)
        assert other.controls.more.value
        other.close()


def test_four_designs_stand_side_by_side_and_the_same_one_twice_is_one():
    panel = make_panel(list(mmlab.designs.series)[:4], disk="1ms")
    assert [one.design for one in panel.scenarios] == list(mmlab.designs.series)[:4]
    assert panel.screen.value.count("<tr>") == 5
    panel.controls.designs[3].value = "synchronous"
    assert len(panel.results) == 3
    panel.close()
    with pytest.raises(ValueError, match="two of the designs are called 'mine'"):
        make_panel([mmlab.designs["synchronous"].patched("mine"), mmlab.designs["nopage_retry"].patched("mine")])


def test_a_pinned_run_is_a_row_with_a_small_picture_and_a_line_that_runs_it_again(panel):
    panel.controls.pin.click()
    panel.controls.boxes["fault_threads"].value = 3
    panel.controls.pin.click()
    table = panel.pins.table.value
    assert table.count('<th scope="row">') == table.count('class="mmlab-tl mmlab-mini" role="img" aria-label=') == 4
    lines = [html.unescape(line) for line in re.findall('data-copy="([^"]*)"', table)]
    again = [eval(line, {"mmlab": mmlab}) for line in lines]
    assert again[2:] == panel.scenarios and [one.fault_threads for one in again] == [1, 1, 3, 3]
    panel.controls.pin.click()
    assert "pinned already" in panel.message.value and panel.pins.table.value == table


def test_unpinning_takes_away_one_row_and_reset_none(panel):
    panel.controls.pin.click()
    first = next(iter(panel.pins.rows))
    panel.pins.buttons.children[0].click()
    assert first not in panel.pins.rows and len(panel.pins.rows) == len(panel.pins.buttons.children) == 1
    panel.reset()
    assert len(panel.pins.rows) == 1
    panel.pins.buttons.children[0].click()
    assert panel.pins.table.value == ""


def test_a_pin_while_a_control_moves_keeps_the_full_run(panel, monkeypatch):
    monkeypatch.setattr(sys.modules["mmlab.widgets.panel"], "SETTLE_SECONDS", 60)

    async def move_and_pin():
        panel.controls.disk_slider.index += 1
        short = panel.results
        panel.pin()
        return short

    short = asyncio.run(move_and_pin())
    pinned = [result for result, _ in panel.pins.rows.values()]
    assert pinned == panel.results and pinned[0].metrics.events > short[0].metrics.events


def test_a_kill_is_told_and_its_latency_stands_in_the_table():
    panel = make_panel(["synchronous", "pagefault_args"], fault_threads=4, mmap_threads=0, kill_at="40ms")
    assert "Killed at 40ms: 4 of 4 threads were dead" in repr(panel)
    assert "last death after" in panel.screen.value
    assert all(result.kill_latency.count == 4 for result in panel.results)
    panel.close()
    early = make_panel("synchronous", mmap_threads=0, kill_at="3600s")
    assert "Nobody has died yet" in repr(early)
    early.close()


def test_panel_and_static_twin_show_the_same_numbers(panel):
    panel.controls.boxes["fault_threads"].value = 4
    static = panel.static
    assert [one.as_dict() for one in static.comparison] == [one.as_dict() for one in panel.results]
    assert repr(static).startswith(repr(panel)) and static.note in panel.screen.value


def test_two_panels_live_side_by_side(panel):
    other = make_panel(disk="2ms")
    panel.controls.boxes["fault_threads"].value = 2
    assert other.scenarios[0].fault_threads == 1 and panel.scenarios[0].fault_threads == 2
    other.close()
    panel.controls.boxes["fault_threads"].value = 3
    assert panel.scenarios[0].fault_threads == 3 and panel.message.value == ""


def test_an_old_panel_keeps_the_design_that_it_was_made_with():
    def mine(pages):
        async def filemap_nopage(k, vma, address, *rest):
            return None, pages

        return mmlab.designs["synchronous"].patched("mine", filemap_nopage=filemap_nopage)

    old = make_panel(mine(2), disk="1ms")
    new = make_panel(mmlab.designs["synchronous"].patched("mine"), disk="1ms")
    old.controls.seed.value = 2
    assert old.results[0].faults == 0 and new.results[0].faults > 0
    old.close()
    new.close()


def test_a_run_that_is_interrupted_leaves_the_picture_and_the_next_one_works(panel, monkeypatch):
    share, before = quick.share, panel.screen.value

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(quick, "share", interrupted)
    panel.controls.seed.value = 2
    assert "Interrupted" in panel.message.value and panel.screen.value == before
    with pytest.raises(KeyboardInterrupt):
        make_panel(disk="1ms")
    monkeypatch.setattr(quick, "share", share)
    panel.controls.seed.value = 3
    assert panel.message.value == "" and panel.screen.value != before


def test_reset_goes_back_to_the_first_picture_without_a_ghost(panel):
    first = panel.screen.value
    panel.controls.boxes["fault_threads"].value = 9
    assert "the run before" in panel.screen.value
    panel.controls.disk.value = "nonsense"
    panel.controls.reset.click()
    assert panel.screen.value == first and panel.message.value == ""
    assert panel.controls.sliders["fault_threads"].value == 1


def test_the_scenario_line_can_be_pasted(panel):
    panel.controls.boxes["mmap_threads"].value = 3
    assert eval(panel.line.value, {"mmlab": mmlab}) == panel.scenarios[0]


def test_fields_without_a_control_stay_as_they_were_given():
    panel = make_panel("synchronous", pause="50us", ps_readers=2)
    panel.controls.seed.value = 3
    assert panel.scenarios == [mmlab.Scenario("synchronous", pause="50us", ps_readers=2, seed=3)]
    panel.close()


def test_a_learners_own_design_is_run_and_its_error_is_a_line_in_the_panel():
    shipped = mmlab.designs["synchronous"]
    nopage = shipped.functions["filemap_nopage"]
    broken = False

    async def filemap_nopage(k, vma, address, *rest):
        if broken:
            raise ZeroDivisionError("not today")
        return await nopage(k, vma, address, *rest)

    filemap_nopage.__signature__ = inspect.signature(nopage)
    mine = shipped.patched("mine", filemap_nopage=filemap_nopage)
    panel = make_panel([mine, "synchronous"], disk="1ms")
    assert panel.controls.design.value == "mine" and repr(panel).startswith("mine: one thread")
    before, broken = panel.screen.value, True
    panel.controls.seed.value = 2
    assert "not today" in panel.message.value and panel.screen.value == before
    panel.close()


def test_plain_text_is_the_sentence_and_the_same_in_every_run(panel):
    again = make_panel(disk="1ms")
    plain = panel._repr_mimebundle_()["text/plain"]
    assert plain == again._repr_mimebundle_()["text/plain"] == repr(panel)
    assert plain.startswith("synchronous: ") and "\nnopage_retry: " in plain
    assert "application/vnd.jupyter.widget-view+json" in panel._repr_mimebundle_()
    again.close()


def test_the_static_twin_has_picture_table_and_sentence_and_no_widget(panel):
    bundle = panel.static._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert "<svg" in bundle["text/html"] and "<table" in bundle["text/html"]
    assert "faults/s" in bundle["text/plain"] and "nopage_retry: " in bundle["text/plain"]
    assert repr(panel.static) == bundle["text/plain"]


def test_while_a_control_moves_runs_are_short_and_a_full_one_follows(panel, monkeypatch):
    fulls = []
    share = quick.share
    monkeypatch.setattr(quick, "share", lambda s, full, *rest: fulls.append(full) or share(s, full, *rest))
    monkeypatch.setattr(sys.modules["mmlab.widgets.panel"], "SETTLE_SECONDS", 0.05)

    async def move():
        for _ in range(3):
            panel.controls.disk_slider.index += 1
        await asyncio.sleep(0.5)

    asyncio.run(move())
    assert fulls == [False, False, False, True]


def test_wishes_during_a_run_become_one_run():
    done = []

    def work(full):
        done.append(full)
        if len(done) == 1:
            for _ in range(5):
                helper = threading.Thread(target=turns.ask, args=(False,))
                helper.start()
                helper.join()

    turns = Turns(work)
    turns.ask(full=False)
    assert done == [False, False]


def test_a_short_run_overtakes_a_full_one_and_a_failed_run_blocks_nobody():
    done = []

    def work(full):
        if full:
            turns.ask(full=False)
            done.append(turns.overtaken)
        else:
            done.append("short")
            raise RuntimeError

    turns = Turns(work)
    with pytest.raises(RuntimeError):
        turns.ask(full=True)
    assert done == [True, "short"]
    with pytest.raises(RuntimeError):
        turns.ask(full=False)
    assert done == [True, "short", "short"]


@pytest.mark.parametrize("design", list(mmlab.designs.series))
def test_a_bounded_run_does_bounded_work_and_gives_the_same_numbers_each_time(design):
    scenario = mmlab.Scenario(design, disk="30ms", fault_threads=64, mmap_threads=8)
    one, two = quick.run(scenario, 3000), quick.run(scenario, 3000)
    assert one.as_dict() == two.as_dict() and one.metrics.opening == two.metrics.opening
    assert 0 < one.metrics.events <= 3000 and one.ns > 0


def test_a_bounded_run_that_is_not_wanted_any_more_breaks_off():
    with pytest.raises(quick.BrokenOff):
        quick.run(mmlab.Scenario("nopage_refault"), 100_000, stop=lambda: True)


def test_a_run_too_short_for_one_read_says_so():
    panel = make_panel("nopage_refault", disk="30ms", fault_threads=64, mmap_threads=8)
    assert "no disk read came to an end in the" in repr(panel)
    panel.close()


def test_every_control_has_a_label_and_closing_leaves_no_widget_behind():
    instances = ipywidgets.widgets.widget._instances
    before = set(instances)
    panel = make_panel(disk="100us")
    for one in (panel.controls.design, panel.controls.disk, panel.controls.seed, panel.controls.ps, panel.line):
        assert one.description
    assert len(instances) > len(before)
    panel.close()
    left = {type(instances[key]).__name__ for key in set(instances) - before}
    assert not left
