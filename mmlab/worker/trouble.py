"""What goes wrong with a worker, as findings."""

from __future__ import annotations

from ..kernel.bug import KernelBug

CRASH, HANG, FLOOD, LIE = "worker crashed", "worker hangs", "worker floods", "worker breaks the protocol"
ADVICE = {
    CRASH: "os._exit, sys.exit, a crash of the interpreter, or too little memory; a handler has no reason for any",
    HANG: "a loop that asks nothing of the kernel, a sleep, or a wait for something outside the kernel",
    FLOOD: "what prints or answers that much; a page fault has no reason to",
    LIE: "the code must talk to the kernel through its functions alone: it answered something that they never say",
}


class WorkerBug(KernelBug):
    """The code in the worker did not play by the rules of the pipe. `kind` is one of CRASH, HANG, FLOOD and LIE."""

    def __init__(self, kind: str, detail: str, where=None) -> None:
        super().__init__(kind, detail, ADVICE[kind], where=where)


class Untrue(Exception):
    """A reply is not what it must be; the message says why. Becomes a WorkerBug of the kind LIE."""


class Theirs(Exception):
    """An exception that the code in the worker raised: each is of a subclass with the name that it has there.

    `where` is (function, line number, source line) of that code, or None.
    """

    where = None
