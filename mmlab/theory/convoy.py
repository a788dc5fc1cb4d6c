"""The convoy: one writer that waits for the whole disk queue.

Under `synchronous` every faulting thread keeps mmap_sem for reading while its page comes from the disk. A
writer gets the lock when the *last* of them is done, and the disk serves them one after the other.
"""

from mmlab.theory._arguments import count, not_negative, positive


def convoy_wait(faulters, disk, channels=1):
    """What a writer waits behind `faulters` disk readers: ceil(faulters / channels) * disk, in ns.

    Units    disk: one read in ns; the answer is in ns. 64 faulters, 18 ms: 1.152 s.
    Assumes  all faulters hold the lock for reading and all their reads start at about the moment when the
             writer asks; one FCFS queue in front of `channels` equal channels; constant disk time; cpu costs
             are nothing beside the disk.
    Holds    for a looping writer: its own section lets all faulters queue up behind it, so it meets them
             together again. A lone writer that comes at a random moment waits less (see residual.py).
    Source   [ours] the work of one full disk queue, from the FIFO hand-off of the kernel's rw_semaphore.
    Raises   ValueError: faulters or channels not a whole number >= 1, disk negative or not finite.
    """
    batches = -(-count("faulters", faulters) // count("channels", channels))
    return batches * not_negative("disk", disk)


def convoy_pairs_per_second(faulters, disk, channels=1, held=0):
    """mmap+munmap pairs/s of one looper in the convoy: 1e9 / (2 * convoy_wait + held).

    Each pair takes the write lock twice, so it waits for the whole disk queue twice.
    Units    disk and held in ns (held: both write sections of a pair together); the answer is pairs per
             second. 64 faulters, 18 ms: 0.434/s. One faulter, held 61.66 us: 27.73/s.
    Assumes  as convoy_wait; the faulters do not pause between faults for longer than a write section lasts
             (longer pauses climb the stairs of staircase.py), so that all of them are queued when the writer
             lets go; and the looper is back in the queue before the first read is over, so that what it does
             outside the lock costs no time.
    Source   as convoy_wait.
    Raises   ValueError: as convoy_wait; disk zero; held negative.
    """
    positive("disk", disk)
    return 1e9 / (2 * convoy_wait(faulters, disk, channels) + not_negative("held", held))


def last_death(faulters, disk, running):
    """How long the last of `faulters` threads lives after a SIGKILL that cannot wake it from its read, in ns.

    The disk serves one read after the other, so the last thread's read ends after faulters - 1 whole ones and what is
    left of the one under way, which began a multiple of `disk` after the first.
    Units    disk, running (from the first read's beginning to the kill): ns. 64 faulters, 18 ms, 1 s: 1.142 s.
    Assumes  one channel, first come, first served, constant disk time, and a queue that is never empty: exact for two
             threads and more. One alone leaves the disk idle between its reads, for the kernel's own work.
    Source   [ours]: the work left in a queue.
    Raises   ValueError: faulters not a whole number >= 1, disk not > 0, running negative.
    """
    left = positive("disk", disk) - not_negative("running", running) % disk
    return (count("faulters", faulters) - 1) * disk + left
