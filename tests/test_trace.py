"""A trace can be written while it happens, and read again."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlab import Scenario, trace

words = st.text(max_size=12)
numbers = st.integers(min_value=-(2**63), max_value=2**63)
events = st.lists(st.tuples(numbers, words, words, words, numbers, numbers, numbers), max_size=20)
LINE = '[1,"fault0","wait","mmap_sem/read",0,-1,1]\n'
HEADER = '{"format": "mmlab-trace-1"}\n'


def read(text):
    return list(trace.read(io.StringIO(text)))


@given(events)
def test_what_was_written_is_read_again(rows):
    file = io.StringIO()
    assert trace.write(rows, file) == len(rows)
    file.seek(0)
    assert list(trace.read(file)) == rows


@given(events, st.integers(1, 7))
def test_a_trace_written_in_batches_is_the_same_file(rows, size):
    whole, parts = io.StringIO(), io.StringIO()
    trace.write(rows, whole, {"seed": 1})
    trace.write_header(parts, {"seed": 1})
    written = sum(trace.write_events(rows[i : i + size], parts) for i in range(0, len(rows), size))
    assert written == len(rows)
    assert parts.getvalue() == whole.getvalue()


def test_every_line_is_json_and_the_first_names_the_format():
    file = io.StringIO()
    trace.write(Scenario().run(0.05).events, file, {"seed": 1})
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert lines[0] == {"format": "mmlab-trace-1", "seed": 1}
    assert all(isinstance(line, list) and len(line) == 7 for line in lines[1:])


def test_events_that_are_read_have_names():
    [event] = read(HEADER + LINE)
    assert (event.time, event.task, event.what, event.holders, event.queued) == (1, "fault0", "wait", -1, 1)
    assert "1 waiting" in str(event) and "write" in str(event)


@pytest.mark.parametrize(
    "broken",
    [
        "[1,2\n",
        "\n",
        "{}\n",
        '[1,"fault0","wait","x",0,0]\n',
        '[1,"fault0","wait","x",0,0,0,0]\n',
        '["1","fault0","wait","x",0,0,0]\n',
        '[1.5,"fault0","wait","x",0,0,0]\n',
        '[true,"fault0","wait","x",0,0,0]\n',
        "7\n",
        '"text"\n',
    ],
)
def test_a_broken_line_is_named_by_its_number(broken):
    with pytest.raises(ValueError, match="line 3 "):
        read(HEADER + LINE + broken + LINE)


@pytest.mark.parametrize("first", ["[1]\n", "nonsense\n", '{"format": "mmlab-trace-2"}\n', LINE])
def test_a_file_without_the_header_is_refused_at_line_1(first):
    with pytest.raises(ValueError, match=r"line 1 .*mmlab-trace-1"):
        read(first + LINE)


def test_a_broken_line_does_not_hide_the_events_before_it():
    rows = trace.read(io.StringIO(HEADER + LINE + "garbage\n"))
    assert next(rows).task == "fault0"
    with pytest.raises(ValueError, match="line 3"):
        next(rows)
