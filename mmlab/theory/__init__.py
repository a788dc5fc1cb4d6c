"""Closed forms: what pencil and paper say, to hold the simulation against.

Nothing here imports another part of mmlab, or anything but the standard library, so a formula can never agree
with the simulator by sharing its mistakes. Times go in and come out in ns, rates are per second. Costs have
no defaults: the caller passes those of its model. Every docstring names formula, units, assumptions, when it
holds, source ([ours] where no textbook has it), and the errors raised.

  file          question, and the names that answer it
  convoy        how long does a writer wait for the whole disk queue?
                  convoy_wait, convoy_pairs_per_second, last_death (of a thread that no signal wakes)
  looper        how fast can mmap+munmap loopers be at best?
                  free_pairs_per_second, saturated_pairs_per_second, pairs_per_second_bound
  alternation   one faulting thread against one looper under `synchronous`, exactly
                  Section, fault_section, alternate, Alternation
  staircase     the same for many pauses of the faulting thread, constant or random
                  staircase_constant_pause, staircase_random_pause
  moments       mean and mean square of a random time
                  Moments, constant, exponential, uniform, mixture, plus
  residual      what does a writer that comes at a random moment wait?
                  residual_life, random_writer_wait, reader_busy
  queues        waiting for a disk with random arrivals; how many are inside
                  mg1_wait, mm1_wait, md1_wait, littles_law
  repairman     N faulting threads and one disk
                  machine_repairman, Repairman, repairman_bounds
  retries       did a writer come while the disk worked; was the page still there?
                  counter_unchanged, counter_unchanged_in_a_crowd, retries_under_livelock
  roundrobin    a fault that keeps the lock among many loopers
                  behind_a_crowd, Rates
  bounded       a fault with n retries among many loopers, while somebody throws its page away
                  window_in_a_crowd, page_lost, bounded_retry
  student       Student's t
                  t_central, t_quantile
  confidence    does a simulated mean agree with a formula?
                  replications, batch_means, Estimate, agreement, Agreement, agrees
"""

from mmlab.theory.alternation import Alternation, Section, alternate, fault_section
from mmlab.theory.bounded import bounded_retry, page_lost, window_in_a_crowd
from mmlab.theory.confidence import Agreement, Estimate, agreement, agrees, batch_means, replications
from mmlab.theory.convoy import convoy_pairs_per_second, convoy_wait, last_death
from mmlab.theory.looper import free_pairs_per_second, pairs_per_second_bound, saturated_pairs_per_second
from mmlab.theory.moments import Moments, constant, exponential, mixture, plus, uniform
from mmlab.theory.queues import littles_law, md1_wait, mg1_wait, mm1_wait
from mmlab.theory.repairman import Repairman, machine_repairman, repairman_bounds
from mmlab.theory.residual import random_writer_wait, reader_busy, residual_life
from mmlab.theory.retries import counter_unchanged, counter_unchanged_in_a_crowd, retries_under_livelock
from mmlab.theory.roundrobin import Rates, behind_a_crowd
from mmlab.theory.staircase import staircase_constant_pause, staircase_random_pause
from mmlab.theory.student import t_central, t_quantile

__all__ = [
    "Agreement",
    "Alternation",
    "Estimate",
    "Moments",
    "Rates",
    "Repairman",
    "Section",
    "agreement",
    "agrees",
    "alternate",
    "batch_means",
    "behind_a_crowd",
    "bounded_retry",
    "constant",
    "convoy_pairs_per_second",
    "convoy_wait",
    "counter_unchanged",
    "counter_unchanged_in_a_crowd",
    "exponential",
    "fault_section",
    "free_pairs_per_second",
    "last_death",
    "littles_law",
    "machine_repairman",
    "md1_wait",
    "mg1_wait",
    "mixture",
    "mm1_wait",
    "page_lost",
    "pairs_per_second_bound",
    "plus",
    "random_writer_wait",
    "reader_busy",
    "repairman_bounds",
    "replications",
    "residual_life",
    "retries_under_livelock",
    "saturated_pairs_per_second",
    "staircase_constant_pause",
    "staircase_random_pause",
    "t_central",
    "t_quantile",
    "uniform",
    "window_in_a_crowd",
]
