"""Curves over time: through their key points, without overshoot, as another library draws them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from studio.morph.curves import keys_of, text_of, through
from studio.morph.options import MorphOptions
from studio.morph.timing import colour_at, shape_at
from studio.options import OptionsError

TEXTS = ("0:0,0.3:0.1,1:1", "0:0,0.2:0.9,0.5:0.4,0.9:0.95,1:1", "0:0,0.1:0,0.5:0.5,0.6:0.5,1:1", "0:0,0.98:0.02,1:1")


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_the_monotone_cubic_of_scipy(text: str) -> None:
    keys = np.asarray(keys_of(text))
    reference = PchipInterpolator(*keys.T)
    times = np.linspace(0, 1, 401)
    values = np.array([through(text, t) for t in times])
    np.testing.assert_allclose(values, reference(times), atol=1e-12)
    for (start, low), (end, high) in pairwise(keys):
        inside = values[(times >= start) & (times <= end)]
        assert inside.min() >= min(low, high) - 1e-12 and inside.max() <= max(low, high) + 1e-12
    np.testing.assert_allclose([through(text, t) for t in keys[:, 0]], keys[:, 1], atol=1e-12)


def test_two_key_points_are_a_line() -> None:
    assert [through("0:0,1:1", t) for t in (0.0, 0.25, 1.0)] == [0.0, 0.25, 1.0]


def test_points_are_sorted_and_the_ends_added() -> None:
    assert keys_of(" 0.7:0.2 , 0.3:0.1") == ((0, 0), (0.3, 0.1), (0.7, 0.2), (1, 1))
    assert text_of(keys_of("0.7:0.2,0.3:0.1")) == "0:0,0.3:0.1,0.7:0.2,1:1"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "key points"),
        ("quick", "time:value"),
        ("0.3:0.1:2", "time:value"),
        ("0:0,0.5:1.2,1:1", "0 to 1"),
        ("nan:0", "0 to 1"),
        ("0:0.5,1:1", "begins at 0:0"),
        ("0.3:0.1,0.3:0.4", "apart"),
        (",".join(f"{k / 50}:0.5" for k in range(1, 45)), "at most"),
    ],
)
def test_what_is_no_curve_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(OptionsError, match=why) as caught:
        MorphOptions.from_dict({"shape_curve": text})
    assert "value error" not in str(caught.value).lower()


def test_shape_and_colour_have_curves_of_their_own() -> None:
    options = MorphOptions(shape_curve="0.5:0.8", colour_curve="ease")
    assert shape_at(0.5, options) == pytest.approx(0.8)
    assert colour_at(0.25, options) == pytest.approx(0.15625)
    assert (shape_at(0.0, options), shape_at(1.0, options)) == (0.0, 1.0)
    assert MorphOptions.from_dict(options.to_dict()) == options
