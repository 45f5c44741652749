"""The steps: Adam and L-BFGS on a picture in [0, 1], and the average of the iterates, which is what is shown.

Both are written out here so that every number they keep can be carried to the next size, saved and taken up again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from studio.arrays import Size
from studio.style.pyramid import resized

Evaluate = Callable[[Tensor], tuple[dict[str, Tensor], Tensor]]
"""The parts of the loss, “total” among them, and the gradient, of a picture."""

Told = dict[str, Tensor]


class Stepper(Protocol):
    """What an optimiser is here."""

    def step(self, image: Tensor, evaluate: Evaluate) -> Told:
        """Change `image` in place; gives the parts of the loss as they were before, and “finite”, 1 or 0.

        `image` is (1, 3, h, w) in [0, 1], and stays in it; the numbers are scalars, ().
        """
        ...

    def carry(self, size: Size) -> None:
        """Go on at another size."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """All numbers it keeps, by name: of the shape of the picture, (1, 3, h, w), or scalars, ()."""
        ...

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up what `tensors` gave."""
        ...


@dataclass(eq=False)
class Adam:
    """Kingma and Ba 2015. A step whose loss or gradient is not finite is left out.

    Attributes
    ----------
    rate : float
        How far a pixel goes at most, about.
    """

    rate: float
    betas: tuple[float, float] = (0.9, 0.99)
    """The article's second is 0.999, a memory of 1000 steps: longer than a size has."""
    first: Tensor | None = None
    second: Tensor | None = None
    count: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))

    def step(self, image: Tensor, evaluate: Evaluate) -> Told:
        told, gradient = evaluate(image)
        first, second = self.first, self.second
        if first is None or second is None:
            first, second = torch.zeros_like(image), torch.zeros_like(image)
            self.first, self.second = first, second
        # No question is asked of the device here, for the answer would be waited for; and nothing as large as the
        # picture is made that can be done without: of a large one there is room for few copies.
        low, high = gradient.aminmax()  # not a number if one of them is none
        finite = torch.isfinite(told["total"]) & torch.isfinite(low) & torch.isfinite(high)
        gradient.masked_fill_(~finite, 0.0)
        self.count += 1
        slow, slower = self.betas
        first.lerp_(gradient, 1.0 - slow)
        second.mul_(slower).addcmul_(gradient, gradient, value=1.0 - slower)
        steps = float(self.count)
        root = (second / (1.0 - slower**steps)).sqrt_().add_(1e-12)
        image.addcdiv_(first, root, value=-self.rate / (1.0 - slow**steps)).clamp_(0.0, 1.0)
        return told | {"finite": finite}

    def carry(self, size: Size) -> None:
        if self.first is None or self.second is None:
            return
        # The loss is a mean: a pixel's share in it falls as their number grows.
        share = self.first.shape[-1] * self.first.shape[-2] / (size[0] * size[1])
        self.first = resized(self.first, size).mul_(share)
        self.second = resized(self.second, size, smooth=False).mul_(share**2)

    def tensors(self) -> dict[str, Tensor]:
        kept = {"count": self.count}
        if self.first is not None and self.second is not None:
            kept |= {"first": self.first, "second": self.second}
        return kept

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        self.count = tensors["count"].clone().cpu()
        self.first = tensors["first"].clone() if "first" in tensors else None
        self.second = tensors["second"].clone() if "second" in tensors else None


MEMORY = 12
"""How many past steps L-BFGS keeps."""
TRIALS = 8
"""How often it halves a step that does not go down, before it forgets the past and starts anew."""


