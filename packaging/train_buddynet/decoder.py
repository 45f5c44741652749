"""Train BuddyNet's decoder, which turns features of level 3 back into pixels, and add it to the network's file.

    python packaging/train_buddynet/decoder.py --network buddynet.safetensors --images DIR [DIR ...]
        --work WORK --out buddynet.safetensors

It learns to paint features that were given the statistics of another picture (Huang and Belongie 2017, section 5.2;
here by the optimal map between Gaussians or by mean and deviation alone). The network itself stays as it is, so its
levels 1 to 3 must be finished. The same command again continues after a kill.
"""

from __future__ import annotations

import argparse
import copy
import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import torch
import torch.nn.functional as F
from loop import learn, replacing
from networks import MEAN, STD
from pictures import Crops, Pictures, recolour
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

LOG = logging.getLogger("train_buddynet")
LEVEL = 3
WIDTHS = ((64, 64), (48,), (32, 3))
"""Channels of the convolutions at the strides 4, 2 and 1."""
DECAY = 0.998


class Trunk:
    """Levels 1 to 3 of an exported network; takes (N, 3, side, side) in [0, 1]."""

    def __init__(self, file: Path) -> None:
        known = {name: tensor.float() for name, tensor in load_file(file).items()}
        self.stages = [
            [(known[f"conv{stage}_{n}.weight"], known[f"conv{stage}_{n}.bias"]) for n in _count(known, f"conv{stage}")]
            for stage in range(1, LEVEL + 1)
        ]

    def __call__(self, images: Tensor) -> list[Tensor]:
        # As style sees it: with its last pixels repeated at the borders.
        x = F.pad((images - MEAN) / STD, (1, 1, 1, 1), mode="replicate").to(memory_format=torch.channels_last)
        out = []
        for number, stage in enumerate(self.stages):
            if number:
                x = F.max_pool2d(x, 2)
            for position, (weight, bias) in enumerate(stage):
                x = F.relu(F.conv2d(x, weight, bias, padding=0 if number == position == 0 else 1))
            out.append(x)
        return out


def _count(known: dict[str, Tensor], start: str) -> range:
    return range(1, 1 + sum(name.startswith(f"{start}_") and name.endswith(".weight") for name in known))


class Decoder(nn.Module):
    """Convolutions of 3 x 3 with repeated borders, ReLU after all but the last, each stride enlarged to the next."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleDict()
        last = channels
        for stage, widths in zip(range(LEVEL, 0, -1), WIDTHS, strict=True):
            for position, width in enumerate(widths, 1):
                self.convolutions[f"up{stage}_{position}"] = nn.Conv2d(last, width, 3)
                last = width

    def forward(self, x: Tensor) -> Tensor:
        *hidden, end = self.convolutions.items()
        stage = LEVEL
        for name, convolution in hidden:
            if int(name[2]) < stage:
                x, stage = F.interpolate(x, scale_factor=2.0, mode="nearest"), stage - 1
            x = F.relu(convolution(F.pad(x, (1, 1, 1, 1), mode="replicate")))
        out: Tensor = end[1](F.pad(x, (1, 1, 1, 1), mode="replicate"))
        return out


def kept(name: str, levels: int) -> bool:
    """Whether a tensor of the network stays in the file: those of later stages and of an older decoder do not."""
    return not name.startswith("up") and not (name.startswith("conv") and int(name[4 : name.index("_")]) > levels)


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Means (N, C, 1) and covariances (N, C, C) of (N, C, h, w)."""
    flat = features.flatten(2)
    mean = flat.mean(2, keepdim=True)
    centred = flat - mean
    return mean, centred @ centred.transpose(1, 2) / flat.shape[2]


def root(matrix: Tensor, power: float = 0.5) -> Tensor:
    """A power of symmetric positive matrices; eigenvalues below a ten-thousandth of the largest count as that."""
    values, vectors = torch.linalg.eigh(matrix.double())
    values = torch.maximum(values, 1e-4 * values[..., -1:]).pow(power)
    return ((vectors * values.unsqueeze(-2)) @ vectors.transpose(-1, -2)).to(matrix.dtype)


@torch.no_grad()
def restyled(content: Tensor, style: Tensor, whole: Tensor, amount: Tensor) -> Tensor:
    """`content`, (N, C, h, w), with the statistics of `style`.

    Where `whole`, (N,), by the optimal map between the Gaussians of both, else channel by channel; `amount`, (N,), is
    how far it goes.
    """
    (mean, cov), (wanted, other) = moments(content), moments(style)
    there, back = root(cov), root(cov, -0.5)
    both = back @ root(there @ other @ there) @ back
    single = torch.diag_embed(((other.diagonal(0, 1, 2) + 1e-5) / (cov.diagonal(0, 1, 2) + 1e-5)).sqrt().clamp(max=8.0))
    linear = torch.where(whole[:, None, None], both, single)
    moved = (linear @ (content.flatten(2) - mean) + wanted).view_as(content)
    return torch.lerp(content, moved, amount[:, None, None, None])


