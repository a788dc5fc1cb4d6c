"""Step mode: who may move, undo and redo, goals; in Python and in a terminal."""

import io
import json

import pytest

import mmlab
from mmlab import cli
from mmlab.cli import stepping
from mmlab.engine.step import GOALS, Goal, Stepper
from mmlab.experiment.exploration import prepare
from mmlab.experiment.worlds import world_of


def stepper_for(design="nopage_retry", world="a fault under DONTNEED", goal="finding"):
    return Stepper(prepare(mmlab.designs.find(design), world_of(world), "access")[0], goal)


def test_the_choices_say_who_can_move_and_what_would_happen():
    stepper = stepper_for()
    choices = {choice.name: choice for choice in stepper.possible()}
    assert list(choices) == ["fault0", "dontneed", "disk"]
    assert choices["fault0"].can and choices["fault0"].next == "touches 0x10000000: a page fault"
    assert not choices["disk"].can
    assert stepper.move("fault0").did == ("touches 0x10000000: a page fault",)
    assert stepper.possible()[0].line[0] == "do_page_fault"


def test_looking_at_the_choices_changes_nothing():
    one, other = stepper_for(), stepper_for()
    for name in ["fault0"] * 6:
        one.move(name)
        for _ in range(3):
            one.choices = None
            one.possible()
        other.take(other.names.index(name))
    assert one.steps == other.steps
    assert one.keys == other.keys


def test_a_task_that_waits_for_the_page_cannot_move_until_the_disk_has():
    stepper = stepper_for()
    while "fault0" in stepper.movable():
        stepper.move("fault0")
    assert stepper.possible()[0].state == "waits for page"
    assert stepper.possible()[0].next == "waits for data:0"
    with pytest.raises(ValueError, match=r"fault0 cannot move now: waits for data:0\. Who can: dontneed, disk"):
        stepper.move("fault0")
    stepper.move("disk")
    assert "fault0" in stepper.movable()


def test_undo_and_redo_walk_the_same_path_back_and_forth():
    stepper = stepper_for()
    for _ in range(5):
        stepper.move("fault0")
    steps, keys = list(stepper.steps), list(stepper.keys)
    for _ in range(5):
        assert stepper.undo()
    assert not stepper.undo() and stepper.history == []
    for _ in range(5):
        assert stepper.redo()
    assert not stepper.redo()
    assert (stepper.steps, stepper.keys) == (steps, keys)
    stepper.undo()
    stepper.move("dontneed")
    assert not stepper.redo()  # another way was taken


def test_after_a_finding_only_undo_is_possible():
    told = mmlab.explore(mmlab.designs.mutants["stale_vma"].design, "a fault and an unmap").counterexample
    stepper = told.stepper()
    assert stepper.finding.kind == "use after free"
    assert stepper.finding.report() == told.finding.report()
    assert stepper.movable() == []
    with pytest.raises(ValueError, match="undo the last step first"):
        stepper.move("fault0")
    stepper.undo()
    assert stepper.finding is None and stepper.movable() == ["fault0"]


def test_a_livelock_is_reached_when_the_state_comes_back_and_everybody_had_a_turn():
    told = mmlab.explore("nopage_retry", "a fault under DONTNEED").counterexample
    stepper = stepper_for(goal="livelock")
    for number, name in enumerate(told.schedule, 1):
        stepper.move(name)
        assert bool(stepper.reached()) == (number == len(told.schedule)), number
    assert "the fault of fault0 is not resolved" in stepper.reached()


def test_coming_back_without_everybody_in_turn_is_no_livelock():
    stepper = stepper_for(goal="livelock")
    stepper.move("fault0")
    stepper.move("dontneed")  # nothing could go: the state is the same, and fault0 did not move
    assert stepper.keys[-1] == stepper.keys[-2]
    assert stepper.reached() == ""


def test_a_loop_in_which_the_disk_could_move_all_the_time_and_never_does_is_no_livelock():
    mutant = mmlab.designs.mutants["replay_without_sleeping"]
    stepper = mmlab.explore(mutant.design, mutant.world).counterexample.stepper()
    stepper.goal = GOALS["livelock"]
    assert stepper.reached()
    stepper.undo()  # the disk's turn
    while stepper.keys[-1] not in stepper.keys[:-1]:
        stepper.move("fault0")
    assert "disk" in stepper.movable()
    assert stepper.reached() == ""


def test_a_fault_that_is_resolved_again_and_again_is_no_livelock():
    verdict = mmlab.explore("retry_once", "a fault under DONTNEED")
    stepper = stepper_for("retry_once", goal="livelock")
    for name in verdict.passing(1)[0].schedule:
        stepper.move(name)
    stepper.move("dontneed")
    stepper.move("dontneed")
    assert stepper.reached() == ""


