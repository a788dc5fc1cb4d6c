"""The closed forms: known values, limits, and properties that must hold for every argument."""

import ast
import math
import random
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmlab import theory

MS = 1_000_000
US = 1_000
COSTS = {"entry": 500, "find_vma": 500, "lookup": 300, "submit": 2_000, "install": 500}
WRITES = [theory.Section(2_000, 28_000), theory.Section(3_000, 33_660)]
HELD = 28_000 + 33_660

times = st.integers(1, 10**8)
tasks = st.integers(1, 60)
channels = st.integers(1, 12)


def fault(disk=18 * MS, pause=0):
    return theory.fault_section(disk, pause, **COSTS)


# convoy and looper


def test_a_writer_behind_64_disk_readers_waits_1152_ms():
    assert theory.convoy_wait(64, 18 * MS) == 1152 * MS


def test_channels_shorten_the_convoy_in_whole_batches():
    assert theory.convoy_wait(64, 18 * MS, channels=16) == 4 * 18 * MS
    assert theory.convoy_wait(65, 18 * MS, channels=16) == 5 * 18 * MS


def test_a_pair_in_the_convoy_waits_twice():
    assert theory.convoy_pairs_per_second(64, 18 * MS) == pytest.approx(0.434, abs=0.0005)


def test_a_convoy_of_one_is_the_alternation_without_a_pause():
    convoy = theory.convoy_pairs_per_second(1, 18 * MS, held=HELD)
    assert convoy == pytest.approx(theory.alternate(fault(), WRITES).pairs_per_second, rel=1e-4)


def test_the_two_ceilings_of_a_looper_are_15000_and_16218():
    assert theory.free_pairs_per_second(5_000, HELD) == pytest.approx(15_000, rel=2e-4)
    assert theory.saturated_pairs_per_second(HELD) == pytest.approx(16_218, abs=0.5)


def test_the_bound_on_loopers_is_free_for_one_and_saturated_for_two():
    assert theory.pairs_per_second_bound(1, 5_000, HELD) == theory.free_pairs_per_second(5_000, HELD)
    assert theory.pairs_per_second_bound(2, 5_000, HELD) == theory.saturated_pairs_per_second(HELD)


# alternation and staircase


def test_a_fault_holds_the_lock_for_disk_and_cpu_but_submitting_overlaps_the_disk():
    assert fault(18 * MS, pause=7_000) == (7_500, 18 * MS + 1_300)
    assert fault(1_000) == (500, 2_000 + 1_300)


@pytest.mark.parametrize(
    ("pauses_us", "pairs"),
    [((0, 10, 20, 30), 27.7), ((31, 40, 50, 64), 55.35), ((70, 80, 90), 82.9), ((100, 110, 130), 110.2)],
)
def test_the_staircase_has_its_four_known_stairs(pauses_us, pairs):
    pauses = [pause * US for pause in pauses_us]
    stairs = theory.staircase_constant_pause(pauses, fault(), WRITES)
    assert [pause for pause, _ in stairs] == pauses
    assert [rate for _, rate in stairs] == pytest.approx([pairs] * len(pauses), rel=0.005)


def test_without_a_pause_each_read_is_followed_by_one_write_section():
    rates = theory.alternate(fault(), WRITES)
    assert (rates.faults, rates.sections) == (2, 2)
    assert rates.cycle == 2 * (18 * MS + 1_300) + HELD
    assert rates.faults_per_second == pytest.approx(55.46, abs=0.005)
    assert rates.writer_wait == 18 * MS + 1_300 - (2_000 + 3_000) / 2


def test_a_faulting_thread_that_is_almost_never_there_leaves_the_looper_almost_free():
    rate = theory.alternate(fault(20_000, pause=100 * MS), WRITES).pairs_per_second
    assert 0.999 < rate / theory.free_pairs_per_second(5_000, HELD) <= 1


sections = st.builds(theory.Section, st.integers(1, 40), st.integers(1, 40))


