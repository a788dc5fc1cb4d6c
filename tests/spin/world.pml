/* The tasks of a world. Which of them run is asked of the environment, once, when the search begins: so one compiled
 * verifier of a design serves all its worlds. WORLD is a list of words: faulter2 (faulter 1 is always there), faulter3,
 * get_user_pages, remap, unmap, mmap_loop, mmap_once, dontneed, reclaim, truncate, kill; and of the disk: errors (every
 * read fails), silent (from any read on it may never answer again).
 */
c_decl {
    static int with_faulter2, with_faulter3, with_get_user_pages, with_remap, with_unmap, with_mmap_once, with_mmap_loop,
        with_dontneed, with_reclaim, with_truncate, with_kill, with_silent, with_errors;
    static int world_has(const char *word)
    {
        const char *at = getenv("WORLD");
        size_t n = strlen(word), length;
        while (at && *at) {
            length = strcspn(at, " ");
            if (length == n && !strncmp(at, word, n))
                return 1;
            at += length + strspn(at + length, " ");
        }
        return 0;
    }
};

byte unfinished = 1;         /* tasks that must come to an end: all but the loops. (Until init has counted: one.) */

inline finish() { d_step { mm_users--; unfinished-- } }

/* The one touch of page 0 from user mode: the hardware looks first. The fault is over when its pte is there. */
proctype faulter(byte me) {
    thread_variables;
    do
    :: fatal_signal() -> break
    :: else ->
        if
        :: pte > 0 -> break
        :: else
        fi;
        do_page_fault();
        if
        :: answer == RETRY || answer == REFAULT || answer == SIGNAL     /* the instruction is replayed */
        :: else -> break
        fi
    od;
    finish()
}

#ifndef NO_GET_USER_PAGES    /* left out where nobody calls it: the verifier is compiled twice as fast */
/* get_user_pages: kernel mode, wants the page with mmap_sem held, and does not allow the lock to be dropped. It takes its
 * reference under the pte lock. nopage_retry asks nobody for permission: so this caller looks for a RETRY, too. */
proctype get_user_pages(byte me) {
    thread_variables;
    down_read(me);
    do
    :: v = vma;
        if
        :: v == 0 -> break
        :: else ->
            d_step {
                if
                :: pte > 0 -> p = pte; refs[p]++; held++
                :: else
                fi
            };
            if
            :: p > 0 -> put_page(p); break
            :: else
            fi;
            handle_pte_fault();
            if
#ifndef GUP_UNAWARE
            :: answer == RETRY -> down_read(me)
#endif
            :: answer == SIGBUS || answer == SIGNAL -> break
            :: else
            fi
        fi
    od;
    if
    :: answer == SIGNAL
    :: else -> up_read(me)
    fi;
    back_to_user_mode();
    finish()
}
#endif

/* mmap(MAP_FIXED) of file 2 over the range, once. */
proctype remap(byte me) {
    down_write(me);
#if !defined(BUMP_FORGOTTEN) && !defined(BUMP_AFTER_UP_WRITE)
    bump_counter();
#endif
    zap_pte();
    vma = 2;
    up_write(me);
#ifdef BUMP_AFTER_UP_WRITE
    bump_counter();
#endif
    finish()
}

/* munmap of the range, once. */
proctype unmap(byte me) {
    down_write(me);
#if !defined(BUMP_FORGOTTEN) && !defined(BUMP_AFTER_UP_WRITE)
    bump_counter();
#endif
    zap_pte();
    vma = 0;
    up_write(me);
#ifdef BUMP_AFTER_UP_WRITE
    bump_counter();
#endif
    finish()
}

/* Maps and unmaps something else, once or for ever. */
proctype mmap_once(byte me) {
    down_write(me);
    bump_counter();
    up_write(me);
    finish()
}

proctype mmap_loop(byte me) {
end: do
    :: down_write(me);
        bump_counter();
        up_write(me)
    od
}

/* A read ends: PG_uptodate if it went well, then the page lock. There is one such process a file, so that the order of
 * two reads is open and each comes to its end. */
proctype disk(byte file) {
end: do
    :: reading[file] > 0 ->
        if
        :: c_expr { !with_errors } -> uptodate[reading[file]] = 1
        :: c_expr { with_errors }
        :: c_expr { with_silent } -> break
        fi;
        d_step { locked[reading[file]] = NOBODY; reading[file] = 0 }
    od
}

