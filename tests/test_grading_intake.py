"""Intake: a file becomes texts of cells, or a reason that a student understands; nothing of it is run or trusted."""

import json
import os

import pytest
from grading_helpers import notebook

from mmlab.grading import intake
from mmlab.grading.intake import Accepted, Rejected, take


def taken(tmp_path, data):
    path = tmp_path / "ex4.ipynb"
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    return take(path)


def cells(*ones, **more):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ones, **more})


def test_the_texts_of_code_cells_come_in_order_and_answers_by_name(tmp_path):
    told = taken(
        tmp_path,
        cells(
            {"cell_type": "code", "source": ["a = 1\n", "b = 2"], "outputs": ["anything"]},
            {"cell_type": "markdown", "source": "Because.", "metadata": {"nbgrader": {"grade_id": "why"}}},
            {"cell_type": "code", "source": "c", "metadata": {"nbgrader": "edited"}},
            {"cell_type": "raw", "source": "r"},
        ),
    )
    assert told[:1] == (("a = 1\nb = 2", "c"),) and told.answers == {"why": "Because."}


def test_a_byte_order_mark_is_no_fault(tmp_path):
    assert isinstance(taken(tmp_path, b"\xef\xbb\xbf" + notebook("a").encode()), Accepted)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\x89PNG\r\n\x1a\n\xff", "not UTF-8"),
        (notebook("\xe9").encode().replace(b"\\u00e9", b"\xe9"), "not UTF-8"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a notebook"),
        (b'{"cells": []}', "not a notebook"),
        (cells(nbformat=3), "format 3"),
        (cells(nbformat="=4"), "format '=4'"),
        (cells(cells="x"), "no list of cells"),
        (cells(1), "no list of cells"),
        (cells({"cell_type": "code", "source": {"a": 1}}), "cell 1 has no text"),
        (cells({"cell_type": "code", "source": [1]}), "cell 1 has no text"),
    ],
    ids=range(14),
)
def test_what_is_no_notebook_is_rejected_with_a_reason_and_what_to_do(tmp_path, data, said):
    told = taken(tmp_path, data)
    assert isinstance(told, Rejected) and said in told.reason
    assert "\n" not in told.reason and len(told.reason) < 300


def test_what_is_too_large_is_rejected(tmp_path, monkeypatch):
    assert "code cells have" in taken(tmp_path, notebook("#" * (intake.MOST_CODE + 1))).reason
    assert "cells" in taken(tmp_path, notebook(*[""] * (intake.MOST_CELLS + 1))).reason
    path = tmp_path / "big.ipynb"
    with open(path, "wb") as file:
        file.truncate(150 << 20)
    assert "Clear Outputs" in take(path).reason


def test_links_pipes_and_folders_are_no_notebooks(tmp_path):
    path = tmp_path / "ex4.ipynb"
    path.write_text(notebook("a"))
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe")
    assert "link" in take(tmp_path / "link").reason
    assert "not a file" in take(tmp_path / "pipe").reason
    assert "not a file" in take(tmp_path).reason


def test_the_hash_is_of_the_whole_file(tmp_path):
    one, two = (taken(tmp_path, cells(metadata={"n": n})).content for n in (1, 2))
    assert one != two and len(one) == 64
