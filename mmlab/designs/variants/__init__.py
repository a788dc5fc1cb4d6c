"""Designs beside the series: each shows what one line more, or one line less, does."""

from .retry_once_signals import retry_once_signals
from .sequence_counter_unbounded import sequence_counter_unbounded
from .spufs import spufs_args, spufs_refault, spufs_synchronous

ORDER = (retry_once_signals, sequence_counter_unbounded, spufs_synchronous, spufs_refault, spufs_args)
