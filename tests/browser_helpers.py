"""JupyterLab as a learner starts it, in a folder that is thrown away, and a headless Chromium to look at it.

For test_browser.py and benchmarks/panel_latency.py.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The real `course.py lab`, with the learner's folder elsewhere and the interpreter that is running already.
START = """
import pathlib, sys
sys.path.insert(0, {root!r})
import course
course.ROOT = pathlib.Path({home!r})
course.set_up = lambda root, extras: None
course.venv_python = lambda venv: pathlib.Path(sys.executable)
sys.exit(course.main(["lab", "--no-browser", "--port", "{port}"]))
"""
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab\S*token=\w+")
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light", "adaptive-theme": False},
    "notebook-extension/tracker": {
        "windowingMode": "none",  # every cell is in the page, in sight or not
        "codeCellConfig": {"lineNumbers": False, "lineWrap": True},  # as course.py has it
    },
}


def chromium():
    """Path of Debian's Chromium (or Chrome). Fails the test, in one line, where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    raise AssertionError("no Chromium: install it (Debian: apt-get install chromium)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_notebook(path, cells):
    """A notebook of code cells."""
    cells = [
        {"cell_type": "code", "id": f"cell{n}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for n, text in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


@contextmanager
def lab(home, seconds=60):
    """Run `course.py lab` for the notebooks in `home`/notebooks; yields JupyterLab's address, token included."""
    jupyter = home / "work" / ".jupyter"
    for name, text in SETTINGS.items():
        path = jupyter / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(text))
    (jupyter / "config").mkdir()
    (jupyter / "config" / "jupyter_lab_config.json").write_text('{"LabApp": {"expose_app_in_browser": true}}')
    log = home / "lab.log"
    start = START.format(root=str(ROOT), home=str(home), port=free_port())
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with open(log, "wb") as sink:
        server = subprocess.Popen(
            [sys.executable, "-c", start], cwd=home, env=env, stdout=sink, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield address(server, log, seconds)
    finally:
        server.send_signal(signal.SIGTERM)  # the server ends its kernels before it goes
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def address(server, log, seconds):
    """What JupyterLab prints when it is ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        found = ADDRESS.search(log.read_text(errors="replace"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"course.py lab did not start JupyterLab:\n{log.read_text(errors='replace')[-2000:]}")


@contextmanager
def browser_page(width=1400, height=900):
    """A page of a fresh headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        try:
            yield browser.new_page(viewport={"width": width, "height": height})
        finally:
            browser.close()


def open_notebook(page, url, path):
    """Open a notebook in JupyterLab and wait until its kernel is idle."""
    if page.url == "about:blank":
        page.goto(url)
    page.wait_for_function("window.jupyterapp && window.jupyterapp.restored", timeout=60_000)
    page.evaluate("window.jupyterapp.restored")
    # asked again and again: the notebook that JupyterLab begins with may come to the front late
    page.wait_for_function(
        """path => {
            const context = window.jupyterapp.shell.currentWidget?.context;
            if (context?.path !== path) window.jupyterapp.commands.execute('docmanager:open', {path});
            return context?.path === path && context.sessionContext?.session?.kernel?.status === 'idle';
        }""",
        arg=path,
        timeout=60_000,
        polling=500,
    )


def run_all(page):
    """Run all cells and wait for the end. Returns the errors that their outputs show."""
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_function(
        """() => {
            const at = window.jupyterapp.shell.currentWidget;
            const cells = Array.from(at.content.model.cells)
                .filter(c => c.type === 'code' && c.sharedModel.getSource());
            return cells.every(c => c.executionCount) && at.context.sessionContext.session.kernel.status === 'idle';
        }""",
        timeout=300_000,
        polling=200,
    )
    return page.evaluate(
        """() => Array.from(window.jupyterapp.shell.currentWidget.content.model.cells)
            .filter(c => c.type === 'code')
            .flatMap(c => c.sharedModel.toJSON().outputs)
            .filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue)"""
    )


def theme(page, name):
    """Change JupyterLab's theme to "JupyterLab Light" or "JupyterLab Dark"."""
    page.evaluate("theme => { window.jupyterapp.commands.execute('apputils:change-theme', {theme}) }", name)
    light = "true" if name.endswith("Light") else "false"
    page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)


def barriers(page, where=".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output"):
    """What axe-core finds serious or critical in what our cells show: "rule: element"."""
    from axe_playwright_python.sync_playwright import Axe

    if not page.locator(where).count():
        return [f"there is nothing at {where}"]
    found = Axe().run(page, where, {"resultTypes": ["violations"]}).response
    return [
        f"{finding['id']}: {node['html'][:200]}"
        for finding in found["violations"]
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]


def in_focus(page):
    """The accessible name of the element that has the keyboard, as far as a label, aria-label or its text give it."""
    return page.evaluate(
        """() => {
            const one = document.activeElement;
            const label = one.labels && one.labels[0] && one.labels[0].textContent;
            const name = one.getAttribute('aria-label') || label || one.textContent || '';
            const role = one.getAttribute('role') || one.type || one.tagName.toLowerCase();
            return [role, name.trim()];
        }"""
    )
