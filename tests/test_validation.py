"""docs/validation.md is what `mmlab validate` prints, and whatever deviates says why."""

import json
from pathlib import Path

import pytest

from mmlab import Scenario, cli
from mmlab.experiment import measures
from mmlab.experiment.oracles import Oracle, pairs
from mmlab.experiment.validation import LINES, Checked, chosen, markdown, row_markdown, text
from mmlab.kernel import costs

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "validation.md").read_text(encoding="utf-8")
PAGE_ROWS = {}
"""(line, name of the row) -> its cells on the page"""
for _section in PAGE.split("\n## ")[1:]:
    for _row in _section.splitlines():
        if _row.startswith("| ") and not _row.startswith("| row |"):
            _cells = [cell.strip() for cell in _row[1:-1].split("|")]
            PAGE_ROWS[_section.split()[0], _cells[0]] = _cells
ROWS = [row for line in LINES for row in line.rows]
CASES = [
    pytest.param(
        line.number, row, id=f"{line.number} {row.name}", marks=[] if row.quick and not row.slow else [pytest.mark.slow]
    )
    for line in LINES
    for row in line.rows
]


def checked(**changes):
    row = {"name": "a row", "formula": "", "unit": "/s", "expected": 27.7, "measure": pairs, "scenario": {}}
    row = Oracle(**{**row, "seconds": 2, "tolerance": 0.02, "seeds": 1, **changes})
    return Checked(row, row.check())


class FromThePage:
    """A row with the cells that the page has, as if it had been simulated."""

    def __init__(self, number, row):
        self.row = row
        *_, self.verdict = self.told = PAGE_ROWS[number, row.name]
        self.differs = self.verdict != "agrees"

    def cells(self):
        return self.told


@pytest.mark.parametrize(("number", "row"), CASES)
def test_a_row_comes_out_exactly_as_the_page_has_it_and_says_why_if_it_deviates(number, row):
    one = Checked(row, row.check())
    assert one.is_explained, row_markdown(one)
    assert f"\n{row_markdown(one)}\n" in PAGE


def test_the_page_is_what_the_command_makes_of_its_rows():
    assert markdown((line, [FromThePage(line.number, row) for row in line.rows]) for line in LINES) == PAGE
    assert [line.number for line in LINES] == [f"6.{n}" for n in range(1, 11)]
    assert {verdict for *_, verdict in PAGE_ROWS.values()} <= {"agrees", "differs", "deviates"}


def test_rows_of_one_line_have_names_of_their_own():
    for line in LINES:
        assert len({row.name for row in line.rows}) == len(line.rows), line.number


def test_whatever_is_published_says_where():
    assert [row.name for row in ROWS if row.published is not None and not row.source] == []


def test_every_row_has_something_to_be_held_against():
    assert [row.name for row in ROWS if row.expected is None and row.published is None] == []


def test_a_deviation_without_a_reason_is_shouted_and_one_with_a_reason_is_said():
    assert checked(expected=55).verdict == "OUTSIDE"
    assert not checked(expected=55).is_explained
    assert checked(expected=55, why="because").verdict == "deviates"
    assert checked(published=55, source="x").verdict == "DIFFERS"
    told = checked(published=55, source="x", why="because")
    assert (told.verdict, told.is_explained, told.differs) == ("differs", True, True)
    assert "a row: because" in text([(LINES[0], [told])]) and "**a row**: because" in markdown([(LINES[0], [told])])


def test_a_row_that_agrees_says_so_and_keeps_its_reason_to_itself():
    one = checked(published=27.5, source="x", why="because")
    assert one.verdict == "agrees" and "because" not in text([(LINES[0], [one])])


def test_a_row_without_formula_is_held_against_what_was_published():
    assert checked(expected=None, published=27.7, source="x").verdict == "agrees"
    assert checked(expected=None, published=29, source="x").verdict == "DIFFERS"


def test_nothing_is_compared_with_nothing_by_its_absolute_size():
    none = {"expected": 0, "scenario": {"mmap_threads": 0}, "tolerance": 0.1}
    assert checked(**none).verdict == "agrees"
    assert checked(expected=0, tolerance=0.1).verdict == "OUTSIDE"


def test_an_unknown_line_is_refused_with_the_lines_there_are(capsys):
    assert cli.main(["validate", "--only", "7.1"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1 and "'7.1' is no line" in complaint and "6.1, 6.2" in complaint


def test_quick_rows_are_rows_of_the_whole():
    quick = [row for _, rows in chosen(quick=True) for row in rows]
    assert 10 < len(quick) < len(ROWS) / 2 and all(row in ROWS for row in quick)


def test_the_command_prints_one_line_of_the_validation_as_json_and_writes_its_page(tmp_path, capsys):
    file = tmp_path / "page.md"
    words = ["validate", "--only", "6.6", "--quick", "--no-progress", "--json", "--markdown", str(file)]
    assert cli.main(words) == 0
    [line] = json.loads(capsys.readouterr().out)
    assert line["line"] == "6.6" and {row["verdict"] for row in line["rows"]} == {"agrees"}
    assert "| final, last death | 0 |" in file.read_text()


def test_several_processes_find_what_one_does(capsys):
    words = ["validate", "--only", "6.6", "--no-progress", "--json", "--jobs"]
    told = []
    for jobs in ("1", "2"):
        assert cli.main([*words, jobs]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] and len(json.loads(told[0])[0]["rows"]) == 4


@pytest.mark.parametrize("jobs", ["0", "-1", "1.5", "many"])
def test_a_senseless_number_of_jobs_is_refused_in_one_line(jobs, capsys):
    assert cli.main(["validate", "--only", "6.6", "--jobs", jobs]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1 and "a whole number from 1" in complaint


def test_an_unexplained_deviation_is_the_status_of_the_command(monkeypatch):
    from mmlab.experiment import validation

    monkeypatch.setattr(validation, "validate", lambda *_: [(LINES[0], [checked(expected=55)])])
    assert cli.main(["validate"]) == 1


def test_other_costs_last_for_one_run_only():
    before = costs.FIND_VMA
    with pytest.raises(RuntimeError), measures.changed_costs(FIND_VMA=10_000):
        assert costs.FIND_VMA == 10_000
        raise RuntimeError
    assert before == costs.FIND_VMA
    scenario = Scenario(design="pagefault_args", mmap_threads=0, disk="1ms")
    assert measures.dear_cpu(scenario, 0.05) == pytest.approx(4.6 + 2 * 9.5 + 1.5)
    assert measures.cpu(scenario, 0.05) == pytest.approx(4.6)


def test_windows_of_a_livelock_are_read_from_the_trace():
    # Alone at the lock, W is find_vma and a lookup, whatever else happens: then retries * exp(-W / T) is 1 on average.
    scenario = Scenario(design="nopage_retry", mmap_threads=0, disk="10us", dontneed="2us", cache_pages=4)
    found = measures.retries_by_windows(scenario, 0.1)
    assert found == pytest.approx(scenario.run(0.1).retries_per_fault / 2.718281828 ** (800 / 2000), rel=1e-6)
