/* nopage_refault: the read is started, and the answer is "touch again" with mmap_sem held: the instruction is replayed
 * at once. */
#include "kernel.pml"
#define granted 0
inline on_miss() { put_page(p); answer = REFAULT }
inline after_retry() { skip }
#include "unlocked.pml"
#include "world.pml"
