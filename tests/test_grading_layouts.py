"""Finding what was handed in, whatever it is called; no name of a stranger is obeyed."""

import os
import stat
import zipfile

import pytest

from mmlab.grading import layouts
from mmlab.grading.intake import LARGEST, Rejected, take
from mmlab.grading.layouts import harvest, read_students

EXERCISES = ["ex1", "ex4", "ex10"]


def put(top, *names):
    for name in names:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def seen(place):
    """{(student, exercise): (the text of the file taken, note)}, and the stray files."""
    with harvest(place, EXERCISES) as told:
        found = {
            (one.student, one.exercise): (one.refused or one.path.read_text(), one.note) for one in told.found
        }  # fmt: skip
        assert len(found) == len(told.found)
        return found, told.stray


def zipped(path, names, text=None):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name if text is None else text)
    return path


@pytest.mark.parametrize(
    ("name", "student", "exercise"),
    [
        ("ann/ex4/ex4.ipynb", "ann", "ex4"),
        ("submitted/ann/ex4/ex4.ipynb", "ann", "ex4"),
        ("ann/ex10.ipynb", "ann", "ex10"),
        ("ann_ex4.ipynb", "ann", "ex4"),
        ("ann_lee_jr_EX4.ipynb", "ann_lee_jr", "ex4"),
        ("Ann Lee_123_assignsubmission_file_/ex4.ipynb", "Ann Lee", "ex4"),
        ("Ann Lee_123_assignsubmission_file/ex4 (2).ipynb", "Ann Lee", "ex4"),
        ("annlee_LATE_123_4567_ex4-2.ipynb", "annlee", "ex4"),
        ("annlee_123_4567_ex4.ipynb", "annlee", "ex4"),
        ('O\'Brien "Bo"_ex1.ipynb', 'O\'Brien "Bo"', "ex1"),
        ("new\nline_ex1.ipynb", "new\nline", "ex1"),
        ("Søren Ångström 李/ex4/ex4.ipynb", "Søren Ångström 李", "ex4"),
        ("=cmd|'calc'!A1_ex4.ipynb", "=cmd|'calc'!A1", "ex4"),
        ("..._ex4.ipynb", "...", "ex4"),
    ],
)
def test_each_usual_layout_tells_student_and_exercise_in_a_folder_and_in_a_zip(tmp_path, name, student, exercise):
    put(tmp_path / "in", name)
    assert list(seen(tmp_path / "in")[0]) == [(student, exercise)]
    assert list(seen(zipped(tmp_path / "in.zip", [name]))[0]) == [(student, exercise)]


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["ex4.ipynb", "ex4 (1).ipynb", "ex4-Copy3.ipynb"], "ex4.ipynb"),
        (["ex4 (1).ipynb", "ex4 (12).ipynb", "ex4 (2).ipynb"], "ex4 (12).ipynb"),
        (["ex4-Copy1.ipynb"], "ex4-Copy1.ipynb"),
        (["ex4 - Copy.ipynb", "notes.txt"], "ex4 - Copy.ipynb"),
        (["my homework.ipynb"], "my homework.ipynb"),
    ],
)
def test_of_several_copies_one_is_taken_and_the_note_says_which(tmp_path, names, taken):
    put(tmp_path, *(f"ann/ex4/{name}" for name in names))
    found, _ = seen(tmp_path)
    text, note = found["ann", "ex4"]
    assert text == f"ann/ex4/{taken}"
    if names != [taken] or taken != "ex4.ipynb":
        assert note.startswith(f"{taken} was taken")
    assert all(name in note for name in names if name.endswith(".ipynb"))


def test_two_notebooks_under_other_names_are_refused_with_what_is_wanted(tmp_path):
    put(tmp_path, "ann/ex4/a.ipynb", "ann/ex4/b.ipynb", "bob/ex4/ex4.png")
    found, _ = seen(tmp_path)
    assert [found[who, "ex4"][0].partition(".")[0] for who in ("ann", "bob")] == ["ex4", "ex4"]
    assert "a.ipynb, b.ipynb" in found["ann", "ex4"][0] and "ex4.png" in found["bob", "ex4"][0]


def test_strays_and_unknown_exercises_are_listed_and_stop_nothing(tmp_path):
    put(tmp_path, "ann_ex4.ipynb", "README.md", "bob_ex77.ipynb", "deep/er/x.ipynb", "cid/ex5/ex5.ipynb", "_ex4.ipynb")
    put(tmp_path, "ann/.ipynb_checkpoints/ex4.ipynb", "ann/ex4/timestamp.txt", " _ex1.ipynb")
    found, stray = seen(tmp_path)
    assert list(found) == [("ann", "ex4")]
    assert [line.partition(":")[0] for line in stray] == [
        " _ex1.ipynb", "README.md", "_ex4.ipynb", "bob_ex77.ipynb", "cid/ex5/ex5.ipynb", "deep/er/x.ipynb",
    ]  # fmt: skip


