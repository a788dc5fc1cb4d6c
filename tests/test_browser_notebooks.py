"""Every notebook as a learner meets it: opened in JupyterLab, all cells run, everything that can be used used once."""

import shutil

import pytest
from browser_helpers import ROOT, barriers, browser_page, lab, open_notebook, run_all, theme

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("jupyterlab")]  # one browser for all
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
HERE = ".jp-NotebookPanel:not(.lm-mod-hidden)"
SHOWN = "one => one.innerText + [...one.querySelectorAll('svg')].map(svg => svg.ariaLabel).join()"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """(page, address) of a JupyterLab with all notebooks, as `course.py lab` hands them out."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    with browser_page() as page, lab(home) as url:
        yield page, url


def use(page, one):
    """Move a widget's first slider, else take another design, else press its first button, by keyboard, and wait until
    it shows something new."""
    one.scroll_into_view_if_needed()
    if "mmlab-sweep" in one.get_attribute("class"):
        one.locator(".mmlab-note", has_text="runs are done.").first.wait_for(timeout=120_000)
    before = one.evaluate(SHOWN)
    slider, box = one.get_by_role("slider"), one.locator(".mmlab-designs input[type=checkbox]:not(:checked)")
    button = one.locator("button:enabled:visible")
    if slider.count():
        slider.first.focus()
        page.keyboard.press("ArrowLeft" if slider.first.get_attribute("aria-label") == "Disk latency" else "ArrowRight")
    elif box.count():
        box.first.focus()
        page.keyboard.press("Space")
    else:
        button.first.focus()
        page.keyboard.press("Enter")
    page.wait_for_function(f"([one, before]) => ({SHOWN})(one) !== before", arg=[one.element_handle(), before])


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_a_notebook_runs_in_jupyterlab_its_widgets_answer_and_nothing_bars_the_way(course, path):
    page, url = course
    open_notebook(page, url, f"notebooks/{path.name}")
    assert run_all(page) == []
    for one in page.locator(f"{HERE} .mmlab-panel").all():
        use(page, one)
    for question in page.locator(f"{HERE} .mmlab-question").all():
        if question.get_by_role("button", name="Show me anyway").count():
            use(page, question)
    assert barriers(page, f"{HERE} .jp-OutputArea-output") == []
    theme(page, "JupyterLab Dark")
    assert barriers(page, f"{HERE} .jp-OutputArea-output") == []
    theme(page, "JupyterLab Light")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
