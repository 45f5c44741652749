"""Style in one go: features of the content under the statistics of the style, turned back into pixels by a decoder.

Huang and Belongie 2017 (Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization) match the mean and
deviation of each channel. The covariances can be matched too, as in Li et al. 2017 (Universal Style Transfer via
Feature Transforms); of all linear maps that do so, the one taken here moves the features least (the optimal transport
between two Gaussians, as in `studio.style.color.match_linear`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from studio.arrays import FloatPixels, Size
from studio.backbones import Backbone
from studio.backbones.decoder import Decoder
from studio.files import bare_name
from studio.geometry import fit_within
from studio.language import tr
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, Progress
from studio.style import color, guide
from studio.style.losses import STYLE_LOSSES
from studio.style.model import Region, StyleError, StylePreview, StyleSource, check_sources
from studio.style.network import Extractor
from studio.style.objective import Area, Objective, Scene
from studio.style.options import InstantOptions, Statistics
from studio.style.recipe import describe_stylize
from studio.style.result import StyleResult, picture_of
from studio.style.scene import Given, Layers, Targets, tensor_of
from studio.style.statistics import cells_of, moments, powers_of

TILE = 512
"""Side, px, of the pieces that a picture is taken in: the maps of one take some hundred megabytes."""
SMALLEST_EIGENVALUE = 1e-4
"""Of a covariance, as a share of the largest: below that there is noise, which is not to be blown up."""


def instant(
    content: Picture,
    styles: Sequence[StyleSource],
    backbone: Backbone,
    options: InstantOptions | None = None,
    *,
    pairs: PairSet | None = None,
    regions: Sequence[Region] = (),
) -> Job[StyleResult]:
    """Give `content` the look of `styles` in one go.

    Parameters
    ----------
    styles : sequence of StyleSource
        At least one; if there are several they are mixed by weight, or go where `regions` say.
    backbone : Backbone
        One with a decoder.
    pairs : PairSet, optional
        Points of the content (side a) and of the first style (side b), for regions and the shape of the style.
    regions : sequence of Region, optional
        Painted masks; besides them `options.match_regions` grows some from the pairs if none are given.

    Yields
    ------
    Progress with a `StylePreview` after each size.

    Raises
    ------
    StyleError
        Something does not fit; the sentence says what.
    """
    options = options or InstantOptions()
    decoder = decoder_in(backbone)
    check_sources(styles, regions)
    yield Progress(0.0, "preparing")
    used = guide.used_pairs(pairs)
    first = styles[0].picture
    grown = list(regions) or guide.grow_regions(content, first, used, options.match_regions)
    level = backbone.levels[decoder.level - 1].name
    extractor = Extractor(backbone, raw=True)
    loss = STYLE_LOSSES["wasserstein"]  # keeps means and covariances
    given = Given(
        content=content,
        styles=styles,
        unbent=used,
        regions=grown,
        keep_colors=options.keep_colors,
        geometry=options.geometry,
        softness=options.softness,
        style_scale=options.style_scale,
    )
    all_grey = given.is_grey
    targets = Targets(given, Layers(style={level: 1.0}), extractor, loss, TILE)
    scales = _sizes(fit_within(content.size, options.size), options.rounds, decoder.stride)
    shares = [width * height / sum(w * h for w, h in scales) for width, height in scales]
    painted: FloatPixels | None = None
    before: FloatPixels | None = None
    for number, size in enumerate(scales):
        begun, width = sum(shares[:number]), shares[number]
        told = f"{size[0]} x {size[1]}"
        yield Progress(begun, f"{told}: {tr('looking')}")
        begin = _with_detail(painted, targets.start_pixels(size), before, options.strength)
        image = tensor_of(begin, backbone.device)
        scene = targets.scene(size, torch.Generator(), extractor)
        features = Objective(extractor, Scene(content={level: (image, image)}), loss, TILE).maps(image)[level]
        yield Progress(begun + 0.5 * width, f"{told}: {tr('restyling')}")
        restyled = under_statistics(features, scene.areas, level, options, [source.weight for source in styles])
        lost = 1.0 - options.strength
        passes = [restyled, features] if lost > 0.0 else [restyled]
        del features, scene
        painted = np.zeros_like(begin)
        for done in range(len(passes)):
            out = torch.empty(3, size[1], size[0])
            for share in _decoded(decoder, passes.pop(0), out):
                passed = (done + share) / (done + 1 + len(passes))
                yield Progress(begun + (0.6 + 0.4 * passed) * width, f"{told}: {tr('painting')}")
            pixels = out.permute(1, 2, 0).numpy()
            # What the decoder alone changes is taken back as far as the look is not to go over.
            painted += pixels if done == 0 else lost * (begin - pixels)
        painted = np.clip(painted, 0.0, 1.0)
        if all_grey:
            painted = color.grey(painted)
        before = targets.start_pixels(size)
        shown = targets.finished(painted)
        yield Progress(begun + width, f"{told}: {tr('painted')}", _preview(shown, targets, number + 1, len(scales)))
    assert painted is not None
    size = scales[-1]
    recipe = describe_stylize(content, styles, backbone, options, used, regions, {})
    name = f"{bare_name(content.name)} in the style of {bare_name(first.name)}"
    picture = picture_of(targets.finished(painted), name, targets.alpha(size))
    notes = () if grown or not options.match_regions else (tr(guide.NO_REGIONS),)
    return StyleResult(picture, [], recipe, None, content, notes)


def decoder_in(backbone: Backbone) -> Decoder:
    """The decoder of a network. Raises `StyleError` if it has none."""
    if backbone.decoder is None:
        raise StyleError(
            tr("{title} can't paint in one go, for it has no decoder; choose BuddyNet.", title=backbone.title)
        )
    return backbone.decoder


def under_statistics(
    features: Tensor, areas: Sequence[Area], layer: str, options: InstantOptions, weights: Sequence[float]
) -> Tensor:
    """`features`, (1, C, h, w), with the statistics that each of `areas` asks for, where it lies.

    `weights` are those of the style pictures. Where no area lies they stay as they are.
    """
    cells = cells_of(features)
    moved, cover = torch.zeros_like(cells), cells.new_zeros(len(cells), 1)
    for area in areas:
        own = area.weights[layer].reshape(-1) if area.weights else None
        mean, second = moments(cells, own)
        covariance = second - torch.outer(mean, mean)
        linear, offset = torch.zeros_like(covariance), torch.zeros_like(mean)
        whole = sum(weights[source] for source, _ in area.targets) if len(area.targets) > 1 else 1.0
        for source, targets in area.targets:
            share = weights[source] / whole if len(area.targets) > 1 and whole > 0.0 else 1.0 / len(area.targets)
            goal, wanted = (one.to(cells) for one in targets[layer][:2])
            step = transport(covariance, wanted, options.statistics)
            linear += share * step
            offset += share * (goal - step @ mean)
        here = cells @ linear.T + offset
        if own is None:
            moved, cover = here, torch.ones_like(cover)
        else:
            lies = (own * area.share)[:, None]
            moved += lies * here
            cover += lies
    known = cover > 1e-12
    result = torch.where(known, torch.lerp(cells, moved / cover.clamp_min(1e-12), options.strength), cells)
    height, width = features.shape[-2:]
    return result.reshape(1, height, width, -1).permute(0, 3, 1, 2)


def transport(covariance: Tensor, wanted: Tensor, statistics: Statistics = "covariance") -> Tensor:
    """(C, C): the linear map that takes centred features of one covariance to another one, moving them least.

    For "mean_std" only the variances are brought to those wanted, channel by channel.
    """
    if statistics == "mean_std":
        floor = SMALLEST_EIGENVALUE * covariance.diagonal().mean() + 1e-12
        return torch.diag(((wanted.diagonal() + floor).clamp_min(0.0) / (covariance.diagonal() + floor)).sqrt())
    root, inverse = powers_of(covariance, (0.5, -0.5), SMALLEST_EIGENVALUE)
    (middle,) = powers_of(root @ wanted @ root, (0.5,), 0.0)
    return inverse @ middle @ inverse


def _sizes(final: Size, rounds: int, stride: int) -> list[Size]:
    """`rounds` sizes up to `final`, each twice the one before, without those that are too small to hold a style."""
    sizes = [final]
    while len(sizes) < rounds and min(sizes[0]) >= 16 * stride:
        sizes.insert(0, fit_within(sizes[0], round(max(sizes[0]) / 2)))
    return sizes


def _with_detail(
    coarse: FloatPixels | None, content: FloatPixels, before: FloatPixels | None, strength: float
) -> FloatPixels:
    """What was painted at half the size, with the detail that the content has at this one.

    That is what the content has beyond itself at half the size: made smaller here, or, as far as nothing was painted
    over it, as it was `before` painting, so that at no strength the content comes out.
    """
    if coarse is None or before is None:
        return content
    size, small = (content.shape[1], content.shape[0]), (coarse.shape[1], coarse.shape[0])
    reduced = cv2.resize(content, small, interpolation=cv2.INTER_AREA)
    if strength < 1.0:
        reduced = strength * reduced + (1.0 - strength) * before
    blurred = cv2.resize(reduced, size, interpolation=cv2.INTER_CUBIC)
    enlarged = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(enlarged + content - blurred, 0.0, 1.0), np.float32)


def _decoded(decoder: Decoder, features: Tensor, out: Tensor) -> Iterator[float]:
    """Fill `out`, (3, H, W) in [0, 1] on the CPU, piece by piece; yields the share that is done."""
    rows, columns = features.shape[-2:]
    side, halo, stride = TILE // decoder.stride, decoder.reach, decoder.stride
    for top in range(0, rows, side):
        for left in range(0, columns, side):
            bottom, right = min(top + side, rows), min(left + side, columns)
            first, start = max(0, top - halo), max(0, left - halo)
            with torch.inference_mode():
                piece = decoder(features[..., first : bottom + halo, start : right + halo])[0].clamp(0.0, 1.0).cpu()
            own = out[:, top * stride : bottom * stride, left * stride : right * stride]
            down, across = (top - first) * stride, (left - start) * stride
            own.copy_(piece[:, down : down + own.shape[1], across : across + own.shape[2]])
        yield bottom / rows


def _preview(pixels: FloatPixels, targets: Targets, step: int, steps: int) -> StylePreview:
    image = np.rint(pixels * 255.0).astype(np.uint8)
    size = image.shape[1], image.shape[0]
    alpha = targets.alpha(size)
    return StylePreview(image if alpha is None else np.dstack([image, alpha]), step, steps, size, {})


__all__ = ["decoder_in", "instant", "transport", "under_statistics"]
