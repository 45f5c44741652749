"""Folders of photographs as an endless, repeatable stream of training crops."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LOG = logging.getLogger("train_buddynet")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
PACKED = 256
"""Side of the squares the pictures are kept as, px."""


@dataclass(frozen=True)
class Crops:
    """Parts of pictures, and where they are from."""

    pixels: NDArray[np.uint8]
    """(N, side, side, 3)."""
    numbers: NDArray[np.int64]
    """(N,), of the pictures."""
    matrices: NDArray[np.float32]
    """(N, 2, 3): from the crops' pixels (x, y, 1) to those of the packed pictures."""


class Pictures:
    """Every picture of some folders as a 256 x 256 square in one memory-mapped array.

    The folder that holds a picture is its class: crops are drawn in pairs of one class. A folder that
    is named several times is drawn from as often.

    Parameters
    ----------
    folders : list of Path
        Searched with everything below them.
    work : Path
        Where the packed array is kept; a second training on the same files finds it there.
    """

    def __init__(self, folders: list[Path], work: Path) -> None:
        files = sorted({f for d in folders for f in d.rglob("*") if f.suffix.lower() in SUFFIXES})
        if len(files) < 4:
            raise SystemExit("The folders hold fewer than four pictures.")
        self.key = hashlib.sha256("\n".join(map(str, files)).encode()).hexdigest()[:16]
        """Tells this set of files from others; what is kept of them is named after it."""
        array, index = work / f"pictures-{self.key}.npy", work / f"pictures-{self.key}.json"
        if not index.exists():
            _pack(files, array, index)
        self.kinds: list[str] = json.loads(index.read_text(encoding="utf-8"))
        self.pixels: NDArray[np.uint8] = np.load(array, mmap_mode="r")[: len(self.kinds)]
        self.members: dict[str, list[int]] = defaultdict(list)
        for number, kind in enumerate(self.kinds):
            self.members[kind].append(number)
        times = np.array([sum(Path(kind).is_relative_to(d) for d in folders) for kind in self.kinds], float)
        self._share = times.cumsum() / times.sum()

    def batch(self, seed: tuple[int, ...], count: int, side: int, paired: bool = True) -> Crops:
        """`count` crops, if `paired` 2k and 2k + 1 of one class; the same for the same seed."""
        rng = np.random.default_rng(seed)
        out = np.empty((count, side, side, 3), np.uint8)
        numbers, matrices = np.empty(count, np.int64), np.empty((count, 2, 3), np.float32)
        for k in range(0, count, 2):
            first = int(np.searchsorted(self._share, rng.random(), side="right"))
            second = int(rng.choice(self.members[self.kinds[first]])) if paired else int(rng.integers(len(self.kinds)))
            for j, number in enumerate((first, second)):
                numbers[k + j] = number
                out[k + j], matrices[k + j] = _crop(self.pixels[number], side, rng)
        return Crops(out, numbers, matrices)

    def stream(
        self, seed: int, start: int, shape: Callable[[int], tuple[int, int]], paired: bool = True
    ) -> Generator[Crops, None, None]:
        """The batches from step `start` on, prepared by one thread ahead of the training.

        `shape` says side and count of the batch of a step; for `paired` see `batch`.
        """
        ready: queue.Queue[Crops | BaseException] = queue.Queue(2)
        stopped = threading.Event()

        def put(item: Crops | BaseException) -> None:
            while not stopped.is_set():
                with contextlib.suppress(queue.Full):
                    ready.put(item, timeout=0.2)
                    return

        def work() -> None:
            step = start
            try:
                while not stopped.is_set():
                    side, count = shape(step)
                    put(self.batch((seed, step), count, side, paired))
                    step += 1
            except BaseException as error:  # raised again where the batch is waited for
                put(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            while True:
                item = ready.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stopped.set()
            thread.join()


def _pack(files: list[Path], array: Path, index: Path) -> None:
    out = np.lib.format.open_memmap(array, "w+", np.uint8, (len(files), PACKED, PACKED, 3))
    kinds: list[str] = []
    for file in files:
        image = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image is None or min(image.shape[:2]) < 32:
            LOG.info("left out: %s", file)
            continue
        height, width = image.shape[:2]
        top, left = max(0, height - 2 * width) // 2, max(0, width - 2 * height) // 2
        image = image[top : height - top, left : width - left]
        shrunk = min(image.shape[:2]) > PACKED
        image = cv2.resize(image, (PACKED, PACKED), interpolation=cv2.INTER_AREA if shrunk else cv2.INTER_CUBIC)
        out[len(kinds)] = image[:, :, ::-1]
        kinds.append(str(file.parent))
    out.flush()
    index.write_text(json.dumps(kinds), encoding="utf-8")
    LOG.info("packed %d pictures", len(kinds))


def _crop(
    image: NDArray[np.uint8], side: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A random part, stretched, turned a little and perhaps mirrored, and the matrix from its pixels to the picture's.

    Objects stay as large as in a match.
    """
    extent = PACKED * rng.uniform(0.55, 1.0)
    aspect = math.exp(rng.uniform(-0.25, 0.25))
    w, h = min(PACKED, extent * aspect), min(PACKED, extent / aspect)
    x, y = rng.uniform(0, PACKED - w), rng.uniform(0, PACKED - h)
    angle = rng.normal(0, 0.12)
    cosine, sine = math.cos(angle), math.sin(angle)
    scale = np.array([[cosine * w, -sine * h], [sine * w, cosine * h]]) / side
    scale[:, 0] *= -1.0 if rng.random() < 0.5 else 1.0
    centre = np.array([x + w / 2, y + h / 2])
    matrix = np.concatenate([scale, (centre - scale @ np.full(2, side / 2))[:, None]], 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REFLECT_101), matrix


def recolour(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Random colour mixing, contrast, brightness and gamma of (N, 3, H, W) in [0, 1], for each picture its own."""
    n = len(images)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    amount = strength * torch.rand(n, 1, 1, generator=generator)
    gray = torch.tensor([0.299, 0.587, 0.114]).expand(3, 3)
    fade = torch.rand(n, 1, 1, generator=generator).pow(3) * (strength > 0.3)
    mix = (1 - fade) * torch.eye(3) + fade * gray + 0.35 * amount * normal(n, 3, 3)
    gain = torch.exp(0.4 * amount * normal(n, 1, 1))
    gamma = torch.exp(0.4 * amount * normal(n, 1, 1)).unsqueeze(-1)
    shift = 0.15 * amount * normal(n, 3, 1)
    flat = images.flatten(2)
    centre = flat.mean((1, 2), keepdim=True)
    flat = (mix * gain) @ (flat - centre) + centre + shift
    return flat.clamp(0, 1).view_as(images).pow(gamma)
