"""SPIN judges the designs by models of its own: the verdicts, the wrong models, and that the models mean something."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import verdict_table
from spin_judge import DESIGNS, MODELS, WORLDS, MissingTool, finding_in, judge, search, tool, unreached, verifier
from spin_mutants import MUTANTS
from spin_table import PAGE, version

pytestmark = pytest.mark.xdist_group("spin")  # they share what is compiled

SMALL = (
    "one fault", "two faults", "two faults and a remap", "a fault and an unmap", "a fault under DONTNEED",
    "a fault under DONTNEED and mmap", "a fault under reclaim", "a fault and a truncate", "a fault and a read error",
    "a fault and a kill", "a fault, a remap and an mmap", "get_user_pages",
)  # fmt: skip
"""the worlds of the default tier"""

THREE = "three faults and a remap"

QUICK_DESIGNS = ("nopage_retry", "final")
QUICK_MUTANTS = (
    "no re-check after retaking", "counter read after the drop", "MAYRETRY never cleared", "lock leaked on SIGSEGV",
    "page put twice", "no mapping re-check after the wait",
)  # fmt: skip
EXPLORER = verdict_table.kept()
EXPLORED = EXPLORER["final"]


def tiered(values, quick):
    """All of `values`; those that are not in `quick` belong to the slow tier."""
    return [value if value in quick else pytest.param(value, marks=pytest.mark.slow) for value in values]


LIVELOCKS = {
    *((design, "a fault under DONTNEED") for design in ("nopage_refault", "nopage_retry", "page_flag")),
    *((design, "a fault under reclaim") for design in ("nopage_refault", "nopage_retry", "page_flag")),
    *((design, "a fault under DONTNEED and mmap") for design in ("nopage_refault", "nopage_retry", "page_flag")),
    ("sequence_counter_unbounded", "a fault under DONTNEED and mmap"),
    ("sequence_counter_unbounded", "two faults, an mmap and a read error"),
}
"""The only fair cycles: a retry without bound, whose page somebody throws out for ever. And, not in the mail: two
threads whose reads fail, each of which always meets the other at its short look under the page lock, and retries."""

UNKILLABLE = {
    (design, world)
    for design in ("synchronous", "nopage_retry", "retry_once", "page_flag")
    for world in ("a fault and a kill", "get_user_pages, a remap and a kill")
}
"""these wait for the disk and for nothing else (nopage_refault does not wait at all)"""


def checked(design, world, mutant=(), **options):
    """SPIN's verdict; a missing program fails the test with one line."""
    try:
        return judge(design, world, mutant, **options)
    except MissingTool as missing:
        raise pytest.fail.Exception(str(missing), pytrace=False) from None


@pytest.fixture(scope="session", autouse=True)
def judged_in_parallel(request):
    """Compile the verifiers of the selected tests and run them, two at a time; the tests then read what was kept."""
    verifiers, verdicts = {}, {}
    for item in request.session.items:
        parameters = item.callspec.params if item.path.name == "test_spin.py" and hasattr(item, "callspec") else {}
        if "name" in parameters:
            mutant = MUTANTS[parameters["name"]]
            verifiers[mutant.design, mutant.macros, "shortest", ()] = None
            if mutant.finding in ("livelock", "unkillable"):
                verifiers[mutant.design, mutant.macros, "liveness", ()] = None
        elif "world" in parameters and "flags" not in parameters:
            verifiers[parameters["design"], (), "safety", ()] = None
            verifiers[parameters["design"], (), "liveness", ()] = None
            verdicts[parameters["design"], parameters["world"]] = None
    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(verifier, *one) for one in verifiers]:
            job.exception()  # what goes wrong here goes wrong again in the test that needs it
        for job in [pool.submit(judge, *one) for one in verdicts]:
            job.exception()


@pytest.mark.parametrize("program", ["spin", "gcc"])
def test_the_judge_has_its_tools(program):
    try:
        tool(program)
    except MissingTool as missing:
        raise pytest.fail.Exception(str(missing), pytrace=False) from None


@pytest.mark.parametrize("design", tiered(DESIGNS, QUICK_DESIGNS))
@pytest.mark.parametrize("world", tiered([world for world in WORLDS if world != THREE], SMALL))
def test_every_design_is_safe_and_live_but_for_the_known_cycles_and_the_unkillable_waits(design, world):
    verdict = checked(design, world)
    finding = "livelock" if (design, world) in LIVELOCKS else "unkillable" if (design, world) in UNKILLABLE else None
    assert (verdict.safe, verdict.live, verdict.finding) == (True, finding is None, finding)


