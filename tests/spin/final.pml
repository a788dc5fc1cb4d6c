/* final: pagefault_args, the counter, signals and the bounded retry together; and the page is kept, with its reference,
 * from the first pass to the second (args_page), so that nobody can throw it out between the two. */
#define ARGS
#include "kernel.pml"
#define granted 1

/* (2) Waiting for mmap_sem is killable. */
inline enter() {
    down_read_killable(me);
    if
    :: sem_readers & BIT(me) -> answer = NOTHING
    :: else -> answer = SIGNAL
    fi
}

/* (5) The kept page must be what the cache holds for this vma; if not, it is put. Either way the kept reference ends
 * here: p has its own. */
inline check_args() {
    if
    :: args_page > 0 ->
#ifdef KEPT_PAGE_NOT_COMPARED
        if
        :: p > 0 -> put_page(p)
        :: else
        fi;
        p = args_page; args_page = 0; answer = NOTHING
#else
        put_page(args_page)
#endif
    :: else
    fi
}

inline drop_and_wait() {
#ifndef COUNTER_READ_AFTER_DROP
    read_counter(me);
#endif
    up_read(me);
#ifdef COUNTER_READ_AFTER_DROP
    read_counter(me);
#endif
    waited = 1;
    if
    :: locked[p] == NOBODY
    :: fatal_signal() -> answer = SIGNAL                             /* (1) */
    fi;
    if
    :: answer == SIGNAL
    :: else ->
        enter();
        if
        :: answer == SIGNAL
        :: else ->
#ifdef NO_RECHECK
            got = 1;
#else
            got = (same_counter(me) != 0);
#endif
            if
            :: got ->
                got = 0;
                d_step {
                    if
                    :: locked[p] == NOBODY -> locked[p] = me; got = 1
                    :: else
                    fi
                };
                if
                :: got ->
                    got = 0;
                    if
#ifndef NO_MAPPING_RECHECK_AFTER_WAIT
                    :: mapping[p] != v || !inside_i_size(v) || !uptodate[p] -> unlock_page(p, me)
#endif
                    :: else -> answer = PAGE                         /* (3) */
                    fi
                :: else
                fi
            :: else
            fi;
            if
            :: answer == PAGE
            :: else -> up_read(me); args_page = p; p = 0; answer = RETRY        /* (4) */
            fi
        fi
    fi;
    forget_counter(me);
    if
#ifdef PAGE_NOT_PUT_WHEN_KILLED
    :: answer == SIGNAL -> p = 0
#else
    :: answer == SIGNAL -> put_page(p)
#endif
    :: else
    fi
}
inline after_retry() { mayretry = 0 }
inline put_args() {
    if
    :: args_page > 0 -> put_page(args_page)
    :: else
    fi
}
#include "args.pml"
#include "world.pml"
