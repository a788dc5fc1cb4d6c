"""A design's code in another process, behind a pipe.

The worker process has the code and nothing else: every struct of the kernel stays here, and only plain forms cross, one
JSON line each way (engine/explore/wire.py: handles, numbers, strings, None and known constants). For the explorer the
worker is a pure function, history of answers in, next question out; for the timed engine it keeps a conversation for
each call under way.

    with mmlab.worker.remote("final") as final:
        mmlab.explore(final)
        mmlab.Scenario(design=final).run(seconds=1)

A text of ordinary functions (a formula, a prediction) runs in a `Calculator`.

It is no sandbox: the process can still read files and use the network. But whatever it does, crash, hang, flood or
lie, becomes a finding here.
"""

from .calculator import Calculator
from .process import Limits, Worker
from .remote import RemoteDesign, remote
from .trouble import Theirs, WorkerBug

__all__ = ["Calculator", "Limits", "RemoteDesign", "Theirs", "Worker", "WorkerBug", "remote"]
