"""Designs that break no rule and are slow all the same: a learner's runs and predicate are to tell them from good ones.

The explorer has nothing to say against them. They break one of three promises: that nobody waits for mmap_sem while the
disk works, that a fault costs two walks and not a hundred, that a killed task is gone before its read is done.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping

from ..designs import Design, find, mutants
from ..experiment import Scenario
from ..kernel.bug import KernelBug
from ..view.table import Table
from ..worker import Theirs
from .draw import Draw
from .findings import line_of
from .outcome import Outcome, almost, correct, not_yet
from .work import Unusable, Work

MOST_RUNS = 2
READS = 8
"""disk times that a run lasts"""
MOST = {
    "fault_threads": 4, "mmap_threads": 4, "ps_readers": 2, "gup_threads": 2, "copy_threads": 2, "channels": 8,
    "signal_rate": 1_000, "write_rate": 1_000, "read_errors": 1,
}  # fmt: skip
ALLOWED = (*MOST, "mmap_pause", "kill_at")
SHARES = (
    "faults", "faults_per_second", "mmaps_per_second", "retries_per_fault", "walks_per_fault", "cpu_us_per_fault",
    "fallbacks",
)  # fmt: skip
WAITS = ("mmap_wait", "ps_wait", "fault_call", "kill_latency")


async def grant_retry_to_nobody(k, mm):
    """PAGEFAULT_MAYRETRY_IO for nobody. Lock state: nothing held."""
    return 0


never_lets_go = find("pagefault_args").patched("never_lets_go", grant_retry=grant_retry_to_nobody)

SLOW: dict[str, Design] = {
    "never_lets_go": never_lets_go,
    "nopage_refault": find("nopage_refault"),
    "unkillable_wait": mutants["unkillable_wait"].design,
}
"""those that the exercise shows"""
GOOD: dict[str, Design] = {name: find(name) for name in ("pagefault_args", "final")}
"""those that the exercise shows as good"""


def scenarios_of(answer, disk_us: int) -> list[dict]:
    """The fields of the runs that a learner's list describes. Raises Unusable: what was given, what is allowed."""
    if not isinstance(answer, list | tuple) or not all(isinstance(one, dict) for one in answer):
        raise Unusable(f"runs({disk_us}) answers {answer!r:.80}; a list of dicts is wanted, one for each run")
    if not 1 <= len(answer) <= MOST_RUNS:
        raise Unusable(f"runs({disk_us}) answers {len(answer)} runs; 1 to {MOST_RUNS} are allowed")
    for number, one in enumerate(answer):
        for name, value in one.items():
            if name not in ALLOWED:
                near = difflib.get_close_matches(str(name), ALLOWED, 1)
                hint = f"; did you mean {near[0]!r}?" if near else "."
                raise Unusable(f"run {number} has {name!r:.40}{hint} A run may have: {', '.join(ALLOWED)}")
            if name in MOST and (type(value) not in (int, float) or not 0 <= value <= MOST[name]):
                raise Unusable(f"run {number}: {name}={value!r:.40} is not allowed; 0 to {MOST[name]:,} are")
    return [{**one, "disk": f"{disk_us}us"} for one in answer]


def told(design: Design, fields: dict, number: int, disk_us: int) -> dict | None:
    """The numbers of one run, as a learner's accuses() gets them; None where the kernel reports a bug."""
    try:
        result = Scenario(design=design, **fields).run(READS * disk_us / 1e6, progress=False)
    except ValueError as error:
        raise Unusable(f"run {number}: {error}") from None
    except KernelBug:
        return None
    numbers = {"run": number, "disk_us": disk_us, **{name: float(getattr(result, name)) for name in SHARES}}
    for name in WAITS:
        wait = getattr(result, name)
        numbers |= {f"{name}_{part}": float(getattr(wait, part) or 0) for part in ("p50", "p99", "max", "mean")}
    return numbers


