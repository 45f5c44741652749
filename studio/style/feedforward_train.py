"""Trains a feed-forward network for styles of one's own, from a folder of pictures (Johnson et al. 2016, section 3).

What is learnt from at a step is a function of the seed and the step alone, so a training that goes on from a
checkpoint is the one that was never interrupted, bit for bit on the CPU.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.backbones import Backbone
from studio.files import FileError, bare_name, replacing, to_bytes
from studio.geometry import fit_within
from studio.language import tr
from studio.picture import Picture, PictureError, load
from studio.progress import Job, Progress
from studio.style.color import is_grey
from studio.style.feedforward import FeedForwardError, StyleNetwork
from studio.style.feedforward_net import NetPlan, StyleNet
from studio.style.feedforward_options import TrainOptions

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif"})
FORMAT = 1
PREVIEW_EVERY = 10
"""Steps between two previews."""


@dataclass(frozen=True, eq=False)
class TrainPreview:
    """What a training shows: a picture of the batch and what became of it, and the losses so far.

    `image` is (h, 2 w, 3) uint8; `losses` has a value for each term of the last step.
    """

    image: npt.NDArray[np.uint8] = field(repr=False)
    step: int
    steps: int
    losses: dict[str, float]


class PictureFolder:
    """The pictures of a folder and its subfolders, cut to squares; they are read when they are asked for.

    Raises
    ------
    FileError
        There is no such folder, or no picture in it.
    """

    def __init__(self, folder: Path, size: int, seed: int) -> None:
        if not folder.is_dir():
            raise FileError(tr("“{folder}” is no folder; name one with pictures to learn from.", folder=folder))
        self.paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        if not self.paths:
            raise FileError(tr("The folder “{name}” holds no pictures to learn from.", name=folder.name))
        self._size, self._seed = size, seed
        names = "\n".join(path.relative_to(folder).as_posix() for path in self.paths)
        self.digest = hashlib.sha256(to_bytes(names)).hexdigest()[:16]

    def batch(self, step: int, count: int) -> Tensor:
        """(count, 3, size, size) from 0 to 255: what is learnt from at `step`."""
        return torch.stack([self._square(step * count + index) for index in range(count)])

    def _square(self, number: int) -> Tensor:
        """Sample `number` of the endless row: each round over the folder has an order of its own."""
        for shift in range(len(self.paths)):  # beyond those that can't be read
            place = number + shift
            turn, index = divmod(place, len(self.paths))
            order = np.random.default_rng([self._seed, 1, turn]).permutation(len(self.paths))
            try:
                picture = load(self.paths[order[index]], max(4 * self._size, 512))
            except PictureError:
                continue
            return self._cut(picture, np.random.default_rng([self._seed, 2, number]))
        raise FileError(tr("None of the pictures in the folder can be read."))

    def _cut(self, picture: Picture, random: np.random.Generator) -> Tensor:
        width, height = picture.pixels.shape[1], picture.pixels.shape[0]
        # The shorter side is made a little larger than the square, so that the cut has somewhere to go.
        scale = self._size * random.uniform(1.0, 1.25) / min(width, height)
        size = max(self._size, round(width * scale)), max(self._size, round(height * scale))
        pixels = picture.shown(size)
        left, top = (int(random.integers(0, side - self._size + 1)) for side in size)
        cut = pixels[top : top + self._size, left : left + self._size]
        if random.random() < 0.5:
            cut = cut[:, ::-1]
        return torch.from_numpy(cut.copy()).permute(2, 0, 1).to(torch.float32)


def gram(features: Tensor) -> Tensor:
    """(N, C, C): products of the channels of (N, C, h, w), averaged over places."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def _opaque(features: Tensor, opacity: npt.NDArray[np.float32] | None) -> Tensor:
    """(1, C, h, w), scaled so that `gram` counts each cell for its share of the visible part of the picture."""
    if opacity is None:
        return features
    share = torch.from_numpy(opacity.copy())[None, None].to(features.device)
    share = F.adaptive_avg_pool2d(share, (features.shape[-2], features.shape[-1]))
    return features * (share / share.mean().clamp_min(1e-12)).sqrt()


