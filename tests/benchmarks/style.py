"""How long a step of style transfer takes, as a ratio to a bare forward and backward pass, and how much memory.

    python -m tests.benchmarks.style [--backbone NAME] [--weights FILE] [--sizes PX ...] [--losses NAME ...]
                                     [--repeats N] [--device NAME] [--threads N] [--cpu-time] [--tiles] [--memory]
                                     [--reached STEPS] [--large PX] [--tile PX] [--instant PX ...] [--json]

The bare pass goes from a picture that wants a gradient to the deepest layer that the step uses (the usual content and
style layers) and back. Each repeat runs the bare pass and then a step of each loss (Adam, average and total variation
included), so that a busy machine slows all of them alike; the median of the ratios is reported, and the smallest.
On a machine that is busy with other things `--threads 1 --cpu-time` tells more. `--tiles` also times a step in tiles of
256 px against one in one piece. `--memory` gives the peak of a fresh process above that of one that only ran the bare
pass. `--reached` runs this program's defaults against a plain loop with the published settings (Adam 0.02, the start
from the content, an average of 0.99, twice as many steps at the first size) for the same number of steps, and compares
the loss of what is shown. `--large` gives the peak of a fresh process (Linux) that does the whole job with one step
for a picture of three to four with this longer side, in tiles of `--tile`. `--instant` times style in one
go at some sizes (the network must have a decoder). On a GPU bfloat16 is timed against float32.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.match import network


def photographs() -> tuple[Any, Any]:
    """Two that come with scikit-image: the cat, and a cup of coffee for a style."""
    from skimage import data

    from studio.picture import Picture

    return Picture.from_array(data.chelsea()[:, :300]), Picture.from_array(data.coffee()[:, 100:500])


class Bench:
    """One network at one size: a bare pass, and steps."""

    def __init__(self, backbone: Any, size: int) -> None:
        import torch

        from studio.style.network import Extractor, content_layers, style_layers
        from studio.style.optimize import Adam, Average
        from studio.style.scene import Given, Layers, Targets
        from studio.style.transfer import weights_of

        self.backbone, self.size = backbone, (size, size)
        self.style, self.content = style_layers(backbone, ""), content_layers(backbone, "")
        content, style = photographs()
        from studio.style import StyleOptions, StyleSource

        self.given = Given(content=content, styles=[StyleSource(style)])
        self.image = content.tensor(self.size, backbone.device)
        self.weights = weights_of(StyleOptions(), {}, (1.0,))
        self.make = lambda loss, tile=0, precision="float32": Targets(
            self.given, Layers(self.style, self.content), Extractor(backbone, precision=precision), loss, tile
        )
        self.adam, self.average, self.rng = Adam, Average, torch.Generator().manual_seed(0)

    def bare(self) -> None:
        """One forward and backward pass to the deepest layer."""
        import torch

        image = self.image.detach().requires_grad_()
        last = max((*self.style, *self.content), key=self.backbone.layer_names.index)
        found = self.backbone.activations(image, [last])[last]
        (gradient,) = torch.autograd.grad(found.sum(), image)
        gradient[0, 0, 0, 0].item()  # waits for a GPU

    def step(self, name: str, tile: int = 0, precision: str = "float32") -> Callable[[], float]:
        """A function that takes one step, with its targets made."""
        from studio.style.losses import STYLE_LOSSES
        from studio.style.objective import Objective

        loss = STYLE_LOSSES[name]  # type: ignore[index]
        targets = self.make(loss, tile, precision)
        scene = targets.scene(self.size, self.rng, targets.extractor)
        objective = Objective(targets.extractor, scene, loss, tile)
        adam, average, image = self.adam(0.02), self.average(0.9), self.image.clone()

        def work() -> float:
            told = adam.step(image, lambda one: objective.evaluate(one, self.weights, self.rng))
            average.add(image)
            return float(told["total"])

        return work


def timed(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Seconds that `work` takes."""
    start = clock()
    work()
    return clock() - start