def test_a_student_cannot_hand_in_for_another_from_a_folder_of_their_own(tmp_path):
    put(tmp_path, "ann/ex4/ex4.ipynb", "ann/bob_ex4.ipynb", "ann/ex4/bob_ex1.ipynb", "ann/ex4/bob/ex1/ex1.ipynb")
    assert list(seen(tmp_path)[0]) == [("ann", "ex4")]


def test_links_are_not_followed(tmp_path):
    put(tmp_path, "secret.txt", "in/bob/ex4/ex4.ipynb")
    (tmp_path / "in" / "ann" / "ex4").mkdir(parents=True)
    (tmp_path / "in" / "ann" / "ex4" / "ex4.ipynb").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "in" / "cid").symlink_to(tmp_path / "in" / "bob")
    (tmp_path / "in" / "bob" / "ex1").symlink_to(tmp_path)
    with harvest(tmp_path / "in", EXERCISES) as told:
        taken = {one.student: isinstance(take(one.path), Rejected) for one in told.found if one.student == "ann"}
        assert taken == {"ann": True}
        assert [one.student for one in told.found] == ["ann", "bob"]
        assert [line.partition(":")[0] for line in told.stray] == ["bob/ex1", "cid"]


def test_a_zip_writes_nothing_outside_and_follows_no_link(tmp_path):
    link = zipfile.ZipInfo("eve/ex4/ex4.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        for name in (
            "../../out_ex4.ipynb",
            "/abs_ex4.ipynb",
            "C:\\win_ex4.ipynb",
            "a/../../b_ex4.ipynb",
            "ann_ex4.ipynb",
        ):
            archive.writestr(name, "x")
    with harvest(tmp_path / "in.zip", EXERCISES) as told:
        assert [(one.student, bool(one.refused)) for one in told.found] == [("ann", False), ("eve", True)]
        folder = told.found[0].path.parent
        assert os.listdir(folder) == [told.found[0].path.name]
        assert len(told.stray) == 4 and all("leads out" in line for line in told.stray)
    assert not folder.exists()
    assert os.listdir(tmp_path) == ["in.zip"]


def test_a_zip_bomb_is_unpacked_no_further_than_intake_looks(tmp_path):
    zipped(tmp_path / "in.zip", ["ann_ex4.ipynb"], bytes(4 * LARGEST))
    with harvest(tmp_path / "in.zip", EXERCISES) as told:
        (one,) = told.found
        assert LARGEST < one.path.stat().st_size < 2 * LARGEST
        assert "MB are allowed" in take(one.path).reason


def test_many_large_files_in_a_zip_are_refused_together(tmp_path, monkeypatch):
    monkeypatch.setattr(layouts, "MOST_BYTES", 1000)
    zipped(tmp_path / "in.zip", ["ann_ex4.ipynb", "bob_ex4.ipynb"], bytes(600))
    with pytest.raises(ValueError, match="unpacked"), harvest(tmp_path / "in.zip", EXERCISES):
        pass


def test_a_broken_entry_of_a_zip_costs_its_own_student_only(tmp_path):
    path = zipped(tmp_path / "in.zip", ["ann_ex4.ipynb", "bob_ex4.ipynb"])
    data = bytearray(path.read_bytes())
    data[data.index(b"ann_ex4.ipynb") + len("ann_ex4.ipynb")] ^= 0xFF  # the first byte of its text
    path.write_bytes(data)
    found, _ = seen(path)
    assert "cannot be unpacked" in found["ann", "ex4"][0]
    assert found["bob", "ex4"][0] == "bob_ex4.ipynb"


@pytest.mark.parametrize("what", ["nothing", "a text", "half a zip"])
def test_what_is_no_folder_and_no_zip_is_told_in_one_line(tmp_path, what):
    path = tmp_path / "in.zip"
    if what == "a text":
        path.write_text("hello")
    elif what == "half a zip":
        path.write_bytes(zipped(tmp_path / "whole.zip", ["ann_ex4.ipynb"]).read_bytes()[:60])
    with pytest.raises(ValueError, match=r"in\.zip") as caught, harvest(path, EXERCISES):
        pass
    assert "\n" not in str(caught.value)


def test_a_list_of_students_has_one_name_a_line(tmp_path):
    path = tmp_path / "students.txt"
    path.write_text("\ufeffann\n\n  Bob Lee \nann\n", encoding="utf-8")
    assert read_students(path) == ["ann", "Bob Lee"]
    for text in ("", "\n", "ann\n..\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"students\.txt"):
            read_students(path)
