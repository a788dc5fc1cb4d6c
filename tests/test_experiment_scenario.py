"""A Scenario says what runs, can be pasted and stored, and refuses what makes no sense in one line that helps."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mmlab
from mmlab import Scenario, constant, exponential, uniform
from mmlab.designs import series

times = st.sampled_from(["0", "50us", "1.5ms", "18 ms", "exponential(2ms)", "uniform(1us, 3us)", uniform("1us", "2us")])
scenarios = st.builds(
    Scenario,
    design=st.sampled_from([*series, series["nopage_retry"]]),
    fault_threads=st.integers(1, 9),
    mmap_threads=st.integers(0, 9),
    ps_readers=st.integers(0, 3),
    disk=st.sampled_from(["18ms", "hdd", "nvme", "exponential(5 ms)", constant("3us"), exponential("7us")]),
    channels=st.none() | st.integers(1, 8),
    queue_depth=st.integers(1, 99),
    pause=times,
    mmap_pause=times,
    ps_pause=times,
    write_rate=st.sampled_from([0, 10, 2.5, 1e6]),
    mprotect_threads=st.integers(0, 3),
    fork_every=times,
    fork_hold=times,
    gup_threads=st.integers(0, 3),
    copy_threads=st.integers(0, 3),
    access_pause=times,
    cpus=st.none() | st.integers(1, 8),
    cache_pages=st.none() | st.integers(15, 99),
    seed=st.integers(0, 2**40),
)


@given(scenarios)
def test_its_repr_can_be_pasted(scenario):
    assert eval(repr(scenario)) == scenario
    assert "\n" not in repr(scenario)


@given(scenarios)
def test_it_survives_json_and_pickle_and_copy(scenario):
    assert Scenario.from_json(scenario.to_json()) == scenario
    assert pickle.loads(pickle.dumps(scenario)) == copy.deepcopy(scenario) == scenario
    assert hash(scenario) == hash(scenario.replace())


def test_its_repr_says_only_what_differs_from_the_defaults():
    assert repr(Scenario()) == "Scenario(design='synchronous')"
    assert (
        repr(Scenario(design="nopage_retry", disk="5 ms", seed=3))
        == "Scenario(design='nopage_retry', disk='5ms', seed=3)"
    )


def test_a_shipped_design_and_its_name_are_the_same_scenario():
    assert Scenario(design=series["nopage_retry"]) == Scenario(design="nopage_retry")


def test_a_design_of_ones_own_stays_an_object_and_cannot_go_into_json():
    mine = series["nopage_retry"].patched("mine")
    scenario = Scenario(design=mine)
    assert scenario.design is mine
    assert eval(repr(scenario), {"Scenario": Scenario, "mine": mine}) == scenario
    with pytest.raises(ValueError, match="'mine' exists only in this process"):
        scenario.to_json()


def test_spaces_in_times_do_not_make_another_scenario():
    assert Scenario(disk="18 ms") == Scenario(disk=" 18ms") == Scenario()


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")
    scenario = Scenario(fault_threads=numpy.int64(2), write_rate=numpy.float64(2.0), seed=numpy.int32(5))
    assert scenario == Scenario(fault_threads=2, write_rate=2, seed=5)
    json.loads(scenario.to_json())
    scenario.run(numpy.float64(0.01))


BAD = [
    ({"fault_threads": -1}, "fault_threads=-1 .*0 to 10,000"),
    ({"fault_threads": 1.5}, "fault_threads=1.5 .*whole number"),
    ({"fault_threads": True}, "fault_threads=True"),
    ({"fault_threads": "1"}, "fault_threads='1'"),
    ({"fault_threads": 10**9}, "10,000"),
    ({"fault_threads": float("nan")}, "fault_threads=nan"),
    ({"fault_threads": 0, "mmap_threads": 0}, "no tasks at all.*fault_threads"),
    ({"fault_threads": 0, "mmap_threads": 0, "fork_hold": "1ms"}, "no tasks at all.*fork_every"),
    ({"channels": 0}, "channels=0 .*from 1"),
    ({"cpus": 0}, "cpus=0 is not allowed; it is a whole number from 1 to 10,000"),
    ({"cpus": 1.5}, "cpus=1.5 .*whole number"),
    ({"cpu": 1}, "no 'cpu'; did you mean 'cpus'"),
    ({"gup_threads": -1}, "gup_threads=-1 .*0 to 10,000"),
    ({"mprotect_threads": "2"}, "mprotect_threads='2'"),
    ({"fork_every": "often"}, "fork_every='often' is not a time"),
    ({"fork_hold": "-1ms"}, "fork_hold='-1ms' is out of range"),
    ({"spu_off": "1fortnight"}, "spu_off='1fortnight' is not a time"),
    ({"nowait_threads": 1, "access_pause": "0"}, "access_pause='0' is not allowed with nowait_threads=1"),
    ({"spu_threads": 1}, "spu_threads=1 needs a design with a driver .*which synchronous has not; .*spufs_synchronous"),
    ({"cache_pages": 3, "fault_threads": 2, "gup_threads": 2}, "too small for fault_threads=2, gup_threads=2"),
    ({"queue_depth": 0}, "queue_depth=0 .*from 1"),
    ({"cache_pages": 0}, "cache_pages=0 .*from 1"),
    ({"cache_pages": 3, "fault_threads": 4}, "too small for fault_threads=4"),
    ({"seed": -1}, "seed=-1"),
    ({"seed": None}, "seed=None"),
    ({"write_rate": float("nan")}, "write_rate=nan"),
    ({"write_rate": float("inf")}, "write_rate=inf"),
    ({"write_rate": -1}, "write_rate=-1"),
    ({"write_rate": "5"}, "write_rate='5'"),
    ({"disk": "-5ms"}, "disk='-5ms' is out of range"),
    ({"disk": "18"}, "disk='18' is not a time; .*'18ms'"),
    ({"disk": 18}, "disk=18 is not a time"),
    ({"disk": None}, "disk=None is not a time"),
    ({"disk": ""}, "disk='' is not a time"),
    ({"disk": "18xs"}, "disk='18xs' is not a time"),
    ({"disk": "nanms"}, "disk='nanms' is n"),
    ({"disk": "2000000h"}, "not a time"),
    ({"disk": "3601s"}, "out of range; .*1 hour"),
    ({"disk": "9" * 400 + "s"}, "out of range"),
    ({"disk": "hddd"}, "disk='hddd' is no profile; did you mean 'hdd'"),
    ({"disk": "exponental(18ms)"}, "unknown distribution; did you mean 'exponential'"),
    ({"disk": "exponential(0)"}, "out of range"),
    ({"disk": "exponential(-3ms)"}, "out of range"),
    ({"disk": "exponential()"}, "is not a time"),
    ({"disk": "uniform(3ms)"}, "uniform takes 2 times"),
    ({"disk": "uniform(3ms,1ms)"}, "must not be above"),
    ({"disk": uniform("3ms", "1ms")}, "must not be above"),
    ({"disk": exponential("x")}, "disk='x' is not a time"),
    ({"pause": "hdd"}, "pause='hdd' is not a time"),
    ({"pause": float("nan")}, "pause=nan is not a time"),
    ({"pause": False}, "pause=False is not a time"),
    ({"design": "nopage_rety"}, "did you mean 'nopage_retry'"),
    ({"design": None}, "design=None is not a design"),
    ({"design": ["synchronous"]}, "not a design"),
    ({"fault_thread": 3}, "no 'fault_thread'; did you mean 'fault_threads'"),
    ({"dsk": "1ms"}, "did you mean 'disk'"),
    ({"zzz": 1}, r"no 'zzz'\. It has: design, fault_threads"),
    ({"cls": 1}, "no 'cls'"),
    ({"self": 1}, "no 'self'"),
]


@pytest.mark.parametrize(("given", "complaint"), BAD, ids=[str(given)[:40] for given, _ in BAD])
def test_it_refuses_in_one_line_that_says_what_is_allowed(given, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        Scenario(**given)
    assert "\n" not in str(caught.value)


def test_replace_refuses_like_the_constructor():
    with pytest.raises(ValueError, match="did you mean 'mmap_threads'"):
        Scenario().replace(mmap_thread=2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not the JSON of a Scenario"),
        ("", "not the JSON of a Scenario"),
        ("[]", "an object was expected, got list"),
        ("null", "an object was expected, got NoneType"),
        ('{"fault_threads": "2"}', "fault_threads='2'"),
        ('{"write_rate": NaN}', "write_rate=nan"),
        ('{"fault_threads": 1e3}', "fault_threads=1000.0"),
        ('{"disk": null}', "disk=None"),
        ('{"desing": "synchronous"}', "did you mean 'design'"),
        ('{"design": ["synchronous"]}', "not a design"),
        ("[" * 100_000, "not the JSON of a Scenario"),
        (7, "not the JSON of a Scenario"),
    ],
)
def test_broken_json_is_refused_in_one_line(text, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        Scenario.from_json(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "5", None, True, 1e-10, 1e9])
def test_a_senseless_length_of_time_is_refused(seconds):
    with pytest.raises(ValueError, match="seconds="):
        Scenario().run(seconds)


@pytest.mark.parametrize("keep", [-1, 1.5, None, True])
def test_a_senseless_number_of_events_to_keep_is_refused(keep):
    with pytest.raises(ValueError, match="keep="):
        Scenario().run(0.01, keep=keep)


def test_each_source_of_chance_has_dice_of_its_own():
    # Another faulting thread must not change the pauses of the first one.
    def pauses(threads):
        scenario = Scenario(fault_threads=threads, mmap_threads=0, channels=9, pause="exponential(1ms)", disk="1us")
        events = scenario.run(0.03).opening
        entries = [e.time for e in events if e.task == "fault0" and e.what == "enter"]
        exits = [e.time for e in events if e.task == "fault0" and e.what == "leave"]
        return [entry - left for entry, left in zip(entries[1:], exits)]

    one, two = pauses(1), pauses(2)
    common = min(len(one), len(two))
    assert common > 10 and one[:common] == two[:common]


def test_the_public_face_is_there():
    assert {"Scenario", "compare", "sweep", "designs", "KernelBug"} <= set(mmlab.__all__)
