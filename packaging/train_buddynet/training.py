"""One training: its losses, its steps, and the state that survives a kill."""

from __future__ import annotations

import copy
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from networks import WIDTHS, FineTeacher, Heads, SqueezeTeacher, Student, Widths
from numpy.typing import NDArray
from pictures import recolour
from safetensors.torch import load_file
from torch import Tensor, nn

TEMPERATURE = 0.05  # of the teacher's soft matches
MATCH = 0.5  # weight of the matches; a cosine's is 1
VIEWS = ((1.0, False), (1.0, True), (0.7, False), (1.3, False))
"""As what the teacher sees a picture for its matches: how much larger, and whether mirrored."""
FINE = 0.3  # weight of each of the fine teacher's lessons, beside others
FINE_COUNT = 1  # pictures of a batch that the fine teacher sees beside others, for it is slow
NOISE = 0.25  # deviation of the noise on some pictures of a training of fine stages only, at most
STRONG = 0.35  # share of pictures whose colours only the student sees changed
DECAY = 0.998  # of the running mean of the weights, which is what is exported


@dataclass(frozen=True)
class Plan:
    """Sizes and length of a training."""

    steps: int
    minutes: float | None  # of computing, if that is reached first
    area: int  # px of a batch
    sides: tuple[int, ...]  # of the crops, px, drawn anew for each batch
    rate: float
    seed: int
    widths: Widths = WIDTHS
    learn: tuple[int, int] = (1, 5)
    """First and last stage that learn."""

    @property
    def fine_only(self) -> bool:
        """Whether no stage learns that has matches to learn."""
        return self.learn[1] <= 3

    def shape(self, step: int) -> tuple[int, int]:
        """Side and (even) number of the crops of a step."""
        side = random.Random(f"{self.seed} {step}").choice(self.sides)
        return side, max(2, round(self.area / side**2 / 2) * 2)

    def progress(self, step: int, seconds: float) -> float:
        """0 to 1."""
        timed = seconds / 60 / self.minutes if self.minutes else 0.0
        return min(1.0, max(step / self.steps, timed))

    def rate_at(self, progress: float, step: int) -> float:
        """A cosine from `rate` to 2 % of it, after a short warm-up."""
        return self.rate * min(1.0, (step + 1) / 100) * (0.02 + 0.49 * (1 + math.cos(math.pi * progress)))


def cosine_loss(a: Tensor, b: Tensor) -> Tensor:
    """One minus the mean cosine between the cells of two maps of one shape."""
    return 1 - F.cosine_similarity(a, b, dim=1, eps=1e-4).mean()


def similarities(features: Tensor) -> Tensor:
    """Cosines between all cells of pictures 2k and 2k + 1: (N, C, h, w) to (N / 2, cells, cells)."""
    f = F.normalize(features.flatten(2), dim=1, eps=1e-4)
    return f[0::2].transpose(1, 2) @ f[1::2]


def agreed_matches(similarity: Tensor, step: int) -> Tensor:
    """Soft matches on which neighbours agree, from summed cosines (N, cells, cells) of two square maps.

    A match counts for more where the cells `step` around it match too, in the same or in the mirrored
    arrangement (a left and a right profile), and where it is the best one seen from both pictures. Returns
    log-weights of the same shape; on photographs of animals their best matches are right a fifth more
    often than those of the cosines alone.
    """
    count, cells, _ = similarity.shape
    side = math.isqrt(cells)
    maps = F.pad(similarity.view(count, side, side, side, side), (step,) * 8)
    straight, mirrored = (torch.zeros_like(similarity).view(count, side, side, side, side) for _ in range(2))
    window = {offset: slice(step + offset, step + offset + side) for offset in (-step, 0, step)}
    for dy, rows in window.items():
        for dx, columns in window.items():
            near = maps[:, rows, columns, window[dy]]
            straight += near[..., columns]
            mirrored += near[..., window[-dx]]
    agreed = torch.maximum(straight, mirrored).view(count, cells, cells) / (9 * TEMPERATURE)
    return agreed.log_softmax(1) + agreed.log_softmax(2)