@given(reader=sections, writes=st.lists(sections, min_size=1, max_size=3))
def test_the_cycle_is_that_of_a_run_nanosecond_by_nanosecond(reader, writes):
    rates = theory.alternate(reader, writes)
    settled = 2_000
    faults, written, waited = tick_by_tick(reader, writes, settled, settled + 3 * rates.cycle)
    assert (faults, written) == (3 * rates.faults, 3 * rates.sections)
    assert waited == pytest.approx(3 * rates.sections * rates.writer_wait)


def tick_by_tick(reader, writes, begin, end):
    """Releases of A, releases of B and ns that B queued in begin..end, found one nanosecond at a time."""
    state, left = ["outside", "outside"], [reader.outside, writes[0].outside]
    turn, queue, holder, last = 0, [], None, 1
    faults = written = waited = 0
    for now in range(1, end + 1):
        waited += now > begin and state[1] == "queued"
        for who in (0, 1):
            left[who] -= state[who] != "queued"
        if holder is not None and left[holder] == 0:
            faults += holder == 0 and now > begin
            written += holder == 1 and now > begin
            turn = (turn + holder) % len(writes)
            state[holder], left[holder] = "outside", (reader, writes[turn])[holder].outside
            holder, last = None, holder
        for who in (1 - last, last):  # in a tie the one that did not have the lock last goes first
            if state[who] == "outside" and left[who] == 0:
                state[who] = "queued"
                queue.append(who)
        if holder is None and queue:
            holder = queue.pop(0)
            state[holder], left[holder] = "held", (reader, writes[turn])[holder].held
    return faults, written, waited


def random_pauses_by_hand(mean_pause, faults, disk, writes=WRITES):
    """pairs/s of two loops with exponential pauses, served in the order in which they ask."""
    chance = random.Random(7)
    free, turn, written = 0.0, 0, 0
    asks = [500 + chance.expovariate(1 / mean_pause), writes[0].outside]
    while faults:
        if asks[0] <= asks[1]:
            free = max(asks[0], free) + 1_300 + max(2_000, disk(chance))
            asks[0] = free + 500 + chance.expovariate(1 / mean_pause)
            faults -= 1
        else:
            free = max(asks[1], free) + writes[turn].held
            turn = 1 - turn
            asks[1] = free + writes[turn].outside
            written += 1
    return 1e9 * written / 2 / free


@pytest.mark.parametrize("mean_pause", [10_000, 35_000, 200_000])
@pytest.mark.parametrize("disk", [100_000, 18 * MS])
def test_a_random_pause_gives_the_ramp_that_two_random_loops_show(mean_pause, disk):
    by_hand = random_pauses_by_hand(mean_pause, 20_000, lambda chance: disk)
    assert theory.staircase_random_pause(mean_pause, fault(disk), WRITES) == pytest.approx(by_hand, rel=0.02)


def test_the_ramp_knows_unlike_sections_and_time_outside_from_one_another():
    writes = [theory.Section(1_000, 2_000), theory.Section(9_000, 50_000)]
    by_hand = random_pauses_by_hand(8_000, 50_000, lambda chance: 9_000, writes)
    assert theory.staircase_random_pause(8_000, fault(9_000), writes) == pytest.approx(by_hand, rel=0.01)


def test_a_ramp_that_always_lets_two_sections_in_stays_where_the_looper_began():
    reader = theory.Section(60_000, 10_000)
    writes = [theory.Section(9_000, 30_000), theory.Section(1_000, 45_000)]
    ramp = theory.staircase_random_pause(0.001, reader, writes)
    assert ramp == pytest.approx(theory.alternate(reader, writes).pairs_per_second, rel=1e-6)


def test_a_random_disk_time_moves_neither_the_ramp_nor_a_stair():
    by_hand = random_pauses_by_hand(35_000, 20_000, lambda chance: chance.expovariate(1 / (18 * MS)))
    assert theory.staircase_random_pause(35_000, fault(), WRITES) == pytest.approx(by_hand, rel=0.03)


def test_a_random_pause_of_almost_nothing_is_the_lowest_stair():
    ramp = theory.staircase_random_pause(1, fault(), WRITES)
    assert ramp == pytest.approx(theory.alternate(fault(), WRITES).pairs_per_second, rel=1e-9)


