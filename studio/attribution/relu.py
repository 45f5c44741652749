"""Guided backprop: another gradient for every ReLU, however it is called."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class _Guided(torch.autograd.Function):
    """A ReLU that lets a gradient back only where it and the activation are above zero."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, inplace: bool) -> Tensor:
        if inplace:
            ctx.mark_dirty(x)
            result = x.clamp_(min=0)
        else:
            result = x.clamp(min=0)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (result,) = ctx.saved_tensors
        return gradient.clamp(min=0) * (result > 0), None


_PLAIN = {F.relu, torch.relu, Tensor.relu}
_INPLACE = {torch.relu_, Tensor.relu_}


class GuidedReLUs(TorchFunctionMode):
    """While it is entered, ReLUs on this thread have guided gradients (Springenberg et al. 2015).

    Modules, functions and methods are caught, in place or not, for all of them end in one of a few functions;
    nothing is hooked to the network, so other threads may use it meanwhile. `count` tells how many there were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _PLAIN or func in _INPLACE:
            self.count += 1
            tensor = args[0] if args else kwargs["input"]
            inplace = func in _INPLACE or (len(args) > 1 and bool(args[1])) or bool(kwargs.get("inplace"))
            return _Guided.apply(tensor, inplace)
        return func(*args, **kwargs)
