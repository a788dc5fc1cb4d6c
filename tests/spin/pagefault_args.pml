/* pagefault_args: a miss drops mmap_sem if the args allow it; one more pass, without permission, waits under the lock. */
#define ARGS
#include "kernel.pml"
#define granted 1
inline enter() { down_read(me) }
inline check_args() { skip }
inline drop_and_wait() { drop_wait_put() }
inline after_retry() {
#ifdef MAYRETRY_NEVER_CLEARED
    skip
#else
    mayretry = 0
#endif
}
inline put_args() { skip }
#include "args.pml"
#include "world.pml"