@given(st.lists(st.integers(1_000, 300_000), min_size=2, max_size=2))
def test_longer_random_pauses_never_slow_the_looper_down(pauses):
    shorter, longer = (theory.staircase_random_pause(pause, fault(), WRITES) for pause in sorted(pauses))
    assert shorter <= longer * (1 + 1e-9)


# residual life, moments


def test_half_of_a_constant_hold_is_left_and_all_of_an_exponential_one():
    assert theory.residual_life(theory.constant(18 * MS)) == 9 * MS
    assert theory.residual_life(theory.exponential(18 * MS)) == 18 * MS


def test_a_rare_long_hold_makes_the_residual_life_longer_than_the_mean():
    hold = theory.mixture((0.9, theory.exponential(1)), (0.1, theory.exponential(100)))
    assert hold.mean == pytest.approx(10.9)
    assert theory.residual_life(hold) == pytest.approx((0.9 * 2 + 0.1 * 2 * 100**2) / (2 * 10.9))


def test_a_writer_waits_only_while_a_reader_is_there():
    busy = theory.reader_busy(3, 1)
    assert busy == 0.75
    assert theory.random_writer_wait(busy, theory.constant(8)) == 3
    assert theory.random_writer_wait(0, theory.constant(8)) == 0


def test_the_moments_of_uniform_and_of_a_sum_are_those_of_the_textbook():
    assert theory.uniform(0, 6) == (3, 12)
    assert theory.uniform(5, 5) == theory.constant(5)
    assert theory.plus(theory.uniform(0, 6), theory.constant(2)) == pytest.approx(theory.uniform(2, 8))


@given(times, times, st.floats(0, 1))
def test_no_moments_leave_less_than_half_the_mean(a, b, weight):
    for hold in (
        theory.uniform(min(a, b), max(a, b)),
        theory.plus(theory.constant(a), theory.exponential(b)),
        theory.mixture((weight, theory.constant(a)), (1 - weight, theory.exponential(b))),
    ):
        assert theory.residual_life(hold) >= hold.mean / 2 * (1 - 1e-9)


# queues


def test_waits_at_half_load_are_one_service_for_mm1_and_half_for_md1():
    assert theory.mm1_wait(500, MS) == pytest.approx(MS)
    assert theory.md1_wait(500, MS) == pytest.approx(MS / 2)


@given(st.floats(0.001, 0.999), times)
def test_constant_service_always_halves_the_wait(load, service):
    rate = load * 1e9 / service
    assert theory.md1_wait(rate, service) == pytest.approx(theory.mm1_wait(rate, service) / 2)


@given(st.lists(st.floats(0, 0.999), min_size=2, max_size=2), times)
def test_more_arrivals_wait_longer(loads, service):
    fewer, more = (theory.md1_wait(load * 1e9 / service, service) for load in sorted(loads))
    assert fewer <= more


def test_the_queue_of_mm1_by_littles_law_is_rho_squared_over_one_less_rho():
    rate = 800
    assert theory.littles_law(rate, theory.mm1_wait(rate, MS)) == pytest.approx(0.8**2 / 0.2)


# machine repairman


def by_birth_and_death(tasks, think, service, channels):
    """Throughput per ns and mean number at the device, from the balance equations, in logarithms."""
    logs = [0.0]
    for j in range(1, tasks + 1):
        logs.append(logs[-1] + math.log((tasks - j + 1) / think) - math.log(min(j, channels) / service))
    weights = [math.exp(log - max(logs)) for log in logs]
    total = math.fsum(weights)
    throughput = math.fsum(w * min(j, channels) / service for j, w in enumerate(weights)) / total
    return throughput, math.fsum(j * w for j, w in enumerate(weights)) / total


@given(think=times, service=times)
def test_one_task_never_queues(think, service):
    one = theory.machine_repairman(1, think, service)
    assert one.response == pytest.approx(service)
    assert one.throughput == pytest.approx(1e9 / (think + service))
    assert one.utilisation == pytest.approx(service / (think + service))


