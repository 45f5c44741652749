"""Teach BuddyNet what points are: train the head on its coarsest level, and add it to the network's file.

    python packaging/train_buddynet/points.py --network buddynet.safetensors --key-points awa_pose_points.json
        --photographs DIR --faces DIR --images DIR [DIR ...] --work WORK --out buddynet3.safetensors

The network itself stays as it is, but for the weights of its last stage, which are kept in 8 bits. Everything is looked
at once, in several views (turned, mirrored, recoloured, some painted in other styles by the network's own decoder);
what level 5 has of them is kept in WORK, and the head learns from that. Animals and faces of any kinds are matched by
the names of their points; other pictures with themselves, strongly warped. The same command again continues after a
kill.
"""

from __future__ import annotations

import argparse
import copy
import logging
import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from keypoints import read_faces, read_json, read_pickles
from loop import learn, replacing
from networks import in_bytes
from pictures import Pictures
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from seen import Seen
from torch import Tensor, nn
from views import SIDE

LOG = logging.getLogger("train_buddynet")
HIDDEN, OUT, NEAR = 512, 256, 7
"""Channels inside and out of the head, and the side of its depth-wise convolution."""
TEMPERATURE = 0.06
GRID = 20
"""Cells along the side of the maps on which points are looked for."""
WIDE, NARROW = 0.05, 0.03
"""Deviation of the target around a point, in units of the side, at first and at the end."""
DECAY = 0.995
DROPPED = 0.1
ANIMALS, FACES, COUPLES = 8, 2, 2
"""Views of animals (half of them in twos of one kind) and of faces, and pictures with themselves, of a step."""


def unit(x: Tensor) -> Tensor:
    """(N, C, ...) with every cell of length 1."""
    return x / (x.square().sum(1, keepdim=True) + 1e-12).sqrt()


