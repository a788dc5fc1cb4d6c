"""What notebooks call: guesses are never lost, results stand beside them, one fault can be read event by event."""

import asyncio
import json
import subprocess
import sys

import pytest

import mmlab
from mmlab import course
from mmlab.course import answers, guesses, stepper
from mmlab.course.answers import Question, judged
from mmlab.experiment.anatomy import KINDS, side_by_side

# --- predict and reveal -----------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A learner's work folder, as course.py hands it out, and a notebook folder in it to stand in."""
    work = tmp_path / "work"
    (work / "notebooks").mkdir(parents=True)
    (work / ".handed-out.json").write_text("{}")
    monkeypatch.chdir(work / "notebooks")
    monkeypatch.setattr(guesses, "of_this_session", {})
    return work


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The committed notebooks' folder in a clone that somebody put under a folder called work."""
    place = tmp_path / "work" / "mmlab" / "notebooks"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    monkeypatch.setattr(guesses, "of_this_session", {})
    return tmp_path


def test_a_guess_is_kept_beside_the_learners_notebooks(desk):
    course.predict("wait", "How long?", unit="ms", guess=18)
    kept = json.loads((desk / "guesses.json").read_text())
    assert [(entry["guess"], entry["unit"], entry["question"]) for entry in kept["wait"]] == [(18, "ms", "How long?")]
    assert course.guess_of("wait") == 18


def test_earlier_guesses_stay_when_a_learner_guesses_again(desk):
    for guess in (18, "1,150", 1150, 40):
        course.predict("wait", "How long?", unit="ms", guess=guess)
    assert [entry["guess"] for entry in guesses.all_guesses()["wait"]] == [18, 1150, 40]


def test_asking_again_without_a_guess_loses_nothing(desk):
    course.predict("wait", "How long?", unit="ms", guess=18)
    before = (desk / "guesses.json").read_bytes()
    course.predict("wait", "How long?", unit="ms")
    assert (desk / "guesses.json").read_bytes() == before


def test_a_damaged_file_of_guesses_is_put_aside_not_overwritten(desk):
    for number, damaged in enumerate(('{"wait": [{"gue', "[1, 2]", '{"wait": [{"value": 3}]}'), 1):
        (desk / "guesses.json").write_text(damaged)
        assert course.guess_of("wait") is None
        course.predict("wait", "How long?", unit="ms", guess=18)
        assert (desk / f"guesses.damaged-{number}.json").read_text() == damaged
        assert course.guess_of("wait") == 18


def test_outside_a_learners_folder_nothing_is_written(elsewhere, capsys):
    before = sorted(elsewhere.rglob("*"))
    course.predict("wait", "How long?", unit="ms", guess=18)
    course.reveal("wait", 18.0, "ms")
    assert sorted(elsewhere.rglob("*")) == before
    assert "How long? Your guess: 18 ms. The result: 18 ms. Exactly right." in capsys.readouterr().out


def test_without_a_guess_the_result_comes_with_a_friendly_word(elsewhere, capsys):
    course.predict("rate", "How many?", unit="pairs/s")
    course.reveal("rate", 15000, "pairs/s")
    assert "The result: 15,000 pairs/s. No guess yet: scroll up and make one" in capsys.readouterr().out


def test_a_result_whose_question_nobody_asked_names_the_questions_that_there_are(elsewhere, capsys, monkeypatch):
    monkeypatch.setattr(answers, "asked", {})
    course.reveal("wait-tme", 18.0, "ms")
    assert "No question has the name 'wait-tme'. None was asked yet" in capsys.readouterr().out
    course.predict("wait-time", "How long?", unit="ms")
    course.reveal("wait-tme", 18.0, "ms")
    said = capsys.readouterr().out
    assert "did you mean 'wait-time'? Asked so far: wait-time." in said and "No guess yet" not in said


