/* The path with struct pagefault_args: pagefault_args, unshared_mm, sequence_counter, final. The page comes back locked,
 * and stays locked until its pte is set.
 *
 * `mayretry` is PAGEFAULT_MAYRETRY_IO in the args. RETRY is NOPAGE_RETRY with PAGEFAULT_RETRY_IO, SIGNAL the same with
 * PAGEFAULT_RETRY_SIGNALPENDING; on both mmap_sem is not held. A design gives four hooks:
 *   granted           whether do_page_fault allows the lock to be dropped
 *   drop_and_wait()   on a miss, with permission: drops mmap_sem, waits. Answers PAGE (p locked, mmap_sem held again),
 *                     RETRY or SIGNAL
 *   after_retry()     what do_page_fault does before it runs the fault again
 *   put_args()        what every exit does
 */
#include "fault.pml"

/* With p locked: is it the page that the vma wants? PAGE (locked), SIGBUS, or NOTHING: look again with p = 0, or, after
 * a failed read, with p under a new read. */
inline look_under_page_lock() {
    look_at(p);
    if
#ifndef NO_MAPPING_RECHECK
    :: mapping[p] != v -> unlock_page(p, me); put_page(p)
#endif
    :: else ->
        if
#ifndef NO_MAPPING_RECHECK
        :: !inside_i_size(v) -> unlock_page(p, me); put_page(p); answer = SIGBUS
#endif
        :: else ->
            if
#ifdef NO_UPTODATE_CHECK     /* unlocked means read, does it not? */
            :: !uptodate[p] -> answer = PAGE
#endif
            :: uptodate[p] -> answer = PAGE
            :: else -> read_again()
            fi
        fi
    fi
}

/* Asleep for the page lock with mmap_sem held, and killable: killed, it drops the lock though nobody allowed it. */
inline wait_here() {
    waited = 1;
    atomic {
        if
        :: locked[p] == NOBODY -> look_at(p); locked[p] = me
#ifndef UNKILLABLE
        :: fatal_signal() && locked[p] != NOBODY -> answer = SIGNAL
#endif
        fi
    };
    if
    :: answer == SIGNAL -> put_page(p); up_read(me)
    :: else -> look_under_page_lock()
    fi
}

inline filemap_nopage() {
    answer = NOTHING;
    failed = 0;
    do
    :: answer != NOTHING -> break
    :: else ->
        use_vma();
        if
        :: p == 0 -> find_page_or_start_read()
        :: else
        fi;
        check_args();
        if
        :: answer == SIGBUS
        :: else ->
            d_step {             /* trylock_page */
                look_at(p);
                if
                :: locked[p] == NOBODY -> locked[p] = me; got = 1
                :: else -> got = 0
                fi
            };
            if
            :: got -> got = 0; look_under_page_lock()
            :: else ->
                if
#ifdef DROPS_WITHOUT_PERMISSION
                :: true -> drop_and_wait()
#else
                :: mayretry && !failed -> drop_and_wait()
#endif
                :: else -> wait_here()
                fi
            fi
        fi
    od
}

inline handle_pte_fault() {
    if
    :: pte > 0 -> answer = DONE
    :: else ->
        filemap_nopage();
        if
        :: answer == PAGE ->
            ours = p;
            d_step { set_pte() };
            d_step {             /* the pte's reference keeps the page, or its mapping does */
                check(locked[ours] == me, released_by_a_stranger);
                locked[ours] = NOBODY;
                ours = 0
            }
        :: else
        fi
    fi
}

inline do_page_fault() {
    d_step { answer = NOTHING; waited = 0; counted = 0; mayretry = granted };
    do
    :: enter();
        if
        :: answer == SIGNAL -> break
        :: else ->
            v = vma;
            if
            :: v == 0 ->
                answer = SIGSEGV;
#ifndef LOCK_LEAKED_ON_SIGSEGV
                up_read(me);
#endif
                break
            :: else ->
                handle_pte_fault();
                if
#ifndef RETRY_IS_MINOR
                :: answer == RETRY ->
#ifdef COUNTED_TWICE
                    count_fault();
#endif
                    after_retry()
#endif
                :: answer == SIGNAL -> break       /* nothing is counted */
                :: else -> count_fault(); up_read(me); break
                fi
            fi
        fi
    od;
    put_args();
    mayretry = 0;
    back_to_user_mode()
}

/* up_read, wait for the read or a fatal signal, put the page. */
inline drop_wait_put() {
#ifndef KEEPS_LOCK
    up_read(me);
#endif
    waited = 1;
    if
    :: locked[p] == NOBODY -> answer = RETRY
    :: fatal_signal() -> answer = SIGNAL
    fi;
    put_page(p)
}
