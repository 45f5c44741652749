"""Dreams against what they can't do without: a bare pass to the level, forward and backward.

    python -m tests.benchmarks.dream [--repeats 5] [--folder PICTURES]

A step of maximisation and of a deep dream over one bare forward and backward pass to the same level at the same size;
exemplars, pictures a second, over bare forward passes with the opening of the files; and how far a made picture goes
beyond the strongest place of a folder of photographs, for channels of the coarsest level.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image

from studio.backbones import Backbone, load_backbone
from studio.dream import ChannelGoal, DreamOptions, MaximiseOptions, Weighted, dream, maximise
from studio.featurevis import exemplars, pictures_in
from studio.geometry import fit_within
from studio.picture import Picture, load
from studio.progress import run_to_end

COUNT = 8
"""Steps that are measured."""
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "cat")


def best(work: Callable[[], object], repeats: int) -> float:
    """The median of the seconds that `work` takes, after one to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def bare(network: Backbone, layer: str, size: tuple[int, int]) -> Callable[[], object]:
    image = torch.rand(1, 3, size[1], size[0])

    def work() -> object:
        pixels = image.clone().requires_grad_(True)
        return torch.autograd.grad(network.activations(pixels, [layer])[layer].square().mean(), [pixels])

    return work


def steps(network: Backbone, repeats: int) -> None:
    picture = Picture.from_array(skimage.data.chelsea(), "chelsea")
    for level in network.levels[2:]:
        size = (224, 224)
        plain = best(bare(network, level.name, size), repeats)
        goal = [Weighted(ChannelGoal(level.name, 7))]
        for parameters in ("spectrum", "pixels", "decoder"):
            options = MaximiseOptions(size=224, parameters=parameters)
            step = one_step(partial(_maximise, goal, network, options), repeats)
            print(f"{level.name}  maximise, {parameters:8}  {step * 1000:6.1f} ms  {step / plain:5.2f} x a bare pass")
        plain = best(bare(network, level.name, fit_within(picture.size, 448)), repeats)
        dreaming = DreamOptions(layer=level.name, size=448, octaves=1)
        step = one_step(partial(_dream, picture, network, dreaming), repeats)
        print(f"{level.name}  deep dream, 448 px      {step * 1000:6.1f} ms  {step / plain:5.2f} x a bare pass")


def one_step(work: Callable[[int], object], repeats: int) -> float:
    """Seconds of a step: of many less those of one, so that what a run begins and ends with does not count."""
    return (best(partial(work, COUNT), repeats) - best(partial(work, 1), repeats)) / (COUNT - 1)


def _maximise(goal: list[Weighted], network: Backbone, options: MaximiseOptions, steps: int) -> None:
    run_to_end(maximise(goal, network, options.with_values(steps=steps)))


def _dream(picture: Picture, network: Backbone, options: DreamOptions, steps: int) -> None:
    run_to_end(dream(picture, network, options.with_values(steps=steps)))


def looking(network: Backbone, folder: Path, repeats: int) -> None:
    paths = pictures_in(folder)
    layer = network.levels[-1].name

    def plain() -> None:
        for path in paths:
            picture = load(path, 1024)
            with torch.no_grad():
                network.activations(picture.tensor(fit_within(picture.size, 224)), [layer])

    bare_time = best(plain, repeats)
    took = best(lambda: run_to_end(exemplars(paths, network, layer, cache=False)), repeats)
    print(f"exemplars  {len(paths) / took:6.1f} pictures a second  {took / bare_time:5.2f} x opening and bare passes")


def reached(network: Backbone, folder: Path, channels: int) -> None:
    layer = network.levels[-1].name
    found = run_to_end(exemplars(pictures_in(folder), network, layer, cache=False))
    ratios = []
    for channel in np.linspace(0, found.channels - 1, channels).astype(int).tolist():
        most = found.of(channel, 1)
        if not most:
            continue
        made = run_to_end(
            maximise([Weighted(ChannelGoal(layer, channel))], network, MaximiseOptions(size=128, steps=64))
        )
        with torch.no_grad():
            maps = network.activations(made.pictures[0].tensor((128, 128)), [layer])[layer]
        ratios.append(float(maps[0, channel].max()) / most[0].value)
    above = np.mean(np.array(ratios) > 1)
    print(
        f"strongest cell of a made picture over the strongest of {len(found.paths)} photographs, {len(ratios)} "
        f"channels: median {np.median(ratios):.2f}, {100 * above:.0f} % above 1"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--channels", type=int, default=16)
    asked = parser.parse_args()
    network = run_to_end(load_backbone("buddynet"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        if asked.folder is None:
            for name in PHOTOGRAPHS:
                whole = getattr(skimage.data, name)()
                for number in range(4):  # parts of them, so that there are some more
                    Image.fromarray(whole[number * 20 :, number * 30 :]).save(folder / f"{name}{number}.png")
        steps(network, asked.repeats)
        looking(network, folder, asked.repeats)
        reached(network, folder, asked.channels)


if __name__ == "__main__":
    main()
