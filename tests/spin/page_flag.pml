/* page_flag: as retry_once, but the mark is on the page: set at the first drop, cleared when its pte is installed. A page
 * that leaves the cache takes its mark along. */
#define PAGE_FLAG
#include "kernel.pml"
#define granted 1
inline on_miss() {
    if
    :: mayretry && !tried_on[p] -> tried_on[p] = 1; drop_and_wait()
    :: else
    fi
}
inline after_retry() { skip }
#include "unlocked.pml"
#include "world.pml"
