from __future__ import annotations

import csv

import numpy as np
import pytest
import skimage.data

from studio.backbones import Backbone, load_backbone
from studio.featurevis.embedding import EmbeddingError, embed, laid_out
from studio.featurevis.embedding_files import drawn, write_table
from studio.featurevis.embedding_options import EmbeddingOptions
from studio.picture import Picture
from studio.progress import run_to_end


@pytest.fixture(scope="module")
def buddynet() -> Backbone:
    return run_to_end(load_backbone("buddynet", device="cpu"))


@pytest.fixture(scope="module")
def pictures() -> tuple[Picture, Picture]:
    return (
        Picture.from_array(skimage.data.chelsea()[::3, ::3], "chelsea"),
        Picture.from_array(skimage.data.coffee()[::4, ::4], "coffee"),
    )


def clouds(far: float = 12.0) -> np.ndarray:
    generator = np.random.default_rng(0)
    return np.concatenate([generator.normal(size=(60, 20)), generator.normal(size=(60, 20)) + far / np.sqrt(20)])


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_two_clouds_that_are_apart_stay_apart(method: str) -> None:
    places, trust = laid_out(clouds(), EmbeddingOptions(method=method))
    first, second = places[:60], places[60:]
    apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert apart > 2 * max(np.linalg.norm(one - one.mean(axis=0), axis=1).mean() for one in (first, second))
    from scipy.spatial import cKDTree

    near = cKDTree(places).query(places, 6)[1][:, 1:]
    assert ((near < 60) == (np.arange(120) < 60)[:, None]).mean() > 0.99 and trust > 0.7


def test_the_seed_decides() -> None:
    one, same = (laid_out(clouds(), EmbeddingOptions(seed=1))[0] for _ in range(2))
    assert np.array_equal(one, same)


def test_the_first_components_are_those_of_the_largest_variance() -> None:
    vectors = clouds()
    places, _ = laid_out(vectors, EmbeddingOptions(method="pca"))
    centred = vectors - vectors.mean(axis=0)
    values = np.linalg.eigvalsh(np.cov(centred.T))[::-1][:2]
    np.testing.assert_allclose(places.var(axis=0, ddof=1), values, rtol=1e-6)


def test_cells_keep_their_places_and_their_pictures(buddynet, pictures, tmp_path) -> None:
    found = run_to_end(embed(*pictures, buddynet, EmbeddingOptions(level=5, size=128, method="pca")))
    columns, rows = 8, 6  # 128 x 85 px in cells of 16
    assert (found.pictures == 0).sum() == columns * rows
    scale = pictures[0].size[0] / 128
    np.testing.assert_allclose(found.points[columns + 2], [(2.5 * 16) * scale - 0.5, (1.5 * 16) * scale - 0.5], atol=1)
    write_table(found, tmp_path / "map.csv")
    with (tmp_path / "map.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(found.places) and {line["picture"] for line in lines} == {"A", "B"}
    np.testing.assert_allclose([float(line["u"]) for line in lines], found.places[:, 0], rtol=1e-4, atol=1e-5)


def test_like_places_of_one_picture_twice_lie_together(buddynet, pictures) -> None:
    found = run_to_end(embed(pictures[0], pictures[0], buddynet, EmbeddingOptions(size=96, method="pca")))
    half = len(found.places) // 2
    np.testing.assert_allclose(found.places[:half], found.places[half:], atol=1e-8)


def test_channels_are_laid_out_too(buddynet, pictures) -> None:
    found = run_to_end(embed(*pictures, buddynet, EmbeddingOptions(level=3, size=64, items="channels", method="pca")))
    assert found.places.shape == (128, 2) and np.isnan(found.points).all()


def test_a_picture_of_the_map_has_both_colours(buddynet, pictures) -> None:
    found = run_to_end(embed(*pictures, buddynet, EmbeddingOptions(size=96, method="pca")))
    image = drawn(found)
    for colour in ((31, 119, 180), (255, 127, 14)):
        assert (np.abs(image.astype(int) - colour).sum(axis=2) < 30).sum() > 200


def test_too_few_items_are_one_sentence() -> None:
    with pytest.raises(EmbeddingError, match="only 4 items"):
        laid_out(np.eye(4), EmbeddingOptions())
