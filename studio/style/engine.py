"""The loop that style transfer, texture synthesis and inversion have in common: a job whose preview gets better."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.arrays import FloatPixels, Size
from studio.language import tr
from studio.progress import Job, Progress
from studio.style.losses import StyleLoss
from studio.style.model import StyleControl, StyleError, StylePreview
from studio.style.network import Extractor
from studio.style.objective import Objective, Scene, Weights
from studio.style.optimize import Adam, Average, Lbfgs, Stepper, Told
from studio.style.options import Optimizer
from studio.style.pyramid import resized
from studio.style.state import StyleState

PREVIEW_EVERY = 0.08
"""Seconds between two looks at a GPU, which has to wait for each."""
SAVE_EVERY = 30.0
"""Seconds between two checkpoints."""
SETTLING = 0.8
"""How much shorter the steps of Adam get at each size, as a share. Gatys et al. have no such schedule; with it, and the
defaults of `StyleOptions`, 120 steps leave a loss of 0.116, a plain loop with the published settings 0.121
(`tests/benchmarks/style.py --reached 120`; the defaults were chosen on these two pictures)."""
MOST_BAD_STEPS = 3
"""Steps in a row that may overflow before something is done about it: a single one is left out by Adam."""


@dataclass(frozen=True, eq=False)
class Plan:
    """One optimisation.

    Attributes
    ----------
    sizes, steps : sequences
        The sizes from coarse to fine, and the steps at each.
    scene : callable
        The targets at a size, with random numbers for losses that draw, by an extractor.
    start : callable
        The first picture, (1, 3, h, w) in [0, 1] on the CPU, at a size.
    weights : callable
        From the changed options and the changed weights of the styles to what counts how much.
    shown : callable
        From optimised pixels, (h, w, 3) in [0, 1], to those that a person is to see.
    alpha : callable
        (h, w) uint8 at a size, or None.
    grey : bool
        Keep to black, white and grey: the three channels take the same steps.
    about : dict
        See `StyleState`.
    """

    sizes: Sequence[Size]
    steps: Sequence[int]
    extractor: Extractor
    loss: StyleLoss
    scene: Callable[[Size, torch.Generator, Extractor], Scene]
    start: Callable[[Size], Tensor]
    weights: Callable[[Mapping[str, float], tuple[float, ...] | None], Weights]
    shown: Callable[[FloatPixels], FloatPixels] = lambda pixels: pixels
    alpha: Callable[[Size], npt.NDArray[np.uint8] | None] = lambda _size: None
    optimizer: Optimizer = "adam"
    learning_rate: float = 0.02
    averaging: float = 0.9
    seed: int = 0
    tile: int = 0
    grey: bool = False
    about: dict[str, Any] = field(default_factory=dict)

    def work(self) -> list[float]:
        """Shares of the whole work at each size."""
        pixels = [
            max(count, 0.2) * width * height for count, (width, height) in zip(self.steps, self.sizes, strict=True)
        ]
        return [one / sum(pixels) for one in pixels]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The picture, (h, w, 3) float32 at the last size, the losses, where it stands, and sentences for a person."""

    pixels: FloatPixels
    losses: list[dict[str, float]]
    state: StyleState
    notes: tuple[str, ...]


def optimise(
    plan: Plan,
    control: StyleControl | None = None,
    resume: StyleState | Path | bytes | None = None,
    checkpoint: Path | None = None,
) -> Job[Outcome]:
    """Run `plan` from coarse to fine; yields `StylePreview`s.

    Parameters
    ----------
    control : StyleControl, optional
        Through which weights are changed on the way.
    resume : StyleState, file or bytes, optional
        Where to go on; on a CPU the result is that of an optimisation that was not interrupted, bit for bit.
    checkpoint : Path, optional
        A file to keep up to date with where it stands: now and then, at the end, and if the job is closed.

    Raises
    ------
    StyleError
        The checkpoint does not fit, or the numbers overflow in full precision too.
    FileError
    """
    yield Progress(0.0, "preparing")
    run = _Run(plan, control or StyleControl(), None if resume is None else StyleState.load(resume))
    saved = time.monotonic()
    try:
        while not run.done:
            yield Progress(run.fraction, run.where + ": " + tr("preparing"))
            run.prepare()
            while run.can_step:
                run.step()
                if run.wants_look():
                    event = run.look()
                    if event is not None:
                        yield event
                if checkpoint is not None and time.monotonic() - saved > SAVE_EVERY:
                    run.state().save(checkpoint)
                    saved = time.monotonic()
            run.leave()
        yield Progress(1.0, tr("done"), run.preview(), milestone=True)
        return run.outcome()
    finally:
        if checkpoint is not None and run.moved:
            run.state().save(checkpoint)
        run.close()


