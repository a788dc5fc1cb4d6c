"""Captions, headlines and the published figures: grammar, units, and what is called calibration."""

import re

import pytest

from mmlab import Scenario, compare
from mmlab.experiment.histogram import Durations
from mmlab.experiment.published import NOTE, beside_published, is_headline
from mmlab.experiment.words import disk_words, waits


def of(*ns):
    durations = Durations()
    for value in ns:
        durations.add(value)
    return durations


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        ("18ms", "18 ms a read"),
        ("0", "0 a read"),
        ("66.7us", "66.7 us a read"),
        ("exponential(18ms)", "18 ms on average a read"),
        ("uniform(10ms,26ms)", "10 ms to 26 ms a read"),
        ("ssd", "an ssd, 60 us to 140 us a read"),
        ("HDD", "an hdd, 4 ms to 20 ms a read"),
    ],
)
def test_a_disk_is_put_in_words_with_a_space_before_the_unit(disk, words):
    assert disk_words(disk) == words


@pytest.mark.parametrize(
    ("durations", "sentence"),
    [
        (of(), []),
        (of(0, 0), ["No writer waited for mmap_sem."]),
        (of(18_000_000), ["The only writer waited 18 ms for mmap_sem."]),
        (
            of(0, 0, 1300),
            ["At least half of the writers did not wait for mmap_sem at all, the unluckiest waited 1.3 µs."],
        ),
        (of(17_999_000, 18_000_000), ["At least half of the writers waited 18 ms for mmap_sem, none longer."]),
        (of(1000, 2000, 9000), ["Half of the writers waited at most 2 µs for mmap_sem, the unluckiest 9 µs."]),
    ],
)
def test_waits_are_told_as_they_were(durations, sentence):
    assert waits(durations) == sentence


CASES = [
    {},
    {"design": "nopage_retry"},
    {"fault_threads": 3, "mmap_threads": 2, "disk": "exponential(1ms)"},
    {"mmap_threads": 0, "disk": "nvme"},
    {"fault_threads": 0},
    {"fault_threads": 0, "mmap_threads": 0, "ps_readers": 1},
    {"fault_threads": 0, "mmap_threads": 0, "ps_readers": 2, "write_rate": 500},
    {"fault_threads": 0, "mmap_threads": 0, "fork_every": "10ms"},
    {"mprotect_threads": 2, "write_rate": 500, "cpus": 1},
    {"mmap_threads": 0, "gup_threads": 1, "nowait_threads": 2, "copy_threads": 1, "disk": "1ms"},
    {"design": "spufs_args", "fault_threads": 0, "spu_threads": 2, "cpus": 2},
]


@pytest.mark.parametrize("values", CASES, ids=str)
def test_a_caption_is_whole_sentences_about_every_kind_of_task(values):
    result = Scenario(**values).run(0.1)
    scenario = result.scenario
    assert re.fullmatch(r"\w+: [^:]*[^ :;]\.( .*\.)?", result.caption)
    assert not re.search(r"\d(ns|us|µs|ms|s)\b|  |\.\.|: \.|at most 0|waited 0", result.caption), result.caption
    assert ("pages/s" in result.caption) == bool(scenario.fault_threads)
    assert ("mmap+munmap pairs/s" in result.caption) == bool(scenario.mmap_threads)
    assert ("/proc/PID/maps" in result.caption) == bool(scenario.ps_readers)
    assert ("at random" in result.caption) == bool(scenario.write_rate)
    assert ("mprotect calls/s" in result.caption) == bool(scenario.mprotect_threads)
    assert ("forks/s" in result.caption) == (scenario.fork_every != "0")
    assert ("get_user_pages got" in result.caption) == bool(scenario.gup_threads)
    assert ("an SPE is used" in result.caption) == bool(scenario.spu_threads)
    assert ("All tasks share" in result.caption) == bool(scenario.cpus)
    assert ("one thread faults" in result.caption) == (scenario.fault_threads == 1)
    assert result.headline and "wait 0" not in result.headline
    assert repr(result) == f"<Result {scenario!r}, 0.1 s: {result.headline}>"


def test_a_table_has_the_columns_that_its_workload_asks_for():
    plain = list(Scenario().run(0.1).row())
    special = {
        "fallbacks": {"dontneed": "1ms"},
        "last death (us)": {"kill_at": "50ms"},
        "mprotects/s": {"mprotect_threads": 1},
        "forks/s": {"fork_every": "20ms"},
        "gups/s": {"gup_threads": 1},
        "cpu wait p99 (us)": {"cpus": 1},
    }
    for column, values in special.items():
        row = Scenario(disk="1ms", **values).run(0.1).row()
        assert list(row) == [*plain, column] and (row[column] > 0 or column == "fallbacks")
    row = Scenario(design="final", disk="20ms", nowait_threads=1).run(0.1).row()
    assert list(row) == [*plain, "gups/s", "again/gup"] and row["again/gup"] > 0


def test_a_result_as_json_has_no_objects():
    import json

    result = Scenario(design="nopage_retry", ps_readers=1).run(0.1)
    again = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    assert again["scenario"] == {**result.scenario.as_dict()}
    assert again["mmap_wait"]["p50"] == result.mmap_wait.p50


@pytest.mark.parametrize("values", [{}, {"design": "nopage_retry"}, {"seed": 5}, {"pause": "50us"}, {"disk": "18 ms"}])
def test_the_headline_is_the_commits_workload_whatever_the_design_and_the_pause(values):
    assert is_headline(Scenario(**values))


@pytest.mark.parametrize(
    "values", [{"disk": "17ms"}, {"fault_threads": 2}, {"ps_readers": 1}, {"mmap_pause": "1us"}, {"cpus": 1}]
)
def test_another_workload_is_no_headline(values):
    assert not is_headline(Scenario(**values))
    assert beside_published(compare(["synchronous"], seconds=0.01, **values)) is None


def test_published_figures_stand_beside_the_simulated_ones():
    table = beside_published(compare(["synchronous", "nopage_refault", "nopage_retry"], seconds=0.4))
    rows = [dict(zip(table.columns, row)) for row in table.rows]
    assert [(row["design"], row["published"]) for row in rows] == [
        ("synchronous", 55),
        ("synchronous", 55),
        ("nopage_retry", 55),
        ("nopage_retry", 15_000),
    ]
    kinds = [row["the simulated figure is"].split()[0] for row in rows]
    assert kinds == ["calibration", "prediction", "calibration", "calibration"]
    assert rows[1]["simulated"] == pytest.approx(27.5)
    assert "d065bd810b6d" in table.caption and "2.6.37" in table.caption


def test_a_design_without_a_published_figure_has_none_beside_it():
    assert beside_published(compare(["nopage_refault"], seconds=0.01)) is None


def test_the_note_tells_calibration_from_prediction():
    assert "66.66 us" in NOTE and "18 ms per read" in NOTE
    assert NOTE.index("Calibration") < NOTE.index("Prediction")
