/* retry_once: as nopage_retry, once. `mayretry` is the flag of the task: set on entry, cleared by the retry and on every
 * exit; without it the miss waits under the lock. */
#include "kernel.pml"
#define granted 1
inline on_miss() {
    if
    :: mayretry -> drop_and_wait()
    :: else
    fi
}
inline after_retry() {
#ifdef MAYRETRY_NEVER_CLEARED
    skip
#else
    mayretry = 0
#endif
}
#include "unlocked.pml"
#include "world.pml"
