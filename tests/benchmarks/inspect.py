"""How long the viewers take: hovering, explaining, and the grid of a layer.

    python -m tests.benchmarks.inspect [--backbone NAME] [--weights FILE] [--size PX] [--repeats N] [--device NAME]
                                       [--threads N] [--cpu-time] [--json]

Without `--weights` the network has generated weights; times do not depend on them. Hovering is measured at `--size` and
at twice that, over random places of both pictures. The methods run on a class score where the network has classes and
on a channel otherwise, and are compared with the same number of bare passes, in the same run, so that a busy machine
slows both alike; the medians of ratios are reported. Occlusion is compared with one forward per window (a sixteenth of
the windows is run and multiplied) and with the bare batched forwards. On a machine that is busy with other things
`--threads 1 --cpu-time` tells more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

SMALLEST_BATCH = 16
"""Pictures at once of the bare passes."""


def pictures() -> tuple[Any, Any]:
    """Two photographs that come with scikit-image."""
    from skimage import data

    from studio.picture import Picture

    return Picture.from_array(data.astronaut()[:400, :400]), Picture.from_array(data.chelsea()[:, :300])


clock: Callable[[], float] = time.perf_counter


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    import torch

    start = clock()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - start


def hovering(backbone: Any, size: int, count: int) -> dict[str, float]:
    """Milliseconds for an answer, at the median and the 99th percentile."""
    import numpy as np

    from studio.featurevis import prepare_hover
    from studio.progress import run_to_end

    a, b = pictures()
    cache = run_to_end(prepare_hover(a, b, backbone, size))
    generator = np.random.default_rng(0)
    times = []
    for number in range(count):
        side, picture = ("A", a) if number % 2 else ("B", b)
        x, y = generator.uniform(0, 1, 2) * picture.size
        times.append(1e3 * timed(lambda side=side, x=x, y=y: cache.answer(side, x, y)))
    return {
        "p50 ms": float(np.percentile(times, 50)),
        "p99 ms": float(np.percentile(times, 99)),
        "MB": cache.nbytes / 1e6,
    }


def bare_backward(network: Any, objective: Any, image: Any, count: int) -> None:
    """`count` forward and backward passes to the pixels, in batches."""
    import torch

    for start in range(0, count, SMALLEST_BATCH):
        batch = image.repeat(min(SMALLEST_BATCH, count - start), 1, 1, 1).requires_grad_(True)
        with torch.enable_grad():
            torch.autograd.grad(objective(network, batch).sum(), batch)


def bare_forward(network: Any, objective: Any, image: Any, count: int, batch: int = SMALLEST_BATCH) -> None:
    import torch

    with torch.no_grad():
        for start in range(0, count, batch):
            objective(network, image.repeat(min(batch, count - start), 1, 1, 1))


def explaining(network: Any, objective: Any, image: Any, repeats: int) -> dict[str, float]:
    """Ratios to bare passes."""
    from studio.attribution.gradients import integrated_gradients, smoothgrad
    from studio.attribution.occlusion import occlusion, starts
    from studio.attribution.options import IntegratedOptions, OcclusionOptions, SmoothGradOptions
    from studio.progress import run_to_end

    height, width = image.shape[-2:]
    windows = len(starts(height, 16, 8)) * len(starts(width, 16, 8)) + 1
    few = max(1, windows // 16)
    ratios: dict[str, list[float]] = {}

    def keep(name: str, ratio: float) -> None:
        ratios.setdefault(name, []).append(ratio)

    for _ in range(repeats):
        bare = timed(lambda: bare_backward(network, objective, image, 50))
        keep(
            "SmoothGrad 50 / bare",
            timed(lambda: run_to_end(smoothgrad(network, image, objective, SmoothGradOptions()))) / bare,
        )
        keep(
            "IG 50 / bare",
            timed(lambda: run_to_end(integrated_gradients(network, image, objective, IntegratedOptions()))) / bare,
        )
        batched = timed(lambda: bare_forward(network, objective, image, windows))
        single = timed(lambda: bare_forward(network, objective, image, few, 1)) * windows / few
        spent = timed(lambda: run_to_end(occlusion(network, image, objective, OcclusionOptions())))
        keep("occlusion 16/8 / bare batched", spent / batched)
        keep("one forward per window / occlusion", single / spent)
    return {name: statistics.median(values) for name, values in ratios.items()}


def grid_of_512(repeats: int) -> float:
    """Milliseconds to rank and pack 512 channels of 28 x 28 cells of two pictures."""
    import torch

    from studio.backbones.receptive import Receptive
    from studio.featurevis import LayerMaps, channel_grid

    maps = torch.rand(2, 512, 28, 28).to(memory_format=torch.channels_last)
    layer = LayerMaps("some", maps[:1], maps[1:], Receptive(8, 8, 0), ((224, 224),) * 2, ((224, 224),) * 2)
    channel_grid(layer, "variance")
    return 1e3 * statistics.median(timed(lambda: channel_grid(layer, "variance")) for _ in range(5 * repeats))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="squeezenet1_0")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--hovers", type=int, default=200)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)

    global clock
    clock = time.process_time if asked.cpu_time else time.perf_counter

    import torch

    from studio.attribution import ChannelTarget, ClassTarget
    from studio.attribution.objectives import objective_for
    from studio.backbones import CATALOG, WeightsError, build_backbone, load_backbone
    from studio.backbones.classifier import build_classifier, load_classifier
    from studio.progress import run_to_end

    if asked.threads:
        torch.set_num_threads(asked.threads)
    real = asked.weights is not None or CATALOG[asked.backbone].built_in
    if real:
        backbone = run_to_end(load_backbone(asked.backbone, asked.weights, asked.device))
    else:
        backbone = build_backbone(asked.backbone, device=asked.device)
    network: Any = backbone
    target: Any = ChannelTarget(backbone.layer_names[-1], 0)
    if CATALOG[asked.backbone].constructor:
        with suppress(WeightsError):  # a file may hold what matching needs only
            if real:
                network = run_to_end(load_classifier(asked.backbone, asked.weights, asked.device))
            else:
                network = build_classifier(asked.backbone, device=asked.device)
            target = ClassTarget(0)
    image = pictures()[0].tensor((asked.size, asked.size), asked.device)
    found = {
        "backbone": asked.backbone,
        "device": asked.device,
        "threads": torch.get_num_threads(),
        **{f"hover at {size} px": hovering(backbone, size, asked.hovers) for size in (asked.size, 2 * asked.size)},
        "grid of 512 channels, ms": grid_of_512(asked.repeats),
        **explaining(network, objective_for(network, target, image), image, asked.repeats),
    }
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name}: {value:.3g}" if isinstance(value, float) else f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
