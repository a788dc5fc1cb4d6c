"""Step panel and sweep panel by keyboard and mouse, in real JupyterLab in a headless Chromium."""

import re

import pytest
from browser_helpers import barriers, browser_page, lab, open_notebook, run_all, theme, write_notebook
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
STEP = [
    "import mmlab\nmmlab.step_panel('nopage_retry', 'a fault under DONTNEED', 'livelock')",
    "import ipywidgets\nipywidgets.Text(description='A box')",
    "print('interleavings ' * 40)",
]
SWEEP = ["import mmlab\nsweep = mmlab.sweep_panel('synchronous', values=['1ms', '18ms'])\nsweep"]
FOCUS = "document.activeElement.closest('.mmlab-panel') !== null"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of JupyterLab in which the step panel's notebook was run."""
    home = tmp_path_factory.mktemp("lab")
    write_notebook(home / "notebooks" / "step.ipynb", STEP)
    write_notebook(home / "notebooks" / "sweep.ipynb", SWEEP)
    with browser_page() as page, lab(home) as url:
        open_notebook(page, url, "notebooks/step.ipynb")
        assert run_all(page) == []
        yield page


@pytest.fixture(scope="module")
def sweep(page):
    """The sweep panel, in a notebook of its own (JupyterLab takes cells out of the page that are not in sight)."""
    open_notebook(page, page.url, "notebooks/sweep.ipynb")
    assert run_all(page) == []
    done(page, "All 2 runs are done")
    return page.locator(".mmlab-sweep")


def done(page, words):
    page.locator(".mmlab-sweep .mmlab-note", has_text=words).first.wait_for()


def said(page, words):
    page.locator(".mmlab-step .mmlab-live", has_text=words).first.wait_for()


def test_the_step_panel_is_played_by_keys_alone_and_keeps_them_to_itself(page):
    panel = page.locator(".mmlab-step")
    panel.scroll_into_view_if_needed()
    panel.locator(".mmlab-key-move1").focus()
    for number in range(1, 10):  # the ninth puts the task to sleep: its button is disabled under the focus
        page.keyboard.press("1")
        said(page, f"Step {number}: fault0")
    assert panel.locator(".mmlab-key-move1").is_disabled() and page.evaluate(FOCUS)
    page.keyboard.press("1")  # cannot move: nothing happens, to the cell neither
    page.keyboard.press("3")
    said(page, "Step 10: disk finishes the read of data:0")
    page.keyboard.press("u")
    said(page, "Step 9: fault0")
    page.keyboard.press("r")
    said(page, "Step 10: disk")
    page.keyboard.press("Backspace")
    said(page, "Step 9: fault0")
    page.keyboard.press("h")
    said(page, "It can be done in 15 more steps")
    page.keyboard.press("Home")
    said(page, "Nothing was done yet")
    types = page.evaluate("Array.from(window.jupyterapp.shell.currentWidget.content.model.cells).map(c => c.type)")
    assert set(types) == {"code"}  # a number makes a heading of the cell where JupyterLab gets it


def test_numbers_typed_elsewhere_are_not_taken(page):
    box = page.get_by_label("A box", exact=True)
    box.focus()
    page.keyboard.type("12u")
    assert box.input_value() == "12u"
    editor = page.locator(".jp-Notebook .cm-content").first
    editor.click()
    page.keyboard.press("End")
    page.keyboard.type("  # 1u")
    assert "# 1u" in editor.inner_text()
    said(page, "Nothing was done yet")


def test_a_printed_line_that_is_too_long_breaks_between_words(page):
    printed = page.locator(".jp-OutputArea-output pre", has_text="interleavings")
    assert printed.evaluate("pre => getComputedStyle(pre).wordBreak") == "normal"


@pytest.mark.parametrize("name", ["JupyterLab Dark", "JupyterLab Light"])
def test_nothing_in_the_step_panel_is_a_barrier(page, name):
    theme(page, name)
    page.locator(".mmlab-step .mmlab-key-hint").focus()
    page.keyboard.press("1")
    said(page, re.compile("Step \\d+: fault0"))
    assert barriers(page, ".mmlab-step") == []


def test_the_step_panel_is_played_to_its_goal_with_the_mouse(page):
    panel = page.locator(".mmlab-step")
    panel.locator(".mmlab-key-reset").click()
    said(page, "Nothing was done yet")
    moves = [1] * 9 + [3] + [1] * 3 + [2] + [1] * 7 + [3] + [1] * 2
    for number, move in enumerate(moves, 1):
        panel.locator(f".mmlab-key-move{move}").click()
        said(page, f"Step {number}:")
    said(page, "Goal reached at step 24")
    assert "again" not in panel.locator(".mmlab-history svg").get_attribute("aria-label")[:20]
    assert panel.locator(".mmlab-history").evaluate("box => box.scrollTop > 0")  # the newest step is in sight
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")


def test_the_sweep_panel_answers_to_the_keyboard(page, sweep):
    picture = sweep.locator("svg.mmlab-tl")
    sweep.get_by_label("nopage_retry", exact=True).focus()
    page.keyboard.press("Space")
    done(page, "All 4 runs are done")
    sweep.get_by_label("Across (x)").focus()
    page.keyboard.press("ArrowDown")
    done(page, "All 14 runs are done")
    to = sweep.get_by_label("To", exact=True)
    to.fill("4")
    to.press("Enter")
    sweep.get_by_label("Dots", exact=True).fill("2")
    sweep.get_by_label("Dots", exact=True).press("Enter")
    done(page, "All 4 runs are done")
    assert "threads that fault. synchronous: " in picture.get_attribute("aria-label")
    assert "at 4; " in picture.get_attribute("aria-label")
    line = "mmlab.sweep_panel(['synchronous', 'nopage_retry'], x='fault_threads', y='mmaps_per_second', values=[1, 4])"
    expect(sweep.get_by_label("Code", exact=True)).to_have_value(line)  # it arrives in a message of its own


def test_the_sweep_panel_answers_to_the_mouse_stops_and_resets(page, sweep):
    sweep.get_by_label("final", exact=True).check()
    sweep.get_by_label("Runs a dot", exact=True).fill("12")
    sweep.get_by_label("Runs a dot", exact=True).press("Enter")
    sweep.get_by_role("button", name="Stop").click()
    done(page, "Stopped: ")
    sweep.get_by_role("button", name="Reset").click()
    done(page, "All 2 runs are done")
    assert not sweep.get_by_label("final", exact=True).is_checked()
    assert sweep.get_by_label("Disk latency", exact=True).is_disabled()
    box = sweep.get_by_label("Fault pause", exact=True)
    box.fill("4")
    box.press("Enter")
    sweep.locator("[role=alert]", has_text="Write the unit too").wait_for()
    assert sweep.evaluate("panel => panel.scrollWidth <= panel.clientWidth")


@pytest.mark.parametrize("name", ["JupyterLab Dark", "JupyterLab Light"])
def test_nothing_in_the_sweep_panel_is_a_barrier(page, sweep, name):
    theme(page, name)
    assert barriers(page, ".mmlab-sweep") == []


def test_every_control_of_both_panels_has_a_name(page, sweep):
    for name in ("From", "To", "Dots", "Runs a dot", "x axis", "y axis", "Seed", "DONTNEED gap", "Writes/s", "Code"):
        assert sweep.get_by_label(name, exact=True).count() == 1, name
    step = page.locator(".mmlab-step")
    for name in ("Undo (u)", "Redo (r)", "Start again (0)", "Hint (h)"):
        assert step.locator("button", has_text=name).count() == 1, name
    assert step.get_attribute("aria-label").startswith("You are the scheduler")