class _Teacher:
    """The losses: perceptual, by the features of a fixed network, each as a share of what there is to reach."""

    def __init__(self, backbone: Backbone, styles: Sequence[Picture], options: TrainOptions) -> None:
        self._backbone, self._options = backbone, options
        self._levels = tuple(range(1, min(len(backbone.levels), 4) + 1))
        # As relu3_3 of the article: the level at a stride of 4, or what is nearest to it.
        self._content = min(self._levels, key=lambda n: abs(math.log2(backbone.levels[n - 1].stride / 4)))
        targets = []
        for style in styles:
            image = style.tensor(fit_within(style.size, options.style_size), backbone.device)
            maps = backbone.features(image, self._levels)
            opacity = style.opacity((image.shape[3], image.shape[2]))
            targets.append({level: gram(_opaque(maps[level], opacity))[0] for level in self._levels})
        self._targets = {level: torch.stack([target[level] for target in targets]) for level in self._levels}

    def losses(self, before: Tensor, after: Tensor, which: Tensor) -> dict[str, Tensor]:
        """Weighted terms for (N, 3, H, W) pictures from 0 to 255 and what became of them in the styles `which`."""
        with torch.no_grad():
            wanted = self._backbone.features(before / 255.0, [self._content])[self._content]
        maps = self._backbone.features(after / 255.0, self._levels)
        found = maps[self._content]
        content = (found - wanted).square().mean() / (wanted.square().mean() + 1e-8)
        style = after.new_zeros(())
        for level, target in self._targets.items():
            aim = target[which]
            gap = (gram(maps[level]) - aim).square().sum(dim=(1, 2)) / (aim.square().sum(dim=(1, 2)) + 1e-8)
            style = style + gap.mean() / len(self._targets)
        across = (after[..., :, 1:] - after[..., :, :-1]).square().mean()
        down = (after[..., 1:, :] - after[..., :-1, :]).square().mean()
        variation = (across + down) / 255.0**2
        return {
            "content": content,
            "style": self._options.style_weight * style,
            "smoothness": 10.0 * self._options.smoothness * variation,
        }


def train_style(
    folder: Path,
    styles: Sequence[Picture],
    backbone: Backbone,
    options: TrainOptions,
    checkpoint: Path | None = None,
) -> Job[StyleNetwork]:
    """Train one network for all of `styles`.

    Parameters
    ----------
    folder : Path
        Pictures to learn from, of any kind and size; they are read one by one.
    styles : sequence of Picture
        At least one; several share a network (conditional instance normalisation), turn by turn.
    checkpoint : Path, optional
        Where to keep what is needed to go on, every `options.save_every` steps and when the job is closed. If the
        file is there the training goes on from it.

    Returns
    -------
    StyleNetwork
        On the CPU, to be written with `save_network`. Each progress event has a `TrainPreview` now and then.

    Raises
    ------
    FileError
        The folder has no pictures, or the checkpoint can't be written.
    FeedForwardError
        The checkpoint belongs to another training, or the numbers became infinite.
    """
    if not styles:
        raise FeedForwardError(tr("Name at least one picture whose style is to be learnt."))
    yield Progress(0.0, tr("looking at the pictures"))
    pictures = PictureFolder(Path(folder), options.size, options.seed)
    run = _Training(pictures, styles, backbone, options, checkpoint)
    return (yield from run.steps())


