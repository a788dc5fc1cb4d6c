"""Python values that are not of the kernel, in plain form: numbers, texts, tuples, lists and dicts cross a pipe."""

from __future__ import annotations

from .lines import LARGEST
from .trouble import Untrue

CONTAINERS = {"t": tuple, "l": list}


def to_plain(value):
    """The plain form of a value. Raises TypeError for one that is not a number, a text, None, or made of such."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        if not -LARGEST <= value < LARGEST:
            raise TypeError("it answers a whole number of more than 64 bits")
        return value
    if kind is float:
        return ("f", value.hex())
    if kind in (tuple, list):
        return ("t" if kind is tuple else "l", *map(to_plain, value))
    if kind is dict:
        return ("d", *((to_plain(key), to_plain(part)) for key, part in value.items()))
    if hasattr(value, "item") and hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        return to_plain(value.item())  # a number of numpy's
    raise TypeError(
        f"it answers a {kind.__name__}, where a number, a text, True, False, None, or a tuple, list or dict of such "
        "is wanted"
    )


def from_plain(plain):
    """The value of a plain form, which comes from a stranger. Raises Untrue for what is none."""
    if type(plain) is not tuple:
        return plain
    tag, parts = (plain[0], plain[1:]) if plain else (None, ())
    try:
        if tag == "f":
            return float.fromhex(*parts)
        if tag in CONTAINERS:
            return CONTAINERS[tag](from_plain(part) for part in parts)
        if tag == "d":
            return {from_plain(key): from_plain(part) for key, part in parts}
    except (TypeError, ValueError, OverflowError) as error:
        raise Untrue(f"its answer is no value: {error}") from None
    raise Untrue(f"its answer is no value: {plain!r:.60}")
