"""Row 11 of the mail, the simple way: nobody else shares the mm, so nobody can wait; read with mmap_sem held.

It saves the second walk where there is no one to be kind to. What it does not see is somebody who comes while the
disk works: mm_users is looked at once, on entry.
"""

from __future__ import annotations

from mmlab.kernel import PAGEFAULT_MAYRETRY_IO

from .pagefault_args import design as pagefault_args


async def grant_retry(k, mm):
    """PAGEFAULT_MAYRETRY_IO if anybody else uses the mm: another thread, or a process that looks at it; else 0.

    Lock state: nothing held.
    """
    return PAGEFAULT_MAYRETRY_IO if mm.mm_users > 1 else 0


unshared_mm = pagefault_args.patched(
    "unshared_mm",
    grant_retry=grant_retry,
    story="If nobody else shares the address space, just wait for the disk with mmap_sem held; else as pagefault_args.",
    source="mail of 15 Sep 2006, 20060915001151.75f9a71b.akpm@osdl.org (the simple way)",
)
