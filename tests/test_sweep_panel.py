"""The sweep panel without a browser: dots, theory, controls, and that work is done bit by bit and can be stopped."""

import asyncio
import subprocess
import sys
from itertools import pairwise

import ipywidgets
import pytest

import mmlab
from mmlab import theory
from mmlab.experiment.laws import law
from mmlab.view import plot
from mmlab.widgets import sweep_panel, sweep_runs, sweep_view

FEW = {"designs": "synchronous", "values": ["1ms", "18ms"]}


@pytest.fixture
def whole_runs():
    """For tests in which the figures count."""


@pytest.fixture(autouse=True)
def short_runs(monkeypatch, request):
    """Shorter runs for the others."""
    sweep_runs.remembered.cache_clear()
    if "whole_runs" not in request.fixturenames:
        monkeypatch.setattr(sweep_runs, "EVENTS", 1_500)
        monkeypatch.setattr(sweep_view, "EVENTS", 1_500)
    yield
    sweep_runs.remembered.cache_clear()


@pytest.fixture
def panel():
    panel = sweep_panel(**FEW)
    yield panel
    panel.close()


def figures_of(panel, name="synchronous"):
    return [round(value, 1) for _, value, _ in panel.dots.dots(name)]


@pytest.mark.usefixtures("whole_runs")
def test_a_dot_is_what_a_long_run_of_the_same_scenario_shows(panel):
    for x, value, half in panel.dots.dots("synchronous"):
        long = mmlab.Scenario(disk=f"{x}ns").run(6, progress=False, keep=0)
        assert value == pytest.approx(long.mmaps_per_second, rel=0.01) and half == 0
    assert panel.screen.value.count("<title>synchronous: ") == 2


@pytest.mark.usefixtures("whole_runs")
@pytest.mark.parametrize(
    "y, fields",
    [
        ("mmaps_per_second", {"disk": "18ms"}),
        ("mmaps_per_second", {"disk": "18ms", "mmap_threads": 4}),
        ("mmaps_per_second", {"disk": "2ms", "pause": "70us"}),
        ("mmaps_per_second", {"disk": "2ms", "pause": "exponential(70us)"}),
        ("mmaps_per_second", {"disk": "2ms", "fault_threads": 7, "channels": 2}),
        ("mmaps_per_second", {"design": "nopage_retry", "mmap_threads": 4}),
        ("mmaps_per_second", {"design": "final", "disk": "2ms"}),
        ("mmap_wait_mean", {"disk": "3ms", "pause": "50us"}),
        ("mmap_wait_p50", {"disk": "3ms", "fault_threads": 5}),
        ("faults_per_second", {"disk": "1ms", "fault_threads": 3, "mmap_threads": 0, "channels": 2, "pause": "200us"}),
        ("faults_per_second", {"design": "final", "disk": "200us", "fault_threads": 9, "mmap_threads": 0}),
    ],
)
def test_wherever_a_law_is_drawn_the_simulation_is_close_to_it(y, fields):
    scenario = mmlab.Scenario(**fields)
    expected = law(scenario, y).value * (1000 if y.startswith("mmap_wait") else 1)
    assert sweep_runs.measure(scenario)[y] == pytest.approx(expected, rel=0.1 if "exp" in repr(fields) else 0.005)


@pytest.mark.parametrize(
    "y, fields",
    [
        ("mmaps_per_second", {"fault_threads": 3, "mmap_threads": 2}),
        ("mmaps_per_second", {"dontneed": "1ms"}),
        ("mmaps_per_second", {"cpus": 1}),
        ("mmaps_per_second", {"design": "nopage_retry", "disk": "20us"}),
        ("mmap_wait_p50", {"pause": "70us"}),
        ("mmap_wait_p99", {}),
        ("retries_per_fault", {"design": "retry_once", "dontneed": "1ms", "mmap_threads": 0}),
        ("continued_share", {"design": "final", "write_rate": 10}),  # the looper writes too
    ],
)
def test_where_no_closed_form_is_known_none_is_drawn(y, fields):
    assert law(mmlab.Scenario(**fields), y) is None


@pytest.mark.usefixtures("whole_runs")
def test_the_caption_says_how_far_the_dots_are_from_the_theory_or_that_there_is_none(panel):
    turns = theory.alternate(theory.fault_section(18_000_000, **mmlab.experiment.studies.HANDLER),
                             mmlab.experiment.studies.WRITES)  # fmt: skip
    assert f"{turns.pairs_per_second:.3g}/s at 18 ms" in repr(panel.static)
    assert "% of the theory (alternation)" in panel.static.caption
    panel.controls.y.value = "cpu_us_per_fault"
    assert "no closed form is known" in panel.screen.value and "no theory is known" in panel.screen.value
    assert "<polyline" not in panel.screen.value


