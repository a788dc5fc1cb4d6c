"""What the functions of a design may answer, checked wherever a learner's design runs.

A wrong answer does its damage later, in somebody else's line. Here it is caught on its way out of the function that
gave it. Python checks no types, and a path that ends without `return` answers None.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple

from .bug import place
from .codes import NAMES, NOPAGE_OOM, NOPAGE_RETRY, NOPAGE_SIGBUS, VM_FAULT_MAJOR, VM_FAULT_MINOR
from .page import page


class Contract(NamedTuple):
    """Whether an answer is allowed, and in words what is."""

    allows: Callable[[object], bool]
    words: str


def is_fault_code(answer) -> bool:
    """Whether it is one of VM_FAULT_*; True and 2.0 are not, though they compare equal."""
    return type(answer) is int and answer in NAMES


def is_page_and_fault_code(answer) -> bool:
    """Whether it is a pair of a page or NOPAGE_*, and how it was had."""
    if type(answer) is not tuple or len(answer) != 2:
        return False
    new_page, fault = answer
    is_page = isinstance(new_page, page) or new_page is NOPAGE_SIGBUS or new_page in (NOPAGE_OOM, NOPAGE_RETRY)
    return is_page and type(fault) is int and fault in (VM_FAULT_MINOR, VM_FAULT_MAJOR)


def is_page(answer) -> bool:
    """Whether it is a page or NOPAGE_*."""
    return isinstance(answer, page) or answer is NOPAGE_SIGBUS or (type(answer) is int and answer in (-1, -2))


FAULT_CODE = Contract(is_fault_code, f"one of {', '.join(NAMES.values())}")
PAGE_AND_FAULT_CODE = Contract(
    is_page_and_fault_code,
    "a pair: first a page, NOPAGE_SIGBUS, NOPAGE_OOM or NOPAGE_RETRY, then VM_FAULT_MINOR or VM_FAULT_MAJOR",
)
PAGE = Contract(is_page, "a page, NOPAGE_SIGBUS, NOPAGE_OOM or NOPAGE_RETRY")
YES_OR_NO = Contract(lambda answer: isinstance(answer, bool), "True or False")

ANSWERS = {
    "handle_mm_fault": FAULT_CODE,
    "handle_pte_fault": FAULT_CODE,
    "do_anonymous_page": FAULT_CODE,
    "do_no_page": FAULT_CODE,
    "filemap_nopage": PAGE_AND_FAULT_CODE,
}
"""The contracts of the first design; a design that changes what a function answers brings its own."""


def checked(function: Callable, contract: Contract) -> Callable:
    """`function`, with each of its answers held against `contract`: a KernelBug names the function that broke it."""

    @wraps(function)
    async def wrapper(k, *arguments):
        answer = await function(k, *arguments)
        if not contract.allows(answer):
            k.bug_answer(function.__name__, answer, contract.words, place(function.__code__, None))
        return answer

    return wrapper