/* Another process: fadvise(DONTNEED) on file 1, for ever. Skips pages that are locked, mapped or referenced. */
#define droppable(page) (page > 0 && pte != page && refs[page] == 1)
proctype dontneed() {
    byte page;
end: do
    :: d_step { droppable(cache[1]) && locked[cache[1]] == NOBODY -> page = cache[1]; locked[page] = RECLAIMER };
        d_step {
            if
            :: droppable(page) -> out_of_the_cache(page)
            :: else -> locked[page] = NOBODY
            fi;
            page = 0
        }
    od
}

/* Reclaim, for ever: as DONTNEED, but it unmaps the page first, by rmap and without mmap_sem. */
#define reclaimable(page) (page > 0 && refs[page] == 1 + (pte == page))
proctype reclaim() {
    byte page;
end: do
    :: d_step { reclaimable(cache[1]) && locked[cache[1]] == NOBODY -> page = cache[1]; locked[page] = RECLAIMER };
        unmap_page(page);
        d_step {
            if
            :: droppable(page) -> out_of_the_cache(page)
            :: else -> locked[page] = NOBODY
            fi;
            page = 0
        }
    od
}

/* ftruncate(file 1, 0): the size, then the ptes, then the page under its lock, with one more look at its pte. */
proctype truncate() {
    byte page, held;
    i_size = 0;
    truncate_unchanged = 0;
    if
    :: vma == 1 -> zap_pte()
    :: else
    fi;
    find_get_page(1, page);
    if
    :: page > 0 ->
        lock_page(page, TRUNCATER);
        if
        :: mapping[page] == 1 -> unmap_page(page); d_step { out_of_the_cache(page) }
        :: else -> unlock_page(page, TRUNCATER)
        fi;
        put_page(page)
    :: else
    fi;
    d_step { truncated = 1; unfinished-- }
}

/* SIGKILL for the process: for each of its threads. */
proctype kill_all() { d_step { killed = 255; unfinished-- } }

#define thread(task) run task; mm_users++; unfinished++

init {
    atomic {
        c_code {
            with_faulter2 = world_has("faulter2");
            with_faulter3 = world_has("faulter3");
            with_get_user_pages = world_has("get_user_pages");
            with_remap = world_has("remap");
            with_unmap = world_has("unmap");
            with_mmap_once = world_has("mmap_once");
            with_mmap_loop = world_has("mmap_loop");
            with_dontneed = world_has("dontneed");
            with_reclaim = world_has("reclaim");
            with_truncate = world_has("truncate");
            with_kill = world_has("kill");
            with_silent = world_has("silent");
            with_errors = world_has("errors");
        };
        unfinished = 0;
        run disk(1);
        thread(faulter(1));
        if :: c_expr { with_faulter2 } -> thread(faulter(2)) :: c_expr { !with_faulter2 } fi;
        if :: c_expr { with_faulter3 } -> thread(faulter(3)) :: c_expr { !with_faulter3 } fi;
#ifndef NO_GET_USER_PAGES
        if :: c_expr { with_get_user_pages } -> thread(get_user_pages(3)) :: c_expr { !with_get_user_pages } fi;
#endif
        if :: c_expr { with_remap } -> run disk(2); thread(remap(4)) :: c_expr { !with_remap } fi;
        if :: c_expr { with_unmap } -> thread(unmap(4)) :: c_expr { !with_unmap } fi;
        if :: c_expr { with_mmap_once } -> thread(mmap_once(5)) :: c_expr { !with_mmap_once } fi;
        if :: c_expr { with_mmap_loop } -> run mmap_loop(5); mm_users++ :: c_expr { !with_mmap_loop } fi;
        if :: c_expr { with_dontneed } -> run dontneed() :: c_expr { !with_dontneed } fi;
        if :: c_expr { with_reclaim } -> run reclaim() :: c_expr { !with_reclaim } fi;
        if :: c_expr { with_truncate } -> run truncate(); unfinished++ :: c_expr { !with_truncate } fi;
        if :: c_expr { with_kill } -> run kill_all(); unfinished++ :: c_expr { !with_kill } fi
    }
}

/* Every finite task comes to its end. Looked for with weak fairness: a task that could always go on, does. */
ltl live { <> (unfinished == 0) }
