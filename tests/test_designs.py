"""A design is a patch: what may be patched, what the patch says of itself, and how it is shown."""

import re

import pytest

import mmlab
from mmlab import designs
from mmlab.designs.design import Design
from mmlab.kernel import VM_FAULT_MINOR

SYNCHRONOUS = designs.find("synchronous")


async def handle_mm_fault(k, mm, vma, address, write_access):
    """Mine."""
    return VM_FAULT_MINOR


async def many(k, mm, vma, address, page_table, write_access):
    """Takes too much."""


def test_the_series_has_the_order_of_the_course():
    assert list(designs.series)[:3] == ["synchronous", "nopage_refault", "nopage_retry"]
    assert [design.name for design in designs.series.values()] == list(designs.series)


def test_a_design_is_found_by_name_and_a_design_stands_for_itself():
    assert designs["nopage_retry"] is designs.find("nopage_retry") is mmlab.designs.series["nopage_retry"]
    assert designs.find(SYNCHRONOUS) is SYNCHRONOUS
    assert repr(SYNCHRONOUS) == "synchronous"


@pytest.mark.parametrize(
    ("given", "nearest"),
    [("nopage_retri", "nopage_retry"), ("Synchronous", "synchronous"), ("nopage-refault", "nopage_refault")],
)
def test_an_unknown_design_gets_one_line_with_the_nearest_spelling_and_the_list(given, nearest):
    with pytest.raises(ValueError) as error:
        designs[given]
    text = str(error.value)
    assert given in text and f"did you mean {nearest!r}?" in text and "synchronous, nopage_refault" in text
    assert "\n" not in text


@pytest.mark.parametrize("given", ["zzz", None, 7, ""])
def test_a_design_that_resembles_nothing_gets_the_list(given):
    with pytest.raises(ValueError, match=r"there is no design .* The designs are: synchronous"):
        designs.find(given)


def test_every_shipped_design_has_a_story_and_a_source():
    for design in designs.series.values():
        assert design.story.endswith(".") and design.source
        assert design.is_shipped


def test_the_base_and_the_lineage_lead_back_to_the_first_design():
    assert designs["nopage_retry"].lineage == ["synchronous", "nopage_refault", "nopage_retry"]
    assert SYNCHRONOUS.lineage == ["synchronous"] and SYNCHRONOUS.base is None


def test_a_patch_replaces_only_what_it_names():
    mine = SYNCHRONOUS.patched("mine", handle_mm_fault=handle_mm_fault)
    assert mine.functions["handle_mm_fault"] is handle_mm_fault
    others = {name: f for name, f in mine.functions.items() if name != "handle_mm_fault"}
    assert others == {name: f for name, f in SYNCHRONOUS.functions.items() if name != "handle_mm_fault"}
    assert list(mine.functions) == list(SYNCHRONOUS.functions)
    assert SYNCHRONOUS.functions["handle_mm_fault"] is not handle_mm_fault
    assert mine.lineage == ["synchronous", "mine"] and mine.source == "[yours]"
    assert not mine.is_shipped


def test_functions_call_each_other_through_the_design():
    mine = designs["nopage_retry"].patched("mine", handle_mm_fault=handle_mm_fault)
    k = mine.machine()
    assert type(k).handle_mm_fault is handle_mm_fault
    assert type(k).drop_and_wait is designs["nopage_retry"].functions["drop_and_wait"]
    assert k.design_name == "mine"


def test_a_function_that_is_not_there_cannot_be_replaced():
    with pytest.raises(ValueError) as error:
        SYNCHRONOUS.patched("mine", handle_mm_falut=handle_mm_fault)
    text = str(error.value)
    assert "has no function 'handle_mm_falut' to replace; did you mean 'handle_mm_fault'?" in text
    assert "added={" in text and "filemap_nopage" in text and "\n" not in text


def test_a_function_that_is_there_cannot_be_added():
    with pytest.raises(ValueError, match="'handle_mm_fault' cannot be added: it is there already"):
        SYNCHRONOUS.patched("mine", added={"handle_mm_fault": handle_mm_fault})
    with pytest.raises(ValueError, match="'emit' cannot be added"):
        SYNCHRONOUS.patched("mine", added={"emit": handle_mm_fault})


@pytest.mark.parametrize("wrong", [lambda k, mm, vma, address, write_access: 2, 17, None])
def test_a_function_that_may_sleep_must_be_async(wrong):
    with pytest.raises(ValueError, match="must be an `async def` function"):
        SYNCHRONOUS.patched("mine", handle_mm_fault=wrong)
    with pytest.raises(ValueError, match="must be an `async def` function"):
        SYNCHRONOUS.patched("mine", added={"helper": wrong})


def test_a_function_with_other_parameters_is_refused_with_both_lists():
    async def filemap_nopage(k, args):
        return None

    with pytest.raises(ValueError, match=r"takes \(k, vma, address\) in design 'synchronous', yours takes \(k, args\)"):
        SYNCHRONOUS.patched("mine", filemap_nopage=filemap_nopage)


def test_parameters_that_cannot_be_given_by_position_are_refused_and_more_with_defaults_are_not():
    async def by_name(k, *, vma, address):
        return None

    async def more(k, vma, address, tries=3):
        return None

    async def any_number(k, *rest):
        return None

    with pytest.raises(ValueError, match=r"yours takes \(k, \*, vma, address\): its callers would not fit"):
        SYNCHRONOUS.patched("mine", filemap_nopage=by_name)
    for fits in (more, any_number):
        assert SYNCHRONOUS.patched("mine", filemap_nopage=fits).functions["filemap_nopage"] is fits