@given(tasks, times, times, channels)
@example(1000, 1, 18 * MS, 64)  # saturated: where the usual recursion loses its digits
def test_mean_value_analysis_is_the_birth_death_solution(tasks, think, service, channels):
    mva = theory.machine_repairman(tasks, think, service, channels)
    throughput, in_device = by_birth_and_death(tasks, think, service, channels)
    assert mva.throughput == pytest.approx(1e9 * throughput)
    assert mva.in_device == pytest.approx(in_device)


@given(tasks, times, times, channels)
def test_the_repairman_obeys_littles_law_and_the_asymptotic_bounds(tasks, think, service, channels):
    mva = theory.machine_repairman(tasks, think, service, channels)
    assert theory.littles_law(mva.throughput, mva.response + think) == pytest.approx(tasks)
    assert theory.littles_law(mva.throughput, mva.response) == pytest.approx(mva.in_device)
    least, most = theory.repairman_bounds(tasks, think, service, channels)
    assert least * (1 - 1e-9) <= mva.throughput <= most * (1 + 1e-9)


@given(tasks, times, times, channels)
def test_one_more_task_or_channel_never_lowers_the_throughput(tasks, think, service, channels):
    base = theory.machine_repairman(tasks, think, service, channels).throughput * (1 - 1e-9)
    assert base <= theory.machine_repairman(tasks + 1, think, service, channels).throughput
    assert base <= theory.machine_repairman(tasks, think, service, channels + 1).throughput


def test_without_thinking_the_device_is_always_full():
    full = theory.machine_repairman(10, 0, 18 * MS, channels=4)
    assert full == pytest.approx((4e9 / (18 * MS), 45 * MS, 10, 1))


# Student's t and confidence

# two-sided 0.95, 0.99 and 0.999 from the tables printed in statistics books
PUBLISHED_T = {
    1: (12.706, 63.657, 636.619),
    2: (4.303, 9.925, 31.599),
    3: (3.182, 5.841, 12.924),
    4: (2.776, 4.604, 8.610),
    5: (2.571, 4.032, 6.869),
    9: (2.262, 3.250, 4.781),
    10: (2.228, 3.169, 4.587),
    20: (2.086, 2.845, 3.850),
    30: (2.042, 2.750, 3.646),
    120: (1.980, 2.617, 3.373),
}


@pytest.mark.parametrize("freedom", PUBLISHED_T)
def test_t_quantiles_are_those_of_the_published_table(freedom):
    quantiles = [theory.t_quantile(confidence, freedom) for confidence in (0.95, 0.99, 0.999)]
    assert quantiles == pytest.approx(PUBLISHED_T[freedom], abs=0.0005)


def test_with_many_degrees_of_freedom_t_is_the_normal_quantile():
    assert theory.t_quantile(0.999, 100_000) == pytest.approx(3.2905, abs=0.0005)


@given(st.floats(0.01, 0.9999), st.integers(1, 300))
def test_the_quantile_is_where_the_probability_is(confidence, freedom):
    t = theory.t_quantile(confidence, freedom)
    assert theory.t_central(t, freedom) == pytest.approx(confidence, abs=1e-12)


def test_the_half_width_of_replications_is_t_times_the_standard_error():
    mean, half_width = theory.replications([1, 2, 3, 4, 5])
    assert mean == 3
    assert half_width == pytest.approx(8.610 * math.sqrt(2.5 / 5), rel=1e-4)


def test_batch_means_drop_the_warm_up_and_the_rest_of_a_batch():
    series = [1000, 1000, 1, 3, 2, 4, 3, 5, 999]
    assert theory.batch_means(series, batches=3, warmup=2) == theory.replications([2, 3, 4])


def test_999_of_1000_intervals_hold_the_true_mean():
    chance = random.Random(1)
    missed = 0
    for _ in range(4000):
        mean, half_width = theory.replications([chance.gauss(10, 3) for _ in range(5)])
        missed += abs(mean - 10) > half_width
    assert 0 <= missed <= 12  # 4 expected


def test_agreement_needs_a_small_error_and_a_narrow_interval():
    narrow, wide = [99.9, 100.0, 100.1, 100.0], [80, 100, 120, 100]
    assert theory.agrees(narrow, 100, 0.02)
    assert not theory.agrees(narrow, 103, 0.02)
    assert not theory.agrees(wide, 100, 0.02)