def match_loss(student: Tensor, teacher: Tensor, sharpness: Tensor) -> Tensor:
    """How far the student's soft matches between two pictures are from the teacher's, in both directions (nats).

    `student` are cosines, `teacher` log-weights, both (N, cells, cells).
    """
    loss = student.new_zeros(())
    for dim in (1, 2):
        target = teacher.log_softmax(dim)
        distance = (target.exp() * (target - (student * sharpness).log_softmax(dim))).sum(dim)
        loss = loss + distance.mean() / 2
    return loss


class Training:
    """The networks, the optimiser and the step they have reached.

    Everything random is drawn from the seed and the number of the step, so a resumed training is the
    one that would have been.
    """

    def __init__(self, plan: Plan, teacher: SqueezeTeacher, fine: FineTeacher | None = None) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.teacher, self.fine = plan, teacher, fine
        self.student = Student(plan.widths, plan.learn).to(memory_format=torch.channels_last)
        self.heads = Heads(plan.widths)
        self.average = copy.deepcopy(self.student).requires_grad_(False)
        trunk = [p for stage in self.student.stages[:3] for p in stage.parameters()]
        top = [p for stage in self.student.stages[3:] for p in stage.parameters()]
        top += [p for p in self.heads.parameters() if p.requires_grad]
        groups = [{"params": trunk, "share": 1.0 if plan.fine_only else 0.3}, {"params": top, "share": 1.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=0.01, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        self.usual: dict[int, Tensor] = {}
        """The mean of the coarse teacher's features, (1, C, 1, 1), of its levels that matches are learnt from."""
        self.carried: dict[str, Tensor] = {}
        self.before: Student | None = None
        """What it started from."""

    def begin(self, images: Tensor, start: Path | None) -> None:
        """Before the first step: take over an exported network, and fit what can be fitted to (N, 3, side, side)."""
        with torch.no_grad():
            found = self.teacher(images)
        self.usual = {level: found[level].mean((0, 2, 3), keepdim=True) for level in (4, 5)}
        if start:
            self.student.start_from(start, images)
            self.average.load_state_dict(self.student.state_dict())
            self.carried = {name: value for name, value in load_file(start).items() if name.startswith("style")}
            self.before = copy.deepcopy(self.student).requires_grad_(False)
        if self.fine is not None and self.plan.learn[0] <= max(self.fine.LEVELS):
            with torch.no_grad():
                self.heads.fit(self.student.eval()(images), self.fine(images))

    def exported(self, images: Tensor) -> dict[str, Tensor]:
        """The file's tensors. What stands behind the stages that learn is fitted to them on (N, 3, side, side)."""
        if self.before is not None:
            self.average.follow(self.before, images)
        return {**self.average.folded(), **self._style_maps()}

    def _style_maps(self) -> dict[str, Tensor]:
        """The linear maps to the fine teacher's channels, in its units: `style{level}.weight` (D, C) and `.bias`.

        Those of the network it started from if none were learnt.
        """
        if self.fine is None or self.plan.learn[0] > max(self.fine.LEVELS):
            return self.carried
        maps = {}
        for level, head in self.heads.fine.items():
            scale = self.heads.scale[level]
            maps[f"style{level}.weight"] = (head.weight.detach().flatten(1) * scale).half().contiguous()
            maps[f"style{level}.bias"] = (head.bias.detach() * scale).half().contiguous()
        return maps

    @property
    def progress(self) -> float:
        """0 to 1."""
        return self.plan.progress(self.step, self.seconds)

    def losses(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """The weighted losses of a batch (N, 3, side, side) in [0, 1]."""
        if self.plan.fine_only:
            return self.fine_losses(images, generator)
        clean, strong = recolour(images, generator, 0.15), recolour(images, generator, 1.0)
        seen = torch.where(torch.rand(len(images), 1, 1, 1, generator=generator) < STRONG, strong, clean)
        target, out = self.teacher(clean), self.student(seen)
        loss: dict[str, Tensor] = {}
        for level, weight in ((3, 0.25), (4, 0.5), (5, 1.0)):
            if level < self.plan.learn[0]:
                continue
            head = self.heads.squeeze[str(level)] if str(level) in self.heads.squeeze else nn.Identity()
            loss[f"cosine{level}"] = weight * cosine_loss(head(out[level]), target[level])
        # The weight is small because the gradients of these losses are ten times those of the cosines, and noisier.
        for level, cosines in self._wanted(clean).items():
            sharpness = self.heads.sharpness[str(level)].exp()
            matches = agreed_matches(cosines, 6 - level)
            loss[f"match{level}"] = MATCH * match_loss(similarities(out[level]), matches, sharpness)
        if self.fine is not None and self.plan.learn[0] <= max(self.fine.LEVELS):
            loss |= {name: FINE * value for name, value in self._fine(out, seen[:FINE_COUNT]).items()}
        return loss

    @torch.no_grad()
    def _wanted(self, images: Tensor) -> dict[int, Tensor]:
        """What cosines between pictures 2k and 2k + 1 the levels 4 and 5 are to have: what the teacher's have together.

        Averaged over some views of the pictures, and of features less their usual mean, for what all cells have in
        common tells none from another.
        """
        side = images.shape[-1]
        wanted = {4: images.new_zeros(()), 5: images.new_zeros(())}
        for larger, mirrored in VIEWS:
            seen = images.flip(-1) if mirrored else images
            if larger != 1.0:
                shown = max(2, round(side * larger / 16)) * 16
                seen = F.interpolate(seen, (shown, shown), mode="bilinear", antialias=True)
            for level, found in self.teacher(seen).items():
                if level not in self.usual:
                    continue
                own = found.flip(-1) if mirrored else found
                own = own - self.usual[level]
                for asked in wanted:
                    grid = (side >> (asked - 1),) * 2
                    like = F.interpolate(own, grid, mode="bilinear", antialias=True)
                    wanted[asked] = wanted[asked] + similarities(like) / len(VIEWS)
        return wanted

    def fine_losses(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Those of a batch (N, 3, side, side) in [0, 1] where only stages learn that have no matches to learn.

        An optimised picture soon looks like no photograph, so the colours of all are changed and some get noise.
        """
        amount = NOISE * torch.rand(len(images), 1, 1, 1, generator=generator).pow(3)
        amount *= torch.rand(len(images), 1, 1, 1, generator=generator) < 0.6
        seen = recolour(images, generator, 1.0)
        seen = (seen + amount * torch.randn(seen.shape, generator=generator)).clamp(0, 1)
        out = self.student(seen)
        head, coarse = self.heads.squeeze["3"], self.teacher(seen)[3]
        return {**self._fine(out, seen), "cosine3": 0.25 * cosine_loss(head(out[3]), coarse)}

    def _fine(self, out: dict[int, Tensor], seen: Tensor) -> dict[str, Tensor]:
        assert self.fine is not None
        loss = {}
        for level, real in self.fine(seen).items():
            guess = self.heads.fine[str(level)](out[level][: len(seen)])
            loss[f"fine{level}"] = F.mse_loss(guess, real / self.heads.scale[str(level)])
        return loss

    def advance(self, batch: NDArray[np.uint8]) -> dict[str, float]:
        """One step on (N, side, side, 3) crops; the losses."""
        begun = time.monotonic()
        generator = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        images = torch.from_numpy(batch).permute(0, 3, 1, 2).float().div_(255)
        rate = self.plan.rate_at(self.progress, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        self.student.train()
        losses = self.losses(images, generator)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack([*losses.values()]).sum().backward()
        nn.utils.clip_grad_norm_([*self.student.parameters(), *self.heads.parameters()], 5.0)
        self.optimiser.step()
        self._follow()
        self.step += 1
        self.seconds += time.monotonic() - begun
        return {name: loss.item() for name, loss in losses.items()}

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(DECAY, (self.step + 1) / (self.step + 10))
        for mean, new in zip(self.average.state_dict().values(), self.student.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(new, 1 - decay)
            else:
                mean.copy_(new)

    def state(self) -> dict[str, Any]:
        """What `restore` takes."""
        parts = {name: getattr(self, name).state_dict() for name in ("student", "heads", "average", "optimiser")}
        return {**parts, "step": self.step, "seconds": self.seconds}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken."""
        for name in ("student", "heads", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.seconds = state["step"], state["seconds"]
