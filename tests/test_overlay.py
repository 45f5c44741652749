"""The picture of pairs: the right colours in the right places."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2lab

from studio.overlay import APART, LARGEST_WIDTH, MOST_NUMBERED, _Ink, _Layout, draw_pairs, pair_color, text_color
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from tests.making_pictures import Array, encode_srgb

# Machado, Oliveira and Fernandes 2009, table 1, severity 1: on linear RGB.
VISION = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colors: Array) -> Array:
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def grey(size: tuple[int, int], value: int = 128) -> Picture:
    return Picture.from_array(np.full((size[1], size[0], 3), value, np.uint8), "grey")


def positions(a: Picture, b: Picture, image: Array) -> tuple[int, int, int]:
    """Margin, and the widths of both pictures, from nothing but the size of the drawing."""
    height, width = image.shape[:2]
    for margin in range(1, height):
        inner = height - 2 * margin
        widths = [round(inner * picture.size[0] / picture.size[1]) for picture in (a, b)]
        if sum(widths) + 3 * margin == width:
            return margin, *widths
    raise AssertionError


# --- colours -----------------------------------------------------------------------------------


@pytest.mark.parametrize("vision", VISION)
def test_colours_can_be_told_apart_by_everybody(vision: str) -> None:
    colors = np.array([pair_color(number) for number in range(1, 33)]) / 255
    seen = rgb2lab(encode_srgb(linear(colors) @ np.array(VISION[vision]).T)[None])[0]
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1) + 1000 * np.eye(32)
    assert distances[:16, :16].min() > 16
    assert distances[:24, :24].min() > 11.5
    assert distances.min() > 10


def test_colours_return_after_32() -> None:
    assert pair_color(33) == pair_color(1) and pair_color(64) == pair_color(32)
    assert len({pair_color(number) for number in range(1, 33)}) == 32


def test_numbers_are_legible_on_their_colours() -> None:
    def luminance(color: tuple[int, int, int]) -> float:
        return float(linear(np.array(color) / 255) @ [0.2126, 0.7152, 0.0722])

    for number in range(1, 33):
        color = pair_color(number)
        one, two = sorted((luminance(color), luminance(text_color(color))))
        assert (two + 0.05) / (one + 0.05) > 4.0


# --- places ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size_a", "size_b"), [((300, 200), (300, 200)), ((640, 480), (200, 500)), ((80, 60), (1500, 900))]
)
@pytest.mark.parametrize("height", [300, 720])
def test_dots_lie_where_the_points_are(size_a: tuple[int, int], size_b: tuple[int, int], height: int) -> None:
    a, b = grey(size_a), grey(size_b)
    share = np.array([[0.15, 0.2], [0.8, 0.3], [0.5, 0.75]])
    pairs = PairSet.from_arrays(share * size_a, (1 - share) * size_b)
    image = draw_pairs(a, b, pairs, height=height)
    margin, width_a, width_b = positions(a, b, image)
    assert image.shape[0] == height + 2 * margin and image.dtype == np.uint8
    for pair in pairs:
        for point, size, left, width in (
            (pair.a, size_a, margin, width_a), (pair.b, size_b, 2 * margin + width_a, width_b),
        ):  # fmt: skip
            x = left + (point[0] + 0.5) / size[0] * width - 0.5
            y = margin + (point[1] + 0.5) / size[1] * height - 0.5
            assert np.abs(image[round(y), round(x)].astype(int) - pair_color(pair.id)).max() <= 2
            # The ring around the dot is as far to all sides.
            row = np.abs(image[round(y)].astype(int) - pair_color(pair.id)).max(axis=-1) <= 12
            around = np.nonzero(row[round(x) - 12 : round(x) + 13])[0] + round(x) - 12
            assert around.mean() == pytest.approx(x, abs=1.0)


def test_without_pairs_the_pictures_stand_side_by_side() -> None:
    a, b = grey((300, 200), 90), grey((100, 200), 200)
    image = draw_pairs(a, b, PairSet(), height=200)
    margin, width_a, width_b = positions(a, b, image)
    assert (width_a, width_b) == (300, 100)
    assert (image[100, margin : margin + 300] == 90).all()
    assert (image[100, 2 * margin + 300 : 2 * margin + 400] == 200).all()
    gap = image[:, margin + 300 : 2 * margin + 300]
    assert (gap == gap[0, 0]).all() and gap.max() < 60


def test_lines_join_the_partners_and_can_be_left_out() -> None:
    a, b = grey((200, 200)), grey((200, 200))
    pairs = PairSet((PointPair(1, (50, 50), (150, 50)), PointPair(2, (50, 150), (150, 150), enabled=False)))
    with_lines, without = draw_pairs(a, b, pairs, height=400), draw_pairs(a, b, pairs, height=400, lines=False)
    margin, width, _ = positions(a, b, with_lines)
    gap = slice(margin + width + 3, 2 * margin + width - 3)
    empty = without[5, 5]
    assert (without[:, gap] == empty).all()
    changed = np.nonzero((with_lines[:, gap] != empty).any(axis=(1, 2)))[0]
    middle = margin + (50.5 / 200) * 400
    assert len(changed) and np.abs(changed - middle).max() < 8, "a line for the enabled pair only"
    strongest = with_lines[round(middle) - 1 : round(middle) + 1, gap].max(axis=0).astype(int)
    assert (strongest[:, 0] > strongest[:, 2] + 60).all(), "in the orange of pair 1"


def test_disabled_pairs_are_rings() -> None:
    a = b = grey((200, 200))
    image = draw_pairs(a, b, PairSet((PointPair(1, (100, 100), (100, 100), enabled=False),)), height=400)
    margin, _, _ = positions(a, b, image)
    x = y = margin + round(100.5 / 200 * 400)
    assert image[y, x].max() < 60, "dark inside"
    ring = np.abs(image[y, x : x + 10].astype(int) - pair_color(1)).max(axis=-1)
    assert ring.min() < 30, "and coloured around"


def test_transparent_parts_show_the_background() -> None:
    pixels = np.full((100, 100, 4), 255, np.uint8)
    pixels[:, 50:, 3] = 0
    image = draw_pairs(Picture.from_array(pixels), grey((100, 100)), PairSet(), height=100)
    margin, *_ = positions(grey((100, 100)), grey((100, 100)), image)
    assert (image[50, margin + 10] == 255).all() and (image[50, margin + 90] == image[1, 1]).all()


def test_panoramas_do_not_make_it_too_wide() -> None:
    image = draw_pairs(grey((4000, 100)), grey((100, 100)), PairSet.from_arrays([[5, 5]], [[5, 5]]))
    assert image.shape[1] < 1.05 * LARGEST_WIDTH and image.shape[0] > 90


def test_points_outside_do_no_harm() -> None:
    pairs = PairSet.from_arrays([[-500.0, 30.0], [1e6, -1e6]], [[5.0, 5.0], [9.0, 9.0]])
    assert draw_pairs(grey((50, 50)), grey((50, 50)), pairs, height=100).shape[0] == 108


# --- numbers -----------------------------------------------------------------------------------


def tags_of(points: Array, size: tuple[int, int] = (900, 700)) -> tuple[Array, Array]:
    layout = _Layout.of(size, size, 700)
    ink = _Ink(layout)
    places = ink._places(points)
    pairs = PairSet.from_arrays(points, points)
    frame = ink._places(np.array([[0.0, 0.0], [size[0], size[1]]]))
    return np.array(ink._tag_boxes(pairs, places, frame)), np.array(places)


def shared_area(one: Array, two: Array) -> float:
    low, high = np.maximum(one[:2], two[:2]), np.minimum(one[2:], two[2:])
    return float(np.prod(np.clip(high - low, 0, None)))


def test_numbers_do_not_cover_each_other_nor_dots_where_there_is_room() -> None:
    random = np.random.default_rng(4)
    points = random.uniform(20, 680, (400, 2))
    apart = [points[0]]
    for point in points[1:]:
        if min(np.linalg.norm(point - other) for other in apart) > 34:
            apart.append(point)
    tags, places = tags_of(np.array(apart[:60]))
    for i, tag in enumerate(tags):
        for other in tags[i + 1 :]:
            assert shared_area(tag, other) == 0
        for place in places:
            assert not (tag[0] < place[0] < tag[2] and tag[1] < place[1] < tag[3])


def test_numbers_stay_inside_the_picture() -> None:
    corners = np.array([[0, 0], [899, 0], [0, 699], [899, 699], [450, 0], [0, 350]], float)
    tags, _ = tags_of(corners)
    scale = 3
    assert tags[:, :2].min() >= -1 and tags[:, 2].max() <= 900 * scale + 2 and tags[:, 3].max() <= 700 * scale + 2


def test_of_thousands_those_are_numbered_that_lie_apart_in_both_pictures() -> None:
    random = np.random.default_rng(0)
    a, b = random.uniform(0, 700, (2, 5000, 2))
    layout = _Layout.of((900, 700), (900, 700), 700)
    few, many = _Ink(layout, 60), _Ink(layout, 5000)
    assert few.numbered(a[:60], b[:60]).tolist() == list(range(60)), "all of a few"
    rows = many.numbered(a, b)
    assert rows[0] == 0 and 20 < len(rows) <= MOST_NUMBERED
    letter = many._letter / many._scale
    for ends in (a[rows], b[rows]):
        distances = np.linalg.norm(ends[:, None] - ends[None], axis=-1) + 1e6 * np.eye(len(rows))
        assert distances.min() >= APART * letter
    tags = np.array(
        many._tag_boxes(PairSet.from_arrays(a, b), many._places(a), many._places(np.array([[0, 0], [900, 700]])), rows)
    )
    shared = [shared_area(one, two) for i, one in enumerate(tags) for two in tags[i + 1 :]]
    assert len(tags) == len(rows) and max(shared) < 0.2 * np.prod(tags[0, 2:] - tags[0, :2])


def test_thousands_of_pairs_leave_the_pictures_to_be_seen() -> None:
    random = np.random.default_rng(1)
    a, b = grey((300, 200), 90), grey((300, 200), 90)
    points = random.uniform(0, 1, (4000, 2)) * (300, 200)
    image = draw_pairs(a, b, PairSet.from_arrays(points, points), height=400).astype(int)
    crowded = np.abs(image - 90).max(axis=-1)[20:-20, 20:-20]
    assert np.median(crowded) < 90
