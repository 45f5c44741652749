from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from studio.dream import ChannelGoal, ClassGoal, DirectionGoal, GoalError, MaximiseOptions, PairGoal, Weighted, maximise
from studio.dream.goals import CellGoal
from studio.dream.images import PixelImage, SpectrumImage, noise
from studio.dream.measure import along, measure_for
from studio.dream.options import YOSINSKI
from studio.dream.robust import moved
from studio.progress import run_to_end
from tests.dream.networks import OneFilter

SMALL = MaximiseOptions(size=64, steps=24)


def test_the_picture_that_excites_a_linear_cell_is_its_filter() -> None:
    """Under a bound of the norm, which the decay is (Erhan et al. 2009, section 3)."""
    network = OneFilter()
    options = MaximiseOptions(size=32, steps=60, parameters="pixels", start="grey", robustness=0, rate=0.05, decay=0.2)
    made = run_to_end(maximise([Weighted(CellGoal("filter", 0))], network, options))
    change = made.pictures[0].full().astype(float)[13:20, 13:20] / 65535 - 0.5
    wanted = network.filter[0].permute(1, 2, 0).numpy()
    cosine = (change * wanted).sum() / np.linalg.norm(change) / np.linalg.norm(wanted)
    assert cosine > 0.99


def test_pixels_that_a_cell_does_not_see_get_no_gradient_at_all(buddynet) -> None:
    image = noise(1, (64, 64), 0).requires_grad_(True)
    measure = measure_for(buddynet, [Weighted(CellGoal("relu2_2", 5, 16, 16))])
    (gradient,) = torch.autograd.grad(measure(buddynet, image).sum(), [image])
    rows = np.flatnonzero(gradient[0].abs().sum(dim=(0, 2)).numpy())
    from studio.backbones.receptive import theoretical

    left, _, right, _ = theoretical(buddynet, ["relu2_2"])["relu2_2"].box(16, 16)
    assert rows.min() >= left + 0.5 and rows.max() <= right - 0.5 and len(rows) > 4


@pytest.mark.parametrize("parameters", ["spectrum", "pixels", "decoder"])
def test_a_made_picture_excites_a_channel_more_than_photographs_do(buddynet, chelsea, coffee, parameters) -> None:
    goal = Weighted(ChannelGoal("relu4_3", 11))
    made = run_to_end(maximise([goal], buddynet, SMALL.with_values(parameters=parameters)))
    measure = measure_for(buddynet, [goal])
    with torch.no_grad():
        seen = torch.cat(
            [
                measure(buddynet, one.tensor(one.size)[:, :, y : y + 64, x : x + 64])
                for one in (chelsea, coffee)
                for y in (0, 20)
                for x in (0, 40, 80)
            ]
        )
    assert made.values[0] > seen.max() and made.values[0] > 2 * made.before
    assert made.pictures[0].size == (64, 64) and len(made.history) == 24


