"""Maps of features: cells of both pictures, or channels, laid out so that like ones lie together.

Principal components first, then t-SNE (van der Maaten and Hinton 2008), whose distances between far groups mean
nothing; how much of who is near whom survives is told as trustworthiness (Venna and Kaski 2001).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from studio.arrays import Index, Points, Reals
from studio.backbones import Backbone
from studio.backbones.receptive import theoretical
from studio.errors import StudioError
from studio.features.placing import Placing
from studio.featurevis.embedding_options import EmbeddingOptions
from studio.geometry import as_points, fit_within
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, Progress

NEIGHBOURS = 12
"""Of each item, whose nearness the trustworthiness is measured by."""
COMPONENTS = 50
"""Principal components that t-SNE starts from, as its authors did."""


class EmbeddingError(StudioError):
    """Too little to lay out, or a level that there is not."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """A map.

    Attributes
    ----------
    places : (N, 2) float64
        Where each item lies on the map, in its own units.
    pictures : (N,) int64
        0 for A, 1 for B; of channels the picture that excites them more.
    points : (N, 2) float64
        Centres of the cells in full-size pixels of their pictures; NaN for channels.
    numbers : (N,) int64
        Of the cell in its map, row by row, or of the channel.
    trustworthiness : float
        0 to 1: how many of those that lie near each other are alike.
    """

    places: Points
    pictures: Index
    points: Points
    numbers: Index
    trustworthiness: float
    options: EmbeddingOptions = field(default_factory=EmbeddingOptions)


def embed(a: Picture, b: Picture, backbone: Backbone, options: EmbeddingOptions) -> Job[Embedding]:
    """Lay the cells of two pictures, or the channels of a level, out on a map.

    Raises
    ------
    EmbeddingError
        There is no such level, or there are fewer than five items.
    """
    if not 1 <= options.level <= len(backbone.levels):
        raise EmbeddingError(
            tr("{network} has levels 1 to {count}.", network=backbone.title, count=len(backbone.levels))
        )
    name = backbone.levels[options.level - 1].name
    maps, points = [], []
    for number, picture in enumerate((a, b)):
        yield Progress(0.1 * number, tr("looking at picture {name}", name="AB"[number]))
        size = fit_within(picture.size, options.size)
        with torch.no_grad():
            found = backbone.activations(picture.tensor(size, backbone.device), [name])[name][0]
        maps.append(found.double().cpu().numpy())
        rows, columns = maps[-1].shape[1:]
        cells = as_points(np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1))
        points.append(Placing(theoretical(backbone, [name])[name], size, picture.size, (columns, rows)).to_full(cells))
    flat = [one.reshape(len(one), -1) for one in maps]
    if options.items == "cells":
        vectors = np.concatenate([one.T for one in flat])
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = vectors / np.maximum(length, 1e-12)  # directions are what cosines compare
        pictures = np.repeat([0, 1], [one.shape[1] for one in flat])
        where = np.concatenate(points)
        numbers = np.concatenate([np.arange(one.shape[1]) for one in flat])
    else:
        vectors = np.concatenate(flat, axis=1)
        vectors = vectors - vectors.mean(axis=1, keepdims=True)
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        pictures = np.array([int(second.max() > first.max()) for first, second in zip(*flat, strict=True)])
        where, numbers = np.full((len(vectors), 2), np.nan), np.arange(len(vectors))
    yield Progress(0.3, tr("laying out {number} items", number=len(vectors)))
    places, trust = laid_out(vectors, options)
    return Embedding(places, pictures.astype(np.int64), where, numbers.astype(np.int64), trust, options)


def laid_out(vectors: Reals, options: EmbeddingOptions) -> tuple[Points, float]:
    """(N, 2) places of `vectors`, (N, D), and their trustworthiness.

    Raises
    ------
    EmbeddingError
        There are fewer than five.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE, trustworthiness

    count = len(vectors)
    if count < 5:
        raise EmbeddingError(tr("There are only {number} items, too few for a map.", number=count))
    first = PCA(min(COMPONENTS, *vectors.shape), random_state=options.seed).fit_transform(vectors)
    if options.method == "pca":
        places = np.ascontiguousarray(first[:, :2], np.float64)
        places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    else:
        start = first[:, :2] / max(float(first[:, 0].std()), 1e-12) * 1e-4
        start = np.pad(start, ((0, 0), (0, 2 - start.shape[1])))
        perplexity = min(options.perplexity, (count - 1) / 3.0)
        layout = TSNE(2, perplexity=perplexity, init=start.astype(np.float32), random_state=options.seed)
        places = np.asarray(layout.fit_transform(first.astype(np.float32)), np.float64)
    near = min(NEIGHBOURS, (count - 1) // 2)
    return places, float(trustworthiness(vectors, places, n_neighbors=near))
