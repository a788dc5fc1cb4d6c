"""What a student reads: everything that was said, nothing that was not, and no stranger's markup."""

import re
from html.parser import HTMLParser

import pytest
from score_helpers import HOSTILE, essay, made

from mmlab.grading.feedback import WHY, feedback
from mmlab.grading.final import final
from mmlab.grading.formgrade import Cell
from mmlab.grading.gradebook import Given
from mmlab.grading.late import Late
from mmlab.grading.score import MISSING, REJECTED, STATUSES, TIMEOUT

NOBODY_LATE = Late()


@pytest.fixture(autouse=True)
def exercise(monkeypatch):
    essay(monkeypatch)


def page_of(score, policy=NOBODY_LATE, given=()):
    return feedback(final(score, given, policy))


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.found, self.words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_each_check_is_there_with_status_points_message_and_picture():
    page = page_of(made("ann", seen="not yet", message="why?", picture="<svg aria-label='how'></svg>"))
    words = " ".join("".join(Tags(page).words).split())
    assert "1 of 4 points by checks. Status: graded. By hand: 6 points are still to be given." in words
    assert "not yet: it is there (0 of 3 points)why?" in words
    assert "Checks kept for grading: 1 of 1 point " in words and "correct: kept: it holds (1 of 1 point)" in words
    assert "<svg aria-label='how'></svg>" in page
    assert "see(1)" in words


def test_the_code_of_an_unseen_check_and_how_to_see_it_again_are_not_shown():
    score = made("ann")
    import dataclasses

    kept = dataclasses.replace(score.marks[1], replay="mine(17)", message="the symptom")
    page = page_of(dataclasses.replace(score, marks=(score.marks[0], kept)))
    assert "mine(17)" not in page and "the symptom" in page


@pytest.mark.parametrize("text", [HOSTILE, "</pre></li><script>x</script>", '" onload="x', "\x00\x1b[31m\u202e<b>"])
def test_nothing_of_a_stranger_is_markup(text):
    cell = Cell("ex90-data", 2.0, True)
    ann = made("ann", seen="not yet", message="m", answers={"ex90-data": "a"})
    harmless = Tags(page_of(ann, given=(Given(cell, 1.0, "c"),)))
    stranger = made(text, seen="not yet", message=text, answers={"ex90-data": text})
    page = page_of(stranger, given=(Given(cell, 1.0, text),))
    assert [tag for tag, _ in Tags(page).found] == [tag for tag, _ in harmless.found]
    assert not any(name.startswith("on") for _, attributes in Tags(page).found for name in attributes)
    assert "\x1b" not in page and "\u202e" not in page


def test_a_page_stands_alone_and_runs_nothing():
    page = page_of(made("ann", seen="not yet", message="m"))
    assert "default-src 'none'" in page and "<script" not in page
    assert not re.findall(r"""(?:src|href)=|url\(["']?(?!#)|@import""", page.replace("default-src", ""))


@pytest.mark.parametrize("status", [one for one in STATUSES if WHY[one]])
def test_no_points_come_with_the_reason(status):
    page = page_of(made("ann", status=status))
    assert WHY[status] in page and "for a reason" in page
    if status in (REJECTED, TIMEOUT):
        assert "not" in WHY[status] and "0 of" not in page.split("</h1>")[1].split("<h2>")[0]


@pytest.mark.parametrize("status", [REJECTED, MISSING])
def test_of_what_was_not_taken_no_points_by_hand_are_promised(status):
    assert "Graded by a person" in page_of(made("ann"))
    page = page_of(made("ann", status=status), Late({("ann", "ex90"): (2, 10)}))
    assert "Graded by a person" not in page and "late" not in page.split("<h1>")[1]
    assert page.count("for a reason") == 1


def test_days_late_and_the_total_are_told():
    policy = Late({("ann", "ex90"): (2, 10)})
    assert "2 days late: 2 points less. Total so far: 2 of 10 points." in page_of(made("ann"), policy)
