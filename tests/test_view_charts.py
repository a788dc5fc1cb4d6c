"""Charts: theory is a line, simulation dots, published figures open diamonds; the caption carries the numbers."""

import subprocess
import sys
from itertools import pairwise

import pytest

from mmlab.view import charts

MS = 1_000_000
ROWS = [
    {"design": design, "disk": disk, "mmaps": rate, "mmaps_err": rate / 10}
    for design, rates in (("synchronous", (5000, 490, 27.7)), ("final", (15_000, 15_000, 15_000)))
    for disk, rate in zip((100_000, MS, 18 * MS), rates)
]


def chart(rows=ROWS, **options):
    return charts.sweep_chart(rows, "disk", "mmaps", **{"by": "design", "xunit": "ns", "yunit": "/s", **options})


def axis_of(made):
    return made.figure.axes[0]


def test_the_caption_says_where_each_series_begins_and_ends_and_how_good_the_theory_is():
    words = chart(ylabel="pairs", theory={"final": lambda disk: 15_150}).caption
    assert "pairs, synchronous: 5,000/s at 100 µs, 27.7/s at 18 ms;" in words
    assert "pairs, final: 15,000/s at 100 µs, 15,000/s at 18 ms (within 0.99 % of the theory)." in words


def test_dots_lines_and_diamonds_mean_simulation_theory_and_published():
    made = chart(theory={"final": lambda disk: 15_000}, published=[{"x": 18 * MS, "y": 55, "label": "55"}])
    kinds = [(line.get_marker(), line.get_linestyle(), line.get_markerfacecolor()) for line in axis_of(made).lines]
    assert ("o", "None", charts.PALETTE[0]) in kinds and ("s", "None", charts.PALETTE[1]) in kinds
    assert any(marker == "None" and style == "-" for marker, style, _ in kinds)
    assert any(marker == "D" and face == "none" for marker, _, face in kinds)
    texts = [text.get_text() for text in axis_of(made).texts]
    assert {"synchronous", "final", "55"} <= set(texts)
    assert "line: theory   dots: simulation   ◇: published" in texts


def test_axes_over_many_sizes_are_logarithmic_with_friendly_units():
    axis = axis_of(chart())
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    assert axis.xaxis.get_major_formatter()(MS) == "1 ms" and axis.yaxis.get_major_formatter()(10_000) == "10,000/s"
    assert axis_of(chart(xlog=False)).get_xscale() == "linear"


def test_a_linear_chart_of_what_cannot_be_negative_starts_at_zero():
    rows = [{"p": i, "r": 10 + i % 3} for i in range(5)]
    assert axis_of(charts.sweep_chart(rows, "p", "r")).get_ylim()[0] == 0


def test_a_staircase_and_a_histogram_are_the_same_call():
    stairs = charts.sweep_chart([{"p": i, "r": 55 // (i // 9 + 1)} for i in range(30)], "p", "r", kind="steps")
    assert axis_of(stairs).lines[0].get_drawstyle() == "steps-post"
    rows = charts.histogram_rows([1, 1, 2, 9, 10], bins=3)
    assert [row["count"] for row in rows] == [3, 0, 2] and sum(row["share"] for row in rows) == pytest.approx(1)
    bars = charts.sweep_chart(rows, "x", "share", kind="bars", yunit="%")
    assert len(axis_of(bars).patches) == 3
    assert bars.caption == "share: highest, 60 %, from 1 to 4; the values lie between 1 and 10."


def test_histogram_bins_can_have_equal_ratios():
    rows = charts.histogram_rows([1, 10, 99, 1000], bins=3, log=True)
    assert [row["count"] for row in rows] == [1, 2, 1]
    with pytest.raises(ValueError, match="all above zero"):
        charts.histogram_rows([0, 1], log=True)
    assert sum(row["count"] for row in charts.histogram_rows([7, 7])) == 2


def test_a_notebook_gets_alt_text_a_png_and_the_caption():
    made = chart()
    bundle, metadata = made._repr_mimebundle_()
    assert bundle["text/plain"] == made.caption
    assert f'alt="{made.alt}"' in bundle["text/html"] and bundle["image/png"] in bundle["text/html"]
    assert metadata["image/png"]["alt"] == made.alt == made.figure.alt


def test_a_chart_is_turned_round_in_a_dark_theme_and_not_on_paper():
    page = chart()._repr_mimebundle_()[0]["text/html"]
    assert '[data-jp-theme-light="false"] .mmlab-chart' in page and 'class="mmlab-chart"' in page
    assert "@media print{" in page


def test_names_from_outside_are_escaped():
    rows = [{"disk": 1, "mmaps": 2, "design": "<script>"}, {"disk": 2, "mmaps": 3, "design": "<script>"}]
    assert "<script>" not in chart(rows)._repr_mimebundle_()[0]["text/html"]


def test_the_same_rows_give_the_same_bytes():
    assert chart().png() == chart().png()


def test_names_at_the_ends_of_lines_do_not_overlap():
    rows = [{"d": name, "x": x, "y": 5 + number / 100} for number, name in enumerate("abcd") for x in (1, 2)]
    labels = [t for t in axis_of(charts.sweep_chart(rows, "x", "y", "d")).texts if t.get_text() in "abcd"]
    heights = sorted(label.xy[1] for label in labels)
    assert all(two - one > 0.06 for one, two in pairwise(heights)) and heights[-1] <= 1


def test_the_numbers_of_a_chart_are_a_table():
    assert chart().table().columns == ["design", "disk", "mmaps", "mmaps_err"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rows": []}, "no rows were given"),
        ({"rows": [{"disk": 1}]}, "row 0 has no 'mmaps'; it has disk"),
        ({"kind": "pie"}, "kind is 'pie'; allowed: 'dots', 'steps', 'bars'"),
        ({"xunit": "furlong"}, "xunit is 'furlong'; allowed: 'ns'"),
    ],
)
def test_bad_input_is_answered_with_what_is_allowed(options, words):
    with pytest.raises(ValueError, match=words):
        chart(**options)


def test_importing_the_views_loads_neither_matplotlib_nor_numpy_and_a_chart_never_loads_pyplot():
    code = (
        "import sys, mmlab.view, mmlab.view.charts as c; heavy = {'matplotlib', 'numpy', 'ipywidgets'};"
        "assert not heavy & set(sys.modules);"
        "c.sweep_chart([{'x': 1, 'y': 2}], 'x', 'y').png(); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
