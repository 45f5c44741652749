"""A morph of a part: inside it is the morph, around it A or a fade, and the mask moves with the shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.morph import MorphOptions, StillOptions, mask_of, prepare, preparing_sequence, still
from studio.morph.masking import feathered
from studio.morph.sequence import MorphError
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from tests.morph.conftest import SIZE, scene

POINTS = np.array([[15, 12], [70, 14], [48, 32], [20, 50], [80, 52]], float)


def square(left: int = 30, top: int = 20, side: int = 24) -> np.ndarray:
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[top : top + side, left : left + side] = 255
    return mask


@pytest.mark.parametrize("t", [0.0, 0.3, 0.5, 1.0])
def test_inside_is_the_morph_and_around_it_a_stays(a: Picture, b: Picture, pairs: PairSet, t: float) -> None:
    plain = prepare(a, b, pairs, MorphOptions())
    masked = prepare(a, b, pairs, MorphOptions(inside="mask", feather=0), masks=(square(), None))
    frame, whole = masked.frame(t), plain.frame(t)
    # Points move 5 px at most, so what is further from the edge of the mask is known.
    np.testing.assert_array_equal(frame[28:36, 38:46], whole[28:36, 38:46])
    around = np.ones(SIZE[::-1], bool)
    around[12:52, 22:62] = False
    np.testing.assert_array_equal(frame[around], a.pixels[around])


def test_the_mask_moves_with_the_shapes(a: Picture, b: Picture) -> None:
    pairs = PairSet.from_arrays(POINTS, np.add(POINTS, [12, 0]), origin="placed")
    masked = prepare(a, b, pairs, MorphOptions(inside="mask", feather=0), masks=(square(), None))
    there, whole = masked.frame(1.0), prepare(a, b, pairs, MorphOptions()).frame(1.0)
    np.testing.assert_array_equal(there[26:38, 46:62], whole[26:38, 46:62])  # 12 px further right
    np.testing.assert_array_equal(there[26:38, 30:38], a.pixels[26:38, 30:38])
    both = prepare(a, b, pairs, MorphOptions(inside="mask", feather=0), masks=(square(), square(42)))
    assert np.abs(both.frame(0.5).astype(int) - masked.frame(0.5)).mean() < 0.5


def test_around_it_may_fade(a: Picture, b: Picture, pairs: PairSet) -> None:
    options = MorphOptions(inside="mask", outside="dissolve", feather=0)
    masked = prepare(a, b, pairs, options, masks=(square(), None))
    fade = prepare(a, b, pairs, MorphOptions(mode="dissolve"))
    np.testing.assert_array_equal(masked.frame(0.4)[:10], fade.frame(0.4)[:10])
    np.testing.assert_array_equal(masked.frame(1.0)[:10], b.pixels[:10])


def test_the_edge_is_as_soft_as_asked(a: Picture, pairs: PairSet) -> None:
    """White inside black: the frame is the cover itself. Of 10 % of 96 px nearly all passes within 10 px."""
    black, white = (Picture.from_array(np.full((64, 96, 3), value, np.uint8), "flat") for value in (0, 255))
    still_pairs = PairSet.from_arrays(POINTS, POINTS)
    options = MorphOptions(inside="mask", feather=10, linear_light=False)
    row = prepare(black, white, still_pairs, options, masks=(square(30, 0, 64), None)).frame(1.0)[32, :, 0].astype(int)
    assert row[24] < 14 and row[36] > 241 and 120 < (row[29] + row[30]) / 2 < 136
    assert (np.diff(row[20:40]) >= 0).all()
    assert feathered(square(), 0.0) is not None and (feathered(square(), 0.0) == square()).all()


def test_the_subject_is_what_is_not_transparent(pairs: PairSet) -> None:
    """What is around it is A, transparent as it is; B is shown inside only."""
    a, b = scene(alpha=True), scene(phase=1.3)
    morph = prepare(a, b, pairs, MorphOptions(inside="subject", feather=0))
    at_b = morph.frame(1.0)
    assert at_b[0, 0, 3] == 0 == a.alpha[0, 0]
    middle = (slice(28, 36), slice(44, 52))
    assert np.abs(at_b[middle][..., :3].astype(int) - b.pixels[middle]).max() <= 8 and at_b[middle][..., 3].min() > 245
    opaque = prepare(b, b, pairs, MorphOptions(inside="subject"))
    assert any("transparent" in note for note in opaque.notes)
    np.testing.assert_array_equal(opaque.frame(0.5), prepare(b, b, pairs, MorphOptions()).frame(0.5))


def test_other_blends_and_knobs_keep_the_mask(a: Picture, b: Picture, pairs: PairSet) -> None:
    masked = prepare(a, b, pairs, MorphOptions(inside="mask", feather=0), masks=(square(), None))
    for blend in ("gradient", "hybrid"):
        np.testing.assert_array_equal(still(masked, 0.5, StillOptions(blend=blend))[:8], a.pixels[:8])
    softer = masked.with_options(replace_options(masked.options, feather=5.0))
    assert not np.array_equal(softer.frame(0.5), masked.frame(0.5))
    assert masked.with_pairs(pairs).is_masked
    assert not masked.with_options(replace_options(masked.options, inside="everything")).is_masked
    assert "masked" in prepare(a, b, pairs, MorphOptions(inside="mask")).notes[-1]


def replace_options(options: MorphOptions, **values: object) -> MorphOptions:
    return options.with_values(**values)


def test_a_picture_as_a_mask() -> None:
    grey = Picture.from_array(np.dstack([square()] * 3), "mask")
    np.testing.assert_array_equal(mask_of(grey), square())
    cut = np.dstack([np.full((*SIZE[::-1], 3), 9, np.uint8), square()])
    np.testing.assert_array_equal(mask_of(Picture.from_array(cut, "cut out")), square())


def test_a_mask_belongs_to_two_pictures(a: Picture, b: Picture, pairs: PairSet) -> None:
    with pytest.raises(MorphError, match="two pictures"):
        run_to_end(preparing_sequence([a, b, a], [pairs, pairs], MorphOptions(inside="mask")))
    sequence = run_to_end(
        preparing_sequence([a, b], [pairs], MorphOptions(inside="mask", feather=0), masks=(square(), None))
    )
    np.testing.assert_array_equal(sequence.frame(0.7)[:8], a.pixels[:8])
    assert replace(sequence.legs[0].plates).masks[0] is not None
