"""The knobs of a match, and what is planned from them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from studio.backbones import Level
from studio.buddies.options import MatchOptions
from studio.buddies.plan import LEAST_CELLS, Plan, working_size
from studio.options import OptionsError

FIVE = [Level(number, f"relu{number}_1", 2 ** (number - 1), 64) for number in range(1, 6)]
FOUR = [Level(number, f"stage{number}", 2 ** (number + 1), 96, offset=0.5 * number) for number in range(1, 5)]


def plan(levels=FIVE, a=(300, 200), b=(100, 400), **options):
    return Plan.of(a, b, levels, MatchOptions(**options))


def test_every_knob_has_a_label_and_says_what_it_does():
    for knob in MatchOptions.knobs():
        assert knob.label and len(knob.help) > 40 and knob.help.endswith(".")
        assert knob.kind in ("bool", "choice") or None not in (knob.minimum, knob.maximum, knob.step)


@pytest.mark.parametrize(
    "values",
    [
        {"preset": "slow"},
        {"pairs": -1},
        {"working_size": 32},
        {"working_size": 2048},
        {"finest_level": 0},
        {"finest_level": 6},
        {"activation_threshold": 1.5},
        {"activation_threshold": float("nan")},
        {"border": -1},
        {"seed": -1},
        {"radius": 3},
    ],
)
def test_what_a_knob_does_not_take_is_refused_by_name(values):
    with pytest.raises(OptionsError) as caught:
        MatchOptions.from_dict(values)
    assert next(iter(values)) in str(caught.value)


def test_options_survive_being_written_down():
    options = MatchOptions(preset="official", pairs=0, activation_threshold=0.125, relaxed=True, seed=7)
    assert MatchOptions.from_dict(options.to_dict()) == options


@pytest.mark.parametrize(("preset", "threshold"), [("paper", 0.2), ("fast", 0.2), ("official", 0.05)])
def test_the_threshold_suits_the_preset_unless_it_is_chosen(preset, threshold):
    assert MatchOptions(preset=preset).threshold == threshold
    assert MatchOptions(preset=preset, activation_threshold=0.0).threshold == 0.0


def test_the_tables_of_the_article_and_of_the_program():
    levels = plan().levels
    assert [level.number for level in levels] == [5, 4, 3, 2, 1]
    assert [level.patch for level in levels] == [3, 3, 3, 5, 5]
    assert [level.window for level in levels] == [2, 2, 2, 3, 3]
    assert [level.reach for level in levels][1:] == [3, 3, 2, 2]


def test_fewer_levels_lack_the_finest_ones():
    levels = plan(FOUR).levels
    assert [(level.number, level.stride, level.patch) for level in levels] == [
        (4, 32, 3),
        (3, 16, 3),
        (2, 8, 3),
        (1, 4, 5),
    ]
    assert [level.number for level in plan(FOUR, finest_level=5).levels] == [4]


@pytest.mark.parametrize(
    ("options", "last"),
    [
        ({}, 1),
        ({"finest_level": 3}, 3),
        ({"preset": "fast"}, 2),
        ({"preset": "fast", "finest_level": 4}, 4),
        ({"preset": "official", "finest_level": 2}, 2),
    ],
)
def test_where_refining_stops(options, last):
    assert plan(**options).levels[-1].number == last


def test_pictures_keep_their_shape_in_whole_cells_but_official_makes_squares():
    assert (plan().size_a, plan().size_b) == ((224, 144), (64, 224))
    squares = plan(preset="official", working_size=160)
    assert squares.size_a == squares.size_b == (160, 160)
    assert plan(FOUR).size_a == (224, 160)


@pytest.mark.parametrize("full", [(1, 1), (10_000, 1), (1, 30_000), (17, 224)])
def test_every_map_has_at_least_two_cells_a_side(full):
    for stride in (16, 32):
        size = working_size(full, 224, stride)
        assert min(size) >= LEAST_CELLS * stride and max(size) == 224 and not size[0] % stride and not size[1] % stride


def test_cells_lie_at_the_centres_of_their_blocks_in_full_size_pixels():
    one = plan(FOUR, (448, 448), (100, 400))
    level = one.levels[-1]  # stride 4, offset 0.5
    points = one.working_points(np.array([[0, 0], [2, 5]]), level)
    np.testing.assert_allclose(points, [[2.0, 2.0], [22.0, 10.0]])
    np.testing.assert_allclose(one.full_points(points, "A"), [[4.5, 4.5], [44.5, 20.5]])
    assert (one.full_points(np.array([[-5.0, 1e6]]), "B") == [[0, 399]]).all()


def test_options_are_there_without_torch():
    code = "import sys, studio.buddies; studio.buddies.MatchOptions(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