def test_half_the_tolerance_is_all_that_the_interval_may_have():
    samples = [99.9, 100.0, 100.1, 100.0]
    half_width = theory.replications(samples).half_width
    assert theory.agrees(samples, 100, 2.01 * half_width / 100)
    assert not theory.agrees(samples, 100, 1.99 * half_width / 100)


def test_an_agreement_shows_all_the_numbers_of_its_row():
    row = theory.agreement([101, 101, 101], 100, 0.02)
    assert row == (100, 101, 1, 0, 2, True)


# bad input, imports


NONSENSE = [-1, math.nan, math.inf, "18ms", None, True]
BAD_CALLS = [
    *[(theory.convoy_wait, (4, bad)) for bad in NONSENSE],
    *[(theory.convoy_wait, (bad, 1)) for bad in (0, 1.5, *NONSENSE)],
    *[(theory.convoy_pairs_per_second, (4, bad)) for bad in (0, *NONSENSE)],
    *[(theory.free_pairs_per_second, (bad, 1)) for bad in NONSENSE],
    *[(theory.saturated_pairs_per_second, (bad,)) for bad in (0, *NONSENSE)],
    *[(theory.alternate, ((bad, 5), WRITES)) for bad in (0.5, *NONSENSE)],
    *[(theory.alternate, bad) for bad in (((0, 0), WRITES), ((1, 1), []), ((1, 1), [(0, 0)]), (7, WRITES))],
    (theory.alternate, ((10**12, 1), WRITES, 1000)),
    *[(theory.staircase_random_pause, (bad, (500, 10_000), WRITES)) for bad in (0, 1e30, *NONSENSE)],
    (theory.staircase_random_pause, (1, (500, 2_000), WRITES)),
    (theory.staircase_random_pause, (1, (500, 10_000), WRITES[:1])),
    *[(theory.exponential, (bad,)) for bad in NONSENSE],
    (theory.uniform, (2, 1)),
    (theory.mixture, ()),
    (theory.mixture, ((0.5, theory.constant(1)),)),
    (theory.residual_life, (theory.Moments(2, 3),)),
    (theory.residual_life, (theory.constant(0),)),
    *[(theory.random_writer_wait, (bad, theory.constant(1))) for bad in (1.1, *NONSENSE[:5])],
    (theory.reader_busy, (0, 0)),
    *[(theory.md1_wait, (bad, MS)) for bad in (1000, *NONSENSE)],
    *[(theory.littles_law, (bad, 1)) for bad in NONSENSE],
    *[(theory.machine_repairman, (bad, 1, 1)) for bad in (0, 1.5, *NONSENSE[:5])],
    *[(theory.machine_repairman, (2, 1, bad)) for bad in (0, *NONSENSE)],
    *[(theory.t_quantile, (bad, 3)) for bad in (0, 1, *NONSENSE)],
    *[(theory.t_quantile, (0.9, bad)) for bad in (0, 1.5, *NONSENSE[:5])],
    *[(theory.replications, (bad,)) for bad in ([], [1], [1, math.nan], [1, "2"])],
    (theory.batch_means, ([1, 2], 3)),
    (theory.batch_means, ([1, 2], 1)),
    *[(theory.agreement, ([1, 2], bad, 0.02)) for bad in (0, math.nan)],
    (theory.agreement, ([1, 2], 1, 0)),
]


@pytest.mark.parametrize(("call", "arguments"), BAD_CALLS)
def test_nonsense_is_refused_in_one_line(call, arguments):
    with pytest.raises(ValueError) as error:
        call(*arguments)
    assert "\n" not in str(error.value)


def test_theory_imports_the_standard_library_and_itself_alone():
    for file in Path(theory.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
                for name in names:
                    ours = name.startswith("mmlab.theory.")
                    assert ours or name in sys.stdlib_module_names, f"{file.name}: {name}"


def test_the_table_of_contents_names_everything_public():
    listed = set(theory.__doc__.replace(",", " ").split())
    assert set(theory.__all__) <= listed