class Training:
    """The decoder, its running mean, and the step it has reached."""

    def __init__(self, trunk: Trunk, options: argparse.Namespace) -> None:
        torch.manual_seed(options.seed)
        self.trunk, self.options = trunk, options
        self.decoder = Decoder(trunk.stages[-1][-1][0].shape[0]).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.decoder).requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.decoder.parameters(), options.rate, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0

    @property
    def progress(self) -> float:
        """0 to 1."""
        return min(1.0, self.seconds / 60 / self.options.minutes)

    def losses(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """The weighted losses of a batch (N, 3, side, side) in [0, 1]."""
        count = len(images)
        content = recolour(images, generator, 0.3)
        style = recolour(images.roll(count // 2, 0), generator, 1.0)
        same = torch.rand(count, generator=generator) < 0.3
        style = torch.where(same[:, None, None, None], content, style)
        with torch.no_grad():
            own, wanted = self.trunk(content), self.trunk(style)
        whole = torch.rand(count, generator=generator) < 0.7
        amount = torch.where(torch.rand(count, generator=generator) < 0.6, 1.0, torch.rand(count, generator=generator))
        target = restyled(own[-1], wanted[-1], whole, amount)
        painted = self.decoder(target)
        out = self.trunk(painted)
        size = wanted[-1].square().mean()
        loss = {"content": (out[-1] - target).square().mean() / size}
        apart = painted.new_zeros(())
        weight = (amount * ~same).view(-1, 1)
        for mine, other in zip(out, wanted, strict=True):
            (mean, cov), (mean0, cov0) = moments(mine), moments(other)
            scale = cov0.square().sum((1, 2)) + mean0.square().sum((1, 2)).square() + 1e-6
            gap = (cov - cov0).square().sum((1, 2)) + (mean - mean0).square().sum((1, 2)) * mean0.square().sum((1, 2))
            apart = apart + (weight[:, 0] * gap / scale).mean()
        loss["style"] = 0.5 * apart
        pixels = (painted - content).square().mean((1, 2, 3))
        loss["pixels"] = 10.0 * (pixels * same).sum() / max(1, int(same.sum()))
        loss["range"] = (painted - painted.clamp(0, 1)).square().mean()
        return loss

    def advance(self, batch: Crops) -> dict[str, float]:
        """One step; the losses."""
        begun = time.monotonic()
        generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + self.step)
        images = torch.from_numpy(batch.pixels).permute(0, 3, 1, 2).float().div_(255)
        falling = 0.02 + 0.49 * (1 + math.cos(math.pi * self.progress))
        self.optimiser.param_groups[0]["lr"] = self.options.rate * min(1.0, (self.step + 1) / 100) * falling
        losses = self.losses(images, generator)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack([*losses.values()]).sum().backward()
        nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self.optimiser.step()
        decay = min(DECAY, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for mean, new in zip(self.average.parameters(), self.decoder.parameters(), strict=True):
                mean.lerp_(new, 1 - decay)
        self.step += 1
        self.seconds += time.monotonic() - begun
        return {name: loss.item() for name, loss in losses.items()}

    def tensors(self) -> dict[str, Tensor]:
        """`up{stage}_{n}.weight` and `.bias`, in half precision."""
        state = self.average.convolutions.state_dict()
        return {name: tensor.half().contiguous() for name, tensor in state.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train to the end, or from the checkpoint on."""
    p = argparse.ArgumentParser(prog="decoder", description=(__doc__ or "").splitlines()[0])
    p.add_argument("--network", type=Path, required=True, help="the exported BuddyNet it is for")
    p.add_argument("--images", type=Path, nargs="+", required=True)
    p.add_argument("--work", type=Path, required=True, help="folder of the checkpoint, the log and the packed pictures")
    p.add_argument("--out", type=Path, required=True, help="the network's file with the decoder in it")
    p.add_argument("--levels", type=int, default=5, help="that the file keeps of the network's, from fine to coarse")
    p.add_argument("--minutes", type=float, default=45.0, help="of computing")
    p.add_argument("--checkpoint-minutes", type=float, default=4.0)
    p.add_argument("--count", type=int, default=8, help="pictures of a batch")
    p.add_argument("--side", type=int, default=128, help="of the crops, px, a multiple of 4")
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    o = p.parse_args(arguments)
    o.work.mkdir(parents=True, exist_ok=True)
    handlers = [logging.StreamHandler(), logging.FileHandler(o.work / "decoder.txt", encoding="utf-8")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)
    torch.set_num_threads(o.threads)
    cv2.setNumThreads(0)
    pictures = Pictures(o.images, o.work)
    training = Training(Trunk(o.network), o)
    checkpoint = o.work / "decoder.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        for name in ("decoder", "average", "optimiser"):
            getattr(training, name).load_state_dict(state[name])
        training.step, training.seconds = state["step"], state["seconds"]
        LOG.info("resumed at step %d", training.step)
    with safe_open(o.network, "pt") as file:
        about = dict(file.metadata() or {})
    network = {name: tensor for name, tensor in load_file(o.network).items() if kept(name, o.levels)}

    def save() -> None:
        parts = {name: getattr(training, name).state_dict() for name in ("decoder", "average", "optimiser")}
        state = {**parts, "step": training.step, "seconds": training.seconds}
        replacing(checkpoint, lambda file: torch.save(state, file))
        told = {**about, "decoder_steps": str(training.step), "decoder_minutes": f"{training.seconds / 60:.0f}"}
        replacing(o.out, lambda file: save_file({**network, **training.tensors()}, file, told))
        LOG.info("saved at step %d", training.step)

    learn(
        training,
        pictures.stream(o.seed + 7, training.step, lambda _step: (o.side, o.count), paired=False),
        save,
        o.checkpoint_minutes,
    )


if __name__ == "__main__":
    main()
