"""Numbers and tables as people read them."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmlab.view import Table, units


@pytest.mark.parametrize(
    ("ns", "words"),
    [(0, "0"), (400, "400 ns"), (66_700, "66.7 µs"), (18_000_000, "18 ms"), (1_150_000_000, "1.15 s"),
     (999_960, "1 ms"), (120_000_000_000, "120 s"), (-5_000_000, "-5 ms"), (0.25, "0.25 ns"), (None, "-")],
)  # fmt: skip
def test_a_duration_is_written_in_the_unit_that_fits(ns, words):
    assert units.duration(ns) == words
    assert units.duration(ns, ascii=True) == words.replace("µ", "u")


def test_rates_counts_and_shares_are_friendly():
    assert (units.rate(55.35), units.rate(15_000), units.rate(0.4338)) == ("55.4/s", "15,000/s", "0.434/s")
    assert units.count(150_000) == "150,000"
    assert [units.percent(x) for x in (0, 0.004, 0.976, 0.999, 1)] == ["0 %", "<1 %", "98 %", ">99 %", "100 %"]
    assert units.number(float("nan")) == "-" and units.number(float("inf")) == "inf"


@given(st.integers(1, 10**13))
def test_a_duration_read_back_is_within_half_a_percent(ns):
    assert units.ns(units.duration(ns)) == pytest.approx(ns, rel=0.0051)


@pytest.mark.parametrize("bad", ["", "18", "18 parsecs", "ms", "nanms", "infs", None, 1.5, True])
def test_what_is_not_a_time_is_refused_with_what_is_allowed(bad):
    with pytest.raises(ValueError, match="allowed: integer nanoseconds"):
        units.ns(bad)


COLUMNS = ["design", "mmaps (1/s)", "wait p99 (us)"]
ROWS = [["synchronous", 27.7341, 18_000], {"design": "final", "mmaps (1/s)": 15_000.0, "wait p99 (us)": None}]


def test_a_table_lines_up_in_a_terminal():
    assert str(Table(COLUMNS, ROWS, caption="One disk.")).splitlines() == [
        "One disk.",
        "",
        "design       mmaps (1/s)  wait p99 (us)",
        "-----------  -----------  -------------",
        "synchronous         27.7         18,000",
        "final             15,000              -",
    ]


def test_a_table_in_a_notebook_has_a_caption_and_headers_with_scope():
    html = Table(COLUMNS, ROWS, caption="One <disk>.")._repr_html_()
    assert "<caption" in html and "One &lt;disk&gt;." in html
    assert html.count('scope="col"') == 3 and html.count('scope="row"') == 2


@given(st.text(max_size=30))
@example("<script>alert('x')</script><img src=x>")
def test_no_cell_or_header_can_inject_markup(text):
    html = Table([text, text], [[text, text]], caption=text)._repr_html_()
    for tag in ("script", "img"):
        assert f"<{tag}" not in html
    assert html.count("<td") + html.count("<th ") == 4


@given(st.lists(st.tuples(st.text(alphabet=st.characters(exclude_characters="\r", exclude_categories=("Cs",))),
                          st.integers(), st.floats(allow_nan=False)), max_size=5))  # fmt: skip
def test_csv_keeps_the_values_as_they_are(rows):
    back = list(csv.reader(io.StringIO(Table(["a", "b", "c"], rows).to_csv(), newline="")))
    assert back[0] == ["a", "b", "c"]
    assert [(a, int(b), float(c)) for a, b, c in back[1:]] == rows


def test_a_table_offers_text_and_html():
    table = Table(COLUMNS, ROWS)
    assert table._repr_mimebundle_() == {"text/plain": repr(table), "text/html": table._repr_html_()}


def test_a_row_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="row 0 has 1 cells; the table has 2 columns"):
        Table(["a", "b"], [[1]])
    with pytest.raises(ValueError, match="row 0 has 'c'; the columns are a, b"):
        Table(["a", "b"], [{"a": 1, "c": 2}])


def test_a_table_without_rows_is_a_table():
    assert "a" in str(Table(["a"], [])) and "<tbody></tbody>" in Table(["a"], [])._repr_html_()


def test_a_wide_table_scrolls_by_itself_also_by_keyboard_and_a_narrow_one_is_only_a_table():
    wide = Table([f"column{n}" for n in range(9)], [list(range(9))])._repr_html_()
    assert wide.startswith('<div role="region" aria-label="Table: column0, column1,')
    assert 'tabindex="0" style="overflow-x:auto"><table' in wide
    assert Table(["a", "b"], [["one", 2]])._repr_html_().startswith("<table")


def test_a_table_of_more_columns_than_a_laptop_has_room_for_is_set_smaller():
    eleven, twelve = (Table(list("abcdefghijkl")[:n], [range(n)])._repr_html_() for n in (11, 12))
    assert "font-size" not in eleven and "font-size:11px" in twelve


def test_a_folded_table_says_how_long_it_is_and_has_everything_inside():
    table = Table(["step"], [[1], [2]], caption="two steps")
    shown = table.folded()._repr_mimebundle_()
    assert shown["text/plain"] == repr(table.folded()) == str(table)
    assert shown["text/html"].startswith("<details><summary>The same as a table, 2 rows</summary>")
    assert table._repr_html_() in shown["text/html"]