def test_theory_and_dots_are_in_the_same_unit():
    panel = sweep_panel("synchronous", x="fault_threads", y="mmap_wait", values=[1, 8])
    rows = [line.split() for line in str(panel.static.table).splitlines()[-2:]]
    assert rows == [["1", "18", "ms", "18", "ms"], ["8", "144", "ms", "144", "ms"]]
    assert "within 0.1 % of the theory (alternation, N D)" in panel.static.caption
    panel.close()


def test_designs_axes_range_and_fields_are_run_as_they_are_set(panel):
    c = panel.controls
    c.designs["final"].value = True
    c.x.value = "fault_threads"
    assert panel.dots.values == [1, 2, 4, 8, 16, 32, 64]
    c.high.value, c.points.value = "6", 3
    assert panel.dots.values == [1, 4, 6] or panel.dots.values == [1, 3, 6]
    c.boxes["disk"].value = "80us"
    c.boxes["mmap_threads"].value = 2
    assert c.boxes["fault_threads"].disabled and not c.boxes["disk"].disabled
    assert [str(base.design) for base in panel.dots.bases.values()] == ["synchronous", "final"]
    assert {(base.disk, base.mmap_threads) for base in panel.dots.bases.values()} == {("80us", 2)}
    assert not panel.dots.missing()


