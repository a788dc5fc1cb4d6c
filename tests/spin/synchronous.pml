/* synchronous: a miss waits with mmap_sem held. Never RETRY. */
#include "kernel.pml"
#define granted 0
inline on_miss() { skip }
inline after_retry() { skip }
#include "unlocked.pml"
#include "world.pml"
