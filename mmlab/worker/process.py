"""The worker's process, seen from here: started, asked, watched, and killed when it misbehaves."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .lines import from_line, to_line
from .trouble import CRASH, FLOOD, HANG, LIE, Untrue, WorkerBug

ROOTS = dict.fromkeys(str(Path(find_spec(name).origin).resolve().parents[1]) for name in ("mmlab", "simpy"))
ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(ROOTS),
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "OPENBLAS_NUM_THREADS": "1",  # numpy takes memory for each thread
    "OMP_NUM_THREADS": "1",
    "MPLCONFIGDIR": "/tmp",
}
"""all that the process is told of ours"""
CHUNK = 1 << 16


@dataclass(frozen=True)
class Limits:
    """What a worker may use. `cpu` and `answer` are seconds for one reply, `load` and `start` for the first one, which
    loads the code with what it imports.

    After `cpu` (`load`) seconds of processor time the code is broken off where it stands, which names the line; the
    process that has not replied after `answer` (`start`) seconds is killed. `line` and `printed` are bytes: of one
    reply, of all that is printed; the first `kept` bytes of that can be read.
    """

    cpu: float = 2.0
    load: float = 4.0
    answer: float = 10.0
    start: float = 60.0
    line: int = 1 << 20
    printed: int = 1 << 22
    kept: int = 1 << 16


class Worker:
    """A process that has the code told by `task`, a dict for worker/loading.py.

    It is started when it is first asked, and again after it was killed; `incarnation` counts that. `command` comes
    before the interpreter: a sandbox. `printed` is what the code wrote to stdout and stderr, as far as it is kept.
    `told` numbers the answers that this incarnation knows: a history names them instead of sending them again.
    """

    def __init__(self, task: dict, limits: Limits | None = None, command: Sequence[str] = ()) -> None:
        self.task = task
        self.limits = limits or Limits()
        self.command = tuple(command)
        self.incarnation = 0
        self.asked = 0
        self.process: subprocess.Popen | None = None
        self.hello: dict = {}
        self.told: dict[tuple, int] = {}
        self.captured = b""

    @property
    def printed(self) -> str:
        """What the code printed, capped."""
        with suppress(WorkerBug):  # it will be found when the worker is asked next
            self.listen()
        return self.captured.decode("utf-8", "replace")

    def start(self) -> None:
        """Start the process, unless it runs. Raises WorkerBug; KernelBug or ValueError for code that cannot be used."""
        if self.process is not None:
            return
        if not hasattr(select, "poll"):
            raise OSError("a worker needs pipes that can be polled, as Linux and macOS have them")
        requests, self.requests = os.pipe()
        self.replies, replies = os.pipe()
        self.output, output = os.pipe()
        try:
            self.process = subprocess.Popen(
                [*self.command, sys.executable, "-sP", "-m", "mmlab.worker", str(requests), str(replies)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=(requests, replies), cwd="/",
                start_new_session=True, env=ENVIRONMENT,
            )  # fmt: skip
        finally:
            for end in (requests, replies, output):
                os.close(end)
        fds = (self.requests, self.replies, self.output)
        for end in fds:
            os.set_blocking(end, False)
        self.reaper = weakref.finalize(self, reap, self.process, fds)
        self.poll = select.poll()
        for end in fds[1:]:
            self.poll.register(end, select.POLLIN)
        self.incarnation += 1
        self.asked = self.total = 0
        self.told = {}
        self.captured = self.buffer = b""
        cpu = {"cpu": self.limits.cpu, "load": self.limits.load}
        self.hello = self.ask({**self.task, **cpu}, self.limits.start)

    def stop(self) -> None:
        """Kill the process and everything that it started."""
        if self.process is not None:
            self.process = None
            self.reaper()

    def ask(self, request: dict, seconds: float | None = None) -> dict:
        """Send one request and return the reply. Raises WorkerBug; the process is dead then."""
        self.start()
        self.asked += 1
        number = self.asked
        try:
            line = self.exchange(to_line({**request, "n": number}), seconds or self.limits.answer)
            reply = from_line(line)
            if type(reply.get("n")) is not int or reply["n"] != number:
                raise Untrue("it replied out of turn")
        except Untrue as untrue:
            self.stop()
            raise WorkerBug(LIE, str(untrue)) from None
        except BaseException:  # also Ctrl-C: its reply would be taken for the next one's
            self.stop()
            raise
        return reply

    def exchange(self, line: bytes, seconds: float) -> bytes:
        """Write one line, read one line."""
        if self.buffer:
            raise Untrue("it replied before it was asked")
        end = time.monotonic() + seconds
        self.write(line, end, seconds)
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0:
                raise WorkerBug(HANG, f"the code has not come back to the kernel for {seconds:g} s")
            ready = self.poll.poll(min(left, 0.25) * 1_000)
            if ready:
                self.take(ready)
            elif self.process.poll() is not None:
                self.crashed()
        reply, _, self.buffer = self.buffer.partition(b"\n")
        return reply

    def write(self, line: bytes, end: float, seconds: float) -> None:
        """Write a line, which may be longer than the pipe holds, to a process that perhaps does not read it."""
        while True:
            try:
                line = line[os.write(self.requests, line) :]
            except BlockingIOError:
                if time.monotonic() > end:
                    raise WorkerBug(HANG, f"the code has not come back to the kernel for {seconds:g} s") from None
                select.select([], [self.requests], [], 0.05)
                self.listen()
            except BrokenPipeError:
                self.crashed()
            if not line:
                return

    def listen(self) -> None:
        """Take what is there to be read, without waiting."""
        while self.process is not None and (ready := self.poll.poll(0)):
            self.take(ready)

    def take(self, ready: list) -> None:
        """Read from the pipes that have something; what was printed comes first, so that it is not lost in a crash."""
        ends = [end for end, _ in ready]
        if self.output in ends:
            some = os.read(self.output, CHUNK)
            self.captured += some[: max(0, self.limits.kept - len(self.captured))]
            self.total += len(some)
            if not some:
                self.poll.unregister(self.output)
            if self.total > self.limits.printed:
                raise WorkerBug(FLOOD, f"the code has printed more than {self.limits.printed:,} bytes")
        elif self.replies in ends:
            some = os.read(self.replies, CHUNK)
            if not some:
                self.crashed()
            self.buffer += some
            if len(self.buffer) > self.limits.line:
                raise WorkerBug(FLOOD, f"the code's reply is longer than {self.limits.line:,} bytes")

    def crashed(self) -> None:
        """The process is gone, or has closed its pipe: raise the finding."""
        try:
            status = self.process.wait(1)
        except subprocess.TimeoutExpired:
            raise WorkerBug(CRASH, "the code has closed the pipe to the kernel") from None
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
        raise WorkerBug(CRASH, f"the process that ran the code ended {how}")


def reap(process: subprocess.Popen, fds: tuple) -> None:
    """Kill a process with its whole session, and close our ends of its pipes."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for fd in fds:
        os.close(fd)
