"""What a finished network sees of views of photographs, computed once and kept on disk."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from decoder import restyled
from keypoints import Subject
from networks import MEAN, STD
from numpy.typing import NDArray
from pictures import Pictures, recolour
from safetensors.torch import load_file
from torch import Tensor
from views import MOST, Mode, View, marks, view_of, warped

LOG = logging.getLogger("train_buddynet")
STYLED, STRONG, BLURRED = 0.16, 0.35, 0.15
"""Shares of the views that are painted in another style, of strongly changed colours, and blurred."""
AT_ONCE = 16
"""Views looked at together."""


class Finished:
    """An exported network, to look with; computes in `kind`."""

    def __init__(self, file: Path, kind: torch.dtype) -> None:
        self.kind = kind
        self.known: dict[str, Tensor] = {}
        raw = load_file(file)
        for name, tensor in raw.items():
            if name.endswith(".scale"):
                continue
            scale = raw.get(name.replace(".weight", ".scale")) if name.endswith(".weight") else None
            full = tensor.float() if scale is None else tensor.float() * scale.float().view(-1, 1, 1, 1)
            full = full.to(kind)
            self.known[name] = full.contiguous(memory_format=torch.channels_last) if full.ndim == 4 else full
        self.channels = len(self.known[f"conv5_{self._count('conv5')}.bias"])
        self.paints = "up3_1.weight" in self.known

    def _count(self, start: str) -> int:
        return sum(name.startswith(f"{start}_") and name.endswith(".weight") for name in self.known)

    @torch.no_grad()
    def __call__(self, images: Tensor, last: int) -> Tensor:
        """Level `last` of (N, 3, h, w) in [0, 1]."""
        x = ((images - MEAN) / STD).to(self.kind).contiguous(memory_format=torch.channels_last)
        for stage in range(1, last + 1):
            x = F.max_pool2d(x, 2) if stage > 1 else x
            for n in range(1, self._count(f"conv{stage}") + 1):
                x = F.relu(F.conv2d(x, *self._layer(f"conv{stage}_{n}"), padding=1))
        return x.float()

    @torch.no_grad()
    def painted(self, features: Tensor) -> Tensor:
        """The picture, in [0, 1], that the decoder makes of level 3."""
        x = features.to(self.kind).contiguous(memory_format=torch.channels_last)
        for stage in (3, 2, 1):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest") if stage < 3 else x
            count = self._count(f"up{stage}")
            for n in range(1, count + 1):
                x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), *self._layer(f"up{stage}_{n}"))
                x = x if (stage, n) == (1, count) else F.relu(x)
        return x.float().clamp(0, 1)

    def _layer(self, name: str) -> tuple[Tensor, Tensor]:
        return self.known[f"{name}.weight"], self.known[f"{name}.bias"]


class Seen:
    """Level 5 of views of subjects and pictures, and where their points are in them.

    Attributes
    ----------
    names : dict
        Row of the name of a point.
    channels : int
    animals, faces : dict and list
        Numbers of the views of animals by kind, and of faces.
    couples : list
        Numbers of the two views of each picture.

    Parameters
    ----------
    network : Path
    subjects : list of Subject
    pictures : Pictures or None
        To be matched with themselves.
    count : int
        Views of an animal besides the plain one, every fourth turned by any angle; faces have one.
    """

    def __init__(
        self,
        network: Path,
        subjects: list[Subject],
        pictures: Pictures | None,
        count: int,
        work: Path,
        kind: torch.dtype,
    ) -> None:
        self._things, self._pictures = subjects, pictures
        known = sorted({name for one in subjects for name in one.points})
        self.names = {name: row for row, name in enumerate(known[:MOST])}
        self._jobs = self._ordered(count)
        self.animals: dict[str, list[int]] = defaultdict(list)
        self.faces: list[int] = []
        self.couples: list[tuple[int, int]] = []
        last: dict[int, int] = {}
        for job, (is_picture, number, _) in enumerate(self._jobs):
            if not is_picture:
                face = subjects[number].kind == "face"
                (self.faces if face else self.animals[subjects[number].kind]).append(job)
            elif number in last:
                self.couples.append((last[number], job))
            else:
                last[number] = job
        told = [network.stat().st_size, network.name, count, [str(one.file) for one in subjects]]
        told.append(pictures.key if pictures else "")
        start = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
        looking = Finished(network, kind)
        self.channels = looking.channels
        self._look(looking, work / f"seen-{start}")

    def __len__(self) -> int:
        return len(self._jobs)

    def _ordered(self, count: int) -> list[tuple[bool, int, Mode]]:
        jobs: list[tuple[bool, int, Mode]] = []
        for number, one in enumerate(self._things):
            modes: list[Mode] = [("turned" if k % 4 == 3 else "free") for k in range(count)]
            if one.kind == "face":
                modes = ["turned" if number % 4 == 3 else "free"]
            jobs += [(False, number, mode) for mode in ("plain", *modes)]
        for number in range(len(self._pictures.kinds) if self._pictures else 0):
            jobs += [(True, number, mode) for mode in ("plain", "warped")]
        return jobs

    def _look(self, network: Finished, start: Path) -> None:
        total, cells = len(self._jobs), 14
        shapes = {"features": (total, cells, cells, network.channels), "points": (total, MOST, 2)}
        files = {name: start.with_name(f"{start.name}-{name}.npy") for name in shapes}
        count = start.with_suffix(".count")
        done = int(count.read_text()) if count.exists() else 0
        arrays = {}
        for name, shape in shapes.items():
            mode = "r+" if done else "w+"
            arrays[name] = np.lib.format.open_memmap(files[name], mode, np.float16, None if done else shape)
        for first in range(done, total, AT_ONCE):
            views = [self._view(job) for job in range(first, min(first + AT_ONCE, total))]
            pixels = torch.from_numpy(np.stack([view.pixels for view in views])).permute(0, 3, 1, 2).float() / 255
            features = network(self._worn(network, pixels, first), 5)
            rows = slice(first, first + len(views))
            arrays["features"][rows] = features.permute(0, 2, 3, 1).numpy()
            arrays["points"][rows] = np.stack([view.points for view in views])
            if first // AT_ONCE % 20 == 0:
                for array in arrays.values():
                    array.flush()
                count.write_text(str(first + len(views)))
                LOG.info("looked at %d of %d views", first + len(views), total)
        count.write_text(str(total))
        self._features, self._points = (np.load(files[name], mmap_mode="r") for name in shapes)

    def _view(self, job: int) -> View:
        is_picture, number, mode = self._jobs[job]
        rng = np.random.default_rng((7, job))
        if not is_picture:
            return view_of(self._things[number], self.names, mode, rng)
        assert self._pictures is not None
        pixels = self._pictures.pixels
        other = np.asarray(pixels[rng.integers(len(pixels))])
        return warped(np.asarray(pixels[number]), other, marks((9, number)), mode, rng)

    def _worn(self, network: Finished, images: Tensor, seed: int) -> Tensor:
        """With other colours, blurred, or painted in the style of another one of (N, 3, SIDE, SIDE) in [0, 1]."""
        generator, rng, count = torch.Generator().manual_seed(seed), np.random.default_rng((3, seed)), len(images)
        strong = torch.rand(count, 1, 1, 1, generator=generator) < STRONG
        worn = torch.where(strong, recolour(images, generator, 1.0), recolour(images, generator, 0.2))
        for k in np.flatnonzero(rng.random(count) < BLURRED).tolist():
            blurred = cv2.GaussianBlur(worn[k].permute(1, 2, 0).numpy(), (0, 0), rng.uniform(0.8, 2.2))
            worn[k] = torch.from_numpy(blurred).permute(2, 0, 1)
        some = np.flatnonzero(rng.random(count) < STYLED).tolist()
        if some and network.paints:
            others = [(k + 1 + int(rng.integers(max(count - 1, 1)))) % count for k in some]
            style = recolour(images, generator, 1.0)[others]
            whole = torch.rand(len(some), generator=generator) < 0.7
            amount = 0.5 + 0.5 * torch.rand(len(some), generator=generator)
            worn[some] = network.painted(restyled(network(worn[some], 3), network(style, 3), whole, amount))
        return worn.clamp(0, 1)

    def read(self, views: list[int]) -> tuple[Tensor, Tensor]:
        """(N, C, 14, 14) features and (N, MOST, 2) points of views, NaN where there is none."""
        features: NDArray[np.float16] = np.stack([self._features[one] for one in views])
        points: NDArray[np.float16] = np.stack([self._points[one] for one in views])
        return torch.from_numpy(features).float().permute(0, 3, 1, 2), torch.from_numpy(points).float()
