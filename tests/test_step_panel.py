"""The step panel without a browser: buttons move, the goal is told, hints and solutions come from the explorer."""

import asyncio

import ipywidgets
import pytest
from explore_helpers import stage_of

import mmlab
from mmlab.engine.step import Goal, Stepper
from mmlab.experiment.solving import way_to_goal
from mmlab.kernel import find_get_page, wait_on_page_locked
from mmlab.kernel.filemap import add_to_page_cache_lru
from mmlab.widgets import step_panel


@pytest.fixture
def panel():
    panel = step_panel("nopage_retry", "a fault under DONTNEED", "livelock")
    yield panel
    panel.close()


def click(panel, *names):
    for name in names:
        panel.buttons[name].click()


def test_a_button_moves_its_task_and_says_what_it_would_do_next(panel):
    assert panel.buttons["fault0"].description == "1  fault0: touches 0x10000000: a page fault"
    click(panel, "fault0", "fault0")
    assert panel.moves == ["fault0", "fault0"]
    assert "looks at the pte" in panel.buttons["fault0"].description
    assert "Step 2: fault0 takes mmap_sem for reading" in panel.last.value
    assert "mmap_sem</b> held for reading by fault0" in panel.now.value
    assert "<svg" in panel.screen.value


def test_who_cannot_move_is_disabled_and_says_why(panel):
    disk = panel.buttons["disk"]
    assert disk.disabled and disk.description.endswith("has nothing to read")
    click(panel, *["fault0"] * 9)
    waiting = panel.buttons["fault0"]
    assert waiting.disabled and "asleep: waits for data:0" in waiting.description
    assert not disk.disabled
    assert "waits for the page, holding nothing" in panel.now.value


def test_undo_redo_and_start_again(panel):
    assert panel.undo_button.disabled and panel.redo_button.disabled and panel.reset_button.disabled
    first = panel.now.value
    click(panel, "fault0", "dontneed")
    panel.undo_button.click()
    assert panel.moves == ["fault0"]
    panel.redo_button.click()
    assert panel.moves == ["fault0", "dontneed"]
    panel.reset_button.click()
    assert panel.moves == [] and panel.now.value == first and panel.screen.value == ""
    panel.redo_button.click()
    panel.redo_button.click()
    assert panel.moves == ["fault0", "dontneed"]


def test_playing_the_solution_reaches_the_goal_and_only_its_last_step_does(panel):
    moves = list(panel.solution().schedule)
    click(panel, *moves[:-1])
    assert "Not reached yet" in panel.goal.value and not panel.reached
    click(panel, moves[-1])
    assert f"Goal reached at step {len(moves)}" in panel.goal.value and panel.reached
    assert panel.moves == moves


def test_always_following_the_last_hint_reaches_the_goal(panel):
    click(panel, "fault0", "dontneed", "fault0")  # not what the solution does
    while not panel.reached and len(panel.moves) < 60:
        for _ in range(3):
            panel.hint_button.click()
        name = panel.message.value.split("Next: ")[1].split(" (")[0]
        click(panel, name)
    assert panel.reached


@pytest.mark.parametrize(
    "design, world, goal, kind",
    [
        ("stale_vma", "a fault and an unmap", "stale pte", "use after free"),
        ("stale_vma", "a fault and an unmap", "finding", "use after free"),
        ("nopage_retry", "a fault under DONTNEED", "livelock", "livelock"),
    ],
)
def test_a_solution_is_an_interleaving_with_the_finding_as_short_as_the_explorers(design, world, goal, kind):
    mutants = mmlab.designs.mutants
    design = mutants[design].design if design in mutants else design
    panel = step_panel(design, world, goal)
    solution = panel.solution()
    assert solution.finding.kind == kind
    shortest = mmlab.explore(design, world).counterexample
    assert len(solution) >= len(shortest)  # each look at a counter is a step here
    assert solution.finding.detail == shortest.finding.detail
    panel.close()


def test_a_starving_writer_is_found_by_trying_and_the_picture_says_so():
    panel = step_panel("synchronous", "two faults and a remap", "starvation")
    solution = panel.solution()
    assert "mmap0 stood in the queue of mmap_sem while" in solution.picture().caption
    replayed = step_panel("synchronous", "two faults and a remap", "starvation", moves=solution.schedule)
    assert replayed.reached
    shorter = step_panel("synchronous", "two faults and a remap", "starvation", moves=solution.schedule[:-1])
    assert not shorter.reached
    for one in (panel, replayed, shorter):
        one.close()


def test_a_goal_out_of_reach_is_told_only_when_somebody_asks_and_with_its_bounds():
    panel = step_panel("final", "a fault under DONTNEED", "livelock")
    assert "No interleaving" not in panel.goal.value + panel.message.value + repr(panel) + repr(panel.static)
    panel.hint_button.click()
    assert "No interleaving of «a fault under DONTNEED» under final" in panel.message.value
    solution = panel.solution()
    assert not solution and solution.complete and "endless DONTNEED" in repr(solution)
    panel.close()


