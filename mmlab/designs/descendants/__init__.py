"""What Linux made of the mail, from 2.6.37 to today, in the order of the releases."""

from .drop_for_io import drop_for_io
from .retry_many import retry_many
from .vm_fault_retry import vm_fault_retry

ORDER = (vm_fault_retry, drop_for_io, retry_many)
