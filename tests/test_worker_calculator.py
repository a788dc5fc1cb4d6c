"""Ordinary functions in another process: values cross as they are, and whatever goes wrong is said."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlab.kernel.bug import KernelBug
from mmlab.worker import Calculator, Limits, WorkerBug
from mmlab.worker.trouble import CRASH, FLOOD, HANG, LIE, Untrue
from mmlab.worker.values import from_plain, to_plain

QUICK = Limits(cpu=0.3, answer=4.0, printed=100_000)
ODD = """
import os, sys, time
def echo(value): return value
def forever():
    while True: pass
def sleep(): time.sleep(60)
def leave(): os._exit(3)
def shout():
    print("x" * 1_000_000)
def divide(a, b): return a / b
def thing(): return object()
def deep(): return deep()
def huge(): return 1 << 64
def long(): return 10 ** 5_000
def crowd(): return list(range(1000))
class Always:
    def __eq__(self, other): return True
def yes(): return Always()
"""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_comes_back_from_its_plain_form_as_it_was(value):
    again = from_plain(to_plain(value))
    assert (again, type(again)) == (value, type(value))


@pytest.fixture(scope="module")
def odd():
    with Calculator(ODD, QUICK) as calculator:
        yield calculator


def test_values_cross_the_pipe_and_come_back(odd):
    value = {"a": [1, 2.5, None, True, ("x", -0.0)], "pi": math.pi}
    assert odd.call("echo", value) == value
    assert odd.call("divide", 1, 4) == 0.25


@pytest.mark.parametrize(
    ("name", "kind"), [("sleep", HANG), ("leave", CRASH), ("shout", FLOOD), ("crowd", LIE), ("forever", "soft lockup")]
)
def test_what_breaks_the_process_is_a_finding_and_the_next_call_works(odd, name, kind):
    with pytest.raises(KernelBug) as caught:
        odd.call(name)
    assert caught.value.kind == kind
    assert odd.call("echo", 7) == 7


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (("divide", 1, 0), "ZeroDivisionError"),
        (("divide", 1), "TypeError"),
        (("thing",), "TypeError"),
        (("yes",), "TypeError"),
        (("deep",), "RecursionError"),
        (("huge",), "TypeError"),
        (("long",), "TypeError"),
        (("absent",), "NameError"),
    ],
)
def test_what_the_code_raises_is_raised_here_with_its_name(odd, call, error):
    with pytest.raises(Exception) as caught:  # a stand-in of the same name
        odd.call(*call)
    assert type(caught.value).__name__ == error
    assert not isinstance(caught.value, WorkerBug)


def test_a_text_that_cannot_be_loaded_says_why():
    with Calculator("1 / 0", QUICK) as broken, pytest.raises(Exception, match="division by zero"):
        broken.call("echo", 1)


@pytest.mark.parametrize(
    "wire", [("f", "no number"), ("f",), ("d", 1), ("d", (("l",), 1)), ("x", 1), (), ("f", "1" * 99, 2)]
)
def test_a_form_that_is_no_value_is_refused(wire):
    with pytest.raises(Untrue):
        from_plain(wire)
