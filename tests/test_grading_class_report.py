"""What an instructor learns of a class."""

import pytest
from score_helpers import essay, made

from mmlab.grading import chart
from mmlab.grading.beliefs import KINDS
from mmlab.grading.class_report import as_html, as_text, class_rows
from mmlab.grading.final import final
from mmlab.grading.late import Late
from mmlab.grading.score import MISSING, REJECTED, TIMEOUT
from mmlab.kernel.bug import KernelBug

STALE = "In «a fault and an unmap»: pte through a stale vma: fault0 writes it"


@pytest.fixture
def rows(monkeypatch):
    essay(monkeypatch)
    scores = [
        made("ann"),
        made("bob", seen="not yet", message=STALE),
        made("cid", seen="almost", message="nearly"),
        made("dan", seen="not yet", unseen=TIMEOUT, message=STALE),
        made("<b>", status=MISSING),
        made("eve", status=REJECTED),
    ]
    return class_rows([final(score, (), Late()) for score in scores])


def test_it_counts_who_failed_what_and_says_what_they_may_think(rows):
    (row,) = rows
    first, second = row.checks
    assert (first.name, first.failed, sum(first.counts.values())) == ("it is there", 3, 4)
    assert first.beliefs == [f"{KINDS['pte through a stale vma']} (2)", "that it need not be there (1)"]
    assert second.unseen and second.counts == {"correct": 3, chart.LOST: 1}
    assert row.missing == ["<b>"] and row.waiting == 4
    assert row.sentence.startswith("4 graded, 1 rejected, 1 missing. Points by checks: median 1.75")
    said = as_text(rows)
    assert "3 of 4 failed: it is there" in said and "missing: <b>" in said
    assert "  eve: rejected: for a reason\n" in said and "<li>eve: rejected: for a reason</li>" in as_html(rows)


def test_the_page_has_pictures_with_labels_from_the_data_and_the_numbers_beside_them(rows):
    page = as_html(rows)
    assert 'aria-label="Histogram of the points of 4 submissions. 4 graded, 1 rejected, 1 missing.' in page
    assert "Most failed: it is there, 3 of 4." in page
    assert "&lt;b&gt;" in page and "<b>" not in page
    assert "<td>4 to 4</td>" not in page


def test_every_submission_is_in_one_column_of_the_histogram():
    for possible in (1, 3, 4, 20):
        points = [0, possible / 3, possible / 2, possible - 0.5, possible]
        spread = chart.spread(points, possible)
        assert sum(count for _, count in spread) == 5
        assert spread[-1][1] >= 1 and spread[-1][0].endswith(f"to {possible:g}")


def test_each_kind_of_finding_that_the_kernel_reports_has_a_belief():
    import re
    from pathlib import Path

    import mmlab

    text = "\n".join(
        path.read_text() for room in ("kernel", "engine") for path in (Path(mmlab.__file__).parent / room).rglob("*.py")
    )
    told = set(re.findall(r"""\b(?:bug|KernelBug)\(\s*"([a-z][^"{]*)",""", text))
    assert len(told) > 15 and issubclass(KernelBug, Exception)
    assert told - set(KINDS) == set()
