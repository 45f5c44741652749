"""Methods that weight the channels of a layer: Grad-CAM and CAM."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.attribution.gradients import Parts
from studio.attribution.network import SCORES, HasLinearHead, Network
from studio.attribution.objectives import ExplainError, Objective
from studio.attribution.options import ExplainOptions, GradCamOptions
from studio.attribution.targets import TargetError
from studio.backbones.layers import no_layer
from studio.backbones.receptive import Receptive
from studio.language import tr
from studio.progress import Job, Progress


def grad_cam(network: Network, image: Tensor, objective: Objective, options: ExplainOptions) -> Job[Parts]:
    """ReLU(sum_k mean(dy / dA_k) A_k) over the cells of a layer A (Selvaraju et al. 2017).

    `image` is (1, 3, h, w) in [0, 1]. The cells, (rows, columns), in the unit of the target, not below 0 unless
    `negative` is asked for.
    """
    assert isinstance(options, GradCamOptions)
    yield Progress(0.0, tr("weighting channels by their gradient"))
    layer = options.layer or default_layer(network, objective)
    names = network.layer_names
    if layer not in names:
        raise TargetError(no_layer(network, layer))
    if objective.layer != SCORES and names.index(layer) > names.index(objective.layer):
        raise TargetError(
            tr("{layer} comes after {other}, so it has no part in this target.", layer=layer, other=objective.layer)
        )
    watched = image.detach().requires_grad_(True)
    raw: dict[str, Tensor] = {}
    with torch.enable_grad():
        maps = network.activations(watched, {layer, objective.layer}, raw)
        value = objective.measure(maps[objective.layer]).sum()
        # At the target's own layer the cropped map is what it was measured from.
        of = raw[layer] if layer != objective.layer else maps[layer]
        (gradient,) = torch.autograd.grad(value, of)
    shown = maps[layer].detach()[0]
    weights = gradient[0].sum((1, 2)) / shown[0].numel()
    cells = torch.einsum("k,khw->hw", weights, shown)
    if not options.negative:
        cells = cells.clamp_min(0.0)
    note = (
        ""
        if bool(cells.any())
        else tr("Nothing in {layer} speaks for the target, so the map is zero everywhere.", layer=layer)
    )
    return Parts(cells=cells, layer=layer, note=note)


def cam(network: Network, image: Tensor, objective: Objective, options: ExplainOptions) -> Job[Parts]:
    """sum_k w_k A_k for a class with weights w on the means of A (Zhou et al. 2016).

    `image` is (1, 3, h, w) in [0, 1]. The cells, (rows, columns), are parts of the class's score.
    """
    del options
    yield Progress(0.0, tr("weighting channels by the class"))
    head = network.head() if isinstance(network, HasLinearHead) else None
    if head is None or objective.kind != "class":
        raise ExplainError(
            tr(
                "CAM needs a class and a network that ends in a mean and one linear layer; for {title} take Grad-CAM.",
                title=network.title,
            )
        )
    layer, weights = head
    with torch.no_grad():
        shown = network.activations(image, [layer])[layer][0]
        return Parts(cells=torch.einsum("k,khw->hw", weights[objective.index], shown), layer=layer)


def default_layer(network: Network, objective: Objective) -> str:
    """The layer that Grad-CAM takes by itself: the target's own, or the last one for a class."""
    return network.layer_names[-1] if objective.layer == SCORES else objective.layer


def enlarge(cells: Tensor, field: Receptive, size: tuple[int, int]) -> Tensor:
    """Cells, (rows, columns), laid over a picture of `size` (width, height): bilinear between the cells' centres.

    Beyond the outermost centres the outermost cells are repeated. Returns (height, width).
    """
    first = field.middle
    rows, columns = cells.shape
    width, height = size
    axes = []
    for pixels, count in ((width, columns), (height, rows)):
        places = (torch.arange(pixels, device=cells.device, dtype=cells.dtype) - first) / field.stride
        axes.append((places + 0.5) * 2.0 / count - 1.0)  # torch counts -1 and 1 at the outer edges
    grid = torch.stack(torch.meshgrid(axes[1], axes[0], indexing="ij")[::-1], dim=-1)
    large = F.grid_sample(cells[None, None], grid[None], mode="bilinear", padding_mode="border", align_corners=False)
    return large[0, 0]