def test_a_dead_end_says_to_undo():
    panel = step_panel("nopage_retry", "two faults", "starvation")
    click(panel, "fault0")
    panel.hint_button.click()
    assert "cannot be reached any more" in panel.message.value and "Undo" in panel.message.value
    panel.close()


def test_a_goal_of_ones_own_has_a_solution():
    goal = Goal("both", "have both threads hold mmap_sem", lambda s: "both hold it" if both_hold(s) else "")

    def both_hold(stepper):
        sem = stepper.stage.k.mm.mmap_sem
        return sum(sem in task.held for task in stepper.stage.k.tasks) == 2

    panel = step_panel("synchronous", "two faults", goal)
    solution = panel.solution()
    assert "both hold it" in repr(solution)
    assert step_panel("synchronous", "two faults", goal, moves=solution.schedule).reached == "both hold it"


async def adds_and_forgets_to_read(k, file):
    await add_to_page_cache_lru(file, 0)


async def waits_for_the_page(k, file):
    page = None
    while page is None:
        page = await find_get_page(file, 0)
    await wait_on_page_locked(page)


def test_that_nobody_can_move_and_somebody_should_is_a_finding_too():
    def fresh():
        return Stepper(stage_of((adds_and_forgets_to_read, "data"), (waits_for_the_page, "data")))

    stepper = fresh()
    way = way_to_goal(stepper, fresh)
    assert way.bug.kind == "deadlock"
    stepper.walk(way.path[:-1])
    assert stepper.reached() == ""
    stepper.walk(way.path)
    assert "deadlock: waits_for_the_page1 can never go on" in stepper.reached()


def test_a_learners_own_code_that_raises_is_a_finding_and_the_panel_lives_on():
    async def drop_and_wait(k, mm, page):
        raise ZeroDivisionError("not today")

    mine = mmlab.designs["nopage_retry"].patched("mine", drop_and_wait=drop_and_wait)
    panel = step_panel(mine, "one fault")
    while not panel.reached:
        click(panel, "fault0")
    assert "not today" in panel.goal.value
    assert all(button.disabled for button in panel.buttons.values())
    panel.undo_button.click()
    assert not panel.reached and not panel.buttons["fault0"].disabled
    panel.close()


def test_whatever_else_goes_wrong_is_one_line(panel, monkeypatch):
    def broken(name):
        raise RuntimeError("<oops>")

    monkeypatch.setattr(panel.game.stepper, "move", broken)
    click(panel, "fault0")
    assert "RuntimeError: &lt;oops&gt;" in panel.message.value and panel.message.value.count("\n") == 0
    monkeypatch.undo()
    click(panel, "fault0")
    assert panel.message.value == "" and panel.moves == ["fault0"]


def test_moves_are_given_back_and_wrong_ones_are_refused_in_one_line(panel):
    click(panel, "fault0", "dontneed", "fault0")
    again = step_panel("nopage_retry", "a fault under DONTNEED", "livelock", moves=panel.moves)
    assert again.now.value == panel.now.value and again.screen.value == panel.screen.value
    again.close()
    for given, said in (
        ({"moves": ["fault1"]}, "did you mean 'fault0'"),
        ({"moves": ["disk"]}, "has nothing to read"),
        ({"goal": "livelok"}, "did you mean 'livelock'"),
        ({"world": "one falt"}, "did you mean 'one fault'"),
        ({"design": "nopage_retri"}, "did you mean 'nopage_retry'"),
    ):
        with pytest.raises(ValueError, match=said) as error:
            step_panel(**given)
        assert "\n" not in str(error.value)


def test_the_static_twin_is_the_beginning_whatever_was_played_and_has_no_widget(panel):
    before = repr(panel.static)
    click(panel, "fault0")
    bundle = panel.static._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"} and bundle["text/plain"] == before
    assert "fault0    in user mode  yes" in before and "come back to a state" in before
    assert "has nothing to read" in bundle["text/html"]


def test_the_code_where_the_last_mover_stands_is_shown_with_its_line_marked(panel):
    click(panel, "fault0", "fault0")
    number = panel.game.places()[0].line[1]
    here = panel.now.value.split('class="mmlab-here">')[1].split("</span>")[0]
    assert str(number) in here and "pte_none" in here


def test_inside_a_coroutine_as_in_a_notebook_the_kernels_own_code_has_no_line():
    async def cell():
        panel = step_panel("nopage_retry", "a fault under DONTNEED")
        click(panel, "fault0")
        found = [step.line for step in panel.game.stepper.steps], [place.line for place in panel.game.places()]
        panel.close()
        return found

    steps, places = asyncio.run(cell())
    assert steps == [None]
    assert places[0][0] == "do_page_fault" and places[1] is None


def test_two_panels_play_two_games_and_closing_leaves_no_widget_behind():
    instances = ipywidgets.widgets.widget._instances
    before = set(instances)
    one, other = step_panel("nopage_retry", "two faults"), step_panel("nopage_retry", "two faults")
    click(one, "fault0")
    assert other.moves == []
    assert len(instances) > len(before)
    one.close()
    other.close()
    assert {type(instances[key]).__name__ for key in set(instances) - before} == set()
