"""What is told of the time that a job still takes, on the recorded progress of real jobs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from studio.time_left import Course, TimeLeft

# Recorded on one busy core of a laptop's kind: (seconds, share) of a match of two photographs at 224 px, of one by
# plain loops at 160 px, and of a style of 60 steps at 192 px. The network's loading is left out.
MATCH = [
    (0.0, 0.0),
    (0.32, 0.097),
    (0.75, 0.101),
    (0.81, 0.103),
    (0.94, 0.134),
    (1.05, 0.174),
    (1.16, 0.22),
    (1.23, 0.261),
    (1.3, 0.274),
    (1.38, 0.286),
    (1.45, 0.293),
    (1.52, 0.309),
    (1.57, 0.321),
    (1.7, 0.346),
    (1.85, 0.408),
    (2.03, 0.479),
    (2.09, 0.508),
    (2.15, 0.543),
    (2.22, 0.563),
    (2.34, 0.583),
    (2.4, 0.593),
    (2.6, 0.596),
    (2.74, 0.621),
    (2.85, 0.669),
    (3.05, 0.726),
    (3.12, 0.765),
    (3.48, 0.862),
    (3.6, 0.957),
    (13.83, 1.0),
]
SLOW_MATCH = [
    (0.0, 0.0),
    (1.55, 0.104),
    (18.27, 0.107),
    (21.55, 0.224),
    (23.06, 0.234),
    (24.81, 0.249),
    (28.01, 0.262),
    (29.6, 0.281),
    (31.4, 0.293),
    (32.91, 0.302),
    (37.93, 0.526),
    (39.57, 0.546),
    (41.21, 0.566),
    (42.76, 0.574),
    (44.73, 0.576),
    (46.39, 0.58),
    (48.17, 0.588),
    (49.74, 0.592),
    (52.55, 0.695),
    (54.3, 0.701),
    (56.09, 0.707),
    (57.71, 0.712),
    (59.32, 0.716),
    (60.99, 0.72),
    (62.64, 0.724),
    (64.29, 0.727),
    (66.16, 0.731),
    (67.87, 0.735),
    (69.38, 0.738),
    (70.92, 0.74),
    (72.46, 0.743),
    (74.05, 0.745),
    (75.66, 0.747),
    (77.42, 0.749),
    (79.09, 0.752),
    (80.68, 0.754),
    (82.4, 0.757),
    (83.9, 0.761),
    (85.64, 0.763),
    (87.24, 0.766),
    (90.3, 0.771),
    (95.72, 0.879),
    (97.62, 0.88),
    (99.44, 0.884),
    (101.06, 0.889),
    (102.98, 0.894),
    (104.5, 0.899),
    (106.46, 0.903),
    (108.22, 0.907),
    (109.99, 0.913),
    (111.63, 0.918),
    (113.32, 0.924),
    (115.02, 0.929),
    (116.85, 0.933),
    (118.41, 0.938),
    (120.11, 0.942),
    (121.67, 0.947),
    (123.21, 0.953),
    (133.58, 1.0),
]
STYLE = [
    (0.0, 0.0),
    (0.98, 0.118),
    (7.66, 0.123),
    (8.17, 0.129),
    (8.68, 0.134),
    (9.59, 0.145),
    (10.14, 0.15),
    (11.15, 0.161),
    (12.03, 0.172),
    (12.54, 0.177),
    (13.14, 0.183),
    (13.64, 0.188),
    (14.26, 0.193),
    (14.84, 0.199),
    (15.42, 0.204),
    (16.0, 0.21),
    (16.65, 0.215),
    (17.17, 0.22),
    (17.76, 0.226),
    (18.29, 0.231),
    (19.27, 0.242),
    (19.77, 0.247),
    (20.31, 0.253),
    (20.9, 0.258),
    (21.44, 0.263),
    (22.04, 0.269),
    (24.31, 0.285),
    (25.05, 0.296),
    (25.67, 0.307),
    (26.21, 0.317),
    (26.8, 0.328),
    (27.43, 0.339),
    (28.05, 0.35),
    (28.9, 0.361),
    (29.52, 0.371),
    (30.22, 0.382),
    (30.89, 0.393),
    (32.26, 0.415),
    (35.08, 0.437),
    (36.27, 0.458),
    (37.38, 0.48),
    (38.62, 0.502),
    (39.76, 0.524),
    (41.01, 0.545),
    (42.13, 0.567),
    (43.25, 0.589),
    (44.46, 0.611),
    (48.72, 0.654),
    (50.82, 0.697),
    (52.63, 0.741),
    (54.56, 0.784),
    (56.4, 0.827),
    (58.34, 0.87),
    (60.22, 0.913),
    (62.08, 0.957),
    (64.48, 1.0),
]
RECORDED = {"match": MATCH, "slow match": SLOW_MATCH, "style": STYLE}
TICK = 0.25


def told(recorded, before: Course | None = None, times: float = 1.0):
    """(seconds, told, truly left) a tick of the window, and the course for the next one."""
    left, heard, now, end = TimeLeft(before), 0, 0.0, recorded[-1][0] * times
    found = []
    while now < end:
        while recorded[heard][0] * times <= now:
            left.add(recorded[heard][0] * times + 100.0, recorded[heard][1])
            heard += 1
        found.append((now, left.left(now + 100.0), end - now))
        now += TICK
    return found, left.course(end + 100.0)


def longest(flags) -> float:
    """Seconds that something is so without a break."""
    most = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        most = max(most, run)
    return most * TICK


@pytest.mark.parametrize("name", RECORDED)
def test_it_never_stands_before_the_end_when_the_end_is_far(name):
    found, _ = told(RECORDED[name])
    near = [value is not None and value < 1.0 and left > 3.0 for _, value, left in found]
    assert longest(near) <= 3.0
    plain = [now * (1 - share) / share for now, share in RECORDED[name] if share > 0.03]  # the estimate of before
    assert name != "match" or (plain[-2] < 1.0 and RECORDED[name][-1][0] - RECORDED[name][-2][0] > 9.0)


@pytest.mark.parametrize("name", ["slow match", "style"])
def test_the_first_of_its_kind_is_told_within_a_factor_of_four(name):
    found, _ = told(RECORDED[name])
    good = [value is None or left / 4 < value < left * 4 for _, value, left in found if left > 2.0]
    assert sum(good) / len(good) > 0.9
    assert sum(value is not None for _, value, _ in found) / len(found) > 0.7


@pytest.mark.parametrize("times", (0.6, 1.0, 2.5))
@pytest.mark.parametrize("name", RECORDED)
def test_the_second_of_its_kind_is_told_well_and_only_falls_however_much_larger_it_is(name, times):
    _, course = told(RECORDED[name])
    found, _ = told(RECORDED[name], course, times)
    later = [(value, left) for now, value, left in found if now > 0.3 * found[-1][0]]
    assert all(value is not None and abs(value - left) < 0.35 * left + 2.5 for value, left in later)
    rises = [after - before for (before, _), (after, _) in pairwise(later)]
    assert max(rises) < 2.0


def test_a_job_that_hangs_is_told_nothing_of_and_goes_on_to_be():
    left = TimeLeft()
    for second in range(11):
        left.add(float(second), second / 20)
    assert left.left(10.2) == pytest.approx(10.0, abs=0.8)
    assert left.left(25.0) is None
    left.add(25.5, 0.55)
    assert left.left(25.6) is not None


def test_a_steady_job_counts_down_with_the_clock_whatever_it_jitters():
    left, before = TimeLeft(), None
    for tick in range(1, 400):
        now = tick * 0.1
        left.add(now, now / 40 + 0.001 * (-1) ** tick)
        value = left.left(now)
        if before is not None and value is not None and now > 6:
            assert before - 0.35 < value <= before + 0.05
        before = value
    assert before == pytest.approx(0.1, abs=0.6)


def test_what_was_paused_does_not_count():
    left = TimeLeft()
    for second in range(11):
        left.add(float(second), second / 20)
    before = left.left(10.0)
    left.wait(300.0)
    left.add(311.0, 0.55)
    assert left.left(311.0) == pytest.approx(before - 1.0, abs=0.5)


def test_there_is_nothing_to_go_by_at_first():
    left = TimeLeft()
    assert left.left(0.0) is None and left.course(1.0) is None
    left.add(0.0, 0.0)
    left.add(0.1, 0.5)
    assert left.left(0.2) is None  # half of it in a moment: who knows
    assert TimeLeft().left(5.0) is None
