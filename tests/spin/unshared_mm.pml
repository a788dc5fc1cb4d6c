/* unshared_mm: as pagefault_args, but who has the mm for himself is not allowed to drop the lock: nobody would gain. */
#define ARGS
#include "kernel.pml"
#define granted (mm_users > 1)
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