@pytest.mark.parametrize("design", tiered(DESIGNS, QUICK_DESIGNS))
@pytest.mark.parametrize("world", [world for world in SMALL if world in EXPLORED])
def test_the_explorer_says_the_same(design, world):
    """verdict_table.py keeps what the explorer says, and test_explore.py holds it to that.

    The explorer's get_user_pages does not know that its lock may be dropped. The model's does, where a design asks
    nobody for permission, unless it is told not to: only then the two are about the same thing. Of page_flag the model
    keeps the permission of retry_once, and the Python design does not have it (the mark on the page took its place):
    two readings of one sentence, which differ in this world alone.
    """
    asks_nobody = world == "get_user_pages" and design == "nopage_retry"
    verdict = checked(design, world, ("GUP_UNAWARE",) if asks_nobody else (), shortest=asks_nobody)
    if (design, world) == ("page_flag", "get_user_pages"):
        assert verdict.safe and EXPLORER[design][world][3] == "lock dropped without permission"
        return
    safe, live, killable, *_ = EXPLORER[design][world]
    assert (verdict.safe, verdict.finding == "livelock", verdict.finding == "unkillable") == (
        safe,
        live is False,
        killable is False,
    )


@pytest.mark.parametrize("name", tiered(MUTANTS, QUICK_MUTANTS))
def test_every_wrong_model_is_found_and_called_by_its_name(name):
    mutant = MUTANTS[name]
    verdict = checked(mutant.design, mutant.world, mutant.macros, shortest=True)
    assert (verdict.safe, verdict.finding) == (mutant.finding in ("livelock", "unkillable"), mutant.finding)


@pytest.mark.parametrize("name", tiered(MUTANTS, QUICK_MUTANTS))
def test_what_exposes_a_wrong_model_finds_nothing_in_the_right_one(name):
    """Or the world, not what is wrong in the model, would be what is found."""
    assert checked(MUTANTS[name].design, MUTANTS[name].world).finding is None


def test_every_switch_in_the_models_belongs_to_a_wrong_model():
    text = "".join(path.read_text() for path in MODELS.glob("*.pml"))
    switches = set(re.findall(r"#if(?:n?def | !?defined\()(\w+)", text)) | set(re.findall(r"!defined\((\w+)", text))
    ours = set(re.findall(r"#define (\w+)", text))
    assert switches - ours == {macro for mutant in MUTANTS.values() for macro in mutant.switches} | {
        "NO_GET_USER_PAGES"
    }


@pytest.mark.slow
@pytest.mark.parametrize("design", [design for design in DESIGNS if design != "sequence_counter_unbounded"])
def test_every_statement_of_a_model_runs_in_some_world(design):
    """sequence_counter_unbounded is left out: it never comes to the waits of a last pass."""
    checked(design, "one fault")
    pan = verifier(design, (), "safety", ())
    left = [unreached(search(pan, words)[0]) for world, words in WORLDS.items() if world != THREE]
    assert frozenset.intersection(*left) == frozenset()


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(
    "world", ["two faults and a remap", "a fault under DONTNEED and mmap", "a fault and a truncate"]
)
@pytest.mark.parametrize("flags", [("-DNOREDUCE",)])
def test_verdicts_are_the_same_without_partial_order_reduction(design, world, flags):
    with_it, without = checked(design, world), checked(design, world, flags=flags)
    assert (with_it.safe, with_it.live) == (without.safe, without.live)
    assert without.states >= with_it.states


@pytest.mark.slow
@pytest.mark.parametrize("design", ["synchronous", "nopage_retry", "sequence_counter", "final"])
def test_three_faulting_threads_and_a_remap_find_nothing_unsafe(design):
    """Safety only: some million states."""
    checked(design, "one fault")
    pan = verifier(design, (), "safety", ("-O1", "-DCOLLAPSE", "-DMEMLIM=4000"))
    assert finding_in(search(pan, WORLDS[THREE], "-w23")[0]) is None


@pytest.mark.slow
def test_the_page_of_verdicts_says_what_spin_says():
    """docs/spin.md; the state counts too, where SPIN is of the version that the page names."""
    page = PAGE.read_text(encoding="utf-8")
    checked("synchronous", "one fault")
    rows = re.findall(
        r"^\| (\w+) \| ([a-z, DONTEDmpgu_0-9]+?) \| (yes|no) \| (yes|no) \| ([a-z]*) \| ([\d,]+) \|", page, re.MULTILINE
    )
    assert {(design, world) for design, world, *_ in rows} == {
        (design, world) for design in DESIGNS for world in WORLDS if world != THREE
    }
    for design, world, safe, live, finding, states in rows:
        if world in SMALL:
            verdict = judge(design, world)
            assert (safe == "yes", live == "yes", finding) == (verdict.safe, verdict.live, verdict.finding or "")
            if version() in page:
                assert int(states.replace(",", "")) == verdict.states
