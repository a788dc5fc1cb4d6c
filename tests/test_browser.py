"""A learner's first minutes, in real JupyterLab in a headless Chromium, started by `course.py lab`."""

import shutil

import pytest
from browser_helpers import ROOT, barriers, browser_page, in_focus, lab, open_notebook, run_all, theme

pytestmark = pytest.mark.browser
NOTEBOOK = "00-start-here.ipynb"
CONTROLS = (
    ("select-one", "Design"),
    ("select-one", "Compare with"),
    ("text", "Disk latency"),
    ("slider", "Disk latency"),
    ("number", "Fault threads"),
    ("slider", "Fault threads"),
    ("number", "mmap threads"),
    ("slider", "mmap threads"),
    ("checkbox", "somebody runs ps"),
    ("submit", "HDD"),
    ("submit", "SSD"),
    ("submit", "NVMe"),
    ("submit", "Reset"),
    ("submit", "Pin"),
    ("submit", "Fewer controls"),
    ("select-one", "Third design"),
    ("select-one", "Fourth design"),
    ("text", "Cache pages"),
    ("slider", "Cache pages"),
    ("text", "DONTNEED"),
    ("slider", "DONTNEED"),
    ("number", "Foreign reads"),
    ("slider", "Foreign reads"),
    ("number", "Signals"),
    ("slider", "Signals"),
    ("text", "Kill at"),
    ("slider", "Kill at"),
    ("number", "Seed"),
    ("text", "Scenario"),
    ("submit", "Copy"),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Notebook 00, all of its cells run."""
    home = tmp_path_factory.mktemp("home")
    (home / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, home / "notebooks")
    with browser_page() as page, lab(home) as url:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        open_notebook(page, url, f"notebooks/{NOTEBOOK}")
        assert run_all(page) == []
        page.locator(".mmlab-panel svg.mmlab-tl").first.wait_for()
        yield page


@pytest.fixture
def panel(page):
    panel = page.locator(".mmlab-panel").first
    panel.scroll_into_view_if_needed()
    return panel


def until(page, condition, value):
    """Wait until the JavaScript `condition`, a function of the first panel and `value`, is true."""
    page.wait_for_function(
        f"value => ({condition})(document.querySelector('.mmlab-panel'), value)", arg=value, timeout=30_000
    )


def press(page, panel, *keys):
    """Press keys one by one and wait until the picture is another one."""
    before = panel.locator("svg.mmlab-tl").first.get_attribute("aria-label")
    for key in keys:
        page.keyboard.press(key)
    until(page, "(panel, before) => panel.querySelector('svg.mmlab-tl').ariaLabel !== before", before)


def test_the_latency_slider_answers_to_the_keyboard(page, panel):
    sentence = panel.locator(".mmlab-sentence").inner_text()
    panel.get_by_role("slider", name="Disk latency").focus()
    press(page, panel, "ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert panel.locator(".mmlab-sentence").inner_text() != sentence
    for name in ("Design", "Compare with", "Disk latency", "Fault threads", "mmap threads", "Scenario"):
        assert panel.get_by_label(name, exact=True).first.is_visible(), name
    assert not panel.get_by_label("Seed", exact=True).is_visible()
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")  # nothing scrolls sideways


def test_the_keyboard_alone_reaches_and_uses_everything_in_the_panel(page, panel):
    more = panel.get_by_role("button", name="More controls")
    more.focus()
    page.keyboard.press("Enter")
    panel.get_by_label("Seed", exact=True).wait_for()
    panel.get_by_label("Design", exact=True).focus()
    reached = [tuple(in_focus(page))]
    for _ in range(len(CONTROLS) + 5):
        page.keyboard.press("Tab")
        reached.append(tuple(in_focus(page)))
    assert [one for one in CONTROLS if one not in reached] == []

    panel.get_by_label("Seed", exact=True).focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    until(page, "panel => panel.querySelector('.mmlab-line input').value.includes('seed=7')", None)
    panel.get_by_role("slider", name="Fault threads").focus()
    press(page, panel, "ArrowRight", "ArrowRight")
    until(page, "panel => panel.querySelector('.mmlab-line input').value.includes('fault_threads=3')", None)
    panel.get_by_role("button", name="Pin", exact=True).focus()
    page.keyboard.press("Space")
    rows = panel.locator(".mmlab-pins tbody tr")
    rows.nth(1).wait_for()
    assert rows.locator("svg[role=img][aria-label]").count() == 2
    panel.get_by_role("button", name="Copy the Scenario of row 2, nopage_retry").focus()
    page.keyboard.press("Enter")
    until(page, "panel => panel.querySelector('.mmlab-said').textContent.startsWith('Copied: mmlab.Scenario(')", None)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("mmlab.Scenario(design='nopage_retry', fault_threads=3") and "seed=7" in copied
    panel.get_by_role("button", name="Unpin row 1, synchronous").focus()
    page.keyboard.press("Enter")
    until(page, "panel => panel.querySelectorAll('.mmlab-pins tbody tr').length === 1", None)
    assert in_focus(page)[1] == "Pin"  # the keyboard is not lost with the row
    panel.get_by_role("button", name="Copy", exact=True).focus()
    page.keyboard.press("Enter")
    panel.get_by_role("button", name="Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == panel.get_by_label("Scenario", exact=True).input_value()


def test_a_slider_says_what_stands_in_its_box(page, panel):
    slider = panel.get_by_role("slider", name="Disk latency")
    slider.focus()
    press(page, panel, "ArrowRight")
    until(
        page,
        "panel => panel.querySelector('[role=slider][aria-label=\"Disk latency\"]').ariaValueText === "
        "panel.querySelector('[role=slider]').closest('.mmlab-row').querySelector('input').value",
        None,
    )


def test_what_a_cell_shows_has_no_serious_barrier_in_either_theme(page, panel):
    assert barriers(page) == []
    theme(page, "JupyterLab Dark")
    assert barriers(page) == []
    theme(page, "JupyterLab Light")


def test_nothing_is_clipped_in_a_narrow_window(page, panel):
    page.set_viewport_size({"width": 640, "height": 900})
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.wait_for_timeout(500)
    clipped = page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea-output, .jp-OutputArea-output *')].filter(one => {
            const style = getComputedStyle(one);
            return one.scrollWidth > one.clientWidth + 2 && one.clientWidth > 1
                && ['hidden', 'clip'].includes(style.overflowX) && one.tagName !== 'INPUT' && one.tagName !== 'SELECT';
        }).map(one => one.outerHTML.slice(0, 150))"""
    )
    page.set_viewport_size({"width": 1400, "height": 900})
    assert clipped == []
