"""One training: its losses, its steps, and the state that survives a kill."""

from __future__ import annotations

import copy
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from match_teacher import MatchTeacher
from networks import WIDTHS, FineTeacher, Heads, SqueezeTeacher, Student, Widths
from pictures import Crops, recolour
from safetensors.torch import load_file
from torch import Tensor, nn

TEMPERATURE = 0.05  # of the teachers' soft matches
MATCH = 0.5  # weight of the matches; a cosine's is 1
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
    kind: torch.dtype = torch.float32
    """What the student computes with."""

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


def between(features: Tensor, every: bool) -> Tensor:
    """Inner products between all cells of two pictures: (N, C, h, w) to (pairs, cells, cells).

    Of all pairs of the pictures if `every`, else of 2k and 2k + 1.
    """
    f = features.flatten(2)
    if not every:
        return f[0::2].transpose(1, 2) @ f[1::2]
    first, second = torch.triu_indices(len(f), len(f), 1)
    return f[first].transpose(1, 2) @ f[second]


def mutual(similarity: Tensor) -> Tensor:
    """Log-weights of soft matches that are good ones seen from both pictures, of (pairs, cells, cells)."""
    sharp = similarity / TEMPERATURE
    return sharp.log_softmax(1) + sharp.log_softmax(2)