class _Training:
    def __init__(
        self,
        pictures: PictureFolder,
        styles: Sequence[Picture],
        backbone: Backbone,
        options: TrainOptions,
        checkpoint: Path | None,
    ) -> None:
        self._pictures, self._options, self._checkpoint = pictures, options, checkpoint
        self._device = backbone.device
        self._names = _unlike([bare_name(style.name) for style in styles])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            net = StyleNet(NetPlan(options.width, options.blocks, len(styles)))
        last = net.deconv3.conv2d
        assert last.bias is not None
        with torch.no_grad():
            # Results go from 0 to 255: beginning at a grey of some contrast saves hundreds of steps.
            last.weight.mul_(10.0)
            last.bias.fill_(127.5)
        self._net = net.to(self._device)
        self._adam = torch.optim.Adam(self._net.parameters(), lr=options.learning_rate)
        self._teacher = _Teacher(backbone, styles, options)
        self._done = 0
        self._recipe: dict[str, Any] = {
            "format": FORMAT,
            "options": options.to_dict(),
            "styles": self._names,
            "backbone": backbone.name,
            "pictures": self._pictures.digest,
        }
        grey = [name for name, style in zip(self._names, styles, strict=True) if is_grey(style)]
        if grey:
            self._recipe["grey"] = grey
        if checkpoint is not None and checkpoint.exists():
            self._restore(checkpoint)

    def steps(self) -> Job[StyleNetwork]:
        options, start = self._options, self._done
        with ThreadPoolExecutor(1, "train-style") as reader:
            waiting: Future[Tensor] | None = None
            try:
                for step in range(start, options.steps):
                    batch = (waiting or reader.submit(self._pictures.batch, step, options.batch)).result()
                    waiting = None
                    if step + 1 < options.steps:
                        waiting = reader.submit(self._pictures.batch, step + 1, options.batch)
                    event = self._step(step, batch.to(self._device))
                    self._done = step + 1
                    if self._done % options.save_every == 0:
                        self._save()
                    yield event
            finally:
                if waiting is not None:
                    waiting.cancel()
                # Also when the job is closed: what was learnt is not lost.
                if self._done > start:
                    self._save()
        net = self._net.cpu().requires_grad_(False).eval()
        return StyleNetwork("trained", net, tuple(self._names), self._recipe)

    def _step(self, step: int, batch: Tensor) -> Progress:
        options = self._options
        count = len(self._names)
        which = torch.tensor([(step * options.batch + index) % count for index in range(len(batch))])
        with torch.enable_grad():
            after = self._net(batch, self._net.one_hot(which.tolist()))
            losses = self._teacher.losses(batch, after, which.to(self._device))
            self._adam.zero_grad(set_to_none=True)
            torch.autograd.backward(torch.stack(list(losses.values())).sum())
        self._adam.step()
        preview = None
        if step % PREVIEW_EVERY == 0 or step + 1 == options.steps:
            values = {name: float(value.detach()) for name, value in losses.items()}
            if not all(math.isfinite(value) for value in values.values()):
                raise FeedForwardError(tr("The training left the range of numbers: choose a smaller learning rate."))
            preview = TrainPreview(_side_by_side(batch[0], after.detach()[0]), step + 1, options.steps, values)
        return Progress(
            (step + 1) / options.steps, tr("step {step} of {steps}", step=step + 1, steps=options.steps), preview
        )

    def _save(self) -> None:
        if self._checkpoint is None:
            return
        content = {
            "recipe": _flat(self._recipe),
            "step": self._done,
            "net": self._net.state_dict(),
            "adam": self._adam.state_dict(),
        }
        with replacing(self._checkpoint) as temporary, temporary.open("wb") as file:
            torch.save(content, file)

    def _restore(self, path: Path) -> None:
        from studio.backbones.weights import read_state

        content = read_state(path)
        if not {"recipe", "step", "net", "adam"} <= content.keys():
            raise FeedForwardError(tr("“{name}” is no checkpoint of a training; choose another name.", name=path.name))
        if not _goes_on(content["recipe"], _flat(self._recipe)):
            raise FeedForwardError(
                tr(
                    "“{name}” belongs to a training with other pictures, styles or options: remove it to begin anew.",
                    name=path.name,
                )
            )
        try:
            self._net.load_state_dict(content["net"])
            self._adam.load_state_dict(content["adam"])
            self._done = int(content["step"])
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            raise FeedForwardError(tr("“{name}” is damaged: remove it to begin anew.", name=path.name)) from error


def _goes_on(old: Any, new: str) -> bool:
    """Whether two recipes differ at most in how long the training takes and how often it is saved."""
    try:
        recipes = [json.loads(text) for text in (old, new)]
        for recipe in recipes:
            for name in ("steps", "save_every"):
                recipe["options"].pop(name, None)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    return bool(recipes[0] == recipes[1])


def _flat(recipe: dict[str, Any]) -> str:
    return json.dumps(recipe, sort_keys=True)


def _unlike(names: list[str]) -> list[str]:
    """The same names, numbered where they are equal."""
    numbered = []
    for index, name in enumerate(names):
        before = names[:index].count(name)
        numbered.append(f"{name} {before + 1}" if before else name)
    return numbered


def _side_by_side(before: Tensor, after: Tensor) -> npt.NDArray[np.uint8]:
    both = torch.cat([before, after], dim=2).clamp(0, 255).permute(1, 2, 0)
    return both.to("cpu", torch.uint8).numpy()
