"""The machine repairman: N tasks that think, then use the disk, and think again. Faulting threads under a
dropping design.
"""

from typing import NamedTuple

from mmlab.theory._arguments import count, not_negative, positive


class Repairman(NamedTuple):
    """What `tasks` tasks get out of the device in the long run."""

    throughput: float  # requests per second, all tasks together
    response: float  # mean ns from asking the device to being served, queueing included
    in_device: float  # mean number of tasks waiting or being served
    utilisation: float  # mean fraction of the channels in use


def machine_repairman(tasks, think, service, channels=1):
    """Mean value analysis of N tasks with exponential think and service times and a device of `channels`
    channels.

    For n = 1 .. N tasks, with p(j) the probability of j tasks at the device and mu(j) = min(j, channels) /
    service:
      response(n)   = sum over j = 1 .. n of (j / mu(j)) p(j-1 | n-1)    an arriving task sees the device with
      one task less throughput(n) = n / (think + response(n))                          Little's law round the
      loop
      p(j | n)      = throughput(n) / mu(j) * p(j-1 | n-1),   p(0 | n) = throughput(n) * think / n * p(0 |
      n-1)
    The last equation is the balance between no task and one task at the device. It replaces the usual
    p(0) = 1 - the rest, which loses all its digits when the device saturates. With one channel, response(n)
    is the familiar service * (1 + tasks found there).

    Units    think and service: mean ns; throughput per second; response in ns. Cost: N^2 small steps.
    Assumes  exponential service (constant service gives a shorter queue; the mean of the think time is all
             that counts there), one FCFS queue, independent times, a cpu for each task. Cpu time of the fault
             belongs to think.
    Holds    exactly, in the long run. Not under `synchronous` with writers: there the lock joins the queue.
    Source   M. Reiser and S. Lavenberg, Mean-Value Analysis of Closed Multichain Queuing Networks, JACM 27
             (1980).
    Raises   ValueError: tasks or channels not a whole number >= 1, think negative, service not > 0.
    """
    count("tasks", tasks)
    count("channels", channels)
    not_negative("think", think)
    positive("service", service)

    at_device = [1.0]  # p(j | n) for n = 0: nobody is there
    for n in range(1, tasks + 1):
        # times[j-1] is 1 / mu(j): mean ns between departures while j tasks are at the device
        times = [service / min(j, channels) for j in range(1, n + 1)]
        response = sum(j * t * p for j, t, p in zip(range(1, n + 1), times, at_device, strict=True))
        per_ns = n / (think + response)
        nobody = per_ns * think / n * at_device[0]
        at_device = [nobody] + [per_ns * t * p for t, p in zip(times, at_device, strict=True)]
    return Repairman(per_ns * 1e9, response, per_ns * response, per_ns * service / channels)


def repairman_bounds(tasks, think, service, channels=1):
    """(least, most) throughput per second of such a loop, whatever the distributions.

    most  = min(channels / service, N / (think + service)): the device is full, or nobody ever waits.
    least = N / (think + N service): each request finds all the others in front of it.
    Units, raises: as machine_repairman().
    Holds    for `most`: always. `least`: for FCFS with one or more equal channels.
    Source   asymptotic bounds: Lazowska et al., Quantitative System Performance (1984), ch. 5.
    """
    count("tasks", tasks)
    count("channels", channels)
    not_negative("think", think)
    positive("service", service)
    most = min(channels / service, tasks / (think + service))
    return 1e9 * tasks / (think + tasks * service), 1e9 * most
