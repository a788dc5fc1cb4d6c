"""The simulated kernel: structs, locks, the page cache, a disk, and the debugging aids.

What exists in Linux has its Linux name. Coroutines (`async def`) may sleep or be interleaved at every `await`.
Of a coroutine's side effects only joining a wait queue may come before its sleep, so that a driver can ask "could it
go on?" by trying again.
"""

from . import failslab, mmap, truncate  # with these, every primitive has its place in handle.STEPS
from .anon import alloc_zeroed_user_highpage
from .bug import KernelBug
from .codes import (
    NOPAGE_OOM,
    NOPAGE_RETRY,
    NOPAGE_SIGBUS,
    VM_FAULT_MAJOR,
    VM_FAULT_MINOR,
    VM_FAULT_OOM,
    VM_FAULT_RETRY,
    VM_FAULT_SIGBUS,
)
from .file_table import fput, get_file
from .filemap import (
    PAGE_SIZE,
    address_space,
    beyond_i_size,
    find_get_page,
    find_lock_page,
    linear_page_index,
    page_cache_read,
    readpage,
)
from .gup import faultin_page, follow_page, get_user_pages
from .mm import (
    VM_GROWSDOWN,
    VM_READ,
    VM_WRITE,
    bump_mmap_seq,
    find_vma,
    good_area,
    mas_walk,
    mm_struct,
    vm_area_struct,
)
from .page import (
    ClearPageRetried,
    PageLocked,
    PageRetried,
    PageUptodate,
    SetPageRetried,
    get_page,
    lock_page,
    lock_page_killable,
    page,
    put_page,
    trylock_page,
    unlock_page,
    wait_on_page_locked,
    wait_on_page_locked_interruptible,
    wait_on_page_locked_killable,
)
from .pagefault import (
    PAGEFAULT_MAYRETRY_IO,
    PAGEFAULT_RETRY_IO,
    PAGEFAULT_RETRY_NOWAIT,
    PAGEFAULT_RETRY_SIGNALPENDING,
    fault_signal_pending,
    mm_account_fault,
    pagefault_args,
)
from .pagetable import pte_alloc_map, pte_none, ptep_set_access_flags, set_pte_at
from .rwsem import rw_semaphore, rwsem_is_contended
from .sleep import EINTR, TASK_INTERRUPTIBLE, TASK_KILLABLE, TASK_UNINTERRUPTIBLE, charge
from .spufs import local_store_page, spu_acquire_runnable, spu_bind_context, spu_context, spufs_mem_mmap
from .task import (
    PF_FAULT_MAYRETRY,
    PF_FAULT_RETRIED,
    SIGBUS,
    SIGKILL,
    SIGSEGV,
    SIGUSR1,
    fatal_signal_pending,
    fixup_exception,
    force_sig,
    send_sig,
    signal_pending,
    task_struct,
    user_mode,
)
from .vm_fault import (
    FAULT_FLAG_ALLOW_RETRY,
    FAULT_FLAG_DEFAULT,
    FAULT_FLAG_KILLABLE,
    FAULT_FLAG_RETRY_NOWAIT,
    FAULT_FLAG_TRIED,
    FAULT_FLAG_VMA_LOCK,
    VM_FAULT_LOCKED,
    fault_flag_allow_retry_first,
    vm_fault,
)
from .vma_lock import get_vma, put_vma, rcu_read_lock, rcu_read_unlock

__all__ = [name for name in dir() if not name.startswith("_") and not isinstance(globals()[name], type(failslab))]
