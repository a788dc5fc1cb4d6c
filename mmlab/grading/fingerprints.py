"""Fingerprints of a text of Python: what two answers share, whatever their names, comments and layout.

Winnowing (Schleimer, Wilkerson, Aiken 2003): of all hashes of K tokens in a row, keep the smallest in each window of W.
A passage of K + W - 1 tokens that two texts share is found for certain. [ours]: a name that the exercise itself
calls or looks at stays what it is; every other one counts as "a name".

The library `copydetect` does the same on folders of files. It was not taken: no release since 2024, its own report, and
matplotlib and pygments for it; what is needed here is shorter than the code to call it.
"""

from __future__ import annotations

import io
import keyword
import tokenize
from typing import NamedTuple
from zlib import crc32

K, W = 12, 8
QUIET = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.INDENT,
    tokenize.DEDENT,
}  # fmt: skip


class Token(NamedTuple):
    """A token in its general form, and the lines (from 1) that it is on."""

    form: str
    first: int
    last: int


class Passage(NamedTuple):
    """A fingerprint, and the lines (from 1) of its tokens."""

    print: int
    first: int
    last: int


def names_in(text: str) -> frozenset[str]:
    """The names of what a text calls, or looks at in something: mmap_sem and down_read of `mm.mmap_sem.down_read()`."""
    words = [one for one in raw(text) if one.type not in QUIET]
    return frozenset(
        one.string
        for before, one, after in zip([None, *words], words, [*words[1:], None])
        if one.type == tokenize.NAME
        and ((before and before.string == ".") or (after and after.string == "("))
        and not (before and before.string in ("def", "class"))
    )


def raw(text: str) -> list[tokenize.TokenInfo]:
    """The tokens of a text; those before the place where it stops being Python."""
    found = []
    try:
        for one in tokenize.generate_tokens(io.StringIO(text).readline):
            found.append(one)
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return found


def tokens(text: str, known: frozenset[str]) -> list[Token]:
    """The tokens of a text. A string that stands alone on its line, as a docstring does, is no token."""
    found, fresh = [], True
    for one in raw(text):
        if one.type in QUIET:
            fresh = fresh or one.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
            continue
        alone = fresh and one.type == tokenize.STRING and one.line.strip().endswith(("'", '"'))
        fresh = False
        if alone:
            continue
        form = one.string
        if one.type == tokenize.NAME and not keyword.iskeyword(form) and form not in known:
            form = "a name"
        elif one.type == tokenize.NUMBER:
            form = "0"
        elif one.type == tokenize.STRING:
            form = '""'
        found.append(Token(form, one.start[0], one.end[0]))
    return found


def fingerprints(text: str, known: frozenset[str] = frozenset()) -> list[Passage]:
    """The fingerprints of a text, in order. `known` names are told apart from others."""
    words = tokens(text, known)
    hashes = [crc32("\0".join(one.form for one in words[at : at + K]).encode()) for at in range(len(words) - K + 1)]
    if not hashes:
        return []
    chosen = set()
    for at in range(max(1, len(hashes) - W + 1)):
        window = range(at, min(at + W, len(hashes)))
        chosen.add(min(window, key=lambda place: (hashes[place], -place)))  # the rightmost of the smallest
    return [Passage(hashes[at], words[at].first, words[at + K - 1].last) for at in sorted(chosen)]
