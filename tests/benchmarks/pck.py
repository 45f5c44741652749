"""How many key points of animals a match carries to the right place: PCK@0.1, against two baselines.

    python -m tests.benchmarks.pck --data DIR [--backbone NAME] [--weights FILE] [--preset P] [--fresh N] [--json]

DIR holds `keypoints.json` and the photographs it names: `images[i] = {image, category, size, box [x0, y0,
x1, y1], keypoints {name: [x, y]}}` and `pairs = {set of pairs: [[i, j], ...]}`, all in pixels.

Protocol: both photographs are cropped to the object's box, grown by 8 % of its width and height on each
side and clipped to the photograph, and resized to a square of 224 px. The key points that both have are
carried from A to B; one is right if it lands within 0.1 of the longer side of B's (ungrown) box of the
truth, in pixels of B's photograph. Shares are of all key points of a set of pairs. Methods: `identity`
(the same place in the other square); nearest neighbour by the sum of cosines over levels of the
backbone, candidates every 4 px; and the full match made dense in two ways: by rigid moving least squares, which
know the pairs alone, and by `studio.buddies.transfer_points`, which also asks the network what lies at each point.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.arrays import Points
from studio.geometry import as_points

if TYPE_CHECKING:
    from torch import Tensor

    from studio.backbones import Backbone

SIDE = 224
MARGIN = 0.08
TOLERANCE = 0.1
FEWEST_SHARED = 3  # key points of a fresh pair
STEP = 4  # px between the candidates of the nearest neighbour


@dataclass(frozen=True, eq=False)
class Subject:
    """One animal: its square crop, and its key points in pixels of that crop."""

    pixels: npt.NDArray[np.uint8]  # (SIDE, SIDE, 3)
    keypoints: dict[str, tuple[float, float]]
    scale: npt.NDArray[np.float64]  # (2,) pixels of the photograph per pixel of the crop
    longer_side: float  # of the box, in pixels of the photograph


@dataclass(frozen=True, eq=False)
class Subjects:
    """All animals, and for each set of pairs the indices of its pairs."""

    all: list[Subject]
    pairs: dict[str, list[tuple[int, int]]]


Carry = Callable[[int, int, Points], Points]
"""(number of A, number of B, points (N, 2) of A's crop) to points (N, 2) of B's crop."""


def read(folder: Path, limit: int | None = None) -> Subjects:
    """The data set of `folder`, with at most `limit` pairs of each set."""
    index = json.loads((folder / "keypoints.json").read_text(encoding="utf-8"))
    return Subjects(
        [_subject(folder / row["image"], row) for row in index["images"]],
        {name: [(i, j) for i, j in pairs[:limit]] for name, pairs in index["pairs"].items()},
    )


def fresh(subjects: Subjects, folder: Path, count: int) -> Subjects:
    """`count` other pairs of each set, drawn by a fixed chance: what was not looked at while options were chosen."""
    rows = json.loads((folder / "keypoints.json").read_text(encoding="utf-8"))["images"]
    known = {frozenset(pair) for pairs in subjects.pairs.values() for pair in pairs}
    several: dict[str, list[tuple[int, int]]] = {"same_kind": [], "across_kinds": []}
    for i, j in np.random.default_rng(0).permutation(list(np.ndindex(len(rows), len(rows)))).tolist():
        shared = set(subjects.all[i].keypoints) & set(subjects.all[j].keypoints)
        pairs = several["same_kind" if rows[i]["category"] == rows[j]["category"] else "across_kinds"]
        if i != j and len(shared) >= FEWEST_SHARED and frozenset((i, j)) not in known and len(pairs) < count:
            pairs.append((i, j))
    return Subjects(subjects.all, several)


def _subject(file: Path, row: dict[str, Any]) -> Subject:
    box = np.asarray(row["box"], float)
    low, high = box[:2], box[2:]
    with Image.open(file) as image:
        grow = MARGIN * (high - low)
        start = np.maximum(low - grow, 0)
        stop = np.minimum(high + grow, image.size)
        crop = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=(*start, *stop))
    scale = (stop - start) / SIDE
    points = {name: tuple((np.asarray(place) - start) / scale - 0.5) for name, place in row["keypoints"].items()}
    return Subject(np.asarray(crop), points, scale, float((high - low).max()))


def score(subjects: Subjects, carry: Carry) -> dict[str, float]:
    """PCK@0.1 of a way to carry points, for each set of pairs."""
    shares: dict[str, float] = {}
    for name, pairs in subjects.pairs.items():
        right: list[npt.NDArray[np.bool_]] = []
        for i, j in pairs:
            a, b = subjects.all[i], subjects.all[j]
            common = [key for key in a.keypoints if key in b.keypoints]
            if not common:
                continue
            reached = carry(i, j, as_points([a.keypoints[key] for key in common]))
            error = (reached - as_points([b.keypoints[key] for key in common])) * b.scale
            right.append(np.hypot(error[:, 0], error[:, 1]) <= TOLERANCE * b.longer_side)
        shares[name] = float(np.concatenate(right).mean()) if right else float("nan")
    return shares


def identity(_i: int, _j: int, points: Points) -> Points:
    """The same place in the other crop."""
    return points


def nearest(levels: Sequence[Tensor]) -> Carry:
    """The candidate with the largest sum of cosines over `levels`, each (number of subjects, C, h, w)."""
    import torch
    import torch.nn.functional as F

    grid = SIDE // STEP
    with torch.no_grad():
        dense = torch.cat(
            [F.normalize(F.interpolate(f, (grid, grid), mode="bilinear", align_corners=False), dim=1) for f in levels],
            dim=1,
        ).flatten(2)

    def carry(i: int, j: int, points: Points) -> Points:
        cells = np.clip(np.floor((points + 0.5) / STEP).astype(np.int64), 0, grid - 1)
        asked = dense[i][:, torch.from_numpy(cells[:, 1] * grid + cells[:, 0])]
        best = (asked.T @ dense[j]).argmax(dim=1).numpy()
        return (np.stack([best % grid, best // grid], axis=1) + 0.5) * STEP - 0.5

    return carry


def tensor_of(subjects: Subjects) -> Tensor:
    """All crops as (N, 3, SIDE, SIDE) in [0, 1]."""
    import torch

    stack = np.stack([subject.pixels for subject in subjects.all])
    return torch.from_numpy(stack).permute(0, 3, 1, 2).float().div_(255)


def features(backbone: Backbone, subjects: Subjects, numbers: Sequence[int]) -> list[Tensor]:
    """The levels of these numbers for all subjects."""
    import torch

    parts = [backbone.features(images, numbers) for images in tensor_of(subjects).split(20)]
    return [torch.cat([part[number].cpu() for part in parts]) for number in numbers]


def buddies(
    backbone: Backbone, subjects: Subjects, options: dict[str, Any], counts: list[int]
) -> dict[str, dict[str, float]]:
    """The full match, made dense in both ways; the number of pairs of each match is appended to `counts`."""
    from studio.buddies import MatchMemory, MatchOptions, match, transfer_points
    from studio.picture import Picture
    from studio.progress import run_to_end
    from studio.warp.fields import moving_least_squares

    chosen = MatchOptions.from_dict({"working_size": SIDE, **options})
    pictures = [Picture.from_array(subject.pixels) for subject in subjects.all]
    memory = MatchMemory()
    asked: dict[tuple[int, int], Points] = {}

    def by_pairs(i: int, j: int, points: Points) -> Points:
        pairs = run_to_end(match(pictures[i], pictures[j], backbone, chosen, memory=memory))
        counts.append(len(pairs))
        carried = transfer_points(memory, points, pairs)
        assert carried is not None
        asked[i, j] = carried
        return moving_least_squares(points, pairs.a, pairs.b, "rigid")

    name = f"best buddies, {chosen.preset}"
    alone = score(subjects, by_pairs)
    return {f"{name}, pairs alone": alone, f"{name}, and network": score(subjects, lambda i, j, _: asked[i, j])}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of the module's first sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", default="buddynet")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--random", action="store_true", help="generated weights instead of trained ones")
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--pairs", type=int, default=0, help="pairs the match keeps; 0 for all")
    parser.add_argument("--finest", type=int, default=1, help="level to stop at; the protocol says 1")
    parser.add_argument("--relaxed", action="store_true", help="also pairs that return within one cell")
    parser.add_argument("--limit", type=int, help="pairs of each set")
    parser.add_argument("--fresh", type=int, help="so many other pairs of each set instead of those of the file")
    parser.add_argument("--no-match", action="store_true", help="the baselines only")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)

    from studio.backbones import build_backbone, load_backbone
    from studio.progress import run_to_end

    subjects = read(chosen.data, chosen.limit)
    if chosen.fresh:
        subjects = fresh(read(chosen.data), chosen.data, chosen.fresh)
    if chosen.random:
        backbone = build_backbone(chosen.backbone, device=chosen.device)
    else:
        backbone = run_to_end(load_backbone(chosen.backbone, chosen.weights, chosen.device))
    rows: dict[str, dict[str, float]] = {"identity": score(subjects, identity)}
    two = backbone.levels[-2:]
    maps = features(backbone, subjects, [level.number for level in two])
    for level, one in zip(two, maps, strict=True):
        rows[f"nearest neighbour, stride {level.stride}"] = score(subjects, nearest([one]))
    rows[f"nearest neighbour, strides {two[0].stride} + {two[1].stride}"] = score(subjects, nearest(maps))
    counts: list[int] = []
    if not chosen.no_match:
        options = {"preset": chosen.preset, "pairs": chosen.pairs, "relaxed": chosen.relaxed}
        options["finest_level"] = chosen.finest
        rows |= buddies(backbone, subjects, options, counts)
    if chosen.json:
        print(json.dumps({"backbone": chosen.backbone, "pck": rows, "pairs_found": counts}, indent=1))
        return
    print(f"PCK@{TOLERANCE} with {backbone.title}")
    for method, shares in rows.items():
        print(f"  {method:36}" + "  ".join(f"{name} {share:.3f}" for name, share in shares.items()))
    if counts:
        print(f"  pairs found: {np.mean(counts):.1f} on average, {min(counts)} to {max(counts)}")


if __name__ == "__main__":
    main()
