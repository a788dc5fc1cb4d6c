/* The kernel that every model shares: mmap_sem, the page cache of two files, the disk, one page table entry.
 *
 * Written by hand from the contracts of the designs. Memory is sequentially consistent.
 *
 * THE GRAIN. A statement of Promela is a step: between any two of them, any other task may run. Several accesses are
 * one step (`d_step`, or `atomic` where the step may end in a sleep) only where the kernel has a spinlock or one
 * atomic instruction:
 *   - a whole down_read, up_read, down_write, up_write: the semaphore's own wait_lock. A release hands the lock over in
 *     the same step. A task that must wait sleeps between two steps and goes on when the lock is its own;
 *   - find_get_page, add_to_page_cache, and "still not referenced by others? then out of the cache": the tree_lock;
 *   - trylock_page, unlock_page, get_page, put_page: one atomic instruction, put_page with the freeing of the page;
 *   - "truncate_count and pte as they were? then install the pte" and the zap of a pte: the pte lock.
 * All else is apart: reading the counter, bumping it, dropping the lock, i_size, page->mapping, PG_uptodate, the
 * submission of a read, its success and its end. Local variables cannot be seen by others: they join a step freely.
 *
 * FINDINGS. `check(condition, name)` stops the search; SPIN prints the text of the assertion, and with it the name.
 */

#ifndef PAGES
#define PAGES 2
#endif
#define NOBODY  0
#define WRITERS 4            /* tasks 1..3 take mmap_sem for reading, 4..5 for writing */
#define DISK    9            /* PG_locked belongs to the read, from its submission to its end */
#define RECLAIMER 8
#define TRUNCATER 7
#define BIT(task) (1 << (task))

mtype = { NOTHING, PAGE, DONE, RETRY, REFAULT, SIGNAL, SIGBUS, SIGSEGV };

/* Never true: they are here for their names. */
bool lock_leaked, recursive_locking, lock_not_held, page_lock_leaked, released_by_a_stranger,
    page_reference_leaked, reference_underflow, use_after_free, pte_through_a_stale_vma, page_not_uptodate,
    page_not_in_the_mapping, page_beyond_i_size, fault_counted_twice, model_too_small;
#define check(condition, name) assert((condition) || name)

/* ---- mmap_sem: one wait list, first come first served ------------------------------------------------------------ */

byte sem_readers = 0;        /* a bit for each task that holds it for reading */
byte sem_writer = NOBODY;    /* the task that holds it for writing */
chan sem_queue = [4] of { byte };
byte head;                   /* 0 between the steps */

/* One writer, or the whole run of readers at the head. */
inline sem_wake() {
    do
    :: sem_writer == NOBODY && len(sem_queue) > 0 ->
        sem_queue?<head>;
        if
        :: head < WRITERS -> sem_queue?head; sem_readers = sem_readers | BIT(head)
        :: head >= WRITERS && sem_readers == 0 -> sem_queue?head; sem_writer = head
        :: else -> break
        fi
    :: else -> break
    od;
    head = 0
}

inline down_read_or_queue(task) {
    d_step {
        check(!(sem_readers & BIT(task)), recursive_locking);
        if
        :: sem_writer == NOBODY && len(sem_queue) == 0 -> sem_readers = sem_readers | BIT(task)
        :: else -> sem_queue!task       /* any waiter makes newcomers queue */
        fi
    }
}

inline down_read(task) {
    atomic { down_read_or_queue(task); (sem_readers & BIT(task)) != 0 }
}

/* Leaves the queue when a fatal signal comes; the caller looks who won. */
inline down_read_killable(task) {
    atomic {
        down_read_or_queue(task);
        if
        :: (sem_readers & BIT(task)) != 0
        :: (killed & BIT(task)) && !(sem_readers & BIT(task)) -> sem_queue??eval(task)
        fi
    }
}

inline up_read(task) {
    d_step {
        check(sem_readers & BIT(task), released_by_a_stranger);
        sem_readers = sem_readers & ~BIT(task);
        sem_wake()
    }
}

inline down_write(task) {
    atomic {
        d_step {
            if
            :: sem_writer == NOBODY && sem_readers == 0 && len(sem_queue) == 0 -> sem_writer = task
            :: else -> sem_queue!task
            fi
        }
        sem_writer == task
    }
}

inline up_write(task) {
    d_step {
        check(sem_writer == task, released_by_a_stranger);
        sem_writer = NOBODY;
        sem_wake()
    }
}

/* ---- the sequence counter: only "unchanged since task t read it?" is ever asked, so that is what is kept ---------- */