class Head(nn.Module):
    """The head's own part of what `studio.backbones.points` computes; takes (N, C, h, w), every cell of length 1."""

    def __init__(self, channels: int, hidden: int = HIDDEN, out: int = OUT) -> None:
        super().__init__()
        self.skip = nn.Conv2d(channels, out, 1, bias=False)
        self.inner = nn.Conv2d(channels, hidden, 1)
        self.near = nn.Conv2d(hidden, hidden, NEAR, padding=NEAR // 2, groups=hidden)
        self.out = nn.Conv2d(hidden, out, 1)
        self.drop = nn.Dropout2d(DROPPED)
        nn.init.orthogonal_(self.skip.weight[:, :, 0, 0])
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        with torch.no_grad():
            self.inner.weight.mul_(8)  # the numbers of a cell of length 1 are small

    def forward(self, plain: Tensor) -> Tensor:
        hidden = F.relu(self.near(F.relu(self.inner(plain))))
        return self.skip(plain) + self.out(self.drop(hidden))

    def tensors(self, share: float) -> dict[str, Tensor]:
        """As the file has them, in half precision."""
        names = {"skip": "skip", "inner": "in", "near": "near", "out": "out"}
        named = {}
        for key, value in self.state_dict().items():
            part, kind = key.split(".")
            flat = kind == "weight" and part != "near"
            named[f"point_{names[part]}.{kind}"] = (value[:, :, 0, 0] if flat else value).half().contiguous()
        return {**named, "point_share": torch.tensor([share]).half()}


@dataclass(frozen=True, eq=False)
class Batch:
    """Views of one step; the last ones are couples, 2k and 2k + 1 of one picture.

    Attributes
    ----------
    plain : (N, C, h, w)
    points : (N, P, 2)
        NaN where there is none.
    named : int
        How many of the views, the first ones, are matched by the names of their points.
    """

    plain: Tensor
    points: Tensor
    named: int


def drawn(seen: Seen, seed: int, step: int) -> Batch:
    """The batch of a step."""
    rng = np.random.default_rng((seed, step))
    views, every = [], [one for some in seen.animals.values() for one in some]
    kind = {one: name for name, some in seen.animals.items() for one in some}
    for _ in range(ANIMALS // 2 if every else 0):
        first = int(rng.choice(every))
        views += [first, int(rng.choice(seen.animals[kind[first]] if rng.random() < 0.5 else every))]
    views += [int(one) for one in rng.choice(seen.faces, FACES)] if seen.faces else []
    named = len(views)
    for row in rng.integers(len(seen.couples), size=COUPLES) if seen.couples else ():
        views += [int(one) for one in rng.permutation(seen.couples[row])]
    return Batch(*seen.read(views), named)


def batches(seen: Seen, seed: int, start: int) -> Generator[Batch, None, None]:
    """The batches from step `start` on."""
    step = start
    while True:
        yield drawn(seen, seed, step)
        step += 1


def ways(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers of the views to start from and to arrive at, and what each way weighs: (M,) each."""
    named, total = batch.named, len(batch.plain)
    rows = [(a, b, 1.0 / max(named * (named - 1), 1)) for a in range(named) for b in range(named) if a != b]
    for a in range(named, total, 2):
        weight = 1.0 / max(total - named, 1)
        rows += [(a, a + 1, weight), (a + 1, a, weight)]
    start, end, weight = zip(*rows, strict=True)
    return torch.tensor(start), torch.tensor(end), torch.tensor(weight)


def at_points(features: Tensor, points: Tensor) -> Tensor:
    """(N, C, P) of length 1, of (N, C, h, w) at (N, P, 2) in pixels of the view, NaN being anywhere."""
    place = (torch.nan_to_num(points) + 0.5) * (2 / SIDE) - 1
    found = F.grid_sample(features, place[:, None], mode="bilinear", padding_mode="border", align_corners=False)
    return unit(found[:, :, 0])


def point_loss(features: Tensor, batch: Batch, deviation: float) -> Tensor:
    """How far the soft matches of points are from Gaussians around the truth (nats).

    Each way counts as the root of how many points it has.
    """
    start, end, weight = ways(batch)
    maps = unit(F.interpolate(features, (GRID, GRID), mode="bilinear", align_corners=False)).flatten(2)
    asked = at_points(features, batch.points)
    there = ~batch.points.isnan().any(-1)
    both = there[start] & there[end]
    way, point = both.nonzero(as_tuple=True)
    if not len(way):
        return features.sum() * 0
    products = torch.bmm(asked[start].transpose(1, 2).bfloat16(), maps[end].bfloat16())[way, point].float()
    target = targets(batch.points[end[way], point], deviation)
    apart = (target * (target.clamp_min(1e-12).log() - (products / TEMPERATURE).log_softmax(-1))).sum(-1)
    named = start[way] < batch.named
    share = weight[way] / both.sum(1).clamp_min(1).sqrt()[way]
    parts = [(apart[some] * share[some]).sum() / share[some].sum() for some in (named, ~named) if some.any()]
    return torch.stack(parts).sum()


def targets(points: Tensor, deviation: float) -> Tensor:
    """(M, GRID^2) Gaussians around (M, 2) points, each with a sum of 1; `deviation` in units of the side."""
    centre = (torch.arange(GRID) + 0.5) * (SIDE / GRID) - 0.5
    x, y = ((centre - points[:, axis : axis + 1]).square() for axis in (0, 1))
    weight = torch.exp(-(y[:, :, None] + x[:, None]) / (2 * (deviation * SIDE) ** 2)).flatten(1)
    return weight / weight.sum(1, keepdim=True).clamp_min(1e-12)


class Training:
    """The head, its running mean, and the step it has reached."""

    def __init__(
        self, channels: int, steps: int, rate: float, seed: int, widths: tuple[int, int] = (HIDDEN, OUT)
    ) -> None:
        torch.manual_seed(seed)
        self.head = Head(channels, *widths)
        self.average = copy.deepcopy(self.head).requires_grad_(False).eval()
        self.optimiser = torch.optim.AdamW(self.head.parameters(), rate, weight_decay=0.05, betas=(0.9, 0.99))
        self.steps, self.rate, self.step, self.seconds = steps, rate, 0, 0.0

    @property
    def progress(self) -> float:
        """0 to 1."""
        return min(1.0, self.step / self.steps)

    def advance(self, batch: Batch) -> dict[str, float]:
        """One step; the loss."""
        begun = time.process_time()
        torch.manual_seed(self.step)  # of what is dropped
        falling = 0.02 + 0.49 * (1 + math.cos(math.pi * self.progress))
        self.optimiser.param_groups[0]["lr"] = self.rate * min(1.0, (self.step + 1) / 50) * falling
        with torch.autocast("cpu", torch.bfloat16):
            features = self.head.train()(unit(batch.plain))
        loss = point_loss(unit(features.float()), batch, WIDE + (NARROW - WIDE) * self.progress)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.head.parameters(), 5.0)
        self.optimiser.step()
        decay = min(DECAY, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for mean, new in zip(self.average.parameters(), self.head.parameters(), strict=True):
                mean.lerp_(new, 1 - decay)
        self.step += 1
        self.seconds += time.process_time() - begun
        return {"points": loss.item()}

    def state(self) -> dict[str, object]:
        """What `restore` takes."""
        parts = {name: getattr(self, name).state_dict() for name in ("head", "average", "optimiser")}
        return {**parts, "step": self.step, "seconds": self.seconds}

    def restore(self, state: dict[str, object]) -> None:
        """Continue where `state` was taken."""
        for name in ("head", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.seconds = int(str(state["step"])), float(str(state["seconds"]))


def packed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A network's tensors with the convolutions of the last stage in 8 bits, and without an older head."""
    own = {name: tensor for name, tensor in tensors.items() if not name.startswith("point_")}
    last = max(int(name[4]) for name in own if name.startswith("conv"))
    for name in [one for one in own if one.startswith(f"conv{last}_") and one.endswith(".weight")]:
        if own[name].is_floating_point():
            own[name], own[name.replace(".weight", ".scale")] = in_bytes(own[name])
    return own


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    p = argparse.ArgumentParser(prog="points", description=(__doc__ or "").splitlines()[0])
    p.add_argument("--network", type=Path, required=True, help="the exported BuddyNet it is for")
    p.add_argument("--key-points", type=Path, help="a JSON file, or AwA-Pose's folder of pickles")
    p.add_argument("--photographs", type=Path, help="of --key-points, below this folder")
    p.add_argument("--faces", type=Path, help="folder of photographs with 68 points each in .pts files beside them")
    p.add_argument("--images", type=Path, nargs="*", default=[], help="folders of pictures to match with themselves")
    p.add_argument("--hold-out", nargs="*", default=[], metavar="KIND", help="of animals that are not learnt from")
    p.add_argument("--views", type=int, default=4, help="of an animal besides the plain one")
    p.add_argument("--work", type=Path, required=True, help="folder of the checkpoint, the log and what was seen")
    p.add_argument("--out", type=Path, required=True, help="the network's file with the head in it")
    p.add_argument("--share", type=float, default=0.5, help="of a match that the head decides, 0 to 1")
    p.add_argument("--widths", type=int, nargs=2, default=(HIDDEN, OUT), help="channels inside and out of the head")
    p.add_argument("--steps", type=int, default=1500)
    p.add_argument("--checkpoint-minutes", type=float, default=2.0)
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--bfloat16", action="store_true", help="look with it; twice as fast where the processor has it")
    return p.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Look at everything, and train to the end, or from the checkpoint on."""
    o = options(arguments)
    o.work.mkdir(parents=True, exist_ok=True)
    handlers = [logging.StreamHandler(), logging.FileHandler(o.work / "points.txt", encoding="utf-8")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)
    torch.set_num_threads(o.threads)
    cv2.setNumThreads(0)
    subjects = []
    if o.key_points:
        read = read_pickles if o.key_points.is_dir() else read_json
        subjects += [one for one in read(o.key_points, o.photographs or o.key_points) if one.kind not in o.hold_out]
    subjects += read_faces(o.faces) if o.faces else []
    pictures = Pictures(o.images, o.work) if o.images else None
    LOG.info("%d animals and faces, %d other pictures", len(subjects), len(pictures.kinds) if pictures else 0)
    seen = Seen(o.network, subjects, pictures, o.views, o.work, torch.bfloat16 if o.bfloat16 else torch.float32)
    training = Training(seen.channels, o.steps, o.rate, o.seed, (o.widths[0], o.widths[1]))
    checkpoint = o.work / "points.pt"
    if checkpoint.exists():
        training.restore(torch.load(checkpoint, weights_only=True))
        LOG.info("resumed at step %d", training.step)
    with safe_open(o.network, "pt") as file:
        about = dict(file.metadata() or {})
    network = packed(load_file(o.network))

    def save() -> None:
        replacing(checkpoint, lambda file: torch.save(training.state(), file))
        told = {**about, "point_steps": str(training.step), "point_minutes": f"{training.seconds / 60:.0f}"}
        told |= {"point_subjects": str(len(subjects)), "point_views": str(len(seen)), "held_out": ", ".join(o.hold_out)}
        tensors = {**network, **training.average.tensors(o.share)}
        replacing(o.out, lambda file: save_file(tensors, file, {name: text for name, text in told.items() if text}))
        LOG.info("saved at step %d", training.step)

    learn(training, batches(seen, o.seed, training.step), save, o.checkpoint_minutes)


if __name__ == "__main__":
    main()
