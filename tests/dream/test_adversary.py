from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.backbones.receptive import theoretical
from studio.dream import AdversaryOptions, GoalError, adversary, break_pair
from studio.picture import Picture
from studio.progress import run_to_end
from tests.dream.networks import Linear

SIDE = 32


@pytest.fixture(scope="module")
def grey() -> Picture:
    """Far from black and white, so that no change meets them."""
    return Picture.from_array(np.random.default_rng(0).integers(96, 160, (SIDE, SIDE, 3), np.uint8), "grey")


@pytest.fixture(scope="module")
def linear() -> Linear:
    return Linear(SIDE, SIDE)


def pixels(picture: Picture) -> torch.Tensor:
    return torch.from_numpy(picture.full()[..., :3].astype(np.float64) / 255).permute(2, 0, 1).flatten()


def test_one_step_along_the_sign_reaches_eps_times_the_length_of_the_weights(grey, linear) -> None:
    """On a linear model <w, x> changes by eps |w|_1 (Goodfellow et al. 2015, section 3)."""
    options = AdversaryOptions(method="fgsm", eps=3, size=SIDE)
    made = run_to_end(adversary(grey, linear, options, to="stone"))
    change = pixels(made.picture) - pixels(made.original)
    first = linear.class_names.index(made.before[0][0])
    # The gradient of the log of the probability is that of a linear map of the other scores' weights.
    scores = linear.weight.double() @ pixels(made.original)
    weights = linear.weight.double()[2] - scores.softmax(0) @ linear.weight.double()
    assert float(weights @ change) == pytest.approx(3 / 255 * float(weights.abs().sum()), rel=1e-3)
    assert first != 2 and made.largest == pytest.approx(3)


def test_deepfool_goes_as_far_as_the_border_is(grey, linear) -> None:
    """|margin| / |w|_2 (Moosavi-Dezfooli et al. 2016, section 2), but for what survives 8 bits."""
    weight = linear.weight.double()
    made = run_to_end(adversary(grey, linear, AdversaryOptions(method="deepfool", size=SIDE)))
    scores = weight @ pixels(made.original)
    first = int(scores.argmax())
    away = min(float((scores[first] - scores[k]) / (weight[first] - weight[k]).norm()) for k in range(3) if k != first)
    whole = np.sqrt(3 * SIDE * SIDE) / 255  # the length of a change of one level everywhere
    assert made.fooled and away <= made.length * whole + 1e-6
    assert made.length * whole < 1.3 * np.hypot(away, np.sqrt(1 / 12) * whole) + whole


@pytest.mark.parametrize("method", ["fgsm", "pgd"])
@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("to", [None, "stone"])
def test_every_change_lies_in_its_ball(grey, linear, method, norm, to) -> None:
    made = run_to_end(adversary(grey, linear, AdversaryOptions(method=method, eps=6, norm=norm, size=SIDE), to=to))
    assert (made.largest <= 6) if norm == "linf" else (made.length <= 6.3)  # rounding adds 0.29 of a level
    after = linear.weight.double() @ pixels(made.picture)
    assert made.fooled == (linear.class_names[int(after.argmax())] == (to or made.after[0][0]) != made.before[0][0])
    if method == "pgd" and norm == "linf":
        assert made.fooled
    shown = made.change.astype(float) - 128
    change = (pixels(made.picture) - pixels(made.original)).reshape(3, SIDE, SIDE).permute(1, 2, 0).numpy() * 255
    assert np.abs(shown - change * made.factor).max() <= 0.51


def test_a_ball_that_is_too_small_is_told(grey, linear) -> None:
    made = run_to_end(adversary(grey, linear, AdversaryOptions(eps=0.4, size=SIDE)))
    assert not made.fooled and "allow a larger one" in made.sentence() and made.largest == 0


def test_deepfool_takes_no_class(grey, linear) -> None:
    with pytest.raises(GoalError, match="choose “pgd”"):
        run_to_end(adversary(grey, linear, AdversaryOptions(method="deepfool", size=SIDE), to="lion"))


def test_the_smallest_change_that_breaks_a_pair_breaks_it_in_8_bits(buddynet, chelsea) -> None:
    """A picture and itself, moved; measured again from the picture that is handed out."""
    moved = Picture.from_array(np.roll(chelsea.full(), 16, axis=1), "moved")
    at = (75.0, 45.0)
    made = run_to_end(
        break_pair(chelsea, moved, at, (91.0, 45.0), buddynet, AdversaryOptions(size=150, steps=60), "relu4_3")
    )
    with torch.no_grad():
        a = F.normalize(buddynet.activations(made.picture.tensor(made.picture.size), ["relu4_3"])["relu4_3"][0], dim=0)
        b = F.normalize(buddynet.activations(moved.tensor(made.picture.size), ["relu4_3"])["relu4_3"][0], dim=0)
    stride, scale = theoretical(buddynet, ["relu4_3"])["relu4_3"].stride, made.picture.size[0] / chelsea.size[0]
    row, column = int(at[1] * scale / stride), int(at[0] * scale / stride)
    cosines = torch.einsum("c,chw->hw", a[:, row, column], b)
    best = np.unravel_index(int(cosines.argmax()), cosines.shape)
    assert made.fooled and max(abs(best[0] - row), abs(best[1] - int(91 * scale / stride))) > 1
    assert made.length < 4  # of 255 levels, root mean square


def test_what_is_no_pair_can_not_be_broken(buddynet, chelsea) -> None:
    with pytest.raises(GoalError, match="nothing is to break"):
        run_to_end(break_pair(chelsea, chelsea, (75.0, 45.0), (10.0, 80.0), buddynet, AdversaryOptions(size=128)))
    with pytest.raises(GoalError, match="lies outside"):
        run_to_end(break_pair(chelsea, chelsea, (1e4, 45.0), (10.0, 80.0), buddynet, AdversaryOptions(size=128)))
