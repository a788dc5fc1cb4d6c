"""nbgrader's formgrader in JupyterLab, in the folder that `mmlab grade` made: scores, answers, points given by hand."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from browser_helpers import address, browser_page, free_port
from score_helpers import ESSAY, essay, handed_in, made, solution

from mmlab.grading.formgrade import SUBMITTED
from mmlab.grading.publish import Options, after
from mmlab.grading.score import REJECTED

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAME = "Ann <b>O'Lee</b>"


@contextmanager
def lab_in(folder, home):
    """JupyterLab as an instructor starts it there; nothing of this machine's own settings."""
    (home / "config").mkdir(parents=True)
    (home / "config" / "jupyter_lab_config.json").write_text('{"LabApp": {"expose_app_in_browser": true}}')
    env = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    log = home / "lab.log"
    with open(log, "wb") as sink:
        server = subprocess.Popen(
            [*command, f"--port={free_port()}"],
            cwd=folder,
            env=env,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield address(server, log, 120)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def test_formgrader_shows_scores_and_answers_and_takes_points_by_hand(tmp_path, monkeypatch):
    essay(monkeypatch)
    unseen = solution(tmp_path / "solutions")
    scores, found = handed_in(
        tmp_path / "in", [made(NAME), made("bob", seen="not yet", message="why?"), made("eve", status=REJECTED)]
    )
    out = tmp_path / "out"
    assert after(scores, out, Options(unseen), found).trouble == ""
    with browser_page() as page, lab_in(out, tmp_path / "home") as url:
        page.goto(url)
        page.wait_for_function("window.jupyterapp && window.jupyterapp.restored", timeout=120_000)
        page.evaluate("() => { window.jupyterapp.commands.execute('nbgrader:open-formgrader') }")
        frame = page.frame_locator("iframe").last
        frame.get_by_role("link", name=ESSAY, exact=True).first.wait_for(timeout=120_000)

        base = url.split("/lab")[0]
        page.goto(f"{base}/formgrader/gradebook/{ESSAY}/{ESSAY}")
        rows = page.locator("#main-table tr", has=page.locator("td.name a"))
        rows.nth(2).wait_for()
        shown = rows.all_inner_texts()
        assert any("4 / 10" in row for row in shown) and any("1 / 10" in row for row in shown), shown

        page.goto(f"{base}/formgrader/gradebook")
        page.locator("#main-table tr", has_text=ESSAY).locator("td.num-submissions").get_by_text("3").wait_for()
        page.goto(f"{base}/formgrader/manage_submissions/{ESSAY}")  # its Autograde runs nothing, and says why
        page.locator("#main-table tr", has_text="bob").locator(".autograde a").click()
        page.locator(".modal-content").get_by_text(f"{SUBMITTED}/bob/{ESSAY}").first.wait_for()

        page.goto(f"{base}/formgrader/manage_students")
        page.get_by_text("Ann ‹b›O’Lee‹/b›").wait_for()

        page.goto(f"{base}/formgrader/gradebook/{ESSAY}/{ESSAY}")
        rows.nth(2).wait_for()
        first = next(row for row in rows.all() if "4 / 10" in row.inner_text())
        first.locator("td.name a.name-hidden").click()
        page.locator("#ex90-rationale").wait_for()
        assert "document.title='taken over'" in page.locator("body").inner_text()
        assert page.title() != "taken over" and page.locator("a[href^=javascript]").count() == 0
        assert "4 of 4 points" in page.locator("body").inner_text()
        page.wait_for_function("() => document.querySelector('#ex90').placeholder === '4'")

        page.locator("#ex90-rationale").fill("3")
        with page.expect_response(lambda answer: "/api/grade/" in answer.url and answer.request.method == "PUT"):
            page.locator("#ex90-rationale").press("Tab")
        page.locator("#ex90-rationale-comment").fill("Well said.")
        with page.expect_response(lambda answer: "/api/comment/" in answer.url and answer.request.method == "PUT"):
            page.locator("#ex90-data").focus()
        picture = os.environ.get("MMLAB_SHOTS")
        if picture:
            page.screenshot(path=f"{picture}/formgrader.png", full_page=True)

        # graded again while formgrader is open: what was given stays
        done = after(scores, out, Options(unseen), found)
        assert done.trouble == ""
        page.reload()
        page.wait_for_function("() => document.querySelector('#ex90-rationale').value === '3'")
    rows = [row.split(",") for row in (out / "final.csv").read_text().splitlines()]
    ann = next(row for row in rows if row[0].startswith("Ann"))
    assert ann[3:12] == ["4", "4", "3", "6", "1", "", "", "7", "10"]
    (feedback,) = (out / "feedback").glob("Ann*/ex90.html")
    assert "Well said." in feedback.read_text() and "3 of 4 points" in feedback.read_text()
    assert json.loads(next((out / "autograded").glob("Ann*/ex90/ex90.ipynb")).read_text())["nbformat"] == 4
