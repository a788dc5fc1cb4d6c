"""Lines of JSON: how plain forms cross the pipe."""

from __future__ import annotations

import json

from .trouble import Untrue

MOST_TEXT = 2_000
"""characters in one string"""
MOST_PARTS = 256
MOST_DEPTH = 8
LARGEST = 1 << 63
encode = json.JSONEncoder(separators=(",", ":")).encode
decode = json.JSONDecoder().decode


def to_line(message: dict) -> bytes:
    """One message as one line. Tuples become lists."""
    return encode(message).encode("ascii") + b"\n"


def from_line(line: bytes) -> dict:
    """The message of a line, its lists as tuples. Raises Untrue for anything that is not plain and small."""
    try:
        message = decode(line.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise Untrue(f"its reply is not JSON: {str(error)[:80]}") from None
    if type(message) is not dict:
        raise Untrue("its reply is not a JSON object")
    return {key: plain(value) for key, value in message.items()}


def from_request(line: bytes) -> dict:
    """The message of a line, its lists as tuples; for what mmlab itself wrote, which may be large."""
    return {key: tuples(value) for key, value in decode(line.decode("ascii")).items()}


def tuples(value):
    """The same JSON value with tuples for lists."""
    return tuple([tuples(part) for part in value]) if type(value) is list else value


def plain(value, depth: int = 0):
    """A JSON value with tuples for lists. Raises Untrue for floats, objects, and what is too large or too deep."""
    kind = type(value)
    if kind is list:
        if len(value) > MOST_PARTS or depth > MOST_DEPTH:
            raise Untrue("its reply has too many parts")
        return tuple([plain(part, depth + 1) for part in value])
    if kind is str:
        if len(value) > MOST_TEXT:
            raise Untrue(f"its reply has a text of {len(value):,} characters, {MOST_TEXT:,} are allowed")
    elif kind is int:
        if not -LARGEST <= value < LARGEST:
            raise Untrue("its reply has a number of more than 64 bits")
    elif kind is not bool and value is not None:
        raise Untrue(f"its reply has a {kind.__name__}; numbers are whole, and there are no objects")
    return value