def test_in_a_learners_folder_a_result_waits_for_a_guess(desk, capsys):
    course.predict("wait", "How long?", unit="ms")
    course.reveal("wait", 1234, "ms")
    out = capsys.readouterr().out
    assert "How long?" in out and "waits for your guess" in out and "1,234" not in out
    course.predict("wait", "How long?", unit="ms", guess=1000)
    course.reveal("wait", 1234, "ms")
    assert "Your guess: 1,000 ms. The result: 1,234 ms." in capsys.readouterr().out


def test_who_does_not_want_to_guess_gets_the_result_at_the_press_of_a_button(desk, monkeypatch):
    shown = []
    monkeypatch.setattr("mmlab.course.show.Shown.show", lambda self: shown.append(self))
    course.reveal("wait", 1234, "ms")
    (hidden,) = shown
    assert not [one for one in (repr(hidden), *hidden._repr_mimebundle_().values()) if "1,234" in str(one)]
    card, button = hidden.widget.children
    assert "1,234" not in card.value
    button.click()
    assert "1,234 ms" in card.value and button.layout.display == "none"
    course.reveal("wait", 1234, "ms", anyway=True)
    assert "The result: 1,234 ms." in repr(shown[1])


@pytest.mark.parametrize(
    ("guess", "value", "words"),
    [
        (18, 18, "Exactly right"),
        (18, 18.002, "within a tenth"),
        (10, 18, "too low by a factor of 1.8"),
        (36000, 18, "too high by a factor of 2,000"),
        (0, 5, "off by 5"),
        (3, 0, "off by 3"),
        ("SIGBUS", "SIGBUS", "As you guessed"),
        ("SIGSEGV", "SIGBUS", "Not as you guessed"),
    ],
)
def test_the_verdict_says_by_what_factor_a_guess_was_off(guess, value, words):
    assert words in judged(guess, value)


@pytest.mark.parametrize("given", ["soon", "nan", "-1", "200", "inf"])
def test_what_cannot_be_an_answer_is_refused_with_what_can(desk, given):
    with pytest.raises(ValueError, match=r"number of ms, such as|the answer is from 0 to 100"):
        course.predict("wait", "How long?", unit="ms", low=0, high=100, guess=given)
    assert not (desk / "guesses.json").exists()


def test_a_bound_on_one_side_only_is_said_as_such():
    with pytest.raises(ValueError, match="-3 cannot be: the answer is 0 or more"):
        course.predict("wait", "How long?", unit="ms", low=0, guess=-3)


def test_the_box_keeps_a_guess_on_enter_and_says_so(desk):
    box = Question("wait", "How long?", "ms", 0, 100, None).widget()
    _, row, status = box.children
    row.children[0].value = "18 ms"
    assert course.guess_of("wait") == 18 and "Kept: 18 ms" in status.value
    row.children[0].value = "soon"
    assert course.guess_of("wait") == 18 and "soon" in status.value


def test_a_choice_is_kept_only_when_the_button_is_pressed(desk):
    row = Question("end", "Which?", "", None, None, ["minor", "major"]).widget().children[1]
    row.children[0].value = "major"
    assert course.guess_of("end") is None
    row.children[1].click()
    assert course.guess_of("end") == "major"


def test_the_result_stands_under_its_question(elsewhere, capsys):
    course.predict("wait", "How long?", unit="ms")
    course.reveal("wait", 18.0, "ms")
    assert "How long? The result: 18 ms." in capsys.readouterr().out


def test_a_guess_is_shown_as_text_and_never_as_markup(desk):
    course.predict("wait", "Which?", guess="<b>x</b>")
    assert "<b>x" not in Question("wait", "<i>?", "", None, None, None).widget().children[2].value


# --- the source of a design -------------------------------------------------------------------------


