"""The wrong designs: each is one small mistake, survives an ordinary run, and is exposed in the world that it names."""

import collections
import subprocess
import sys
from pathlib import Path

import pytest
from kernel_helpers import BASE, DISK, MS, US, Lab
from random_walk import LENGTH, WORLDS, findings

from mmlab import KernelBug, Scenario, designs
from mmlab.designs import mutants
from mmlab.kernel import SIGKILL, send_sig
from mmlab.kernel.exception import touch

ROOT = Path(__file__).resolve().parent.parent
BY_THE_EXPLORER = {"livelock", "unkillable"}
"""kinds of finding that need more than one look at one moment"""
CUT = {"page beyond i_size", "page not in the mapping"}
"""a page that a truncation took: which of the two is seen depends on how far the truncation has come"""
MOST_WALKS = 4_000
each = pytest.mark.parametrize("name", mutants)
by_walking = [name for name in mutants if mutants[name].finding not in BY_THE_EXPLORER]
under_dontneed = [name for name in mutants if mutants[name].world == "a fault under DONTNEED"]


def test_the_mutants_are_a_mapping_that_lists_of_designs_do_not_show():
    assert len(mutants) >= 28 and isinstance(mutants, collections.abc.Mapping)
    assert all(mutant.name == mutant.design.name == name for name, mutant in mutants.items())
    assert not set(mutants) & {*designs.series, *designs.descendants, *designs.variants}
    listed = subprocess.run(
        [sys.executable, "-m", "mmlab", "designs"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "final" in listed.stdout and not [name for name in mutants if name in listed.stdout]


def test_an_unknown_mutant_gets_one_line_with_the_nearest_spelling():
    with pytest.raises(KeyError, match="no mutant 'stale_vna'; did you mean 'stale_vma'"):
        mutants["stale_vna"]
    with pytest.raises(AttributeError, match="no attribute 'mutant'"):
        designs.mutant  # noqa: B018


def test_the_mutants_are_imported_when_somebody_asks_for_them():
    script = (
        "import sys, mmlab\n"
        "print('mmlab.designs.mutants' in sys.modules, mmlab.designs.mutants['stale_vma'].design)\n"
        "print('mmlab.designs.mutants' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "stale_vma", "True"]


@each
def test_a_mutant_is_one_small_mistake_in_a_shipped_design(name):
    mutant = mutants[name]
    base = mutant.design.base
    assert designs.find(base.name) is base and mutant.design.is_shipped
    patch = designs.diff(base, mutant.design)
    assert set(patch.stat) == set(mutant.design.patch)
    assert all(added + removed > 0 for added, removed in patch.stat.values()), "a function that is not wrong"
    assert len(patch.stat) <= 2 and sum(map(sum, patch.stat.values())) <= 30
    assert patch.stat or "narrow" in mutant.world, "nothing is wrong but the world"
    assert all("ock state" in function.__doc__ for function in mutant.design.patch.values())


@each
def test_a_mutant_says_its_mistake_where_it_shows_and_where_it_comes_from(name):
    mutant = mutants[name]
    assert mutant.mistake.endswith(".") and "\n" not in mutant.mistake
    assert mutant.world in WORLDS
    assert mutant.source and mutant.schedule
    kernel = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "mmlab/kernel").glob("*.py"))
    assert mutant.finding in BY_THE_EXPLORER or f'"{mutant.finding}"' in kernel


def ordinary(design):
    """Two threads that touch cold pages, and nobody else."""
    return Scenario(design=design, fault_threads=2, mmap_threads=0, disk="100us").run(0.01, progress=False)


@each
def test_an_ordinary_run_survives_the_mistake_unless_it_is_said_why_not(name):
    mutant = mutants[name]
    if not mutant.at_once:
        assert ordinary(mutant.design).faults > 50
        return
    with pytest.raises(KernelBug) as found:
        ordinary(mutant.design)
    assert found.value.kind == mutant.finding


@pytest.mark.slow
@pytest.mark.parametrize("name", by_walking)
def test_some_interleaving_of_its_world_exposes_the_mistake(name):
    mutant = mutants[name]
    wanted = CUT if mutant.finding in CUT else {mutant.finding}
    assert any(kind in findings(mutant.design, mutant.world, MOST_WALKS, until=kind) for kind in sorted(wanted))


def worlds_of_bases():
    """Each base with each world of its mutants, once."""
    pairs = {(m.design.base.name, m.world) for m in mutants.values() if "narrow" not in m.world}
    return sorted(pairs)


@pytest.mark.slow
@pytest.mark.parametrize(("base", "world"), worlds_of_bases())
def test_the_design_without_the_mistake_walks_through_the_same_world_unharmed(base, world):
    assert findings(designs.find(base), world, 300) == {}


@pytest.mark.parametrize("name", ["dying_kernel_fault_replayed", "signal_first_in_kernel_mode"])
def test_a_fault_of_the_kernel_that_is_replayed_for_a_signal_never_ends(name):
    assert set(findings(mutants[name].design, mutants[name].world, 50)) == {"never ends"}


@pytest.mark.parametrize("name", [name for name in under_dontneed if mutants[name].finding == "livelock"])
def test_under_dontneed_and_a_queue_for_mmap_sem_a_retry_without_bound_ends_no_fault(name):
    storm = {"disk": "1ms", "mmap_threads": 8, "dontneed": "5us"}
    base = Scenario(design=mutants[name].design.base, **storm).run(0.2, progress=False)
    assert base.faults > 10
    assert Scenario(design=mutants[name].design, **storm).run(0.2, progress=False).faults == 0


def test_a_kill_does_not_end_an_unkillable_wait():
    died = {}
    mutant = mutants["unkillable_wait"].design
    for design in (mutant, mutant.base):
        lab = Lab(design)
        task = lab.task(touch(lab.k, BASE))

        async def killer(task=task):
            send_sig(SIGKILL, task)

        lab.task(killer(), MS)
        lab.run()
        died[design.name] = next(e.time for e in lab.events if e.task == task.comm and e.what == "exit")
    assert died["pagefault_args"] == MS and died["unkillable_wait"] >= DISK


class Clocked:
    """A world under the timed engine with debugging on: the faults begin at 100 us, the others come at `moment`.

    With `apart` the second fault begins when the first is over.
    """

    def __init__(self, design, world, moment, apart):
        self.lab = Lab(design, pages=LENGTH >> 12, disk=MS)
        self.k, self.file = self.lab.k, self.lab.file
        self.other = self.k.add_file("other", LENGTH >> 12)
        self.moment, self.apart, self.faults = moment, apart, 0
        world(self)

    def chance(self):
        return self.k.now >= self.moment

    def map(self, flags):
        self.k.mm.mmap.clear()
        self.lab.map(BASE, LENGTH >> 12, flags, self.file)

    def task(self, coroutine, role="fault", outside=False):
        at = self.moment
        if role in ("fault", "gup"):
            at = 100 * US + self.faults * self.apart
            self.faults += 1
        task = self.k.add_task(f"{role}{len(self.k.tasks)}", role, outside=outside)
        self.lab.engine.spawn(task, coroutine, at)
        return task

    def fault(self, address=BASE, write=False):
        return self.task(touch(self.k, address, write))

    def outside(self, function, *arguments, again=False):
        async def others():
            answer = function(*arguments)
            if hasattr(answer, "send"):
                await answer

        return self.task(others(), "other", outside=True)

    def finding(self):
        try:
            self.lab.run()
        except KernelBug as bug:
            return bug.kind
        return None


END = 100 * US + 1_600 + MS
"""the read is over; what follows takes no more than a few us"""
MOMENTS = [0, 600 * US, *range(96 * US, 104 * US, 200), *range(END - 40 * US, END + 4 * US, 200)]
NOT_BY_THE_CLOCK = {
    "counter_read_after_drop",
    "counter_compared_before_retake",
    "counter_compared_before_retake_6_14",
    "bump_after_up_write",
    "vma_used_after_up_read",
    "file_pinned_after_drop",
    "page_put_before_the_wait",
    "trylock_not_asked",
    "no_second_look_at_vm_lock_seq",
    "still_counter_taken_for_no_writer",
    "no_second_look_at_the_vma",
    "rcu_ends_too_early",
}
"""mistakes that need somebody to move between two steps that take no time"""


@pytest.mark.slow
@pytest.mark.parametrize("name", by_walking)
def test_the_timed_engine_exposes_what_needs_no_more_than_the_right_moment(name):
    mutant = mutants[name]
    world = WORLDS[mutant.world]
    runs = (Clocked(mutant.design, world, at, apart) for at in MOMENTS for apart in (0, 2 * MS, MS + 1_500))
    wanted = CUT if mutant.finding in CUT else {mutant.finding}
    found = any(run.finding() in wanted for run in runs)
    assert found == (name not in NOT_BY_THE_CLOCK)
