"""The panel without a browser: what is set changes what is shown, and nothing that is written in a box breaks it."""

import asyncio
import inspect
import subprocess
import sys
import threading

import ipywidgets
import pytest

import mmlab
from mmlab.widgets import panel as make_panel
from mmlab.widgets import quick
from mmlab.widgets.turns import Turns


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
