"""How well a network stands in for VGG-19 in style transfer: what is left of VGG-19's Gram loss.

    python -m tests.benchmarks.stand_in --vgg FILE --contents PICTURE ... --styles PICTURE ...
                                        [--backbone NAME] [--weights FILE ...] [--size PX] [--steps N] [--json]

FILE holds conv1_1 to conv3_1 of VGG-19 at least, under torchvision's names. Each content is optimised to the Gram
matrices of each style on the network's levels of strides 1, 2 and 4 (Adam, rate 0.02, from the content, squares of
`--size` px, no content loss and no smoothing), and then judged by the Gram matrices of relu1_1, relu2_1 and relu3_1 of
VGG-19: the loss that is left as a share of the content's own, geometric mean over all pairs. The same is done with
VGG-19 itself, which is the best that can be had in so many steps, and with the network on random weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

STRIDES = (1, 2, 4)


def real_vgg(file: Path, device: str) -> Any:
    """VGG-19 with the tensors of `file`, and generated ones where it has none."""
    from safetensors.torch import load_file

    from studio.backbones import build_backbone
    from studio.backbones.catalog import catalogued
    from studio.backbones.networks import generate

    return build_backbone("vgg19", {**generate(catalogued("vgg19"), 0), **load_file(file)}, device)


def squares(paths: Sequence[Path], size: int, device: Any) -> list[Any]:
    """The middles of some pictures, (1, 3, size, size)."""
    from studio.picture import load

    found = []
    for path in paths:
        picture = load(path)
        width, height = picture.size
        scale = size / min(width, height)
        tensor = picture.tensor((max(size, round(width * scale)), max(size, round(height * scale))), device)
        top, left = (tensor.shape[2] - size) // 2, (tensor.shape[3] - size) // 2
        found.append(tensor[..., top : top + size, left : left + size].contiguous())
    return found


class GramLoss:
    """The Gram loss of one style on the fine levels of a backbone."""

    def __init__(self, backbone: Any, style: Any) -> None:
        import torch

        from studio.style.losses import STYLE_LOSSES
        from studio.style.network import Extractor
        from studio.style.objective import Area, Objective, Scene, Weights, sums_of

        self.weights, self.rng = Weights(style=1.0), torch.Generator()
        layers = {level.name: 1.0 / len(STRIDES) for level in backbone.levels if level.stride in STRIDES}
        extractor, loss = Extractor(backbone), STYLE_LOSSES["gram"]
        sums = Objective(extractor, Scene(style_layers=layers, areas=[Area(1.0, {})]), loss).sums(style, self.rng)
        targets = {name: loss.target(sums_of(sums, name, 0)) for name in layers}
        scene = Scene(style_layers=layers, areas=[Area(1.0, {}, [(0, targets)])])
        self.objective = Objective(extractor, scene, loss)

    def evaluate(self, image: Any) -> Any:
        """As `Objective.evaluate`."""
        return self.objective.evaluate(image, self.weights, self.rng)

    def of(self, image: Any) -> float:
        """The loss of a picture."""
        return float(self.evaluate(image)[0]["total"])


def left(backbone: Any, judge: Any, contents: Sequence[Any], styles: Sequence[Any], steps: int) -> float:
    """The share of the judge's loss that optimising on `backbone` leaves."""
    from studio.style.optimize import Adam

    shares = []
    for style in styles:
        own, real = GramLoss(backbone, style), GramLoss(judge, style)
        for content in contents:
            image, adam = content.clone(), Adam(0.02)
            for _ in range(steps):
                adam.step(image, own.evaluate)
            shares.append(real.of(image) / real.of(content))
    return float(np.exp(np.mean(np.log(shares))))


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vgg", type=Path, required=True)
    parser.add_argument("--contents", type=Path, nargs="+", required=True)
    parser.add_argument("--styles", type=Path, nargs="+", required=True)
    parser.add_argument("--backbone", default="buddynet")
    parser.add_argument("--weights", type=Path, nargs="*", default=[])
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    from studio.backbones import build_backbone, load_backbone
    from studio.progress import run_to_end

    judge = real_vgg(chosen.vgg, chosen.device)
    rows = {
        str(file or chosen.backbone): run_to_end(load_backbone(chosen.backbone, file, chosen.device))
        for file in (chosen.weights or [None])
    }
    rows |= {"VGG-19 itself": judge, "random weights": build_backbone(chosen.backbone, device=chosen.device)}
    contents, styles = (squares(paths, chosen.size, judge.device) for paths in (chosen.contents, chosen.styles))
    found = {name: left(network, judge, contents, styles, chosen.steps) for name, network in rows.items()}
    if chosen.json:
        print(json.dumps(found, indent=1))
        return
    for name, share in found.items():
        print(f"{100 * share:6.1f} % of VGG-19's Gram loss is left after {chosen.steps} steps on {name}")


if __name__ == "__main__":
    main()
