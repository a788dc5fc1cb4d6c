"""What a verdict can tell: tables, witnesses, the interleavings that pass, and many verdicts at once."""

from itertools import pairwise

import pytest

import mmlab
from mmlab import World
from mmlab.experiment import verdicts as module


def test_passing_interleavings_come_shortest_first_and_then_in_the_order_of_the_tasks():
    verdict = mmlab.explore("synchronous", "two faults")
    passing = verdict.passing(25)
    assert len(passing) == 25
    keys = [(len(told), told.path) for told in passing]
    assert keys == sorted(keys)
    assert len(set(keys)) == 25
    for told in passing:
        assert told.finding is None
        assert told.steps[-1].state == {"fault0": "done", "fault1": "done"}


def test_all_passing_interleavings_of_a_tiny_world_are_those_of_a_plain_walk_through_the_graph():
    verdict = mmlab.explore("synchronous", "one fault")
    graph = verdict.search.graph
    ends, paths = {state for state in range(verdict.states) if not graph.edges(state)}, []

    def walk(state, path):
        if state in ends:
            paths.append(tuple(path))
        for edge in graph.edges(state):
            walk(graph.target[edge], [*path, graph.who[edge]])

    walk(0, [])
    assert len(paths) > 1
    assert sorted(paths) == sorted(told.path for told in verdict.passing(1000))


def test_where_somebody_goes_on_for_ever_an_interleaving_passes_when_the_others_are_done():
    told = mmlab.explore("retry_once", "a fault under DONTNEED").passing(1)[0]
    assert told.steps[-1].state["fault0"] == "done"
    assert told.steps[-1].state["dontneed"] != "done"
    assert all(step.state["fault0"] != "done" for step in told.steps[:-1])


@pytest.mark.parametrize("n", [0, -3, True, "all"])
def test_how_many_passing_interleavings_is_a_whole_number(n):
    with pytest.raises(ValueError, match="a whole number from 1"):
        mmlab.explore("synchronous", "one fault").passing(n)


def test_a_witness_is_the_shortest_interleaving_in_which_it_happens_and_is_shown_like_any_other():
    def both_hold(k):
        return k.mm.mmap_sem.activity == 2

    verdict = mmlab.explore("synchronous", "two faults", can=both_hold)
    assert verdict.witness.steps[-1].sem.holders == ("fault0", "fault1")
    assert all(len(step.sem.holders) < 2 for step in verdict.witness.steps[:-1])
    assert "it can happen" in verdict.sentence and str(len(verdict.witness)) in verdict.sentence
    assert "<svg " in verdict._repr_mimebundle_()["text/html"]
    assert verdict.witness.replay().same
    never = mmlab.explore("synchronous", "one fault", can=both_hold)
    assert never.witness is None and "it cannot happen" in never.sentence


def test_safe_is_never_said_without_its_bounds():
    verdict = mmlab.explore("final", "one fault")
    assert verdict.bounds in verdict.sentence
    assert verdict.bounds in verdict.table().caption
    table = mmlab.verdicts("final", ["one fault", "a bad address"]).table()
    assert "sequentially consistent memory" in table.caption
    assert "endless mmap" in table.caption and "one fault" in table.caption
    assert table.caption.count("sequentially consistent memory") == table.caption.count("a file of") == 1
    assert [row[2] for row in table.rows] == ["yes", "yes"]


def test_a_search_that_was_cut_off_is_not_safe_in_any_table():
    verdict = mmlab.explore("synchronous", "two faults", most=20)
    row = dict(zip(verdict.table().columns, verdict.table().rows[0]))
    assert (row["safe"], row["live"], row["finding"]) == ("not known", "not known", "cut off")
    assert "safe" not in verdict.sentence


def test_killable_is_only_told_where_somebody_is_killed():
    rows = {v.scenario: v.row()[4] for v in mmlab.verdicts("final", ["one fault", "a fault and a kill"])}
    assert rows == {"one fault": None, "a fault and a kill": "yes"}


def test_verdicts_go_through_each_design_in_each_world_with_a_progress_bar(monkeypatch):
    shares = []

    class Bar:
        def __enter__(self):
            return shares.append

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(module, "bar", lambda what, wanted: Bar())
    found = mmlab.verdicts(["synchronous", "nopage_retry"], ["one fault", World("mine", dontneed=True)])
    assert [(v.design, v.scenario) for v in found] == [
        ("synchronous", "one fault"), ("synchronous", "mine"), ("nopage_retry", "one fault"), ("nopage_retry", "mine")
    ]  # fmt: skip
    assert len(shares) == 4 and shares[-1] == 1 and all(a < b for a, b in pairwise(shares))
    assert found["nopage_retry", "mine"].live is False
    assert not found.holds
    with pytest.raises(KeyError, match="there is no verdict on"):
        found["final", "mine"]


def test_unknown_names_are_refused_before_anything_is_explored(monkeypatch):
    monkeypatch.setattr(module, "explore", None)
    with pytest.raises(ValueError, match="did you mean 'one fault'"):
        mmlab.verdicts("final", "one fualt")
    with pytest.raises(ValueError, match="did you mean 'final'"):
        mmlab.verdicts("finale", "one fault")
    with pytest.raises(ValueError, match="scenarios is empty"):
        mmlab.verdicts("final", [])


def test_an_interleaving_can_be_taken_up_by_hand_where_it_ends():
    told = mmlab.explore("nopage_retry", "a fault under DONTNEED").counterexample
    stepper = told.stepper()
    assert tuple(stepper.history) == told.schedule
    assert [step.did for step in stepper.steps] == [step.did for step in told.steps]