@pytest.mark.parametrize(
    "wrong", [{"filemap_nopag": many}, {"filemap_nopage": many}, {"filemap_nopage": len}, {"added": {"helper": len}}]
)
def test_every_complaint_about_a_patch_is_one_line_with_the_functions_that_can_be_patched(wrong):
    with pytest.raises(ValueError) as error:
        SYNCHRONOUS.patched("mine", **wrong)
    text = str(error.value)
    assert "\n" not in text and f"It can be patched at: {', '.join(SYNCHRONOUS.functions)}" in text


def test_an_added_function_can_be_called_and_replaced_by_the_next_patch():
    async def helper(k):
        return 1

    async def better(k):
        return 2

    first = SYNCHRONOUS.patched("first", added={"helper": helper})
    second = first.patched("second", helper=better)
    assert type(second.machine()).helper is better
    assert second.lineage == ["synchronous", "first", "second"]


def test_nopage_refault_touches_exactly_the_two_functions_of_its_contract():
    assert list(designs.diff("synchronous", "nopage_refault").stat) == ["do_no_page", "filemap_nopage"]


def test_nopage_retry_touches_exactly_the_functions_of_its_contract_and_adds_drop_and_wait():
    diff = designs.diff("nopage_refault", "nopage_retry")
    assert set(diff.stat) == {"do_page_fault", "do_no_page", "filemap_nopage", "drop_and_wait"}
    assert set(designs["nopage_retry"].patch) == set(diff.stat)
    assert diff.stat["drop_and_wait"][1] == 0


def test_the_first_patch_is_small_and_adds_the_branch_for_retry():
    diff = designs.diff("synchronous", "nopage_refault")
    added, removed = diff.stat["do_no_page"]
    assert (added, removed) == (2, 0)
    assert "+        if new_page == NOPAGE_RETRY:" in str(diff)
    assert diff.stat_text().splitlines()[-1].startswith(" 2 functions changed, ")


def test_a_design_differs_from_itself_in_nothing():
    diff = designs.diff("synchronous", SYNCHRONOUS)
    assert diff.stat == {}
    assert diff.stat_text() == " 0 functions changed, 0 lines added, 0 removed"


async def documented(k, mm, vma, address, write_access):
    """Another docstring,

    of several lines.
    """
    return await k.handle_pte_fault(mm, vma, address, None, write_access)


async def plain(k, mm, vma, address, write_access):
    """One line."""
    return await k.handle_pte_fault(mm, vma, address, None, write_access)


def designs_with(a, b):
    return Design("a", None, {"f": a}, "", ""), Design("b", None, {"f": b}, "", "")


def test_docstrings_are_shown_dimmed_and_not_counted():
    diff = designs.diff(*designs_with(plain, documented))
    assert diff.stat["f"] == (1, 1)  # the line with the function's name
    docs = [line for _, line, doc in diff.hunks["f"] if doc]
    assert '"""One line."""' in docs[0].strip()
    assert any("of several lines" in line for line in docs)
    html = diff._repr_html_()
    [dimmed] = re.findall(r'<div style="([^"]*)">\+ +of several lines', html)
    assert "opacity:.55" in dimmed
    [code] = re.findall(r'<div style="([^"]*)">\+ async def documented', html)
    assert "opacity" not in code


async def with_markup(k, mm, vma, address, write_access):
    return "<script>" if vma < mm > address & 1 else "&amp;"


def test_code_is_escaped_where_it_becomes_html():
    html = designs.diff(*designs_with(plain, with_markup))._repr_html_()
    assert "<script>" not in html
    assert "&quot;&lt;script&gt;&quot; if vma &lt; mm &gt; address &amp; 1 else &quot;&amp;amp;&quot;" in html
    named = designs.diff(Design("<a>", None, {"f": plain}, "", ""), Design("b&", None, {"f": with_markup}, "", ""))
    assert "&lt;a&gt; → b&amp;" in named._repr_html_()


def test_a_function_typed_into_an_interpreter_is_shown_as_having_no_source():
    namespace = {}
    exec("async def ghost(k, mm, vma, address, write_access): pass", namespace)
    diff = designs.diff(*designs_with(plain, namespace["ghost"]))
    assert "# the source of ghost is not available" in str(diff)


def test_only_a_design_under_debugging_pays_for_the_checks_of_its_answers():
    mine = SYNCHRONOUS.patched("mine", handle_mm_fault=handle_mm_fault)
    assert type(mine.machine()).handle_mm_fault is handle_mm_fault
    checked = type(mine.machine(debug=True)).handle_mm_fault
    assert checked is not handle_mm_fault and checked.__wrapped__ is handle_mm_fault


def test_a_patch_may_bring_contracts_for_what_its_functions_now_answer():
    from mmlab.kernel.answers import Contract

    anything = Contract(lambda answer: True, "anything")
    mine = SYNCHRONOUS.patched("mine", handle_mm_fault=handle_mm_fault, answers={"handle_mm_fault": anything})
    assert mine.answers["handle_mm_fault"] is anything
    assert mine.patched("next").answers["handle_mm_fault"] is anything
    assert SYNCHRONOUS.answers["handle_mm_fault"] is not anything
