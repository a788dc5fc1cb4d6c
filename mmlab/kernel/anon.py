"""Anonymous memory: pages without a file."""

from __future__ import annotations

from .handle import primitive
from .page import PG_uptodate, page, pin


@primitive
async def alloc_zeroed_user_highpage(k):
    """A zeroed page with one reference for the caller, or None when out of memory. Never sleeps. Any lock state."""
    if k.fail_alloc and k.fail_alloc():
        return None
    fresh = page(k, None, 0)
    fresh.flags = PG_uptodate
    fresh.count = 1
    pin(fresh)
    return fresh