@dataclass(eq=False)
class Lbfgs:
    """Liu and Nocedal 1989, with steps halved until the loss falls enough (Armijo) and kept within [0, 1].

    Where no step along its direction helps it forgets the past and goes down the slope; so it does not stall.
    """

    moves: list[Tensor] = field(default_factory=list)
    turns: list[Tensor] = field(default_factory=list)
    known: tuple[Told, Tensor] | None = None
    """Loss and gradient where the picture is now, from the last trial."""
    bottom: bool = False
    """Whether no step went down any more, even along the slope; then it stays where it is."""
    first_move: float = 0.1
    """How far the largest change of a pixel goes in a step down the slope."""

    def step(self, image: Tensor, evaluate: Evaluate) -> Told:
        told, gradient = self.known or evaluate(image)
        self.known = None
        finite = bool(torch.isfinite(told["total"])) and bool(torch.isfinite(gradient).all())
        if not finite or not bool(gradient.any()):
            self.forget()
            return told | {"finite": torch.tensor(float(finite))}
        # Pixels that are black or white and want to go on are left where they are.
        free = ~(((image <= 0.0) & (gradient > 0.0)) | ((image >= 1.0) & (gradient < 0.0)))
        down = torch.where(free, gradient, torch.zeros_like(gradient))
        moved = self.bottom or not bool(down.any())
        while not moved:
            direction = torch.where(free, -self._curved(down), torch.zeros_like(down))
            length = 1.0 if self.moves else self.first_move / float(direction.abs().max())
            moved = self._search(image, told, gradient, direction, length, evaluate)
            if not moved:
                self.bottom = moved = not self.moves
                self.moves, self.turns = [], []
        self.known = self.known or (told, gradient)
        return told | {"finite": torch.ones(())}

    def _search(
        self, image: Tensor, told: Told, gradient: Tensor, direction: Tensor, length: float, evaluate: Evaluate
    ) -> bool:
        """Take a step along `direction` if one helps."""
        loss = float(told["total"])
        for _ in range(TRIALS):
            trial = (image + length * direction).clamp_(0.0, 1.0)
            move = trial - image
            slope = float((gradient * move).sum())
            if slope < 0.0:
                there, next_gradient = evaluate(trial)
                reached = float(there["total"])
                if reached <= loss + 1e-4 * slope and bool(torch.isfinite(next_gradient).all()):
                    self._remember(move, next_gradient - gradient)
                    image.copy_(trial)
                    self.known = there, next_gradient
                    return True
            length *= 0.5
        return False

    def _remember(self, move: Tensor, turn: Tensor) -> None:
        if float((move * turn).sum()) > 1e-10 * float(turn.square().sum()):
            self.moves = [*self.moves[-MEMORY + 1 :], move]
            self.turns = [*self.turns[-MEMORY + 1 :], turn]

    def _curved(self, gradient: Tensor) -> Tensor:
        """The gradient times the inverse curvature as the past steps show it (the two loops)."""
        result = gradient.clone()
        shares = []
        for move, turn in zip(reversed(self.moves), reversed(self.turns), strict=True):
            share = (move * result).sum() / (move * turn).sum()
            result.sub_(share * turn)
            shares.append(share)
        if self.moves:
            result.mul_((self.moves[-1] * self.turns[-1]).sum() / self.turns[-1].square().sum())
        for move, turn, share in zip(self.moves, self.turns, reversed(shares), strict=True):
            result.add_((share - (turn * result).sum() / (move * turn).sum()) * move)
        return result

    def forget(self) -> None:
        """Start anew; for another loss, say."""
        self.moves, self.turns, self.known, self.bottom = [], [], None, False

    def carry(self, size: Size) -> None:
        del size
        self.forget()

    def tensors(self) -> dict[str, Tensor]:
        kept = {f"move{index:02d}": move for index, move in enumerate(self.moves)}
        kept |= {f"turn{index:02d}": turn for index, turn in enumerate(self.turns)}
        if self.known is not None:
            told, gradient = self.known
            kept |= {"gradient": gradient, **{f"told.{name}": value for name, value in told.items()}}
        return kept

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        self.moves = [tensors[name].clone() for name in sorted(tensors) if name.startswith("move")]
        self.turns = [tensors[name].clone() for name in sorted(tensors) if name.startswith("turn")]
        told = {name[5:]: tensors[name].clone() for name in tensors if name.startswith("told.")}
        self.known = (told, tensors["gradient"].clone()) if told else None


@dataclass(eq=False)
class Average:
    """The exponential average of the iterates, without the bias of its beginning.

    Attributes
    ----------
    decay : float
        How much of the past stays with each step; 0 is the last iterate alone.
    """

    decay: float
    total: Tensor | None = None
    missing: float = 1.0
    """How much of the weights is still that of nothing."""

    def add(self, image: Tensor) -> None:
        """Take one iterate in. `image` is (1, 3, h, w), of the size of those before."""
        if self.total is None:
            self.total = torch.zeros_like(image)
        self.total.lerp_(image, 1.0 - self.decay)
        self.missing *= self.decay

    def value(self) -> Tensor | None:
        """What it is now, (1, 3, h, w); None at the beginning."""
        return None if self.total is None else self.total / (1.0 - self.missing)
