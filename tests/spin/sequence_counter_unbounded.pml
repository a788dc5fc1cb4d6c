/* sequence_counter_unbounded: sequence_counter that is allowed to drop the lock in every pass. */
#define UNBOUNDED
#include "sequence_counter.pml"
