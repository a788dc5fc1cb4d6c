"""Checks of arguments: nonsense gets a ValueError of one line, never a strange number.

Each function takes the argument's name and value and returns the value. The line says what was given and what
is allowed.
"""

import math
from numbers import Integral, Real


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def not_negative(name, value):
    """A finite number >= 0. Raises ValueError otherwise (NaN, infinity, text and booleans included)."""
    if not _is_number(value) or value < 0:
        raise ValueError(f"{name}={value!r}: give a finite number >= 0")
    return value


def positive(name, value):
    """A finite number > 0. Raises ValueError otherwise."""
    if not _is_number(value) or value <= 0:
        raise ValueError(f"{name}={value!r}: give a finite number > 0")
    return value


def whole_ns(name, value):
    """A whole number of ns >= 0, as an int (18e6 is welcome, 0.5 is not). Raises ValueError otherwise."""
    not_negative(name, value)
    if value != int(value):
        raise ValueError(f"{name}={value!r}: give a whole number of ns (18 ms is 18_000_000)")
    return int(value)


def count(name, value, least=1):
    """An int >= least. Raises ValueError otherwise."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r}: give a whole number >= {least}")
    return value


def probability(name, value):
    """A number from 0 to 1, both allowed. Raises ValueError otherwise."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"{name}={value!r}: give a number from 0 to 1")
    return value


def inside_0_1(name, value):
    """A number strictly between 0 and 1. Raises ValueError otherwise."""
    if not _is_number(value) or not 0 < value < 1:
        raise ValueError(f"{name}={value!r}: give a number between 0 and 1, neither 0 nor 1")
    return value
