/* What all designs do alike on the way of a fault. */

/* What a faulting task has for itself: the vma that it found, the page at hand, the number of references it holds to
 * pages, the answer on its way up; permission to drop the lock; whether this fault waited for the disk, saw a read fail,
 * was counted. */
#ifdef ARGS
#define thread_variables  byte v, p, held, args_page, ours; mtype answer = NOTHING; bit mayretry, waited, failed, counted, got
#else
#define thread_variables  byte v, p, held, put_again; mtype answer = NOTHING; bit mayretry, waited, failed, counted
#endif

/* The vma is used: it must be the one that the mm has, or it was freed meanwhile. */
#define use_vma() check(v == vma, pte_through_a_stale_vma)

/* The page of this vma's file, with a reference: p. If it was not cached, its read was submitted. Beyond the end of the
 * file: SIGBUS. */
inline find_page_or_start_read() {
    p = 0;
    do
    :: p > 0 || answer == SIGBUS -> break
    :: else ->
        if
        :: !inside_i_size(v) -> answer = SIGBUS
        :: else ->
            find_get_page(v, p);
            if
            :: p > 0
            :: else ->
                add_to_page_cache(v, p, me);
                if
                :: p > 0 -> submit(p, me); waited = 1
                :: else              /* somebody was faster: look again */
                fi
            fi
        fi
    od
}

/* The pte lock is held: the last look at everything that makes a pte right. The reference goes to the pte. */
inline set_pte() {           /* within a d_step */
    check(sem_readers & BIT(me), lock_not_held);
    use_vma();
    look_at(p);
    check(uptodate[p], page_not_uptodate);
    check(mapping[p] == v, page_not_in_the_mapping);
    check(v == 2 || !truncated, page_beyond_i_size);
    if
    :: pte == 0 -> pte = p; held--
#ifdef PAGE_FLAG
        ; tried_on[p] = 0
#endif
    :: else -> held--; release_page(p)      /* a sibling won */
    fi;
    p = 0;
    answer = DONE
}

/* A read that failed is tried once more, and this read is waited for with mmap_sem held; then SIGBUS. If the answer is
 * NOTHING, p is referenced and its read on the way: the caller looks again. */
inline read_again() {
    if
    :: failed -> unlock_page(p, me); put_page(p); answer = SIGBUS
    :: else -> failed = 1; waited = 1; submit(p, me)
    fi
}

/* maj_flt: once for a fault, if any of its passes waited. */
inline count_fault() {
    if
    :: waited -> check(!counted, fault_counted_twice); counted = 1
    :: else
    fi
}

/* The end of every way out of do_page_fault: nothing may stick to a task that returns to user mode. */
inline back_to_user_mode() {
    d_step {
        check(!(sem_readers & BIT(me)), lock_leaked);
        check(locked[1] != me && locked[2] != me, page_lock_leaked);
        check(held == 0, page_reference_leaked);
        forget_counter(me);
        truncate_unchanged = truncate_unchanged & ~BIT(me);
        v = 0; p = 0
    }
}
