"""The patch series of September 2006, from the synchronous fault on, in the order of the course."""

from .final import final
from .nopage_refault import nopage_refault
from .nopage_retry import nopage_retry
from .page_flag import page_flag
from .pagefault_args import design as pagefault_args
from .retry_once import retry_once
from .sequence_counter import sequence_counter
from .synchronous import synchronous
from .unshared_mm import unshared_mm

ORDER = (
    synchronous,
    nopage_refault,
    nopage_retry,
    retry_once,
    pagefault_args,
    unshared_mm,
    sequence_counter,
    final,
    page_flag,
)
