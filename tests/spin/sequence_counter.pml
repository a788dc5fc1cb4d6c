/* sequence_counter: as pagefault_args; after the wait mmap_sem is taken again, and if the counter is as it was before the
 * drop, and the page is still ours under its lock, the fault goes on where it stood. Otherwise RETRY, once
 * (-DUNBOUNDED: as often as it takes). */
#define ARGS
#include "kernel.pml"
#define granted 1
inline enter() { down_read(me) }
inline check_args() { skip }

inline drop_and_wait() {
#ifndef COUNTER_READ_AFTER_DROP
    read_counter(me);
#endif
    up_read(me);
#ifdef COUNTER_READ_AFTER_DROP
    read_counter(me);
#endif
    waited = 1;
#ifdef PAGE_LOCKED_ACROSS    /* takes the page lock before mmap_sem: the wrong order */
    lock_page(p, me); answer = NOTHING;
#else
    if
    :: locked[p] == NOBODY
    :: fatal_signal() -> answer = SIGNAL
    fi;
#endif
    if
    :: answer == SIGNAL -> put_page(p)
    :: else ->
        down_read(me);
#ifdef NO_RECHECK
        got = 1;
#else
        got = (same_counter(me) != 0);
#endif
        forget_counter(me);
        if
        :: got ->
            got = 0;
#ifndef PAGE_LOCKED_ACROSS
            lock_page(p, me);
#endif
            if
#ifndef NO_MAPPING_RECHECK_AFTER_WAIT
            :: mapping[p] != v || !inside_i_size(v) || !uptodate[p] -> unlock_page(p, me); answer = RETRY
#endif
            :: else -> answer = PAGE
            fi
        :: else ->
#ifdef PAGE_LOCKED_ACROSS
            unlock_page(p, me);
#endif
            answer = RETRY
        fi;
        if
        :: answer == RETRY -> up_read(me); put_page(p)
        :: else
        fi
    fi
}

inline after_retry() {
#ifdef UNBOUNDED
    skip
#else
    mayretry = 0
#endif
}
inline put_args() { skip }
#include "args.pml"
#include "world.pml"
