/* nopage_retry: a miss drops mmap_sem, waits, puts the page; do_page_fault starts again. Without bound, and without
 * asking whether it may. */
#include "kernel.pml"
#define granted 0
inline on_miss() { drop_and_wait() }
inline after_retry() { skip }
#include "unlocked.pml"
#include "world.pml"
