"""Submissions for tests of the grader: folders of notebooks, and an engine that scores without running anything."""

import json
from concurrent.futures import Future
from pathlib import Path

from mmlab.grading import sandbox
from mmlab.grading.score import GRADED, Mark
from mmlab.grading.scoring import Examined, Job, Score, score
from mmlab.grading.unseen import unseen_module, unseen_source

ROOT = Path(__file__).resolve().parent.parent
UNSEEN = ROOT / "solutions" / "checks"
KEY = "a class key for tests"


def notebook(*cells):
    """A notebook with these code cells, as text."""
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {"cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
                for cell in cells
            ],
        }
    )


def hand_in(top, student, text, exercise="ex4"):
    """Put a notebook where nbgrader collects it."""
    path = Path(top) / student / exercise / f"{exercise}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def wrong(name):
    """(source, points) of a typical wrong answer to exercise 4."""
    return unseen_module("ex4", UNSEEN).WRONG[name]


def scored(*cells, only=None, stop=None, **job):
    """(Score, Examined) of cells as a submission of exercise 4; `only` the checks of these numbers."""
    job = Job("ann", "ex4", cells, KEY, unseen=unseen_source("ex4", UNSEEN), **job)
    before = None if only is None else Examined(again=set(only))
    return score(job, before, stop)


class Instant:
    """An engine: each submission earns as many points as its first cell has characters; nothing is run.

    `after` is called with the number of submissions begun so far, and may raise; `trouble` are students whose scoring
    fails, `alone` those that are to be looked at again.
    """

    def __init__(self, after=lambda number: None, trouble=(), alone=(), workers=1):
        self.after, self.trouble, self.alone, self.workers = after, trouble, alone, workers
        self.jobs = []

    def __call__(self, workers=None):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, job, before=None):
        self.jobs.append((job, before))
        future = Future()
        mark = Mark("it is long", len(job.cells[0]), 20, "correct", "")
        done = Examined({0: mark}, again={0} if job.student in self.alone and before is None else set())
        if job.student in self.trouble:
            future.set_exception(ZeroDivisionError("of a check"))
        else:
            points = float(len(job.cells[0]))
            future.set_result(
                (Score(job.student, job.exercise, GRADED, points, 20, 0, job.content, job.note, (mark,)), done)
            )
        return future

    def wait(self, futures):
        self.after(len(self.jobs))
        return {next(iter(futures))}


def need_the_sandbox():
    """Raises NoSandbox, with the way out, where there is none: such a test fails, it is not skipped."""
    return sandbox.command()
