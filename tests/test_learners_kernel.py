"""What a learner does to a kernel: Ctrl-C in the middle of a run, cells out of order, a design written anew.

In a real kernel, as JupyterLab starts it; an interrupt is what its button sends.
"""

import asyncio
import os
import signal
import threading
import time

import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_core.utils import ensure_event_loop

SECONDS = 60
LONG = {
    "a run": "mmlab.Scenario(disk='1ms').run(seconds=3000, progress=False)",
    "compare": "mmlab.compare(['synchronous', 'nopage_retry'], seconds=3000, progress=False)",
    "sweep": "mmlab.sweep(design=['nopage_retry'], disk=['1ms', '2ms'], seconds=3000)",
    "a panel": "quick.FULL_EVENTS = 10**9; mmlab.panel('nopage_retry', disk='30ms')",
    "explore": "mmlab.explore('final', 'three faults and a remap')",
}
AFTER = {
    "a run": "mmlab.Scenario(disk='1ms').run(seconds=1).faults",
    "compare": "mmlab.compare(['synchronous', 'nopage_retry'], seconds=0.05, progress=False)",
    "sweep": "mmlab.sweep(design=['nopage_retry'], disk=['1ms', '2ms'], seconds=0.05).table()",
    "a panel": "quick.FULL_EVENTS = 4000; panel = mmlab.panel(disk='1ms'); panel",
    "explore": "mmlab.explore('nopage_retry', 'two faults and a remap').sentence",
}


class Learner:
    """A kernel and somebody who runs cells in it."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        self.group = os.getpgid(int(self.run("import os; print(os.getpid())")[0]))

    def run(self, code, interrupt=False):
        """(the plain text that a cell shows, the error's name or ""), of a cell; with a press on the stop button."""
        said, error = [], []
        begun = threading.Event()

        def output(message):
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
                begun.set()
            elif "data" in content:
                said.append(content["data"].get("text/plain", ""))
            elif message["msg_type"] == "error":
                error.append(f"{content['ename']}: {content['evalue']}")

        def stop():
            begun.wait(SECONDS)
            time.sleep(0.3)  # now it is in the middle of things
            os.killpg(self.group, signal.SIGINT)  # what Jupyter's stop button does

        if interrupt:
            threading.Thread(target=stop, daemon=True).start()
            code = f"print('begun', flush=True)\n{code}"
        self.client.execute_interactive(code, timeout=SECONDS, output_hook=output, store_history=False)
        if not error and "\nKeyboardInterrupt\n\nDuring handling" in "".join(said):
            # Python 3.11 may stop between two lines, and IPython then prints what it cannot lay out as an error
            error.append("KeyboardInterrupt: printed")
        return "".join(said), "".join(error)

    def close(self):
        """End the kernel, and close what jupyter_client leaves open: its sockets and its event loop."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.client.context.destroy(linger=0)
        self.manager.context.destroy(linger=0)
        loop = ensure_event_loop()
        loop.close()
        asyncio.set_event_loop(None)


@pytest.fixture(scope="module")
def learner(tmp_path_factory):
    learner = Learner()
    here = str(tmp_path_factory.mktemp("here"))
    assert learner.run(f"import mmlab, os; from mmlab.widgets import quick; os.chdir({here!r})") == ("", "")
    yield learner
    learner.close()


@pytest.mark.parametrize("what", LONG)
def test_a_run_that_is_stopped_leaves_nothing_behind_that_the_next_one_would_notice(learner, what):
    fresh = learner.run(AFTER[what])
    assert fresh[1] == "" and fresh[0]
    _, error = learner.run(LONG[what], interrupt=True)
    assert error.startswith("KeyboardInterrupt")
    assert learner.run(AFTER[what]) == fresh


def test_a_panel_works_on_after_another_run_was_stopped_and_when_it_was_made_twice(learner):
    learner.run("quick.FULL_EVENTS = 4000; first = mmlab.panel(disk='1ms'); second = mmlab.panel(disk='1ms')")
    _, error = learner.run("mmlab.Scenario(disk='1ms').run(seconds=3000, progress=False)", interrupt=True)
    assert error.startswith("KeyboardInterrupt")
    moved, error = learner.run("first.controls.boxes['fault_threads'].value = 3; print(first, '|', second)")
    assert error == "" and moved.startswith("synchronous: 3 threads") and "| synchronous: one thread" in moved


def test_a_cell_that_is_run_too_early_says_what_is_missing(learner):
    assert learner.run("not_yet.static")[1] == "NameError: name 'not_yet' is not defined"
    assert learner.run("from mmlab import course; course.reveal('never-asked', 42, 'ms')")[1] == ""


def test_a_design_that_is_written_anew_is_used_by_new_panels_and_old_ones_keep_theirs(learner):
    code = """
async def filemap_nopage(k, vma, address, *rest):
    return None, {}
mine = mmlab.designs["synchronous"].patched("mine", filemap_nopage=filemap_nopage)
"""
    assert learner.run(code.format(2) + "old = mmlab.panel(mine, disk='1ms')")[1] == ""
    assert (
        learner.run("mine = mmlab.designs['synchronous'].patched('mine'); new = mmlab.panel(mine, disk='1ms')")[1] == ""
    )
    said, error = learner.run("old.controls.seed.value = 2; print(old.results[0].faults, new.results[0].faults > 0)")
    assert (said, error) == ("0 True\n", "")