def side_by_side(run: dict, disk_us: int = 5_000, number: int = 0) -> Table:
    """The numbers of one run of each design that the exercise shows, as accuses() gets them.

    run: as runs() answers it. Raises Unusable for what is not allowed.
    """
    if type(disk_us) not in (int, float):
        raise Unusable(f"disk_us={disk_us!r:.40}: a number of microseconds is wanted, such as 5_000")
    fields = scenarios_of([run], disk_us)[0]
    columns = {name: told(design, fields, number, disk_us) or {} for name, design in {**SLOW, **GOOD}.items()}
    names = next((list(numbers) for numbers in columns.values() if numbers), [])
    rows = [[name, *(numbers.get(name) for numbers in columns.values())] for name in names]
    return Table(["run[...]", *columns], rows, f"{run}, with a disk of {disk_us:,} us, for {READS} reads; waits in us")


def accused(work: Work, design: Design, disk_us: int) -> int | None:
    """The first run in which the learner's predicate accuses this design on this disk, or None."""
    return work.once(("accused", design.name, disk_us), lambda: judged(work, design, disk_us))


def runs_of(work: Work, disk_us: int) -> list[dict]:
    """The learner's runs on this disk."""
    return work.once(("runs", disk_us), lambda: scenarios_of(work.call("runs", disk_us), disk_us))


def judged(work: Work, design: Design, disk_us: int) -> int | None:
    """Run it and ask. Raises Unusable for an answer that is neither True nor False."""
    for number, fields in enumerate(runs_of(work, disk_us)):
        numbers = told(design, fields, number, disk_us)
        verdict = True if numbers is None else asked(work, numbers)
        if type(verdict) is not bool:
            raise Unusable(f"accuses(run) answers {verdict!r:.60}; True or False is wanted")
        if verdict:
            return number
    return None


def asked(work: Work, numbers: dict):
    """What the learner's predicate answers. Raises Unusable when it asks for a number that no run has."""
    try:
        return work.call("accuses", numbers)
    except Theirs as error:
        name = str(error).strip("'")
        if type(error).__name__ != "KeyError" or name in numbers:
            raise
        near = difflib.get_close_matches(name, numbers, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        where = f"\nIn your code: {line_of(error.where)}" if error.where else ""
        raise Unusable(f"run has no {name!r:.40}{hint} side_by_side(...) shows all that it has.{where}") from None


def again(work: Work, number: int, disk_us: int) -> str:
    """The line that shows the numbers of one of the learner's runs."""
    run = {name: value for name, value in runs_of(work, disk_us)[number].items() if name != "disk"}
    return f"side_by_side({run}, disk_us={disk_us}, number={number})"


def told_apart(
    slow: Mapping[str, Design], good: Mapping[str, Design], disks: Iterable[int] | Callable[[Draw], Iterable[int]], *,
    named: bool = True,
) -> Callable:  # fmt: skip
    """Correct when each of `slow` is accused and none of `good`, on each disk; almost when one of `slow` gets away."""

    def run(work: Work, draw: Draw) -> Outcome:
        free, replay = [], ""
        for disk_us in disks(draw) if callable(disks) else disks:
            where = f"with a disk of {disk_us:,} us"
            for name, design in good.items():
                number = accused(work, design, disk_us)
                if number is not None:
                    return not_yet(
                        f"{name if named else 'A good design'} is accused in run {number} {where}. It keeps all three "
                        "promises.\nQuestion: what did it do there that your predicate takes for guilt, and is that a "
                        "promise at all? Who else was in that run?",
                        replay=again(work, number, disk_us),
                    )
            missed = [name for name, design in slow.items() if accused(work, design, disk_us) is None]
            free += [f"{name if named else 'One'} is not accused {where}." for name in missed]
            replay = again(work, 0, disk_us) if missed else replay
        if not free:
            return correct(f"{len(slow)} of {len(slow)} are accused, and no good design is.")
        question = (
            "Question: which promise does it break, who would have to be there to suffer, and in which number does "
            "that show?"
        )
        how = almost if named and len({one.split()[0] for one in free}) == 1 < len(slow) else not_yet
        return how("\n".join([*free, question]), replay=replay)

    return run
