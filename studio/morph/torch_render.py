"""In-between pictures on a GPU: the same as on the CPU to one step of 255."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from studio.morph.light import codes_of_light, light_of_codes
from studio.morph.render import Pixels, PreparedMorph
from studio.morph.timing import colour_at, shape_at
from studio.warp.apply import warp_tensor

if TYPE_CHECKING:
    from studio.warp.field import Field


class TorchRenderer:
    """Renders the frames of a prepared morph without alpha on a torch device, where the pictures stay.

    Raises
    ------
    ValueError
        The pictures have alpha: those are rendered on the CPU.
    """

    def __init__(self, morph: PreparedMorph, device: torch.device | str) -> None:
        if morph.plates.has_alpha:
            raise ValueError("pictures with alpha are rendered on the CPU")
        self._morph = morph
        self._device = torch.device(device)
        self._plates = [self._on_device(plate) for plate in (morph.plates.a, morph.plates.b)]
        self._light = torch.from_numpy(light_of_codes().astype(np.float32)).to(self._device)
        self._codes = torch.from_numpy(codes_of_light()).to(self._device)

    def frame(self, t: float) -> Pixels:
        """As `PreparedMorph.frame`."""
        options = self._morph.options
        return self.frame_at(shape_at(t, options), colour_at(t, options))

    def frame_at(self, shape: float, colour: float) -> Pixels:
        """As `PreparedMorph.frame_at`."""
        options = self._morph.options
        colour = {"warp a": 0.0, "warp b": 1.0}.get(options.mode, colour)
        bends = options.mode != "dissolve" and self._morph.controls.pairs > 0
        fields = self._morph.fields(shape) if bends else (None, None)
        a, b = (self._pull(plate, field) for plate, field in zip(self._plates, fields, strict=True))
        if not options.linear_light:
            mixed = torch.round(a * (1.0 - colour) + b * colour)
        else:
            light = self._light[a.long()] * (1.0 - colour) + self._light[b.long()] * colour
            mixed = self._codes[torch.round(light * (len(self._codes) - 1)).long()]
        pixels: Pixels = mixed[0].permute(1, 2, 0).to(torch.uint8).cpu().numpy()
        return pixels

    def _pull(self, plate: torch.Tensor, field: Field | None) -> torch.Tensor:
        """(1, 3, h, w) whole numbers of 0 to 255."""
        return plate if field is None else torch.round(warp_tensor(plate, field))

    def _on_device(self, plate: Pixels) -> torch.Tensor:
        return torch.from_numpy(plate.copy()).to(self._device).permute(2, 0, 1)[None].float()
