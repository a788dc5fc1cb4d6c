"""A progress bar for long work, on standard error or as a widget, only where somebody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 1.5
"""seconds of wall-clock time before a bar appears by itself"""


@contextmanager
def counted(what: str, total: int, wanted: bool | None) -> Iterator[Callable[[str], None]]:
    """Give a function to call after each of `total` pieces of work, with a few words to show beside their number.

    Where no bar is wanted (as for `bar`) it shows nothing.
    """
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        yield lambda words: None
        return
    try:
        from tqdm import tqdm
    except ImportError:
        yield lambda words: None
        return
    form = "{desc} {n_fmt} of {total_fmt}|{bar:30}| {remaining} left {postfix}"
    with tqdm(desc=what, total=total, leave=False, bar_format=form) as line:

        def tell(words: str) -> None:
            line.set_postfix_str(words, refresh=False)
            line.update()

        yield tell


@contextmanager
def bar(what: str, wanted: bool | None) -> Iterator[Callable[[float], None] | None]:
    """Give a function that takes the share done (0 to 1), or None when no bar is wanted.

    wanted=None shows the bar when standard error is a terminal and the work takes longer than a moment. tqdm draws it,
    in a notebook as a widget that goes away in the end; without tqdm (it comes with the extra `course`) there is none.
    """
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield None
        return
    form = "{desc} {percentage:3.0f}%|{bar}| {remaining} left"
    delay = 0 if wanted else PATIENCE
    with tqdm(desc=f"{what:<20}", total=1.0, leave=False, delay=delay, bar_format=form, ncols=80) as line:
        yield lambda share: line.update(share - line.n) and None
