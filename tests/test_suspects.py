"""Exercise 8's checks: a world counts only if it is fair and within the budget; whatever is answered gets one line."""

import json

import pytest

from mmlab.checks import Exercise, Unusable, run_checks
from mmlab.checks.exercises import exercise
from mmlab.checks.slow import scenarios_of, side_by_side
from mmlab.checks.suspects import MOST_WORLDS, STATES, search_for, worlds_of
from mmlab.course.written import word_counts


def found(name, *worlds):
    return search_for(name, tuple(worlds_of(list(worlds))))


def test_a_suspect_is_exposed_by_a_world_that_its_innocent_twin_survives():
    assert found("page_lock_leaked", {}, {"bad_page": True})[:2] == (2, "lock leaked")
    assert found("page_lock_leaked", {}).world == 0


def test_a_world_that_accuses_the_innocent_twin_too_does_not_count():
    only = found("lock_leaked_on_oom", {"kill": True})
    assert (only.world, only.unfair) == (0, (1,))
    assert found("lock_leaked_on_oom", {"kill": True}, {"no_memory": True}).world == 2


def test_large_worlds_in_front_use_up_what_the_small_one_behind_them_would_need():
    large, small = {"faults": [0, 0], "writer": "remap", "dontneed": True}, {"bad_page": True}
    late = found("page_lock_leaked", large, small)
    assert late.world == 0 and late.broke_off and late.states >= STATES
    assert found("page_lock_leaked", small, large).world == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "a list of dicts is wanted"),
        ([1], "a list of dicts is wanted"),
        ([], "empty list"),
        ([{}] * (MOST_WORLDS + 1), "9 worlds; 8 are allowed"),
        ([{"fault": [0]}], "did you mean 'faults'"),
        ([{3: 4}], "which a World has not"),
        ([{"kill": 1}], "it is True or False"),
        ([{"faults": 0}], "it is a list of pages"),
        ([{"faults": [True]}], "it is a list of pages"),
        ([{"faults": [1], "pages": 1}], "a page that a file of 1 has not"),
        ([{"faults": [0] * 4}], "1 to 3 are allowed"),
        ([{"faults": []}], "0 threads that fault"),
        ([{"pages": 10**9}], "a whole number from 1 to 2"),
        ([{"writer": ["remap"]}], "it is one of"),
        ([{"system_calls": ["cpoy"]}], "it is a list of 'copy'"),
        ([{"name": "x"}], "which a World has not"),
    ],
)
def test_worlds_that_are_none_get_one_line(answer, words):
    with pytest.raises(Unusable, match="world") as told:
        worlds_of(answer)
    assert words in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"fault_threads": 1}, "a list of dicts"),
        ([{}] * 3, "1 to 2 are allowed"),
        ([{"fault_thread": 1}], "did you mean 'fault_threads'"),
        ([{"disk": "1us"}], "A run may have"),
        ([{"fault_threads": 1e9}], "0 to 4 are"),
        ([{"fault_threads": True}], "0 to 4 are"),
    ],
)
def test_runs_that_are_none_get_one_line(answer, words):
    with pytest.raises(Unusable, match="run") as told:
        scenarios_of(answer, 5_000)
    assert words in str(told.value)


def test_a_run_that_makes_no_sense_is_told_with_its_number():
    with pytest.raises(Unusable, match="run 0: kill_at='soon'"):
        side_by_side({"fault_threads": 1, "kill_at": "soon"})


def report(text):
    one = exercise("ex8")
    seen = Exercise("ex8", "x", one.functions, one.checks[1:], one.hints, 0, 0)
    return str(run_checks(seen, [text]))


@pytest.mark.parametrize(
    ("accuses", "words"),
    [
        ("return run['mmap_wait_mx'] > 1", "did you mean 'mmap_wait_max'?"),
        ("return 1", "True or False is wanted"),
        ("while True: pass", "soft lockup"),
        ("return accuses(run)", "RecursionError"),
    ],
)
def test_a_predicate_that_is_none_is_told_and_earns_nothing(accuses, words):
    told = report(
        "def runs(disk_us):\n    return [{'fault_threads': 1, 'mmap_threads': 1}]\n"
        f"def accuses(run):\n    {accuses}\n"
    )
    assert words in told and "0 of 3 points" in told


def test_words_of_written_answers_are_counted_in_the_notebook_that_was_saved(tmp_path):
    path = tmp_path / "ex9.ipynb"
    answers = {"ex9-data": "one two - three", "ex9-rationale": "word " * 26, "ex9-attack": "*Write your answer here.*"}
    cells = [
        {"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": name}}, "source": [text]}
        for name, text in answers.items()
    ]
    path.write_text(json.dumps({"cells": cells}))
    told = "\n".join(word_counts(exercise("ex9"), path))
    assert "ex9-data: has 3 of 25 words." in told
    assert "ex9-rationale: has 26 of 25 words, that is too many." in told
    assert "ex9-attack: is still to be written." in told
    path.write_text("no notebook")
    assert word_counts(exercise("ex9"), path) == ["Each answer has at most 25 words."]
