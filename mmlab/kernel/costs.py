"""The cost model: the only constants of the simulation, in ns.

The handler's costs are round guesses of the right order for a 2006 machine. `MMAP_*` and `MUNMAP_*` are
*calibrated*, not predicted: together they make one mmap+munmap pair cost 66.66 us, the 15,000 pairs a second
that commit d065bd810b6d published for a free lock. What the model predicts is everything in between.
"""

EXCEPTION_ENTRY = 500
"""from the faulting instruction to the first line of do_page_fault"""
FIND_VMA = 500
PAGE_CACHE_LOOKUP = 300
"""find_get_page: one radix-tree look-up"""
SUBMIT_READ = 2_000
"""building and queueing the block request; the device already works while this is paid"""
INSTALL_PTE = 500
"""taking the pte lock, checking, set_pte, update_mmu_cache"""

MMAP_OUTSIDE = 2_000
"""system call entry and argument checks before mmap asks for mmap_sem"""
MMAP_HOLD = 28_000
"""mmap_sem held for writing by one mmap"""
MUNMAP_OUTSIDE = 3_000
MUNMAP_HOLD = 33_660
MPROTECT_OUTSIDE = 2_000
MPROTECT_HOLD = 28_000
FORK_OUTSIDE = 50_000
"""all of fork but the copy of the address space; a round guess"""

PROC_READ_HOLD = 20_000
"""mmap_sem held for reading by one read of /proc/PID/maps, as ps and top do"""
PROC_READ_OUTSIDE = 10_000
