"""The patch series of September 2006, from the synchronous fault on, in the order of the course."""

from .nopage_refault import nopage_refault
from .nopage_retry import nopage_retry
from .synchronous import synchronous

ORDER = (synchronous, nopage_refault, nopage_retry)