class _Run:
    """Everything that changes while a plan is carried out."""

    def __init__(self, plan: Plan, control: StyleControl, resume: StyleState | None) -> None:
        self.plan = plan
        self.control = control
        self.device = plan.extractor.device
        self.extractor = plan.extractor
        self.stepper: Stepper = Adam(plan.learning_rate) if plan.optimizer == "adam" else Lbfgs()
        self.average = Average(plan.averaging)
        self.rng = torch.Generator().manual_seed(plan.seed)
        self.losses: list[dict[str, float]] = []
        self.notes: list[str] = []
        self.scale, self.within = 0, 0
        self.moved = False
        self.objective: Objective | None = None
        self._pending: list[tuple[int, Told]] = []
        self._bad = 0
        self._finished = False
        self._looked = 0.0
        self._version = -1
        self._weights = Weights()
        self._rate = plan.learning_rate
        self._live: dict[str, Any] = {}
        if resume is None:
            start = plan.start(plan.sizes[0])
            self.image = start.to(self.device, torch.float32).clamp(0.0, 1.0).clone()
        else:
            self._take_up(resume)
        if plan.grey:
            self.image = _of_all_channels(self.image)

    def _take_up(self, state: StyleState) -> None:
        state.check(self.plan.about)
        self.scale, self.within = state.scale, state.step
        self.image = state.image.to(self.device).clone()
        self.average.total = None if state.average is None else state.average.to(self.device).clone()
        self.average.missing = state.missing
        self.stepper.restore({name: value.to(self.device) for name, value in state.stepper.items()})
        self.rng.set_state(state.rng)
        self.losses = [dict(entry) for entry in state.losses]
        # What was changed on the way holds on, unless the options say something else now.
        old, new = state.about.get("weights", {}), self.plan.about.get("weights", {})
        self._live = {name: value for name, value in state.live.items() if old.get(name) == new.get(name)}

    def close(self) -> None:
        """Let go of everything large."""
        self.objective = None
        self._pending = []

    @property
    def done(self) -> bool:
        """Whether no size is left."""
        return self.scale >= len(self.plan.sizes) or self._finished

    @property
    def size(self) -> Size:
        """The size that it is at."""
        return self.plan.sizes[min(self.scale, len(self.plan.sizes) - 1)]

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.size[0]} x {self.size[1]}"

    @property
    def can_step(self) -> bool:
        """Whether there is a step left at this size."""
        return self.objective is not None and self.within < self.plan.steps[self.scale] and not self._finished

    @property
    def fraction(self) -> float:
        """Of the work."""
        if self.scale >= len(self.plan.sizes):
            return 1.0
        work = self.plan.work()
        return sum(work[: self.scale]) + work[self.scale] * min(1.0, self.within / max(1, self.plan.steps[self.scale]))

    def prepare(self) -> None:
        """Go to the next size, if it is not there yet, and make its targets."""
        shape = (self.size[1], self.size[0])
        if tuple(self.image.shape[-2:]) != shape:
            shown = self.average.value()
            # The average has less noise than the last iterate, and noise would be enlarged with the picture.
            self.image = resized(self.image if shown is None else shown, self.size).clamp(0.0, 1.0)
            self.average = Average(self.plan.averaging)
            self.stepper.carry(self.size)
        self.objective = None
        if self.within < self.plan.steps[self.scale]:
            # Targets are drawn from numbers of their own, so that they are the same after a break.
            drawing = torch.Generator().manual_seed((self.plan.seed * 1009 + self.scale) % 2**63)
            scene = self.plan.scene(self.size, drawing, self.extractor)
            self.objective = Objective(self.extractor, scene, self.plan.loss, self.plan.tile)

    def leave(self) -> None:
        """Be done with this size."""
        self.look()
        if not self._finished:
            self.objective = None
            if self.scale + 1 == len(self.plan.sizes):
                self._finished = True  # it stays at the last size, where more steps can be added
            else:
                self.scale, self.within = self.scale + 1, 0

    def step(self) -> None:
        """One step of the optimiser."""
        assert self.objective is not None
        self._read_control()
        objective = self.objective
        if isinstance(self.stepper, Adam):
            # Long steps lay out, short ones at the end of each size settle.
            self.stepper.rate = self._rate * (1.0 - SETTLING * self.within / self.plan.steps[self.scale])

        def evaluate(image: Tensor) -> tuple[Told, Tensor]:
            # A line search wants the same loss each time.
            drawn = self.rng if self.plan.optimizer == "adam" else torch.Generator().manual_seed(self.plan.seed)
            told, gradient = objective.evaluate(image, self._weights, drawn)
            return told, _of_all_channels(gradient) if self.plan.grey else gradient

        told = self.stepper.step(self.image, evaluate)
        self.average.add(self.image)
        self.within += 1
        self.moved = True
        self._pending.append((len(self.losses) + len(self._pending) + 1, told))
        self._finished = self.control.finishing

    def _read_control(self) -> None:
        version = self.control.version
        if version == self._version:
            return
        values, styles, self._version = self.control.read()
        self._live |= dict(values) | ({} if styles is None else {"styles": list(styles)})
        numbers = {name: value for name, value in self._live.items() if name != "styles"}
        chosen = self._live.get("styles")
        weights = self.plan.weights(numbers, None if chosen is None else tuple(chosen))
        self._rate = float(numbers.get("learning_rate", self.plan.learning_rate))
        if isinstance(self.stepper, Lbfgs) and self.moved and weights != self._weights:
            self.stepper.forget()
        self._weights = weights

    def wants_look(self) -> bool:
        """Whether it is time to ask the device how things are."""
        return self.device.type == "cpu" or self._finished or time.monotonic() - self._looked >= PREVIEW_EVERY

    def look(self) -> Progress | None:
        """Fetch what was computed; gives the event that tells it."""
        if not self._pending:
            return None
        self._fetch()
        message = f"{self.where}: " + tr("step {step} of {steps}", step=self.within, steps=self.plan.steps[self.scale])
        if self._bad >= MOST_BAD_STEPS:
            message = self._go_back_to_full_precision()
            return Progress(self.fraction, message, self.preview(), milestone=True)
        return Progress(self.fraction, message, self.preview())

    def _fetch(self) -> None:
        self._looked = time.monotonic()
        for number, told in self._pending:
            numbers = {name: float(value) for name, value in told.items()}
            self._bad = 0 if numbers.pop("finite", 1.0) else self._bad + 1
            self.losses.append({"step": float(number), **numbers})
        self._pending = []

    def _go_back_to_full_precision(self) -> str:
        if self.extractor.precision == "float32":
            raise StyleError(
                tr("The numbers overflow at these weights, even in full precision; choose smaller weights.")
            )
        note = tr(
            "Numbers overflowed in {precision}; it went on in full precision.", precision=self.extractor.precision
        )
        self.extractor = self.extractor.in_full_precision()
        self.notes.append(note)
        self._bad = 0
        self.prepare()
        return note

    def preview(self) -> StylePreview:
        """The picture as it is now."""
        pixels = self.plan.shown(self._pixels())
        image = np.rint(pixels * 255.0).astype(np.uint8)
        size = image.shape[1], image.shape[0]
        alpha = self.plan.alpha(size)
        if alpha is not None:
            image = np.dstack([image, alpha])
        losses = {name: value for name, value in self.losses[-1].items() if name != "step"} if self.losses else {}
        return StylePreview(image, len(self.losses), sum(self.plan.steps), size, losses)

    def _pixels(self) -> FloatPixels:
        shown = self.average.value()
        image = (self.image if shown is None else shown).clamp(0.0, 1.0)
        return np.ascontiguousarray(image[0].permute(1, 2, 0).cpu().numpy())

    def state(self, over: bool = False) -> StyleState:
        """Where it stands; a copy, unless it is `over` and nothing changes any more."""
        self._fetch()

        def kept(values: Tensor) -> Tensor:
            there = values.detach().cpu()
            return there if over else there.clone()

        return StyleState(
            scale=self.scale,
            step=self.within,
            image=kept(self.image),
            average=None if self.average.total is None else kept(self.average.total),
            missing=self.average.missing,
            stepper={name: kept(value) for name, value in self.stepper.tensors().items()},
            rng=self.rng.get_state(),
            losses=[dict(entry) for entry in self.losses],
            about=self.plan.about,
            live=dict(self._live),
        )

    def outcome(self) -> Outcome:
        """The result, at the last size even if it was ended before."""
        state = self.state(over=True)
        final = self.plan.sizes[-1]
        pixels = self._pixels()
        if (pixels.shape[1], pixels.shape[0]) != final:
            whole = torch.from_numpy(pixels).permute(2, 0, 1)[None]
            pixels = resized(whole, final).clamp(0.0, 1.0)[0].permute(1, 2, 0).contiguous().numpy()
        return Outcome(self.plan.shown(pixels), self.losses, state, tuple(self.notes))


def _of_all_channels(image: Tensor) -> Tensor:
    """(1, 3, h, w): the mean of the channels in each of them; of a gradient, the part along black and white."""
    return image.mean(1, keepdim=True).repeat(1, 3, 1, 1)