@pytest.mark.parametrize(
    "control, value, said",
    [
        ("low", "18", "From=&#x27;18&#x27; is not a time"),
        ("low", "20ms", "must not be above the second"),
        ("points", 0, "this panel takes 1 to 60"),
        ("seeds", 0, "from 1 to 20"),
        ("pause", "4", "Write the unit too: 4ms or 4us"),
        ("mmap_threads", -1, "mmap_threads=-1 is not allowed"),
        ("dontneed", "<b>", "&lt;b&gt;"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_the_picture_stays(panel, control, value, said):
    before = panel.screen.value
    box = panel.controls.boxes.get(control) or getattr(panel.controls, control)
    old, box.value = box.value, value
    assert said in panel.message.value and "\n" not in panel.message.value
    assert panel.screen.value == before
    box.value = old
    assert panel.message.value == ""


def test_no_design_at_all_is_a_line_too(panel):
    panel.controls.designs["synchronous"].value = False
    assert "no design was chosen" in panel.message.value


@pytest.mark.parametrize(
    "given, said",
    [
        ({"x": "dsk"}, "did you mean 'disk'"),
        ({"y": "mmaps_per_secnd"}, "did you mean 'mmaps_per_second'"),
        ({"designs": []}, "at least one"),
        ({"designs": "synchronus"}, "did you mean 'synchronous'"),
        ({"values": []}, "at least one"),
        ({"values": ["18"]}, "not a time"),
        ({"x": "fault_threads", "values": [1.5]}, "not a whole number"),
        ({"disk": "18ms"}, "give values="),
        ({"fault_thread": 2}, "did you mean 'fault_threads'"),
        ({"x": "fault_threads", "values": list(range(1, 300))}, "a panel takes 400"),
        ({"xlog": "yes"}, "None for whatever fits"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused_in_one_line_before_anything_is_run(given, said, monkeypatch):
    monkeypatch.setattr(sweep_runs.quick, "trace", None)
    with pytest.raises(ValueError, match=said) as error:
        sweep_panel(**given)
    assert "\n" not in str(error.value)


def test_the_line_of_code_makes_the_same_panel_again(panel):
    panel.controls.x.value = "fault_threads"
    panel.controls.high.value = "4"
    panel.controls.boxes["disk"].value = "2ms"
    panel.controls.seeds.value = 2
    panel.controls.ylog.value = False
    again = eval(panel.line.value, {"mmlab": mmlab})
    assert again.screen.value == panel.screen.value and again.code == panel.code
    again.close()


def test_an_axis_that_is_left_to_fit_says_so_from_the_beginning_and_after_a_reset(panel):
    assert panel.controls.xlog.label == panel.controls.ylog.label == "as it fits"
    panel.controls.ylog.value = False
    assert "ylog=False" in panel.line.value
    panel.reset()
    assert panel.controls.ylog.label == "as it fits" and "ylog" not in panel.line.value


def test_another_figure_of_the_same_runs_needs_no_run(panel, monkeypatch):
    before = panel.screen.value
    monkeypatch.setattr(sweep_runs.quick, "trace", None)
    panel.controls.y.value = "faults_per_second"
    assert panel.message.value == "" and panel.screen.value != before


def test_several_seeds_give_error_bars_where_there_is_chance_and_none_where_there_is_not():
    shown = [
        sweep_panel("synchronous", y="faults_per_second", values=["200us"], seeds=3, fault_threads=n, pause=pause)
        for n, pause in ((1, "0"), (2, "exponential(1ms)"))
    ]
    ((_, _, without),), ((_, mean, half),) = (one.dots.dots("synchronous") for one in shown)
    assert without == 0 and 0 < half < mean
    assert " ± " in repr(shown[1].static) and " ± " not in repr(shown[0].static)
    for one in shown:
        one.close()


def test_the_static_twin_is_the_whole_sweep_as_it_was_given_in_any_process(panel):
    text = repr(panel.static)
    panel.controls.x.value = "pause"
    bundle = panel.static._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"} and bundle["text/plain"] == text
    short = "from mmlab.widgets import sweep_runs, sweep_view; sweep_runs.EVENTS = sweep_view.EVENTS = 1500"
    code = f"import mmlab; {short}; print(mmlab.sweep_panel(**{FEW!r}).static)"
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert again.stdout.strip() == text.strip()


def test_in_a_notebook_runs_are_made_one_at_a_time_and_can_be_stopped_and_gone_on_with():
    seen = []

    async def cell():
        panel = sweep_panel("synchronous", x="fault_threads", values=[1, 2, 3, 4])
        assert len(panel.dots.done) == 0 and "0 of 4 runs" in panel.progress.value
        while len(panel.dots.done) < 2:
            seen.append(len(panel.dots.done))
            await asyncio.sleep(0)
        panel.stopper.click()
        await asyncio.sleep(0.1)
        stopped = len(panel.dots.done), panel.progress.value, panel.screen.value.count("<title>synchronous")
        panel.stopper.click()
        while panel.dots.missing():
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        return panel, stopped

    panel, stopped = asyncio.run(cell())
    assert stopped[0] == 2 and "Stopped: 2 of 4" in stopped[1] and stopped[2] == 2
    assert "All 4 runs are done" in panel.progress.value and panel.stopper.disabled
    assert set(seen) >= {0, 1}
    panel.close()


def test_closing_drops_the_runs_that_were_due_and_leaves_no_widget_behind():
    instances = ipywidgets.widgets.widget._instances
    before = set(instances)

    async def cell():
        panel = sweep_panel("synchronous", x="fault_threads", values=[1, 2, 3, 4])
        assert len(instances) > len(before)
        panel.close()
        await asyncio.sleep(0.1)
        return panel

    assert asyncio.run(cell()).dots.done == {}
    assert {type(instances[key]).__name__ for key in set(instances) - before} == set()


def test_a_learners_own_design_that_raises_is_a_line_the_dots_so_far_stay_and_the_next_change_runs_again():
    broken = []
    shipped = mmlab.designs["synchronous"]

    async def handle_mm_fault(k, mm, vma, address, write_access):
        if broken:
            raise ZeroDivisionError("not today")
        return await shipped.functions["handle_mm_fault"](k, mm, vma, address, write_access)

    mine = shipped.patched("mine", handle_mm_fault=handle_mm_fault)
    panel = sweep_panel([mine], x="fault_threads", values=[1, 2])
    assert figures_of(panel, "mine")
    broken.append(True)
    panel.controls.boxes["seed"].value = 2
    assert "not today" in panel.message.value and panel.stopper.description == "Go on"
    broken.clear()
    panel.stopper.click()
    assert panel.message.value == "" and not panel.dots.missing()
    panel.close()


def test_a_field_without_a_control_stays_as_it_was_given():
    panel = sweep_panel("nopage_retry", values=["1ms"], cpus=2, cache_pages=400)
    panel.controls.boxes["fault_threads"].value = 3
    (base,) = panel.dots.bases.values()
    assert (base.cpus, base.cache_pages, base.fault_threads) == (2, 400, 3)
    panel.close()


def test_every_control_has_a_label_and_the_chart_a_name(panel):
    assert all(one.description for one in panel.controls.all())
    assert 'role="img"' in panel.screen.value and 'aria-label="Chart. mmap+munmap pairs/s' in panel.screen.value


def test_a_logarithmic_axis_has_a_place_for_zero_and_round_ticks():
    axis = plot.axis("wait", "ns", [0, 1_000, 18_000_000], zero=True)
    assert axis.log and axis.zero and axis.share(0) == 0 < axis.share(1_000) < axis.share(18_000_000) <= 1
    assert axis.ticks(7)[0] == 0 and {plot.WRITE["ns"](value) for value in axis.ticks(7)} >= {"1 µs", "1 ms"}
    linear = plot.axis("pause", "ns", [0, 125_000])
    assert not linear.log and linear.low == 0 and all(value % 10_000 == 0 for value in linear.ticks(8))


def test_names_at_the_ends_of_series_that_coincide_do_not_overlap_and_stay_in_the_picture():
    panel = sweep_panel(["nopage_retry", "retry_once", "pagefault_args", "final"], y="mmap_wait_p50", values=["1ms"])
    heights = sorted(
        float(part.split(")")[0].split(" ")[1])
        for part in panel.screen.value.split('transform="translate(')[1:]
        if "<title>" not in part.split("</path>")[0]
    )
    assert len(heights) == 4
    assert min(b - a for a, b in pairwise(heights)) >= plot.GAP - 0.2
    assert heights[0] >= plot.TOP and heights[-1] <= plot.HEIGHT - plot.BOTTOM
    panel.close()