def ratios(bench: Bench, steps: dict[str, Callable[[], float]], repeats: int, clock: Any) -> dict[str, Any]:
    """Times of the bare pass and of each step, and their ratios."""
    for work in (bench.bare, *steps.values()):
        work()
    bare: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeats):
        bare.append(timed(bench.bare, clock))
        for name, work in steps.items():
            taken[name].append(timed(work, clock))
    found: dict[str, Any] = {"bare_s": statistics.median(bare)}
    for name, seconds in taken.items():
        each = [one / base for one, base in zip(seconds, bare, strict=True)]
        found[name] = {"s": statistics.median(seconds), "ratio": statistics.median(each), "least": min(each)}
    return found


def reached(backbone: Any, steps: int, size: int) -> dict[str, float]:
    """The loss of what is shown after so many steps: by this program's defaults, and by a plain loop."""
    import torch

    from studio.progress import run_to_end
    from studio.style import StyleOptions, StyleSource, stylize
    from studio.style.losses import STYLE_LOSSES
    from studio.style.objective import Objective
    from studio.style.pyramid import resized, sizes
    from studio.style.scene import floats, tensor_of

    content, style = photographs()
    bench = Bench(backbone, size)
    targets = bench.make(STYLE_LOSSES["wasserstein"])
    final = (round(size * content.size[0] / max(content.size)), round(size * content.size[1] / max(content.size)))

    def loss_of(image: Any) -> float:
        scene = targets.scene(final, bench.rng, targets.extractor)
        objective = Objective(targets.extractor, scene, STYLE_LOSSES["wasserstein"])
        return float(objective.evaluate(image, bench.weights, bench.rng)[0]["total"])

    options = StyleOptions(size=size, steps=steps)
    ours = run_to_end(stylize(content, [StyleSource(style)], backbone, options)).picture
    scales = sizes(final, 128)
    each = steps // (len(scales) + 1)
    adam, image = bench.adam(0.02), None
    for index, scale in enumerate(scales):
        scene = targets.scene(scale, bench.rng, targets.extractor)
        objective = Objective(targets.extractor, scene, STYLE_LOSSES["wasserstein"])
        average = bench.average(0.99)
        start = tensor_of(floats(content.resized(scale)), backbone.device) if image is None else resized(image, scale)
        image = start.clamp(0, 1).clone()
        adam.carry(scale)
        for _ in range(each * 2 if index == 0 else each):
            adam.step(image, lambda one, made=objective: made.evaluate(one, bench.weights, bench.rng))
            average.add(image)
        image = average.value()
    assert isinstance(image, torch.Tensor)
    return {"defaults": loss_of(tensor_of(floats(ours.pixels), backbone.device)), "plain": loss_of(image)}