def test_a_stale_pointer_reaches_its_goal_and_a_lock_leak_does_not():
    for name, reached in (("stale_vma", True), ("lock_leaked_on_sigsegv", False)):
        mutant = mmlab.designs.mutants[name]
        stepper = mmlab.explore(mutant.design, mutant.world).counterexample.stepper()
        stepper.goal = GOALS["stale pte"]
        assert bool(stepper.reached()) is reached
        stepper.goal = GOALS["finding"]
        assert stepper.reached()


def test_a_writer_that_waits_while_two_pass_starves():
    stepper = stepper_for("synchronous", "two faults and a remap", "starvation")
    readers = ("fault0", "fault1")
    while not all(name in stepper.stage.k.lock_state() for name in readers):
        stepper.move(
            next(name for name in readers if name in stepper.movable() and name not in stepper.stage.k.lock_state())
        )
    while "mmap_sem" not in str(stepper.possible()[2].state):
        stepper.move("mmap0")
    assert stepper.reached() == ""
    while not stepper.reached():
        able = [name for name in (*readers, "disk") if name in stepper.movable()]
        stepper.move(able[0])
    assert stepper.reached() == "mmap0 stood in the queue of mmap_sem while fault0 and fault1 passed"


def test_a_goal_of_ones_own_is_a_sentence_and_a_predicate():
    goal = Goal("read", "let the disk read", lambda s: "it reads" if s.stage.reads else "")
    stepper = stepper_for(goal=goal)
    while not stepper.reached():
        stepper.move("fault0")
    assert stepper.steps[-1].did == ("asks the disk for data:0",)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (lambda: stepper_for(goal="lifelock"), "did you mean 'livelock'"),
        (lambda: stepper_for().move("falt0"), "did you mean 'fault0'"),
        (lambda: stepper_for().move("disk"), "disk cannot move now: has nothing to read"),
    ],
)
def test_bad_input_gets_one_line_with_what_is_allowed(what, message):
    with pytest.raises(ValueError, match=message):
        what()


# ---------------------------------------------------------------------- in a terminal


def played(monkeypatch, capsys, lines, *words):
    monkeypatch.setattr(stepping.sys, "stdin", io.StringIO("\n".join(lines) + "\n"))
    status = cli.main(["step", *words])
    return status, capsys.readouterr().out


def test_a_livelock_can_be_played_by_numbers_and_names(monkeypatch, capsys):
    told = mmlab.explore("nopage_retry", "a fault under DONTNEED").counterexample
    words = ("nopage_retry", "--scenario", "a fault under DONTNEED", "--goal", "livelock")
    status, out = played(monkeypatch, capsys, [*told.schedule, "q"], *words)
    assert status == 0
    assert out.count("*** the goal is reached") == 1
    assert "this can go on for ever" in out
    for step in told.steps:
        assert f"step {step.number}: {step.task} {'; '.join(step.did)}" in out


def test_numbers_choose_among_those_who_can_move(monkeypatch, capsys):
    status, out = played(monkeypatch, capsys, ["1", "2", "q"], "nopage_retry", "--scenario", "a fault under DONTNEED")
    assert status == 0
    assert "step 1: fault0 touches" in out and "step 2: dontneed DONTNEED: nothing that could go" in out


def test_undo_redo_history_goal_and_help_are_lines_too(monkeypatch, capsys):
    lines = ["u", "1", "u", "r", "r", "h", "g", "?", "nobody", "17", ""]
    status, out = played(monkeypatch, capsys, lines, "synchronous", "--scenario", "one fault")
    assert status == 0  # the lines end: so does the game
    for words in ("nothing to undo", "nothing to redo", "1 step, nothing wrong", "finding: break any rule",
                  "undo the last step", "there is nobody called 'nobody'", "there is no choice 17"):  # fmt: skip
        assert words in out
    assert out.count("step 1: fault0 touches") == 2


def test_a_finding_is_reported_and_can_be_undone(monkeypatch, capsys):
    mutant = mmlab.designs.mutants["stale_vma"]
    monkeypatch.setattr(stepping, "find", lambda name: mutant.design)
    schedule = mmlab.explore(mutant.design, mutant.world).counterexample.schedule
    status, out = played(monkeypatch, capsys, [*schedule, "1", "u", "q"], "final", "--scenario", mutant.world)
    assert status == 0
    assert "BUG: use after free" in out and "nobody can move: u" in out
    assert "*** the goal is reached: use after free" in out


def test_the_goals_are_listed(monkeypatch, capsys):
    status, out = played(monkeypatch, capsys, [], "--list")
    assert status == 0
    assert all(goal.sentence in out for goal in GOALS.values())
    _, out = played(monkeypatch, capsys, [], "--list", "--json")
    assert json.loads(out) == {goal.name: goal.sentence for goal in GOALS.values()}
    assert played(monkeypatch, capsys, [], "--json")[0] == 2
