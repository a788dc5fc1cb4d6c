"""The glossary: every word once, its notebook explains it, and docs/glossary.md is what the code says today."""

import json
import re
from pathlib import Path

import pytest

from mmlab import course
from mmlab.cli import main
from mmlab.course.glossary import NOTEBOOKS, markdown
from mmlab.course.terms import TERMS

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"


def words_of(notebook):
    """All text of a notebook's cells and of their outputs."""
    cells = json.loads((FOLDER / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) + json.dumps(cell.get("outputs", "")) for cell in cells)


def test_the_page_is_what_the_code_says_today():
    stored = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert stored == markdown(), "docs/glossary.md is stale: mmlab glossary --markdown docs/glossary.md"


def test_every_word_is_there_once_and_told_in_one_or_two_sentences():
    names = [one.name.lower() for one in TERMS]
    assert len(set(names)) == len(names) and 60 <= len(names) <= 80
    for one in TERMS:
        assert one.meaning.endswith((".", ".)")) and len(re.findall(r"[.!?](?=\s|$)", one.meaning)) <= 3, one.name
        assert len(one.meaning) <= 200 and "|" not in one.meaning, one.name


@pytest.mark.parametrize("number", range(len(NOTEBOOKS)))
def test_a_word_occurs_in_the_notebook_that_explains_it(number):
    terms = [one for one in TERMS if one.notebook == number]
    if (FOLDER / f"{NOTEBOOKS[number]}.ipynb").exists():
        text = words_of(NOTEBOOKS[number])
        missing = [t.name for t in terms if not re.search(rf"(?<!\w){re.escape(t.name.split()[0])}", text, re.I)]
        assert missing == []


def test_notebooks_are_called_as_their_files_are():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} <= set(NOTEBOOKS)


def test_all_words_or_one_with_links_to_its_notebook_and_to_linux():
    assert len(course.glossary().rows) == len(TERMS)
    table = course.glossary(" Filemap_Nopage ")
    assert [row[0] for row in table.rows] == ["filemap_nopage"] and "filemap_fault" in str(table)
    html = table._repr_html_()
    assert '<a href="01-anatomy-of-a-page-fault.ipynb">notebook 01</a>' in html
    assert '<a href="https://elixir.bootlin.com/linux/v2.6.18/source/mm/filemap.c">mm/filemap.c</a>' in html


@pytest.mark.parametrize(
    ("given", "near"), [("convoi", "'convoy'"), ("DONTNEED", "'FADV_DONTNEED'"), ("xyzzy", "shows all")]
)
def test_a_word_that_is_not_there_gets_the_nearest_spelling(given, near):
    with pytest.raises(ValueError, match=f"has no '{given}'.*{near}") as caught:
        course.glossary(given)
    assert "\n" not in str(caught.value)


def test_the_command_shows_words_and_writes_the_page(tmp_path, capsys):
    assert main(["glossary", "convoy"]) == 0
    assert "behind one that is slow" in capsys.readouterr().out
    assert main(["glossary", "--json", "vma"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["word"] == "vma"
    page = tmp_path / "glossary.md"
    assert main(["glossary", "--markdown", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == markdown()
    assert main(["glossary", "convoi"]) == 2