def test_a_function_is_shown_beside_its_original():
    shown = course.show_source("nopage_retry", "filemap_nopage")
    assert "https://elixir.bootlin.com/linux/v2.6.18/source/mm/filemap.c" in repr(shown)
    assert "await wait_on_page_locked(page)" in repr(shown)
    assert "unchanged since synchronous" in repr(course.show_source("nopage_retry", "handle_pte_fault"))
    assert "mm/mmap.c" in repr(course.show_source("synchronous", "find_vma"))


def test_a_function_of_a_later_linux_names_that_version_and_its_commit_first():
    for function, ancestor in (("do_page_fault", "arch/i386/mm/fault.c"), ("vma_start_read", "")):
        place = repr(course.show_source("per_vma_lock", function)).splitlines()[1]
        assert place.startswith("From Linux 6.4, 5e31275cc997; ") and ("2.6.18" in place) == bool(ancestor)
        assert ancestor in place
    assert "From Linux 5.1, 6b4c9f446981" in repr(course.show_source("retry_many", "out_retry"))
    assert "Ours: no function of this name" in repr(course.show_source("synchronous", "mmap_write_lock"))


def test_an_unknown_function_gets_the_nearest_right_spelling():
    with pytest.raises(ValueError, match="did you mean 'filemap_nopage'"):
        course.show_source("synchronous", "filemap_no_page")


def test_the_shown_source_loses_no_character():
    import re
    from html import unescape

    shown = course.show_source("synchronous", "do_no_page")
    body = re.search(r"<pre [^>]*>(.*?)</pre>", shown.html, re.S)[1]
    assert unescape(re.sub(r"<[^>]+>", "", body)) == "\n".join(shown.text.splitlines()[3:])


# --- one fault --------------------------------------------------------------------------------------

OUTCOMES = {
    "major": "major", "minor": "minor", "anonymous": "minor", "sibling": "major", "SIGSEGV": "SIGSEGV",
    "read-only": "SIGSEGV", "SIGBUS": "SIGBUS", "read error": "SIGBUS", "OOM": "OOM",
}  # fmt: skip