def test_the_same_seed_gives_the_same_picture_and_another_one_another(buddynet) -> None:
    goal = [Weighted(ChannelGoal("relu3_2", 7))]
    first, again, other = (
        run_to_end(maximise(goal, buddynet, SMALL.with_values(steps=3, seed=seed))).pictures[0].full()
        for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_noise_falls_as_one_over_the_frequency() -> None:
    planes = torch.logit(noise(8, (128, 128), 0)).mean(dim=1)
    power = torch.fft.rfft2(planes - planes.mean(dim=(1, 2), keepdim=True)).abs().square().mean(dim=0)
    down, across = torch.fft.fftfreq(128)[:, None], torch.fft.rfftfreq(128)[None]
    radius = torch.hypot(down, across)
    bins = [(0.02, 0.04), (0.04, 0.08), (0.08, 0.16), (0.16, 0.32)]
    level = [float(power[(radius >= low) & (radius < high)].mean().sqrt()) for low, high in bins]
    slopes = np.diff(np.log2(level))
    assert np.abs(slopes + 1).max() < 0.1  # half the amplitude at twice the frequency


@pytest.mark.parametrize("size", [(32, 32), (33, 47)])
def test_a_spectrum_gives_back_the_picture_it_was_made_from(size) -> None:
    picture = noise(2, size, 5)
    np.testing.assert_allclose(SpectrumImage(picture).shown().detach(), picture, atol=1e-5)
    np.testing.assert_allclose(PixelImage(picture).shown().detach(), picture)


def test_several_pictures_differ_more_where_they_are_told_to(buddynet) -> None:
    goal = [Weighted(ChannelGoal("relu4_3", 11))]

    def alike(diversity: float) -> float:
        options = SMALL.with_values(count=3, diversity=diversity, steps=32)
        made = run_to_end(maximise(goal, buddynet, options))
        with torch.no_grad():
            maps = buddynet.activations(torch.cat([one.tensor(one.size) for one in made.pictures]), ["relu4_3"])
        cells = maps["relu4_3"].flatten(2)
        grams = torch.nn.functional.normalize(torch.bmm(cells, cells.transpose(1, 2)).flatten(1), dim=1)
        return float((grams @ grams.T).triu(1).sum() / 3)

    assert alike(5.0) < alike(0.0) - 0.05


def test_a_sum_with_a_negative_goal_avoids_it(buddynet) -> None:
    wanted, avoided = ChannelGoal("relu4_3", 11), ChannelGoal("relu4_3", 40)
    alone = run_to_end(maximise([Weighted(wanted)], buddynet, SMALL)).pictures[0]
    both = run_to_end(maximise([Weighted(wanted), Weighted(avoided, -2.0)], buddynet, SMALL)).pictures[0]
    measure = measure_for(buddynet, [Weighted(avoided)])
    with torch.no_grad():
        before, after = (float(measure(buddynet, one.tensor(one.size))) for one in (alone, both))
    assert after < before


def test_a_direction_asks_for_the_cosine_too() -> None:
    """Olah et al. 2017, against a plain loop."""
    maps, direction = (
        torch.randn(2, 5, 3, 4, dtype=torch.float64),
        torch.nn.functional.normalize(torch.ones(5).double(), dim=0),
    )
    wanted = [
        np.mean([float(v @ direction) * max(0.1, float(v @ direction / v.norm())) ** 4 for v in one.flatten(1).T])
        for one in maps
    ]
    np.testing.assert_allclose(along(maps, direction), wanted)


def test_what_both_points_of_a_pair_share_is_excited(buddynet, chelsea, coffee) -> None:
    pictures = {"A": chelsea, "B": coffee}
    pair = [Weighted(PairGoal("relu4_3", (76.0, 40.0), (70.0, 50.0)))]
    made = run_to_end(maximise(pair, buddynet, SMALL, pictures=pictures))
    assert made.values[0] > 2 * made.before
    one = [Weighted(DirectionGoal("relu4_3", (76.0, 40.0)))]
    made = run_to_end(maximise(one, buddynet, SMALL.with_values(start="picture"), pictures=pictures, start=chelsea))
    assert made.values[0] > made.before and made.recipe["goals"] == ["what relu4_3 sees at A 76, 40"]


@pytest.mark.parametrize("prior", YOSINSKI, ids=["norm", "decay", "blur", "contribution"])
def test_the_published_priors_leave_something_that_excites(buddynet, prior) -> None:
    options = SMALL.with_values(parameters="pixels", start="noise", rate=0.5, **prior)
    made = run_to_end(maximise([Weighted(ChannelGoal("relu3_2", 7))], buddynet, options))
    assert made.values[0] > 2 * made.before
    pixels = made.pictures[0].full().astype(float) / 65535
    grey = (np.abs(pixels - 0.5) < 0.003).all(axis=2).mean()
    share = max(prior["small_norm"], prior["small_contribution"]) / 100
    assert grey > 0.6 * share if not prior["blur"] else True


def test_a_move_of_no_strength_is_none_and_others_keep_the_mean() -> None:
    image = noise(1, (64, 48), 0)
    generator = torch.Generator().manual_seed(0)
    assert moved(image, 0.0, generator) is image
    for _ in range(5):
        other = moved(image, 1.0, generator)
        assert other.shape == image.shape and abs(float(other.mean() - image.mean())) < 0.02
        assert float((other - image).abs().mean()) > 0.005


def test_a_move_shows_no_edge() -> None:
    flat = torch.full((1, 3, 40, 40), 0.3)
    generator = torch.Generator().manual_seed(0)
    assert all(torch.allclose(moved(flat, 3.0, generator), flat, atol=1e-6) for _ in range(20))


@pytest.mark.parametrize(
    ("goal", "sentence"),
    [
        (ChannelGoal("relu4_3", 999), "has channels 0 to 255, there is no channel 999"),
        (ChannelGoal("conv", 1), "has no layer “conv”; its layers are relu1_1"),
        (ClassGoal("lion"), "knows no classes"),
        (CellGoal("relu4_3", 1, 99, 0), "has 8 x 8 cells at this size, there is no cell 99, 0"),
        (DirectionGoal("relu4_3", (1.0, 1.0)), "Picture A is not open"),
    ],
)
def test_what_is_not_there_is_one_sentence(buddynet, goal, sentence) -> None:
    with pytest.raises(GoalError, match=re.escape(sentence)):
        run_to_end(maximise([Weighted(goal)], buddynet, SMALL))


def test_a_place_outside_of_the_picture_is_one_sentence(buddynet, chelsea) -> None:
    with pytest.raises(GoalError, match=r"lies outside of chelsea\.png"):
        run_to_end(maximise([Weighted(DirectionGoal("relu4_3", (1e4, 1.0)))], buddynet, SMALL, pictures={"A": chelsea}))


def test_giving_up_in_the_middle_leaves_the_last_preview(buddynet) -> None:
    job = maximise([Weighted(ChannelGoal("relu3_2", 7))], buddynet, SMALL)
    previews = [event.preview for event, _ in zip(job, range(5), strict=False) if event.preview is not None]
    job.close()
    assert previews[-1].shape == (64, 64, 3) and previews[-1].dtype == np.uint8


@pytest.mark.slow
def test_a_class_of_squeezenet_becomes_certain(shared_dir) -> None:
    from studio.backbones import load_classifier

    network = run_to_end(load_classifier("squeezenet1_0", shared_dir / "weights" / "squeezenet1_0.safetensors", "cpu"))
    made = run_to_end(maximise([Weighted(ClassGoal("lion"))], network, MaximiseOptions(size=128, steps=96)))
    with torch.no_grad():
        scores = network.scores(made.pictures[0].tensor(made.pictures[0].size))
    assert float(scores.softmax(dim=1)[0, network.class_number("lion")]) > 0.95