#ifdef NARROW_COUNTER        /* one bit, kept as a number: two bumps and it looks unchanged */
bit mm_seq = 0;
bit seen[4];
#define read_counter(task)  seen[task] = mm_seq
#define bump_counter()      mm_seq = 1 - mm_seq
#define same_counter(task)  (seen[task] == mm_seq)
#define forget_counter(task) seen[task] = 0
#else
byte seq_unchanged = 0;      /* a bit for each task whose sample still equals the counter */
#define read_counter(task)  seq_unchanged = seq_unchanged | BIT(task)
#define bump_counter()      seq_unchanged = 0
#define same_counter(task)  (seq_unchanged & BIT(task))
#define forget_counter(task) seq_unchanged = seq_unchanged & ~BIT(task)
#endif

/* ---- the mm: one page of address space. vma 1 maps page 0 of file 1, vma 2 page 0 of file 2, 0 is a hole ----------- */

byte vma = 1;
byte pte = 0;                /* the page that it maps, with a reference; 0 is none */
byte mm_users = 0;
byte killed = 0;             /* a bit for each task with SIGKILL pending */
#define fatal_signal() (killed & BIT(me))

/* ---- pages 1..PAGES, each in the cache of at most one file --------------------------------------------------------- */

byte cache[3];               /* of files 1 and 2: the page at index 0 */
byte refs[PAGES + 1];        /* 0: the page is free */
byte locked[PAGES + 1];      /* PG_locked: who holds it */
bit  uptodate[PAGES + 1];
byte mapping[PAGES + 1];     /* the file, 0 once it is out of the cache */
#ifdef PAGE_FLAG
bit  tried_on[PAGES + 1];    /* the bit in page->flags */
#endif
byte reading[3];             /* the page whose read the disk has, by file */
bit  i_size = 1;             /* of file 1, in pages; file 2 always has its page */
byte truncate_unchanged = 0; /* as seq_unchanged, for mapping->truncate_count */
bit  truncated = 0;          /* truncate is over */

#define inside_i_size(file) (file == 2 || i_size)

/* A task may look at a page only while it has a reference to it. `held` counts the references of the task. */
#define look_at(page) check(page > 0 && held > 0 && refs[page] > 0, use_after_free)

inline release_page(page) {  /* within a d_step */
    check(refs[page] > 0, reference_underflow);
    refs[page]--;
    if
    :: refs[page] == 0 ->
        check(locked[page] == NOBODY && cache[1] != page && cache[2] != page && pte != page, use_after_free);
        uptodate[page] = 0;
        mapping[page] = 0;
#ifdef PAGE_FLAG
        tried_on[page] = 0       /* a page that comes back from the disk knows nothing */
#endif
    :: else
    fi
}

inline put_page(page) {
    d_step { check(held > 0, reference_underflow); held--; release_page(page); page = 0 }
}

inline find_get_page(file, page) {
    d_step {
        page = cache[file];
        if
        :: page > 0 -> refs[page]++; held++
        :: else
        fi
    }
}

/* Adds a new page, locked and with two references; page is 0 if another task was faster. */
inline add_to_page_cache(file, page, task) {
    d_step {
        page = 0;
        if
        :: cache[file] == 0 ->
            page = 1;
            do
            :: page <= PAGES && refs[page] > 0 -> page++
            :: else -> break
            od;
            check(page <= PAGES, model_too_small);
            refs[page] = 2;
            held++;
            locked[page] = task;
            mapping[page] = file;
            cache[file] = page
        :: else
        fi
    }
}

/* From here on the page lock is the disk's. */
inline submit(page, task) {
    d_step {
        look_at(page);
        check(locked[page] == task, released_by_a_stranger);
        locked[page] = DISK;
        reading[mapping[page]] = page
    }
}

inline lock_page(page, task) {
    atomic { locked[page] == NOBODY -> look_at(page); locked[page] = task }
}

inline unlock_page(page, task) {
    d_step {
        look_at(page);
        check(locked[page] == task, released_by_a_stranger);
        locked[page] = NOBODY
    }
}

inline out_of_the_cache(page) { /* within a d_step, page lock held */
    check(pte != page, page_not_in_the_mapping);
    cache[mapping[page]] = 0;
    mapping[page] = 0;
    locked[page] = NOBODY;
    release_page(page)
}

byte zapped;                 /* 0 between the steps */
inline zap_pte() {
    d_step {
        if
        :: pte > 0 -> zapped = pte; pte = 0; release_page(zapped); zapped = 0
        :: else
        fi
    }
}

/* By rmap, from the page: its reference from the pte goes too. */
inline unmap_page(page) {
    d_step {
        if
        :: pte == page -> pte = 0; refs[page]--
        :: else
        fi
    }
}
