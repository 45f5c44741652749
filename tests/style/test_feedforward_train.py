"""Training a feed-forward network: it learns, goes on exactly where it stopped, and refuses what does not belong."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from studio.files import FileError
from studio.picture import Picture
from studio.progress import run_to_end
from studio.style.feedforward import FeedForwardError
from studio.style.feedforward_options import TrainOptions
from studio.style.feedforward_train import PictureFolder, gram, train_style
from tests.buddies.networks import small_backbone
from tests.making_pictures import smooth_noise
from tests.style.test_feedforward import one_thread  # noqa: F401 (a fixture)

SMALL = TrainOptions(steps=6, size=32, style_size=32, batch=2, width=4, blocks=1, save_every=4)


@pytest.fixture
def folder(tmp_path):
    """Five pictures, one in a subfolder, beside a file that only claims to be one."""
    place = tmp_path / "pictures"
    (place / "more").mkdir(parents=True)
    for number in range(5):
        pixels = np.uint8(255 * smooth_noise(40 + 9 * number, 60 - 7 * number, 3, seed=number))
        Image.fromarray(pixels).save((place / "more" if number == 4 else place) / f"{number}.png")
    (place / "broken.png").write_bytes(b"no picture")
    (place / "notes.txt").write_text("nothing")
    return place


@pytest.fixture(scope="module")
def teacher():
    return small_backbone()


def stripes(side: int = 32) -> Picture:
    """Dark and light bars."""
    bars = (np.arange(side) // 3 % 2 * 200 + 20).astype(np.uint8)
    return Picture.from_array(np.repeat(np.tile(bars, (side, 1))[..., None], 3, axis=2), "stripes.png")


def trained(folder, teacher, options=SMALL, checkpoint=None, styles=None, watch=None):
    return run_to_end(train_style(folder, styles or [stripes()], teacher, options, checkpoint), watch)


def same(one, other) -> bool:
    mine, yours = one.net.state_dict(), other.net.state_dict()
    return mine.keys() == yours.keys() and all(torch.equal(mine[key], yours[key]) for key in mine)


def test_gram_is_its_definition():
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = gram(x)
    for n, c, d in np.ndindex(2, 3, 3):
        wanted = sum(float(x[n, c, i, j] * x[n, d, i, j]) for i, j in np.ndindex(4, 5)) / 20
        assert found[n, c, d].item() == pytest.approx(wanted)


def test_the_loss_falls(folder, teacher):
    losses = []

    def watch(event):
        if event.preview is not None:
            losses.append(sum(event.preview.losses.values()))
            assert event.preview.image.shape == (32, 64, 3) and event.preview.image.dtype == np.uint8

    network = trained(folder, teacher, SMALL.with_values(steps=61, learning_rate=0.005), watch=watch)
    assert network.names == ("stripes",)
    assert losses[-1] < 0.5 * losses[0]


def test_the_same_seed_gives_the_same_network_and_another_does_not(folder, teacher):
    first = trained(folder, teacher)
    assert same(first, trained(folder, teacher))
    assert not same(first, trained(folder, teacher, SMALL.with_values(seed=1)))


@pytest.mark.parametrize("stop", [1, 4, 5])
def test_going_on_from_a_checkpoint_is_as_if_never_interrupted(folder, teacher, tmp_path, stop):
    whole = trained(folder, teacher)
    checkpoint = tmp_path / "training.pt"
    job = train_style(folder, [stripes()], teacher, SMALL, checkpoint)
    for _ in range(stop + 1):  # the first event comes before the first step
        next(job)
    job.close()
    assert checkpoint.exists()
    steps = []
    again = trained(folder, teacher, checkpoint=checkpoint, watch=lambda event: steps.append(event.message))
    assert sum(message.startswith("step") for message in steps) == SMALL.steps - stop
    assert same(whole, again)
    # A longer training goes on from a finished one.
    longer = SMALL.with_values(steps=8)
    assert same(trained(folder, teacher, longer, checkpoint), trained(folder, teacher, longer))


def test_a_checkpoint_of_another_training_is_refused(folder, teacher, tmp_path):
    checkpoint = tmp_path / "training.pt"
    trained(folder, teacher, SMALL.with_values(steps=1), checkpoint)
    before = checkpoint.read_bytes()
    with pytest.raises(FeedForwardError, match="other pictures, styles or options"):
        trained(folder, teacher, SMALL.with_values(style_weight=1.0), checkpoint)
    (folder / "3.png").unlink()
    with pytest.raises(FeedForwardError, match="other pictures"):
        trained(folder, teacher, checkpoint=checkpoint)
    assert checkpoint.read_bytes() == before
    torch.save({"something": 1}, tmp_path / "else.pt")
    with pytest.raises(FeedForwardError, match="no checkpoint"):
        trained(folder, teacher, checkpoint=tmp_path / "else.pt")


def test_several_styles_share_a_network(folder, teacher):
    other = Picture.from_array(np.uint8(255 * smooth_noise(32, 32, 3, seed=9)), "stripes.jpg")
    network = trained(folder, teacher, SMALL.with_values(steps=4), styles=[stripes(), other])
    assert network.names == ("stripes", "stripes 2")
    tables = network.net.in1.weight
    assert tables.shape == (2, 4) and not torch.equal(tables[0], tables[1])


def test_every_round_shows_each_picture_once_and_skips_what_is_none(folder):
    pictures = PictureFolder(folder, 16, seed=3)
    assert [path.name for path in pictures.paths] == ["0.png", "1.png", "2.png", "3.png", "broken.png", "4.png"]
    first = pictures.batch(0, 6)
    assert first.shape == (6, 3, 16, 16) and first.max() > 100
    torch.testing.assert_close(first[2:4], pictures.batch(1, 2))  # whatever the batch, the row is the same
    assert not torch.equal(first, pictures.batch(1, 6))


def test_folders_without_pictures_are_refused_in_words(tmp_path, teacher):
    with pytest.raises(FileError, match="no folder"):
        trained(tmp_path / "nowhere", teacher)
    with pytest.raises(FileError, match="no pictures"):
        trained(tmp_path, teacher)
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(FileError, match="None of the pictures"):
        trained(tmp_path, teacher)
