"""Counter-examples as people see them: a picture, a table, text for a terminal, and a page of a notebook."""

import re
from functools import cache
from xml.etree import ElementTree

import pytest
from browser_helpers import browser_page

import mmlab
from mmlab.engine.explore.path import STATES
from mmlab.engine.explore.wire import METHODS
from mmlab.engine.explore.words import WORDS
from mmlab.kernel.handle import STEPS
from mmlab.view import folding, states
from mmlab.view.boxes import code_width, wrap_code, wrap_words
from mmlab.view.interleaving_text import SIGNS

SVG = "{http://www.w3.org/2000/svg}"


@cache
def counterexample(name):
    """Of a mutant, or of a design that is live only as long as nobody drops the page."""
    if name == "livelock":
        return mmlab.explore("nopage_retry", "a fault under DONTNEED").counterexample
    mutant = mmlab.designs.mutants[name]
    return mmlab.explore(mutant.design, mutant.world).counterexample


def words_in(picture):
    """Everything that is written in a picture, as one string."""
    root = ElementTree.fromstring(picture.svg)
    return " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))


NAMES = ("livelock", "stale_vma", "signal_as_minor", "counter_read_after_drop", "unkillable_wait", "stale_page_table")


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_says_who_did_what_in_which_line_and_what_was_wrong(name):
    told = counterexample(name)
    written = re.sub(r"\s+", "", words_in(told.picture()))
    for step in told.steps:
        for did in step.did:
            assert re.sub(r"\s+", "", did) in written
        if step.line:
            assert re.sub(r"\s+", "", step.line[2].partition("  #")[0]) in written
    assert re.sub(r"\s+", "", f"{told.finding.kind}: {told.finding.detail}") in written


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_has_a_role_an_alt_text_from_the_data_and_a_caption_with_the_finding(name):
    told = counterexample(name)
    picture = told.picture()
    root = ElementTree.fromstring(picture.svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == picture.alt
    assert all(did in picture.alt for step in told.steps for did in step.did)
    assert told.finding.kind in picture.caption and told.finding.detail in picture.caption
    assert str(len(told.steps)) in picture.caption


def test_a_livelock_is_bracketed_and_says_what_repeats():
    told = counterexample("livelock")
    written = words_in(told.picture())
    assert "again and again" in written
    repeats = folding.how(told)
    assert repeats.startswith("What repeats: ")
    for part in (
        "dontneed: data:0 leaves the page cache",
        "asks the disk for data:0",
        "disk: finishes the read of data:0",
    ):
        assert part in repeats
    assert "again and again" not in words_in(counterexample("stale_vma").picture())


def test_the_story_of_a_stale_pointer_names_the_drop_the_culprit_and_the_step():
    told = counterexample("stale_vma")
    story = folding.how(told)
    dropped = next(step.number for step in told.steps if "drops mmap_sem" in step.did)
    freed = next(step.number for step in told.steps if any("freed" in did for did in step.did))
    assert f"fault0 dropped mmap_sem at step {dropped}" in story
    assert f"mmap0: unmaps 0x10000000: its vma and page tables are freed (step {freed})" in story
    assert f"At step {len(told.steps)} fault0" in story


def test_the_story_of_a_double_unlock_is_what_the_task_did_to_its_locks():
    told = counterexample("signal_as_minor")
    story = folding.how(told)
    assert story.count("drops mmap_sem") == 2
    assert story.index("takes mmap_sem for reading") < story.index("drops mmap_sem")


def test_the_story_of_an_unkillable_task_is_the_line_where_it_sleeps():
    told = counterexample("unkillable_wait")
    assert told.finding.task == "fault0"
    assert "fault0 sleeps in drop_and_wait_unkillable" in folding.how(told)
    assert "wait_on_page_locked(page)" in folding.how(told)


def test_every_step_is_in_exactly_one_row_and_only_what_nobody_notices_is_folded():
    for name in NAMES:
        told = counterexample(name)
        rows = folding.fold(told)
        numbers = [n for row in rows for n in range(row.first, row.last + 1)]
        assert numbers == list(range(1, len(told.steps) + 1))
        assert any(row.folded for row in rows)
        for row in rows:
            own = told.steps[row.first - 1 : row.last]
            assert {step.task for step in own} == {row.task}
            if row.folded:
                before = told.steps[row.first - 2]
                assert all(step.state == before.state and step.locks == before.locks for step in own)
        assert rows[-1].last == len(told.steps)


def test_each_word_of_the_explorer_for_a_state_is_drawn_and_has_a_letter():
    assert set(folding.SEEN) == set(STATES)
    assert set(folding.SEEN.values()) - {None} == set(states.STATES)
    assert len({SIGNS[state] for state in states.STATES}) == len(states.STATES)


def test_the_bands_of_a_picture_are_the_states_of_its_steps():
    told = counterexample("stale_vma")
    svg = told.picture().svg
    for word in {word for step in told.steps for word in step.state.values()} - {"done"}:
        assert states.STATES[folding.SEEN[word]].label in svg
    assert states.STATES[states.WAIT_LOCK].label not in svg


def test_a_picture_that_is_too_narrow_or_empty_is_refused_in_one_line():
    told = counterexample("stale_vma")
    with pytest.raises(ValueError, match="width is 200; allowed: 560"):
        told.picture(200)
    empty = mmlab.explore("synchronous", "one fault").told([])
    with pytest.raises(ValueError, match="no steps"):
        empty.picture()


@pytest.mark.parametrize("name", NAMES)
def test_the_text_keeps_within_its_width_and_tells_every_step(name):
    told = counterexample(name)
    lines = told.text().splitlines()
    assert max(map(len, lines)) <= 100
    flat = re.sub(r"\s+", "", "".join(lines))
    for step in told.steps:
        assert re.sub(r"\s+", "", step.did[0])[:12] in flat
    assert told.finding.kind.upper() in told.text()
    assert max(map(len, told.text(80).splitlines())) <= 80


def test_the_text_puts_who_moved_in_brackets_in_its_lane():
    told = counterexample("stale_vma")
    head = next(line for line in told.text().splitlines() if line.startswith(" step"))
    row = next(line for line in told.text().splitlines() if "takes mmap_sem for writing" in line)
    assert abs(row.index("[W]") + 1 - (head.index("mmap0") + 2)) <= 1
    assert row.index("p") < row.index("[W]")  # fault0 waits for the page meanwhile


def test_the_table_has_a_row_for_each_step_with_its_source_line():
    told = counterexample("stale_vma")
    table = told.table()
    assert [row[0] for row in table.rows] == list(range(1, len(told.steps) + 1))
    assert table.rows[-1][4] == told.finding.where[2]
    assert told.finding.detail in table.caption


def test_a_notebook_shows_an_interleaving_and_a_verdict_with_its_picture():
    verdict = mmlab.explore("nopage_retry", "a fault under DONTNEED")
    bundle = verdict.counterexample._repr_mimebundle_()
    assert bundle["text/html"].count("<svg ") == 1
    assert bundle["text/plain"] == verdict.counterexample.text()
    shown = verdict._repr_mimebundle_()
    assert "<table" in shown["text/html"] and "<svg " in shown["text/html"]
    safe = mmlab.explore("synchronous", "one fault")._repr_mimebundle_()["text/html"]
    assert "<svg " not in safe
    assert "sequentially consistent memory" in safe


def test_every_question_that_code_can_put_has_words_of_its_own():
    methods = {method for methods in METHODS.values() for method in methods}
    assert set(WORDS) == {*STEPS, *methods, "get", "set", "count", "call", "enter", "leave", "leave_fault"}


def test_no_counterexample_shows_a_bare_call_or_a_python_object():
    for name in (*NAMES, "permission_from_gup"):
        for step in counterexample(name).steps:
            assert step.did and all(
                did and not re.search(r"[<>]|\w\(|None|\bTrue\b|\bFalse\b", did) for did in step.did
            )


def test_words_and_code_are_wrapped_without_losing_a_letter():
    text = "if not await trylock_page(page) and not await k.lock_page_or_retry(args, page):"
    for room in (60, 90, 200, 1000):
        lines = wrap_code(text, room)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(code_width(line) <= max(room, code_width("  x")) for line in lines)
        assert "".join(wrap_words(text, room)).replace(" ", "") == text.replace(" ", "")


@pytest.mark.browser
@pytest.mark.parametrize("width", [560, 640, 920, 1200])
def test_nothing_in_a_picture_is_clipped_or_runs_out_of_its_box(width):
    script = """() => {
        const svg = document.querySelector('svg'), edge = svg.getBoundingClientRect();
        const boxes = [...svg.querySelectorAll('rect[rx="3"], rect[rx="4"]')].map(r => r.getBoundingClientRect());
        const wrong = [];
        for (const text of svg.querySelectorAll('text')) {
            const t = text.getBoundingClientRect();
            if (t.left < edge.left - 1 || t.right > edge.right + 1 || t.bottom > edge.bottom + 1)
                wrong.push('outside: ' + text.textContent);
            const within = b => t.left > b.left && t.left < b.right && t.top > b.top - 3 && t.top < b.bottom - 6;
            const box = boxes.filter(within);
            if (box.length && !box.some(b => t.right <= b.right + 1 && t.bottom <= b.bottom + 3))
                wrong.push('out of its box: ' + text.textContent);
        }
        return wrong;
    }"""
    with browser_page(width=width + 40, height=600) as page:
        for name in NAMES:
            page.set_content(f'<meta charset="utf-8"><body>{counterexample(name).picture(width).svg}')
            assert page.evaluate(script) == [], name
