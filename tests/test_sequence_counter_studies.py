"""What notebook 08 shows: the picture of reads and bumps, the exponential, the gain, the mistakes, the wrap."""

from itertools import pairwise

import pytest

import mmlab
from mmlab.designs import mutants
from mmlab.experiment.broken import COUNTER, broken
from mmlab.experiment.counter_gain import counter_gain
from mmlab.experiment.unchanged import crowd, unchanged
from mmlab.experiment.wrapped import wrapped
from mmlab.kernel import costs
from mmlab.view.bumps import bumps, reads_of


def column(table, name):
    return [row[table.columns.index(name)] for row in table.rows]


@pytest.fixture(scope="module")
def rare():
    return mmlab.Scenario(design="sequence_counter", mmap_threads=0, write_rate=150, disk="5ms").run(1)


def test_a_fault_goes_on_exactly_where_the_trace_has_no_write_section_in_its_sleep(rare):
    reads = reads_of(rare.opening)
    assert len(reads) == rare.faults and 20 < rare.continued < len(reads) - 20
    assert [read.went_on for read in reads] == [not read.sections for read in reads]
    assert sum(read.went_on for read in reads) == rare.continued


def test_a_write_section_counts_for_the_sleep_in_which_it_begins(rare):
    reads = reads_of(rare.opening)
    assert all(read.start <= begin < end <= read.stop for read in reads for begin, end in read.sections)
    assert all(before.after <= after.before for before, after in pairwise(reads))


def test_a_design_that_always_starts_over_goes_on_after_no_read():
    run = mmlab.Scenario(design="pagefault_args", mmap_threads=0, fault_threads=2, disk="1ms").run(0.05)
    reads = reads_of(run.opening)
    assert len(reads) > 40 and not any(read.went_on for read in reads)


def test_the_picture_says_in_words_what_it_shows(rare):
    picture = bumps(rare.opening, reads=4)
    reads = reads_of(rare.opening)[:4]
    assert picture.svg.startswith("<svg") and 'role="img"' in picture.svg and picture.caption in picture.alt
    assert picture.svg.count("starts over</text>") == sum(not read.went_on for read in reads)
    assert column(picture.table(), "write sections") == [len(read.sections) for read in reads]


def test_more_write_sections_than_pixels_are_drawn_as_a_share_of_time_and_that_is_said():
    run = mmlab.Scenario(design="sequence_counter").run(0.05)
    picture = bumps(run.opening, reads=1)
    assert "share of time" in picture.caption and len(picture.reads[0].sections) > 500
    assert len(picture.svg) < 20_000


@pytest.mark.parametrize(
    ("given", "words"),
    [({"reads": 0}, "reads=0 is not allowed"), ({"reads": True}, "reads=True"), ({"width": 100}, "560 pixels")],
)
def test_what_cannot_be_drawn_gets_one_line(rare, given, words):
    with pytest.raises(ValueError, match=words):
        bumps(rare.opening, **given)


def test_a_trace_in_which_nobody_lets_go_of_the_lock_is_refused():
    run = mmlab.Scenario(design="synchronous", disk="1ms").run(0.05)
    with pytest.raises(ValueError, match=r"no read in these .* sleeps without mmap_sem"):
        bumps(run.opening)


def test_the_counter_is_unchanged_as_often_as_a_poisson_stream_leaves_a_gap():
    table = unchanged("2ms", sections=(0.3, 1.5)).table()
    for found, half, law in zip(*(column(table, name) for name in ("counter unchanged", "+- (95 %)", "exp(-L D)"))):
        assert half < 0.06 and abs(found - law) < 1.5 * half
    with pytest.raises(ValueError, match="sections=0"):
        unchanged(sections=[0])


def test_in_a_crowd_of_writers_the_fault_finds_a_queue_and_the_simple_formula_is_too_hopeful():
    table = crowd([(15_000, "67us", 80)])
    (found,), (half,), (simple,), (queue,) = (
        column(table, name) for name in ("counter unchanged", "+- (95 %)", "exp(-L D)", "with the queue")
    )
    assert found + half < simple and abs(found - queue) < half


def test_the_counter_saves_walks_when_sleeps_are_short_and_none_when_they_are_long():
    before = costs.FIND_VMA, costs.EXCEPTION_ENTRY
    table = counter_gain([("100us", 16), ("100us", 1)], seconds=0.01)
    assert column(table, "walks/fault") == pytest.approx([2, 1.11, 2, 2], abs=0.03)
    assert column(table, "cpu us/fault")[0] == pytest.approx(25.1)  # a walk of 10 us, twice, is most of it
    assert column(table, "asleep (us)")[2] > 10 * column(table, "asleep (us)")[0]
    assert before == (costs.FIND_VMA, costs.EXCEPTION_ENTRY)


def test_a_narrow_counter_is_fooled_by_whole_turns_and_by_nothing_else():
    table = wrapped(["8ms", "8.52ms"], bits=[8, 32])
    assert column(table, "write sections in a read") == ["240", "240", "256", "256"]
    assert [went_on > 0 for went_on in column(table, "went on")] == [False, False, True, False]


def test_the_table_of_mistakes_has_what_the_explorer_finds_in_each():
    table = broken()
    assert column(table, "finding") == [mutants[name].finding for name in COUNTER]
    assert column(table, "steps") == [mutants[name].steps for name in COUNTER]
    with pytest.raises(KeyError, match="did you mean 'narrow_counter'"):
        broken(["narow_counter"])