@pytest.mark.parametrize("design", ["synchronous", "nopage_retry"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_fault_ends_as_it_should(kind, design):
    fault = mmlab.one_fault(kind, design)
    assert fault.outcome == OUTCOMES[kind]
    assert len(fault.events) == len(fault.snapshots) == len(fault.sentences)
    last = fault.snapshots[-1]
    assert (last.readers, last.writer, last.queue) == ((), "", ())
    assert (last.pte != "none") == (fault.outcome in ("major", "minor"))


def test_a_major_fault_of_the_synchronous_design_sleeps_with_mmap_sem_held():
    fault = mmlab.one_fault("major", disk="18ms")
    state = fault.state_at("page_wait")
    assert state.mmap_sem == "held for reading"
    assert state.readers == ("fault0",) and state.locked and not state.uptodate and state.pte == "none"
    assert state.path == (
        "do_page_fault", "handle_mm_fault", "handle_pte_fault", "do_no_page", "filemap_nopage", "lock_page",
    )  # fmt: skip
    done = fault.state_at("io_done")
    assert not done.locked and done.uptodate
    assert fault.snapshots[-1].owners == ("page cache", "pte")
    assert fault.held_us > 18_000


def test_the_call_path_ends_where_the_program_begins_whatever_python_is_below_it():
    async def cell_of_a_notebook():
        return mmlab.one_fault("major")

    paths = [snapshot.path for snapshot in asyncio.run(cell_of_a_notebook()).snapshots]
    assert paths == [snapshot.path for snapshot in mmlab.one_fault("major").snapshots]
    assert {path[0] for path in paths if path} == {"do_page_fault", "end_page_read"}
    assert paths[0] == paths[-1] == ()


def test_a_retry_lets_mmap_sem_go_before_it_sleeps_and_says_so():
    fault = mmlab.one_fault("major", "nopage_retry", disk="18ms")
    assert fault.held_us < 10
    words = [sentence for event, sentence in zip(fault.events, fault.sentences) if event.what == "release"]
    assert words[0].startswith("Lets mmap_sem go before it sleeps") and words[-1] == "Lets mmap_sem go"


def test_a_sibling_finds_the_pte_installed_and_reads_the_disk_once():
    fault = mmlab.one_fault("sibling")
    assert fault.count("submit") == fault.count("pte") == 1
    assert any("other thread has installed the pte" in sentence for sentence in fault.sentences)


def test_the_story_of_a_busy_wait_is_shortened_and_says_so():
    story = mmlab.one_fault("major", "nopage_refault", disk="1ms").story()
    assert len(story.rows) < 60
    assert any("events like these are left out" in row[2] for row in story.rows)


def test_a_fault_of_a_learners_design_can_be_taken_apart_too():
    async def filemap_nopage(k, vma, address):
        return None, 2

    mine = mmlab.designs["synchronous"].patched("mine", filemap_nopage=filemap_nopage)
    assert mmlab.one_fault("major", mine).outcome == "SIGBUS"


def test_an_unknown_kind_gets_the_nearest_right_spelling():
    with pytest.raises(ValueError, match="did you mean 'SIGBUS'"):
        mmlab.one_fault("sigbuss")
    with pytest.raises(ValueError, match="The kinds are: major, minor"):
        mmlab.one_fault(None)


def test_asking_for_a_state_that_never_was_names_those_that_were():
    with pytest.raises(ValueError, match="no event 'retry'; it has: start, enter, acquire"):
        mmlab.one_fault("minor").state_at("retry")


def test_all_kinds_stand_side_by_side():
    table = side_by_side([mmlab.one_fault(kind) for kind in KINDS])
    assert [row[2] for row in table.rows] == [OUTCOMES[kind] for kind in KINDS]


# --- the stepper ------------------------------------------------------------------------------------


def test_the_stepper_goes_one_event_on_and_back_and_stops_at_both_ends():
    fault = mmlab.one_fault("major")
    box = course.step_through(fault).widget
    row, view = box.children[:2]
    back, ahead, slider, number = row.children
    assert back.disabled and not ahead.disabled and fault.sentences[0] in view.value
    ahead.click()
    assert slider.value == number.value == 2 and "traps into the kernel" in view.value
    number.value = len(fault.events)
    assert slider.value == len(fault.events) and ahead.disabled
    back.click()
    assert slider.value == len(fault.events) - 1
    slider.value = 1
    back.click()
    assert slider.value == 1


def test_a_step_marks_what_the_event_changed():
    fault = mmlab.one_fault("major")
    taken = next(n for n, event in enumerate(fault.events) if event.what == "acquire")
    html = stepper.frame(fault, taken)
    marked = [part.split("</div>")[0] for part in html.split("▸ ")[1:]]
    assert marked == ["held for reading by fault0"]


# --- imports and the check --------------------------------------------------------------------------


def test_importing_the_helpers_needs_no_widgets_and_no_notebook():
    probe = "import sys, mmlab.course; print([m for m in ('ipywidgets', 'IPython', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_live_widget_comes_with_what_remains_of_it_on_paper():
    bundle = course.step_through(mmlab.one_fault("minor"))._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"].startswith("Step 1 of 8: The program runs in user mode")


def test_without_widgets_the_question_is_still_asked(elsewhere, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    course.predict("wait", "How long?", unit="ms", guess=18)
    assert "How long? [ms]" in capsys.readouterr().out
    assert course.step_through(mmlab.one_fault("minor")).widget is None


def test_the_check_says_fine_for_what_is_there_and_names_what_is_missing(monkeypatch, capsys):
    course.check_installation()
    assert "Everything is there" in capsys.readouterr().out
    real = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "numpy" else real(name))
    course.check_installation()
    out = capsys.readouterr().out
    assert "numpy       missing" in out and "python3 course.py lab" in out
