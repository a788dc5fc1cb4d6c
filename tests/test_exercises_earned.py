"""What is earned with all checks, the unseen ones too: by a solution everything under every class key, by a typical
wrong answer just its points, by a copy of a shipped design less than half.

The slow tier asks nothing twice. One Work serves all class keys: it remembers what its checks asked for, by the numbers
that they drew; for the last key a Work of its own must say the same. Of a copy no more checks are run once it has lost
half, and copies that read the same are one. In the long tier each key and each design has a Work of its own, and all
checks are run.
"""

import inspect
import re
from functools import cache
from random import Random

import pytest
from test_exercises import NAMES, ROOT, UNSEEN, by_checks, cells, graded, told

import mmlab
from mmlab.checks import CORRECT, PRACTICE, Draw, Work
from mmlab.checks.exercises import exercise
from mmlab.checks.exercises.ex3 import PAIRS
from mmlab.checks.gather import gather
from mmlab.checks.running import outcome_of
from mmlab.grading.unseen import unseen_checks, unseen_module, wrong_answers
from mmlab.worker import Calculator, RemoteDesign

KEYS = [f"class key {number}" for number in range(50)]
DESIGNS = {
    name: design
    for catalogue in (mmlab.designs.series, mmlab.designs.descendants, mmlab.designs.variants)
    for name, design in catalogue.items()
}


def checks_of(name):
    """All checks of an exercise."""
    return (*exercise(name).checks, *unseen_checks(name, UNSEEN))


# ------------------------------------------------------------------ solutions


class Written(Draw):
    """A Draw that writes down what is drawn: all ways of drawing of Random come down to these two."""

    def __init__(self, *of):
        self.drawn = []
        super().__init__(*of)

    def random(self):
        self.drawn.append(super().random())
        return self.drawn[-1]

    def _randbelow(self, n):
        self.drawn.append(super()._randbelow(n))
        return self.drawn[-1]


class Recited(Random):
    """Draws what was written down, and has never heard of a key."""

    def __init__(self, drawn):
        self.drawn = iter(drawn)
        super().__init__(0)

    def __new__(cls, drawn):
        return super().__new__(cls)

    def random(self):
        return next(self.drawn)

    def _randbelow(self, n):
        return next(self.drawn)

    def getrandbits(self, k):
        raise AssertionError("a check draws bits, which Written does not write down")


def remembered(work, where=""):
    """What the checks asked for, and what it came to, in words."""
    found = {}
    for key, (value, _) in work.known.items():
        if isinstance(value, Work):
            found |= remembered(value, f"{where}{key}")
        elif not isinstance(value, RemoteDesign | Calculator):
            found[f"{where}{key}"] = repr(value)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_solution_earns_everything_under_any_class_key_and_what_is_drawn_decides(name):
    source = gather(cells("solutions", name), exercise(name).functions).source
    checks, last = checks_of(name), {}
    with Work(source) as work:
        for key in KEYS:
            for check in checks:
                draw = Written(key, name, check.name)
                outcome = check.run(work, draw)
                assert outcome.status == CORRECT, (key, check.name, outcome.message)
                last[check] = draw.drawn, outcome
        shared = remembered(work)
    with Work(source) as work:  # nothing is known yet, nor is the key: the same is asked for, and the same is said
        for check, (drawn, outcome) in last.items():
            assert check.run(work, Recited(drawn)) == outcome
        assert remembered(work).items() <= shared.items()


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_solution_earns_everything_under_each_class_key_alone(name):
    texts = cells("solutions", name)
    for key in KEYS:
        report = graded(name, texts, key)
        assert report.earned == by_checks(name), (key, told(report))


# ------------------------------------------------------------------ wrong answers


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_typical_wrong_answer_earns_just_what_it_should(name):
    wrong = wrong_answers(name, ROOT / "solutions")
    assert len(wrong) >= 2 or not by_checks(name)
    earned = {answer: graded(name, [source]).earned for answer, (source, _) in wrong.items()}
    assert earned == {answer: points for answer, (_, points) in wrong.items()}
    assert all(points < by_checks(name) for _, points in wrong.values())


def test_the_waits_of_pairs_that_students_can_read_are_those_that_the_averaging_gives():
    for case, wait in PAIRS:
        assert unseen_module("ex3", UNSEEN).pair_waited(None, case) == pytest.approx(wait, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_each_check_says_what_somebody_may_think_who_fails_it(name):
    for check in checks_of(name):
        assert re.fullmatch(r"that .{10,110}[^.]", check.belief), check


# ------------------------------------------------------------------ copies


def source_of(design):
    """All functions of a design as a student could copy them: each file of its lineage, its own last."""
    files = {}
    while design is not None:
        own = [inspect.getsourcefile(inspect.unwrap(function)) for function in design.patch.values()]
        files = dict.fromkeys([*own, *files])
        design = design.base
    texts = []
    for file in files:
        with open(file, encoding="utf-8") as opened:
            text = opened.read()
        texts.append(re.sub(r"^from \.\S* import .*$", "", text, flags=re.M))
    return texts


@cache
def copies(name):
    """What a copy of each shipped design comes to in an exercise, and the designs that come to the same."""
    found = {}
    for design in DESIGNS:
        found.setdefault(gather(source_of(DESIGNS[design]), exercise(name).functions), []).append(design)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if exercise(name).functions])
def test_a_copied_design_earns_less_than_half(name):
    checks = sorted(checks_of(name), key=lambda check: -check.points)
    half = by_checks(name) / 2
    for found, designs in copies(name).items():
        left = by_checks(name)
        with Work(found.source) as work:
            for check in checks:
                left -= check.points * (1 - outcome_of(check, exercise(name), found, work, PRACTICE).share)
                if left < half:
                    break
        assert left < half, designs


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in NAMES if exercise(name).functions])
@pytest.mark.parametrize("design", DESIGNS)
def test_a_copied_design_earns_less_than_half_of_all_checks_together(name, design):
    report = graded(name, source_of(DESIGNS[design]))
    assert report.earned < by_checks(name) / 2, str(report)
