"""A learner's first minutes, in real JupyterLab in a headless Chromium, started by `course.py lab`."""

import shutil

import pytest
from browser_helpers import ROOT, browser_page, lab, open_notebook, run_all

pytestmark = pytest.mark.browser
NOTEBOOK = "00-start-here.ipynb"


def test_notebook_00_runs_and_its_latency_slider_answers_to_the_keyboard(tmp_path):
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, tmp_path / "notebooks")
    with browser_page() as page, lab(tmp_path) as url:
        open_notebook(page, url, f"notebooks/{NOTEBOOK}")
        assert run_all(page) == []
        panel = page.locator(".mmlab-panel").first
        panel.scroll_into_view_if_needed()
        picture = panel.locator("svg.mmlab-tl")
        picture.wait_for()
        before, sentence = picture.get_attribute("aria-label"), panel.locator(".mmlab-sentence").inner_text()
        slider = panel.get_by_role("slider", name="Disk latency")
        slider.focus()
        for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft"):
            page.keyboard.press(key)
        page.wait_for_function("before => document.querySelector('svg.mmlab-tl').ariaLabel !== before", arg=before)
        assert panel.locator(".mmlab-sentence").inner_text() != sentence
        for name in ("Design", "Compare with", "Disk latency", "Fault threads", "mmap threads", "Seed", "Scenario"):
            assert panel.get_by_label(name, exact=True).first.is_visible(), name
        assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")  # nothing scrolls sideways
