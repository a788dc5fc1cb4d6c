"""What a reply may say. Every part of it is checked before anything here relies on it.

A handle must have been given to this very call, by this name or number and as this kind of struct; a question must be
one that code outside the kernel can ask; its arguments must be of the kind that the kernel's function takes.
"""

from __future__ import annotations

import difflib
import inspect

from ..engine.explore.code import Stop
from ..engine.explore.wire import CONSTANTS, METHODS, READABLE, WRITABLE
from ..kernel.aids import Aids
from ..kernel.bug import KernelBug
from ..kernel.handle import STEPS
from ..kernel.sleep import TASK_INTERRUPTIBLE, TASK_KILLABLE, TASK_UNINTERRUPTIBLE
from ..kernel.task import SIGBUS, SIGKILL, SIGSEGV, SIGUSR1
from .trouble import ADVICE, Theirs, Untrue

ALWAYS = {"k": "Machine", "me": "task_struct", "mm": "mm_struct"}
"""what every call knows by name"""
NUMBER = (int, bool)
TAKES = {
    "k": "Machine", "mm": "mm_struct", "vma": "vm_area_struct", "page": "page", "page_table": "pte_table",
    "sem": "rw_semaphore",
    "mapping": "address_space", "file": "address_space", "task": "task_struct", "context": "spu_context",
    "address": NUMBER, "index": NUMBER, "write_access": NUMBER, "length": NUMBER, "flags": NUMBER, "pgoff": NUMBER,
    "first": NUMBER, "last": NUMBER, "size": NUMBER,
    "state": (TASK_UNINTERRUPTIBLE, TASK_KILLABLE, TASK_INTERRUPTIBLE), "sig": (SIGKILL, SIGSEGV, SIGBUS, SIGUSR1),
}  # fmt: skip
"""what a primitive's parameter of that name takes: the kind of a struct, a number, or one of these words"""
FIELDS = {
    "flags": NUMBER, "min_flt": NUMBER, "maj_flt": NUMBER, "in_kernel": (bool,), "fixup": (bool,),
    "mmap_seq": NUMBER, "mm_lock_seq": NUMBER, "vm_lock_seq": NUMBER,
}  # fmt: skip
"""what may be written into a field; exit_code is the kernel's: who could say of itself that it has come to its end
would be safe and live at once"""
COUNTERS = ("mmap_seq", "mm_lock_seq", "vm_lock_seq")
OF_OTHERS = {
    "dequeue_signal", "do_mmap", "do_munmap", "fadvise_dontneed", "fail_next_allocation", "i_size_write",
    "mprotect_fixup", "pagevec_lookup", "send_sig", "shrink_page_list", "spu_bind_context", "truncate_complete_page",
    "unmap_mapping_range",
}  # fmt: skip
"""primitives of truncate, reclaim, system calls and the way back to user mode: a fault handler has no business there"""
REPORTS = {name: inspect.signature(getattr(Aids, name)) for name in ("bug", "bug_answer", "bug_unlocked")}
"""the reports of the debugging aids that code may make itself"""
SIGNATURES = {name: list(inspect.signature(step).parameters.values()) for name, step in STEPS.items()}
LEAST = {name: sum(part.default is part.empty for part in parts) for name, parts in SIGNATURES.items()}
"""how many arguments a primitive needs"""
SLEEPING = {name for name, step in STEPS.items() if inspect.iscoroutinefunction(inspect.unwrap(step))}
LOCKS = {kind.__name__: names for kind, names in METHODS.items()}
CAN_READ = {kind.__name__: names for kind, names in READABLE.items()}
CAN_WRITE = {kind.__name__: tuple(name for name in names if name in FIELDS) for kind, names in WRITABLE.items()}


def stop_of(reply: dict, known: dict, incarnation: int) -> Stop:
    """The reply as a Stop. `known` has the kind of each handle that the call was given. Raises Untrue.

    Shapes of two incarnations of the process have nothing to do with each other.
    """
    kind, what, place = reply.get("stop"), reply.get("what"), place_of(reply.get("place"))
    if kind == "raise":
        return Stop("raise", error_of(what, place), place=place)
    if kind == "return":
        return Stop("return", form(what, known), place=place)
    if kind != "ask":
        raise Untrue(f"it stopped in a way that does not exist: {kind!r:.40}")
    question = question_of(what, known)
    sleeps = question[0] in SLEEPING or question[0] in LOCKS["rw_semaphore"] + LOCKS["spinlock_t"]
    shape, handles = reply.get("shape"), reply.get("handles")
    if not sleeps or shape is None:
        return Stop("ask", question, sleeps, place=place)
    if type(shape) is not str or type(handles) is not tuple or len(set(handles)) != len(handles):
        raise Untrue("it tells the shape of its code in a way that does not exist")
    for number in handles:
        if type(number) is not int or number not in known:
            raise Untrue(f"its code is said to know a struct that it was never given: {number!r:.40}")
    return Stop("ask", question, sleeps, (incarnation, shape), list(handles), place)