def standing_on(known: dict[str, Tensor], last: int) -> dict[str, Tensor]:
    """The style maps (`style{level}`) and the decoder (`up{level}_{n}`) of a network that need its levels to `last`."""
    maps = {name: tensor for name, tensor in known.items() if name[:5] == "style" and int(name[5]) <= last}
    decoder = {name: tensor for name, tensor in known.items() if name[:2] == "up"}
    fits = all(int(name[2]) <= last for name in decoder)
    return {**maps, **decoder} if fits else maps


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

    def __init__(
        self,
        plan: Plan,
        teacher: SqueezeTeacher | None = None,
        fine: FineTeacher | None = None,
        joint: MatchTeacher | None = None,
    ) -> None:
        torch.manual_seed(plan.seed)
        first, last = plan.learn
        self.plan = plan
        self.teacher = teacher if first <= 3 <= last else None
        self.fine = fine if first <= max(FineTeacher.LEVELS) else None
        self.joint = joint if last >= 4 else None
        if self.teacher is self.fine is self.joint is None:
            raise SystemExit(f"None of the teachers has anything to tell the stages {first} to {last}.")
        self.student = Student(plan.widths, plan.learn).to(memory_format=torch.channels_last)
        self.heads = Heads(plan.widths, self.joint.channels if self.joint else 1)
        self.average = copy.deepcopy(self.student).requires_grad_(False)
        trunk = [p for stage in self.student.stages[:3] for p in stage.parameters()]
        top = [p for stage in self.student.stages[3:] for p in stage.parameters()]
        top += [p for p in self.heads.parameters() if p.requires_grad]
        groups = [{"params": trunk, "share": 1.0 if plan.fine_only else 0.3}, {"params": top, "share": 1.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=0.01, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        self.carried: dict[str, Tensor] = {}
        """Style maps and a decoder of what it started from, of levels that stay as they are."""
        self.before: Student | None = None
        """What it started from."""

    def begin(self, images: Tensor, start: Path | None) -> None:
        """Before the first step: take over an exported network, and fit what can be fitted to (N, 3, side, side)."""
        if start:
            self.student.start_from(start, images)
            self.average.load_state_dict(self.student.state_dict())
            self.carried = standing_on(load_file(start), self.plan.learn[0] - 1)
            self.before = copy.deepcopy(self.student).requires_grad_(False)
        if self.fine is not None:
            with torch.no_grad():
                self.heads.fit(self.student.eval()(images), self.fine(images))

    def exported(self, images: Tensor) -> dict[str, Tensor]:
        """The file's tensors. What stands behind the stages that learn is fitted to them on (N, 3, side, side)."""
        if self.before is not None:
            self.average.follow(self.before, images)
        return {**self.average.folded(), **self.carried, **self._style_maps()}

    def _style_maps(self) -> dict[str, Tensor]:
        """The linear maps to the fine teacher's channels, in its units: `style{level}.weight` (D, C) and `.bias`.

        None if none were learnt.
        """
        if self.fine is None:
            return {}
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

    def losses(self, crops: Crops, generator: torch.Generator) -> dict[str, Tensor]:
        """The weighted losses of a batch."""
        images = torch.from_numpy(crops.pixels).permute(0, 3, 1, 2).float().div_(255)
        if self.plan.fine_only:
            clean = seen = self._worn(images, generator)
        else:
            clean, strong = recolour(images, generator, 0.15), recolour(images, generator, 1.0)
            seen = torch.where(torch.rand(len(images), 1, 1, 1, generator=generator) < STRONG, strong, clean)
        with torch.autocast("cpu", self.plan.kind, enabled=self.plan.kind != torch.float32):
            out = self.student(seen)
        out = {level: features.float() for level, features in out.items()}
        loss: dict[str, Tensor] = {}
        if self.fine is not None:
            lone = self.plan.fine_only
            found = self._fine(out, seen if lone else seen[:FINE_COUNT])
            loss |= {name: value if lone else FINE * value for name, value in found.items()}
        if self.teacher is not None:
            loss["cosine3"] = 0.25 * cosine_loss(self.heads.squeeze(out[3]), self.teacher(clean))
        if self.joint is not None:
            loss |= self._joint(out, crops)
        return loss

    def _joint(self, out: dict[int, Tensor], crops: Crops) -> dict[str, Tensor]:
        """What levels 4 and 5 learn: the joint features of the teachers of matches, and their matches.

        Level 5 matches all pairs of the batch. Level 4, whose cells are four times as many, matches those of one class,
        and together with level 5: it sees too little of a picture to find places alone, and is not used so.
        """
        assert self.joint is not None
        loss, (first, last) = {}, self.plan.learn
        for level, weight in ((4, 0.5), (5, 1.0)):
            if not first <= level <= last:
                continue
            target, name, every = self.joint(crops, 1 << (level - 1)), str(level), level == 5
            loss[f"cosine{level}"] = weight * cosine_loss(self.heads.joint[name](out[level]), target)
            own = F.normalize(out[level], dim=1, eps=1e-4)
            if level == 4 and last == 5:
                wider = F.interpolate(out[5], scale_factor=2.0, mode="bilinear")
                own = torch.cat([own, F.normalize(wider, dim=1, eps=1e-4)], 1)
            # The weight is small because the gradients of these are ten times those of the cosines, and noisier.
            matches = mutual(between(target, every))
            loss[f"match{level}"] = MATCH * match_loss(between(own, every), matches, self.heads.sharpness[name].exp())
        return loss

    def _worn(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """What a training of fine stages only sees of (N, 3, side, side) in [0, 1].

        An optimised picture soon looks like no photograph, so the colours of all are changed and some get noise.
        """
        amount = NOISE * torch.rand(len(images), 1, 1, 1, generator=generator).pow(3)
        amount *= torch.rand(len(images), 1, 1, 1, generator=generator) < 0.6
        seen = recolour(images, generator, 1.0)
        return (seen + amount * torch.randn(seen.shape, generator=generator)).clamp(0, 1)

    def _fine(self, out: dict[int, Tensor], seen: Tensor) -> dict[str, Tensor]:
        assert self.fine is not None
        loss = {}
        for level, real in self.fine(seen).items():
            if level > self.plan.learn[1]:
                continue
            guess = self.heads.fine[str(level)](out[level][: len(seen)])
            loss[f"fine{level}"] = F.mse_loss(guess, real / self.heads.scale[str(level)])
        return loss

    def advance(self, batch: Crops) -> dict[str, float]:
        """One step; the losses."""
        begun = time.monotonic()
        generator = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        rate = self.plan.rate_at(self.progress, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        self.student.train()
        losses = self.losses(batch, generator)
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
