"""The staircase: pairs/s of a looper under `synchronous` as the faulting thread pauses longer.

Start the clock at the moment when A (the faulting thread) releases mmap_sem. B (the looper) waits, so its
section runs at once; then B goes outside, comes back, runs the next section, and so on, until A asks. FIFO
then lets A in at the end of the section that runs. So the number of write sections for each disk read is the
number of sections that *begin* before A asks: a whole number, and a constant pause locks A and B into a fixed
pattern.

  pause + entry   sections per read   pairs/s at 18 ms (calibrated costs)
  up to 30.5 us          1                  27.7
  to about 65 us         2                  55.35
  to about 97 us         3                  82.9
  to about 130 us        4                 110.3
"""

import math
from typing import NamedTuple

from mmlab.theory._arguments import positive
from mmlab.theory.alternation import Section, alternate, whole_section


def staircase_constant_pause(pauses, fault, writes):
    """[(pause, pairs/s), ...] for constant pauses: alternate() with each pause added to fault.outside.

    Units    pauses and Sections in whole ns (fault: the Section of a fault without a pause); rates per
             second.
    Assumes, holds, source, raises: as alternate(), which does the work.
    """
    outside, held = whole_section("fault", fault)
    return [(pause, alternate(Section(outside + pause, held), writes).pairs_per_second) for pause in pauses]


def staircase_random_pause(mean_pause, fault, writes):
    """pairs/s when A's pause is exponential with this mean: the staircase becomes a ramp.

    With the clock of this file, section n runs from begin[n] to end[n], and A asks at X = fault.outside +
    pause. Then
      P(n sections) = P(begin[n] < X <= begin[n+1]);   A gets the lock at max(X, end[n]).
    Whether A's next release meets mmap or munmap is a Markov chain of two states (n odd: the other one). Its
    stationary probabilities weigh the means, and pairs/s = E[sections] / 2 / (fault.held + E[when A gets the
    lock]).

    A random disk time does *not* wear the stairs down. B waits at the end of every read however long the read
    was, so the disk time appears only in fault.held, and only its mean counts. It takes chance in the pause.

    Units    mean_pause and Sections in ns, rate per second. fault.outside is what comes on top of the pause;
             for a random disk fault.held is the mean; writes: exactly two Sections, mmap and munmap.
    Assumes  FIFO hand-off, a cpu for each, and that no read hold is shorter than a writer's time outside
             (else B is not yet waiting when A releases); the calibrated costs never break this.
    Source   renewal-reward theorem and a Markov chain: S. Ross, Introduction to Probability Models, ch. 4 and
             7.
    Raises   ValueError: mean_pause not > 0 or longer than 25,000 rounds of B, a time not whole or negative,
             not two writes, fault.held shorter than a time outside.
    """
    positive("mean_pause", mean_pause)
    outside, held = whole_section("fault", fault)
    writes = list(writes)
    if len(writes) != 2:
        raise ValueError(f"writes has {len(writes)} sections: give exactly two, mmap and munmap")
    writes = [whole_section(f"writes[{i}]", section) for i, section in enumerate(writes)]
    if sum(sum(section) for section in writes) == 0:
        raise ValueError("a round that takes 0 ns: give a time outside or with the lock")
    if held < max(section.outside for section in writes):
        raise ValueError(f"fault.held={held!r}: give at least the writer's longest time outside")
    if outside + 40 * mean_pause > 1e6 * sum(sum(section) for section in writes):
        raise ValueError(f"mean_pause={mean_pause!r}: give less than 25,000 rounds of the writer")

    mmap_first = _one_read(0, mean_pause, outside, writes)
    munmap_first = _one_read(1, mean_pause, outside, writes)
    # Two-state chain: in balance, as many steps lead from mmap to munmap as back.
    # If neither ever leads to the other (a pause of almost 0), B stays where it began, at mmap.
    odd = mmap_first.odd + munmap_first.odd
    at_mmap = munmap_first.odd / odd if odd else 1.0
    sections = at_mmap * mmap_first.sections + (1 - at_mmap) * munmap_first.sections
    granted = at_mmap * mmap_first.granted + (1 - at_mmap) * munmap_first.granted
    return 1e9 * sections / 2 / (held + granted)


class _Read(NamedTuple):
    """What is expected between two reads of A, if B begins with one given section."""

    sections: float  # mean number of write sections
    granted: float  # mean ns until A gets the lock
    odd: float  # probability of an odd number of sections


def _one_read(first, mean_pause, outside, writes):
    """The _Read that begins with writes[first]."""

    def later(x):  # P(X > x)
        return 1.0 if x < outside else math.exp(-(x - outside) / mean_pause)

    sections = granted = odd = 0.0
    begin, n, probability_left = 0, 1, 1.0
    while probability_left > 1e-16:
        end = begin + writes[(first + n - 1) % 2].held
        next_begin = end + writes[(first + n) % 2].outside
        after = later(next_begin)
        here = probability_left - after
        sections += n * here
        odd += here * (n % 2)
        # A that asks before `end` gets the lock then; one that asks while B is outside gets it when it asks.
        # The mean of max(X, end) over this stretch is end * P + the integral of P(x < X <= next_begin) from
        # end to next_begin.
        waiting = _integral(later, end, next_begin, outside, mean_pause) - (next_begin - end) * after
        granted += end * here + waiting
        begin, n, probability_left = next_begin, n + 1, after
    return _Read(sections, granted, odd)


def _integral(later, low, high, outside, mean_pause):
    """The integral of P(X > x) from low to high: flat at 1 up to `outside`, exponential behind it."""
    flat = max(0.0, min(high, outside) - low)
    low, high = max(low, outside), max(high, outside)
    return flat + mean_pause * (later(low) - later(high))