def place_of(place) -> tuple | None:
    """A place in the reader's code: (function, line number, source line), or None."""
    if place is None:
        return None
    if type(place) is tuple and [type(part) for part in place] == [str, int, str]:
        return place
    raise Untrue("it says that it stands at a line, and does not say at which")


def error_of(what, place) -> Exception:
    """The exception that left the code: a KernelBug, or a stand-in for a Python error of that name."""
    if type(what) is tuple and all(type(part) is str for part in what):
        if len(what) == 3 and what[0] in ADVICE:
            raise Untrue(f"it says {what[0]!r} of itself, which is seen from outside")
        if len(what) == 3:
            return KernelBug(*what, where=place)
        if len(what) == 2 and what[0].isidentifier():
            return type(what[0], (Theirs,), {"__module__": "builtins", "where": place})(what[1])
    raise Untrue("it says that an exception was raised, and does not say which")


def form(value, known: dict):
    """A plain form whose handles the call was given."""
    if type(value) is not tuple:
        return value
    tag, rest = value[:1], value[1:]
    if tag == ("t",):
        return ("t", *(form(part, known) for part in rest))
    if tag == ("c",) and len(rest) == 1 and type(rest[0]) is str and rest[0] in CONSTANTS:
        return value
    if tag == ("h",) and len(rest) == 2 and type(rest[0]) in (int, str) and type(rest[1]) is str:
        if known.get(rest[0]) == rest[1]:
            return value
        raise Untrue(f"it uses {rest[1]:.40} {rest[0]!r:.40}, which this call was never given")
    raise Untrue(f"it says something that is neither a number, a word nor a struct: {value!r:.60}")


def question_of(what, known: dict) -> tuple:
    """A question that code outside the kernel may ask."""
    if type(what) is not tuple or not what or type(what[0]) is not str:
        raise Untrue(f"it asks something that is not a question: {what!r:.60}")
    op, arguments = what[0], tuple(form(part, known) for part in what[1:])
    first = kind_of(arguments[0]) if arguments else None
    if op == "get":
        right = len(arguments) == 2 and arguments[1] in CAN_READ.get(first, ())
    elif op == "set":
        right = len(arguments) == 3 and arguments[1] in CAN_WRITE.get(first, ()) and may_write(*arguments[1:])
    elif op == "count":
        right = first == "counter" and len(arguments) == 3 and arguments[1] in ("+", "%", "&")
        right = right and type(arguments[2]) is int and (arguments[1], arguments[2]) != ("%", 0)
    elif op in LOCKS.get(first, ()):
        right = len(arguments) == 1
    elif op in REPORTS:
        right = first == "Machine" and may_report(op, arguments)
    elif op in OF_OTHERS:
        raise Untrue(f"it asks for {op}, which is not a fault handler's to call")
    elif op in STEPS:
        arguments, right = taken(op, arguments), True
    else:
        near = difflib.get_close_matches(op, [*STEPS, *LOCKS["rw_semaphore"]], 1)
        raise Untrue(f"it asks for {op!r:.40}, which does not exist" + (f"; there is {near[0]!r}" if near else ""))
    if not right:
        raise Untrue(f"it asks {op} in a way that does not exist: {arguments!r:.80}")
    return (op, *arguments)


def kind_of(argument) -> str | None:
    """The kind of the struct that a plain form stands for."""
    return argument[2] if type(argument) is tuple and argument[0] == "h" else None


def may_write(name: str, value) -> bool:
    """Whether a field takes this value."""
    return type(value) in FIELDS[name] or (name in COUNTERS and kind_of(value) == "counter")


def may_report(op: str, arguments: tuple) -> bool:
    """Whether the arguments make a report of the debugging aids that can be shown."""
    try:
        told = REPORTS[op].bind(*arguments).arguments
    except TypeError:
        return False
    where = told.pop("where", None)
    told.pop("answer", None)
    is_place = where is None or (type(where) is tuple and [type(part) for part in where[1:]] == [str, int, str])
    return is_place and all(type(told[name]) is str for name in told if name != "self")


def taken(op: str, arguments: tuple) -> tuple:
    """The arguments as the primitive takes them. Raises Untrue unless they are of the right kinds.

    A word becomes the kernel's own: the kernel asks which state a task sleeps in with `is`.
    """
    parameters = SIGNATURES[op]
    if not LEAST[op] <= len(arguments) <= len(parameters):
        raise Untrue(f"it calls {op} with the wrong number of arguments: {len(arguments)}")
    given = list(arguments)
    for n, value in enumerate(arguments):
        name = parameters[n].name
        takes = TAKES[name]
        if isinstance(takes, str):
            right = kind_of(value) == takes or (value is None and parameters[n].default is None)
        elif takes is NUMBER:
            right = type(value) in NUMBER or (value is None and parameters[n].default is None)
        else:
            right = value in takes
            given[n] = takes[takes.index(value)] if right else None
        if not right:
            words = takes if isinstance(takes, str) else "a number" if takes is NUMBER else f"one of {', '.join(takes)}"
            raise Untrue(f"it calls {op} with {said(value)} for {name}; that must be {words}")
    return tuple(given)


def said(value) -> str:
    """A plain form in a few words."""
    return kind_of(value) or f"{value!r:.40}"