def in_one_go(backbone: Any, size: int, repeats: int) -> float:
    """Seconds that style in one go takes, the median."""
    from studio.progress import run_to_end
    from studio.style import InstantOptions, StyleSource, instant

    content, style = photographs()
    wide = type(content).from_array(content.resized((size, size * 3 // 4)))
    options = InstantOptions(size=size)
    run_to_end(instant(wide, [StyleSource(style)], backbone, options))

    def work() -> None:
        run_to_end(instant(wide, [StyleSource(style)], backbone, options))

    return statistics.median(timed(work, time.perf_counter) for _ in range(repeats))


def peak(arguments: argparse.Namespace, what: str, size: int) -> float:
    """MiB that a fresh process needs at most for one bare pass or for two steps."""
    words = [sys.executable, "-m", "tests.benchmarks.style", "--one", what, "--sizes", str(size)]
    words += ["--backbone", arguments.backbone, "--device", arguments.device]
    words += ["--weights", str(arguments.weights)] if arguments.weights else []
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def one(arguments: argparse.Namespace) -> None:
    """What `peak` runs: prints the peak in MiB."""
    name, _, tile = arguments.one.partition(":")
    backbone = network(arguments.backbone, arguments.weights, arguments.device)
    if name == "large":
        large(backbone, arguments.sizes[0], int(tile))
        return
    bench = Bench(backbone, arguments.sizes[0])
    work: Callable[[], Any] = bench.bare if name == "bare" else bench.step(name, int(tile or 0))
    work()
    if name != "bare":
        work()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def large(backbone: Any, size: int, tile: int) -> None:
    """One step of the job at one large size; prints the peak of the process's own memory in MiB.

    Its own is what is not read from files, as libraries are.
    """
    import threading

    from studio.picture import Picture
    from studio.progress import run_to_end
    from studio.style import StyleOptions, StyleSource, stylize

    content, style = photographs()
    wide = Picture.from_array(content.resized((size, size * 3 // 4)))
    options = StyleOptions(size=size, smallest=size, steps=1, tile=tile)
    done, most = threading.Event(), [0.0]

    def watch() -> None:
        while not done.wait(0.02):
            lines = Path("/proc/self/status").read_text().splitlines()
            most[0] = max(most[0], *(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = run_to_end(stylize(wide, [StyleSource(style)], backbone, options))
    finally:
        done.set()
        watcher.join()
    assert result.picture.size == wide.size
    print(most[0])


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="vgg19")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[256, 512])
    parser.add_argument("--losses", nargs="+", default=["gram", "wasserstein"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--tiles", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--reached", type=int, default=0)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--tile", type=int, default=512)
    parser.add_argument("--instant", type=int, nargs="*", default=[])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    import torch

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.one:
        one(arguments)
        return
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    backbone = network(arguments.backbone, arguments.weights, arguments.device)
    found: dict[str, Any] = {"backbone": arguments.backbone, "device": str(backbone.device)}
    for size in arguments.sizes:
        bench = Bench(backbone, size)
        steps = {name: bench.step(name) for name in arguments.losses}
        if arguments.tiles:
            steps["wasserstein in tiles"] = bench.step("wasserstein", 256)
        if backbone.device.type == "cuda":
            steps["wasserstein, bfloat16"] = bench.step("wasserstein", precision="bfloat16")
        found[str(size)] = ratios(bench, steps, arguments.repeats, clock)
        if arguments.memory:
            tiled = ["wasserstein:256"] if arguments.tiles else []
            whats = ["bare", *arguments.losses, *tiled]
            found[str(size)]["peak_mib"] = {what: round(peak(arguments, what, size)) for what in whats}
    if arguments.large:
        found["large_peak_mib"] = round(peak(arguments, f"large:{arguments.tile}", arguments.large))
    found["instant_s"] = {size: in_one_go(backbone, size, arguments.repeats) for size in arguments.instant}
    if arguments.reached:
        found["reached"] = reached(backbone, arguments.reached, min(arguments.sizes))
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    for size in arguments.sizes:
        row = found[str(size)]
        print(f"{arguments.backbone} at {size} px on {backbone.device}: bare pass {row['bare_s']:.3f} s")
        for name, value in row.items():
            if isinstance(value, dict) and "ratio" in value:
                times = f"{value['ratio']:.3f} x the bare pass (least {value['least']:.3f})"
                print(f"  {name}: {value['s']:.3f} s, {times}")
        if "peak_mib" in row:
            print("  peak MiB:", ", ".join(f"{name} {value}" for name, value in row["peak_mib"].items()))
    for size, seconds in found["instant_s"].items():
        print(f"in one go at {size} px: {seconds:.2f} s")
    if "large_peak_mib" in found:
        print(f"{arguments.large} px in tiles of {arguments.tile}: peak {found['large_peak_mib']} MiB")
    if "reached" in found:
        print("loss of what is shown:", ", ".join(f"{name} {value:.4f}" for name, value in found["reached"].items()))


if __name__ == "__main__":
    main()
