"""Designs beside the series: each shows what one line more, or one line less, does."""

from .per_vma_counter import per_vma_counter
from .posted_2006 import posted_2006
from .retry_many_uffd import retry_many_uffd
from .retry_once_signals import retry_once_signals
from .sequence_counter_unbounded import sequence_counter_unbounded
from .spufs import spufs_args, spufs_refault, spufs_synchronous

ORDER = (
    posted_2006, retry_once_signals, sequence_counter_unbounded, retry_many_uffd, per_vma_counter, spufs_synchronous,
    spufs_refault, spufs_args,
)  # fmt: skip
