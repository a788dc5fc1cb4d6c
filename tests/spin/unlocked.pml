/* The path before a page came back locked: synchronous, nopage_refault, nopage_retry, retry_once, page_flag.
 * truncate_count, sampled before ->nopage and compared under the pte lock, stands in for the page lock.
 *
 * A design gives three hooks:
 *   on_miss()      the page p (referenced) is being read: leave with RETRY or REFAULT, or do nothing and wait here
 *   after_retry()  what do_page_fault does before it runs the fault again
 *   granted        whether the task may drop the lock, on entry of do_page_fault
 */
#include "fault.pml"

#define sample_truncate_count() truncate_unchanged = truncate_unchanged | BIT(me)
#define same_truncate_count()   (truncate_unchanged & BIT(me))

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
        if
        :: answer == SIGBUS
        :: else ->
            look_at(p);
            if
#ifdef NO_UPTODATE_CHECK     /* found is not yet read */
            :: p > 0 -> answer = PAGE
#endif
            :: uptodate[p] -> answer = PAGE
            :: else ->
                if
                :: locked[p] != NOBODY && !failed -> on_miss()
                :: else
                fi;
                if
                :: answer == NOTHING ->
                    waited = 1;
                    lock_page(p, me);               /* asleep with mmap_sem held */
                    if
                    :: mapping[p] != v -> unlock_page(p, me); put_page(p)
                    :: else ->
                        if
                        :: uptodate[p] -> unlock_page(p, me); answer = PAGE
                        :: else -> read_again()
                        fi
                    fi
                :: else
                fi
            fi
        fi
    od
}

/* do_no_page, after a look at the pte. */
inline handle_pte_fault() {
    if
    :: pte > 0 -> answer = DONE
    :: else ->
        answer = NOTHING;
        do
        :: answer != NOTHING -> break
        :: else ->
#ifndef TRUNCATE_COUNT_SAMPLED_LATE
            sample_truncate_count();
#endif
            filemap_nopage();
#ifdef TRUNCATE_COUNT_SAMPLED_LATE
            sample_truncate_count();
#endif
            if
            :: answer == PAGE ->
                d_step {
                    if
                    :: same_truncate_count() -> set_pte()
                    :: else -> held--; release_page(p); p = 0; answer = NOTHING
                    fi
                }
            :: else
            fi
        od
    fi
}

inline do_page_fault() {
    d_step { answer = NOTHING; waited = 0; counted = 0; mayretry = granted };
    do
    :: down_read(me);
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
#ifndef RETRY_IS_MINOR       /* a "minor fault" after the drop: the lock is released once more */
            :: answer == RETRY ->
#ifdef COUNTED_TWICE
                count_fault();
#endif
                after_retry()
#endif
            :: else -> count_fault(); up_read(me); break
            fi
        fi
    od;
    mayretry = 0;
    back_to_user_mode()
}

/* up_read, wait, put the page, RETRY: whoever comes back finds nothing as it was. */
inline drop_and_wait() {
    up_read(me);
    waited = 1;
    locked[p] == NOBODY;
#ifdef PAGE_PUT_TWICE
    put_again = p;
#endif
#ifndef PAGE_NEVER_PUT
    put_page(p);
#endif
#ifdef PAGE_PUT_TWICE
    d_step { release_page(put_again); put_again = 0 };
#endif
    p = 0;
    answer = RETRY
}
