"""The unit of every ratio: bare SimPy timeouts in one process. One unit is ten of them."""

import simpy


def run(n):
    """Wait for n timeouts of 1 ns, one after the other, and return the simulated ns (that is n).

    Nothing but SimPy works here: one Environment, one process, one Timeout at a time.
    """
    env = simpy.Environment()

    def process():
        for _ in range(n):
            yield env.timeout(1)

    env.run(env.process(process()))
    return env.now
