"""What Linux made of the mail, from 2.6.37 to today, in the order of the releases."""

from .drop_for_io import drop_for_io
from .mm_lock_seq import mm_lock_seq
from .per_vma_lock import per_vma_lock
from .retry_many import retry_many
from .vm_fault_retry import vm_fault_retry

ORDER = (vm_fault_retry, drop_for_io, retry_many, per_vma_lock, mm_lock_seq)
